"""Somebody's notebook server, started by the hub, and a kernel in it that runs commands."""

import json
import time
import urllib.error
import uuid
from urllib.parse import quote

import websocket

from checks import expect

START_TIMEOUT_S = 120

# Runs in the kernel: the command gets the environment of the notebook server, the hub's token among it.
RUN_COMMAND = """\
import json, os, subprocess
_environment = {{name: value for name, value in os.environ.items() if name not in {withheld!r}}}
_done = subprocess.run({command!r}, cwd={folder!r}, env=_environment, timeout={timeout_s!r},
    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
print(json.dumps([_done.returncode, _done.stdout.decode(errors='replace')]))
"""


class NotebookServer:
    def __init__(self, hub, user):
        self._hub = hub
        self._user = f'/hub/api/users/{quote(user)}'
        self._path = self._start()
        kernel = hub.ask('POST', f'{self._path}api/kernels', {'name': 'python3'})['id']
        url = hub.origin.replace('http', 'ws', 1) + f'{self._path}api/kernels/{kernel}/channels'
        self._socket = websocket.create_connection(url, header=hub.socket_headers(), timeout=60)

    def run(self, command, folder, timeout_s, withheld=()):
        """The exit code and all that a command printed."""
        code = RUN_COMMAND.format(
            command=list(map(str, command)), folder=str(folder), timeout_s=timeout_s, withheld=list(withheld)
        )
        return tuple(json.loads(self.execute(code, timeout_s + 10)))

    def execute(self, code, timeout_s=60):
        """What the code printed in the kernel."""
        self._socket.settimeout(timeout_s)
        request = _execute_request(code)
        self._socket.send(json.dumps(request))
        printed = ''
        while True:
            message = json.loads(self._socket.recv())
            if message['parent_header'].get('msg_id') != request['header']['msg_id']:
                continue
            kind, content = message['msg_type'], message['content']
            if kind == 'stream' and content['name'] == 'stdout':
                printed += content['text']
            elif kind == 'error':
                raise AssertionError('in the kernel: ' + '\n'.join(content['traceback']))
            elif kind == 'status' and content['execution_state'] == 'idle':
                return printed

    def _start(self):
        """Returns the path at which the hub's proxy has the server."""
        try:
            self._hub.ask('POST', self._user)
        except urllib.error.HTTPError as error:
            expect(error.code == 409, f'POST {self._user} answered {error.code}')  # is there already
        self._hub.ask('POST', f'{self._user}/server')
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            server = self._hub.ask('GET', self._user)['servers'].get('', {})
            if server.get('ready'):
                return server['url']
            time.sleep(0.2)
        raise AssertionError(f'the server of {self._user} did not start')


def _execute_request(code):
    return {
        'channel': 'shell',
        'header': {
            'msg_id': uuid.uuid4().hex,
            'msg_type': 'execute_request',
            'username': '',
            'session': uuid.uuid4().hex,
            'date': '',
            'version': '5.3',
        },
        'parent_header': {},
        'metadata': {},
        'content': {'code': code, 'silent': False, 'store_history': False, 'allow_stdin': False},
    }
