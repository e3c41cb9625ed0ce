"""Classes on real servers: the built one over its second API and over its first, and the Python ngshare 0.6."""

import contextlib
import io
import json
import os
import random
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import requests

from ngshare_exchange.server.connection import Connection, Settings
from ngshare_exchange.server.interface import File, LocalFile, Server, Submitted
from ngshare_exchange.server.probe import connect
from ngshare_exchange.server.v1 import V1Server
from running_server import REPOSITORY, RunningServer

PYTHON_NGSHARE = REPOSITORY / '.venv' / 'ngshare06' / 'bin' / 'python'
START_TIMEOUT_S = 30

Connect = Callable[[str, Settings], Server]
"""As a person of that name."""


@dataclass
class Memory:
    """A sink that keeps what comes, and lacks what it is told to lack; None: everything."""

    lacks: set[str] | None = None
    told: tuple[File, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)

    def choose(self, files: Sequence[File]) -> set[str]:
        self.told = tuple(files)
        return {file.path for file in files if self.lacks is None or file.path in self.lacks}

    @contextlib.contextmanager
    def open(self, file: File) -> Iterator[io.BytesIO]:
        content = io.BytesIO()
        yield content
        self.files[file.path] = content.getvalue()


@dataclass(frozen=True)
class School:
    """A server where `root` is admin, as people of its courses ask it. `tell`: what a person was told."""

    folder: Path
    connect: Connect
    told: list[str] = field(default_factory=list)

    def ask_as(self, name: str, **settings: object) -> Server:
        own = {'notify': self.told.append, 'patience_s': 20, **settings}
        return self.connect(name, Settings(**own))  # type: ignore[arg-type]

    def tree(self, files: Mapping[str, bytes]) -> list[LocalFile]:
        """Files on disk."""
        folder = self.folder / uuid4().hex
        local: list[LocalFile] = []
        for path, content in files.items():
            location = folder / path
            location.parent.mkdir(parents=True, exist_ok=True)
            location.write_bytes(content)
            local.append(LocalFile(path, location))
        return local

    def course(self, course: str = 'course1', students: Sequence[str] = ('lawrence',)) -> Server:
        """A course that kevin teaches, as kevin asks."""
        self.ask_as('root').create_course(course, ['kevin'])
        kevin = self.ask_as('kevin')
        for student in students:
            kevin.add_member(course, student)
        return kevin

    def release(self, assignment: str = 'ps1', course: str = 'course1') -> Server:
        kevin = self.course(course)
        kevin.release(course, assignment, self.tree({'p1.ipynb': b'{}'}))
        return kevin

    def submit(self, files: Mapping[str, bytes], student: str = 'lawrence', assignment: str = 'ps1') -> Submitted:
        key = uuid4().hex
        return self.ask_as(student).submit('course1', assignment, self.tree(files), key=key)


def over_v2(url: str) -> Connect:
    return lambda name, settings: connect(url, _named(settings, name), {})


def over_v1(url: str) -> Connect:
    def open_v1(name: str, settings: Settings) -> Server:
        return V1Server(Connection(url, _named(settings, name), {}))

    return open_v1


def over_hub(url: str) -> Connect:
    """The token of the hub below is the name itself."""

    def open_with_token(name: str, settings: Settings) -> Server:
        return connect(url, settings, {'JUPYTERHUB_API_TOKEN': name, 'JUPYTERHUB_USER': name})

    return open_with_token


def _named(settings: Settings, name: str) -> Settings:
    return Settings(**{**settings.__dict__, 'user': name})


@contextlib.contextmanager
def python_ngshare(folder: Path) -> Iterator[RunningServer]:
    """ngshare 0.6 as a service of a hub: stand-alone it does not work."""
    folder.mkdir()
    log = folder / 'server.log'
    with _hub() as hub_url:
        port = _free_port()
        environment = {
            'PATH': os.environ['PATH'],
            'JUPYTERHUB_API_URL': f'{hub_url}/hub/api',
            'JUPYTERHUB_API_TOKEN': 'service-ngshare',
            'JUPYTERHUB_CLIENT_ID': 'service-ngshare',
            'JUPYTERHUB_SERVICE_NAME': 'ngshare',
            'JUPYTERHUB_SERVICE_PREFIX': '/api/',
            'JUPYTERHUB_SERVICE_URL': f'http://127.0.0.1:{port}',
        }
        program = REPOSITORY / 'bench' / 'peers' / 'ngshare06.py'
        database = f'sqlite:///{folder}/ngshare.db'
        files = folder / 'files'
        files.mkdir()
        options = ['--admins', 'root', '--database', database, '--storage', str(files)]
        with log.open('wb') as output:
            process = subprocess.Popen(
                [str(PYTHON_NGSHARE), str(program), *options],
                cwd=folder,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait_for(f'http://127.0.0.1:{port}/healthz', process, log)
            yield RunningServer(url=f'http://127.0.0.1:{port}/api', log=log)
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _hub() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            name = (self.headers.get('authorization') or '').partition(' ')[2]
            body = json.dumps({'kind': 'user', 'name': name, 'admin': False, 'groups': []}).encode()
            self.send_response(200 if name else 403)
            self.send_header('content-length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02})
    thread.start()
    try:
        yield f'http://127.0.0.1:{server.server_address[1]}'
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _free_port() -> int:
    """Below the range of outgoing connections: nobody else gets it while the server is still starting."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe:
            if probe.connect_ex(('127.0.0.1', port)) != 0:
                return port
    raise RuntimeError('no port is free')


def _wait_for(url: str, process: 'subprocess.Popen[bytes]', log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise RuntimeError(f'The server did not start:\n{log.read_text(errors="replace")}')
