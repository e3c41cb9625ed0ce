"""The server under test: started on a free port with a fresh store, or one that already runs somewhere."""

import base64
import hashlib
import json
import os
import random
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from checks import expect, expect_equal

REPOSITORY = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 15
REQUEST_TIMEOUT_S = 60

# Requests go to loopback or to the given URL directly, whatever proxy the machine has.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Answer:
    def __init__(self, status, body):
        self.status = status
        self.body = body


class Server:
    """Asks a server on somebody's behalf, the way a client would, and never through the client under test."""

    def __init__(self, url, send_token=False):
        self.url = url.rstrip('/')
        # Stand-alone, the `user` argument alone says who asks. Behind a hub only a token does.
        self._send_token = send_token

    @property
    def origin(self):
        address = urllib.parse.urlsplit(self.url)
        return f'{address.scheme}://{address.netloc}'

    def ask(self, path, person=None, method='GET', **arguments):
        if person is not None:
            arguments['user'] = person.name
        query = urllib.parse.urlencode(arguments)
        request = urllib.request.Request(f'{self.url}{urllib.parse.quote(path)}?{query}', method=method)
        if self._send_token and person is not None:
            request.add_header('Authorization', f'token {person.token}')
        try:
            with opener.open(request, timeout=REQUEST_TIMEOUT_S) as response:
                return Answer(response.status, json.load(response))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(errors='replace'))

    def get(self, path, person, **arguments):
        """The JSON of a successful GET."""
        answer = self.ask(path, person, **arguments)
        expect(
            answer.status == 200 and answer.body['success'] is True,
            f'GET {path} for {person.name} answered {answer.status}: {answer.body}',
        )
        return answer.body

    def files(self, path, person, **arguments):
        """The directory tree behind a path as {relative path: bytes}, each file held against its md5 checksum."""
        files = {}
        for file in self.get(path, person, **arguments)['files']:
            content = base64.b64decode(file['content'])
            expect_equal(hashlib.md5(content).hexdigest(), file['checksum'], f'checksum of {file["path"]}')
            expect(file['path'] not in files, f'{path} lists {file["path"]} twice')
            files[file['path']] = content
        return files


class OwnServer(Server):
    """Stand-alone. `options` are added to those of every server here."""

    prefix = '/api'
    # Answered with 200 as soon as requests are served.
    ready_path = '/healthz'

    def __init__(self, folder, program='ngshare', options=(), send_token=False):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.port = free_port()
        super().__init__(f'http://127.0.0.1:{self.port}{self.prefix}', send_token)
        self.log = self.folder / 'server.log'
        environment = (
            os.environ
            | {'PATH': os.pathsep.join([str(REPOSITORY / 'node_modules' / '.bin'), os.environ['PATH']])}
            | self.environment()
        )
        command = [*self.command(program), *options]
        with open(self.log, 'wb') as log:
            self._process = subprocess.Popen(
                list(map(str, command)), cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self._wait_until_ready(f'http://127.0.0.1:{self.port}{self.ready_path}')
        except BaseException:
            self.stop()
            raise

    def environment(self):
        """Added to the caller's."""
        return {}

    def command(self, program):
        options = {
            '--admins': 'root',
            '--host': '127.0.0.1',
            '--port': self.port,
            '--database': f'sqlite:///{self.folder}/ngshare.db',
            '--storage': self.folder / 'files',
        }
        command = ['node', REPOSITORY / 'bin' / program, '--vngshare', '--debug']
        return command + [word for option in options.items() for word in option]

    def token_of(self, name):
        return name

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def end_of_log(self, lines=40):
        return '\n'.join(self.log.read_text(errors='replace').splitlines()[-lines:])

    def _wait_until_ready(self, url):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with opener.open(url, timeout=2) as response:
                    if response.status == 200:
                        return
            except OSError:
                pass  # not listening yet
            time.sleep(0.1)
        raise SystemExit(f'The server did not get ready:\n{self.end_of_log()}')


def free_port():
    """Below the range of outgoing connections: nobody else gets it while our program is still starting."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe:
            if probe.connect_ex(('127.0.0.1', port)) != 0:
                return port
    raise RuntimeError('no port is free')
