"""
The functions of os, os.path, glob and shutil that file-based exchanges call, forwarded to a vserver. A program that
imports these instead sees the root of the vserver as its `/`.
"""

import base64
import json
import urllib.parse
import urllib.request
from types import SimpleNamespace

TIMEOUT_S = 60
# Requests go to loopback directly, whatever proxy the machine has.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CallFailed(OSError):
    """The call was understood and did not succeed; the message is the server's."""


class RemoteFiles:
    def __init__(self, url):
        self._url = url.rstrip('/')

    def call(self, name, **arguments):
        """The fields of a successful call, by the name it has in the contract."""
        query = urllib.parse.urlencode(arguments)
        with opener.open(f'{self._url}/{name}?{query}', timeout=TIMEOUT_S) as response:
            answer = json.load(response)
        if not answer.pop('success'):
            raise CallFailed(answer['message'])
        return answer

    def read(self, pathname):
        return base64.b64decode(self.call('read', pathname=pathname)['content'])

    def write(self, pathname, content):
        return self.call('write', pathname=pathname, content=base64.b64encode(content).decode())['length']

    def listdir(self, pathname):
        return self.call('ls', pathname=pathname)['content']

    def mkdir(self, pathname):
        self.call('mkdir', pathname=pathname)

    def makedirs(self, pathname):
        self.call('mkdir', pathname=pathname, parent='1')

    def chmod(self, pathname, mode):
        # `mode` travels in decimal.
        self.call('chmod', pathname=pathname, mode=mode)

    def stat(self, pathname):
        fields = self.call('stat', pathname=pathname)
        return SimpleNamespace(**{f'st_{name}': value for name, value in fields.items()})

    def glob(self, pathname):
        # What is found comes with the folder of the server that is our `/` before it. It is as deep as the pattern.
        depth = pathname.count('/')
        found = self.call('glob', pathname=pathname)['content']
        return ['/' + '/'.join(path.split('/')[-depth:]) for path in found]

    def walk(self, pathname):
        for folder, folders, files in self.call('walk', pathname=pathname)['content']:
            yield folder, folders, files

    def exists(self, pathname):
        return self.call('exists', pathname=pathname)['exists']

    def isdir(self, pathname):
        return self.call('isdir', pathname=pathname)['isdir']

    def isfile(self, pathname):
        return self.call('isfile', pathname=pathname)['isfile']

    def islink(self, pathname):
        return self.call('islink', pathname=pathname)['islink']

    def ismount(self, pathname):
        return self.call('ismount', pathname=pathname)['ismount']

    def copy(self, src, dst):
        self.call('copy', src=src, dst=dst)

    def copytree(self, src, dst, ignore=()):
        """`ignore`: patterns, as for shutil.ignore_patterns."""
        self.call('copytree', src=src, dst=dst, ignore=json.dumps(list(ignore)))

    def rmtree(self, pathname):
        self.call('rmtree', pathname=pathname)
