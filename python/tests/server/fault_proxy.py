"""A proxy on loopback that passes requests on, writes down what passed, and breaks what it is told to break."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PIECE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """Instead of the server's. The request does not arrive there."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b''


@dataclass(frozen=True)
class CutBefore:
    """Before the request has arrived."""


@dataclass(frozen=True)
class CutAfter:
    """When the request has arrived and was done, before the answer."""


@dataclass(frozen=True)
class CutAnswer:
    """When so much of the answer's body has passed."""

    after_bytes: int


@dataclass(frozen=True)
class Damage:
    """Of one byte of the answer's body."""

    at: int


@dataclass(frozen=True)
class Hang:
    """No answer, for so long."""

    seconds: float


Fault = Answer | CutBefore | CutAfter | CutAnswer | Damage | Hang


@dataclass(frozen=True)
class Passed:
    """A request. `body_bytes`: of the request."""

    method: str
    path: str
    headers: dict[str, str]
    body_bytes: int


class FaultProxy:
    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.passed: list[Passed] = []
        self._faults: list[tuple[str, str, Fault]] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), _handler_of(self))
        self._server.daemon_threads = True
        self.url = f'http://127.0.0.1:{self._server.server_address[1]}{self.upstream.path}'

    @contextmanager
    def running(self) -> Iterator['FaultProxy']:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={'poll_interval': 0.02})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def break_next(self, method: str, part_of_path: str, *faults: Fault) -> None:
        """The next requests of this kind, one fault each."""
        with self._lock:
            self._faults += [(method, part_of_path, fault) for fault in faults]

    def break_nothing(self) -> None:
        with self._lock:
            self._faults.clear()

    def take_fault(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for position, (of_method, part, fault) in enumerate(self._faults):
                if of_method == method and part in path:
                    del self._faults[position]
                    return fault
        return None

    def requests(self) -> list[str]:
        """`GET /api/v2/courses`: what has passed, without queries."""
        return [f'{request.method} {request.path.partition("?")[0]}' for request in self.passed]


def _handler_of(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def log_message(self, *_: object) -> None:
            pass

        def _pass_on(self) -> None:
            self.close_connection = True
            fault = proxy.take_fault(self.command, self.path)
            size_bytes = int(self.headers.get('content-length') or 0)
            body = self.rfile.read(size_bytes)
            proxy.passed.append(Passed(self.command, self.path, dict(self.headers), len(body)))
            match fault:
                case CutBefore():
                    return
                case Hang(seconds):
                    time.sleep(seconds)
                    return
                case Answer(status, headers, content):
                    self.send_response(status)
                    for name, value in {'content-length': str(len(content)), **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content)
                    return
            upstream = http.client.HTTPConnection(str(proxy.upstream.hostname), proxy.upstream.port, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() != 'connection'}
            upstream.request(self.command, self.path, body or None, headers)
            response = upstream.getresponse()
            if isinstance(fault, CutAfter):
                response.read()
                return
            self._give_back(response, fault)

        def _give_back(self, response: http.client.HTTPResponse, fault: Fault | None) -> None:
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in ('connection', 'date', 'keep-alive'):
                    self.send_header(name, value)
            self.send_header('connection', 'close')
            self.end_headers()
            is_chunked = response.getheader('transfer-encoding') == 'chunked'
            left = fault.after_bytes if isinstance(fault, CutAnswer) else None
            at = 0
            while piece := response.read(PIECE_BYTES):
                if isinstance(fault, Damage) and at <= fault.at < at + len(piece):
                    changed = bytearray(piece)
                    changed[fault.at - at] ^= 0xFF
                    piece = bytes(changed)
                at += len(piece)
                if left is not None:
                    piece = piece[:left]
                    left -= len(piece)
                self.wfile.write(b'%x\r\n%s\r\n' % (len(piece), piece) if is_chunked and piece else piece)
                if left == 0:
                    return
            if is_chunked:
                self.wfile.write(b'0\r\n\r\n')

        do_GET = do_POST = do_PUT = do_DELETE = _pass_on

    return Handler
