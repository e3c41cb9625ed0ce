"""A proxy before the server: notes every request with the bytes of its bodies, breaks what a test wants."""

import http.client
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PIECE = 64 * 1024
# Belong to one connection, not to the message; Content-Length is written anew.
_OF_ONE_CONNECTION = {'connection', 'keep-alive', 'transfer-encoding', 'content-length', 'te', 'upgrade'}


@dataclass
class Request:
    method: str
    # With the query.
    path: str
    headers: dict
    body_bytes: int = 0
    # None while there is no answer.
    status: int | None = None
    answer_bytes: int = 0


@dataclass
class Rule:
    method: str
    path: re.Pattern
    act: Callable
    times_left: float = field(default=float('inf'))


class CutOff(Exception):
    """The connection ends here."""


class RecordingProxy:
    def __init__(self, origin):
        target = urlsplit(origin)
        self._target = (target.hostname, target.port)
        self._rules = []
        self._lock = threading.Lock()
        self.requests = []
        self.under_way = 0
        self._server = None
        self.start()

    def start(self, port=0):
        proxy = self

        class Handler(_Handler):
            recorded_by = proxy

        self._server = _Listener(('127.0.0.1', port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def origin(self):
        return f'http://127.0.0.1:{self.port}'

    def stop(self):
        """Nobody listens any more; `start(port)` listens again."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def recorded(self, act):
        """The requests that were made while `act` ran."""
        before = len(self.requests)
        act()
        return self.requests[before:]

    def answers(self, method, path, status, body='', headers=None, times=float('inf')):
        """Answers in the place of the server, which does not see the request."""
        headers = {'Content-Type': 'application/json'} | (headers or {})
        self._rule(method, path, lambda passing: passing.answer(status, headers, body.encode()), times)

    def waits(self, method, path, seconds, times=float('inf')):
        self._rule(method, path, lambda _: time.sleep(seconds), times)

    def before(self, method, path, act, times=1):
        """Something happens while the request is on its way."""
        self._rule(method, path, lambda _: act(), times)

    def loses_the_answer(self, method, path, times=1):
        """The server does its work, and the client never hears of it."""
        self._rule(method, path, lambda passing: passing.lose_the_answer(), times)

    def cuts_the_answer(self, method, path, after_bytes, times=float('inf')):
        self._rule(method, path, lambda passing: passing.cut_the_answer(after_bytes), times)

    def alters_the_answer(self, method, path, alter, times=float('inf')):
        """`alter` makes other bytes of the body, or of each piece of it."""
        self._rule(method, path, lambda passing: passing.alter_the_answer(alter), times)

    def finish(self):
        """Waits until every request that came has its answer, or nobody to give it to."""
        while self.under_way:
            time.sleep(0.02)

    def behaves(self):
        """Breaks nothing any more."""
        with self._lock:
            self._rules.clear()

    def _rule(self, method, path, act, times):
        with self._lock:
            self._rules.append(Rule(method, re.compile(path), act, times))

    def rules_for(self, method, path):
        with self._lock:
            found = [
                rule
                for rule in self._rules
                if rule.times_left > 0 and rule.method in (method, '*') and rule.path.search(path)
            ]
            for rule in found:
                rule.times_left -= 1
            return found

    def count(self, step):
        with self._lock:
            self.under_way += step

    def connect(self):
        return http.client.HTTPConnection(*self._target, timeout=120)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that goes away is none of the test's business."""


class _Handler(BaseHTTPRequestHandler):
    """One request on its way, and its answer on the way back."""

    protocol_version = 'HTTP/1.1'
    # Small pieces must not wait for each other.
    wbufsize = 0
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def pass_on(self):
        self._answered = self._lost = False
        self._cut_after = float('inf')
        self._alter = lambda piece: piece
        self._record = Request(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
        self.recorded_by.requests.append(self._record)
        self.recorded_by.count(1)
        try:
            for rule in self.recorded_by.rules_for(self.command, self.path):
                rule.act(self)
            if self._answered:
                for _ in self._body():
                    pass
            else:
                self._forward()
        except (CutOff, OSError, http.client.HTTPException):
            self.close_connection = True
        finally:
            self.recorded_by.count(-1)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = pass_on

    def answer(self, status, headers, body):
        self._record.status = status
        self._record.answer_bytes = len(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self._answered = True

    def lose_the_answer(self):
        self._lost = True

    def cut_the_answer(self, after_bytes):
        self._cut_after = after_bytes

    def alter_the_answer(self, alter):
        self._alter = alter

    def _forward(self):
        connection = self.recorded_by.connect()
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _OF_ONE_CONNECTION - {'content-length'}:
                    connection.putheader(name, value)
            chunked = 'content-length' not in self.headers and 'transfer-encoding' in self.headers
            if chunked:
                connection.putheader('Transfer-Encoding', 'chunked')
            connection.endheaders()
            try:
                for piece in self._body():
                    connection.send(b'%x\r\n%s\r\n' % (len(piece), piece) if chunked else piece)
                if chunked:
                    connection.send(b'0\r\n\r\n')
            except (BrokenPipeError, ConnectionResetError):
                pass  # the server may answer before it has read everything
            response = connection.getresponse()
            self._record.status = response.status
            if self._lost:
                response.read()
                raise CutOff
            self._pass_back(response)
        finally:
            connection.close()

    def _body(self):
        """The body of the request, counted, piece by piece."""
        if 'chunked' in self.headers.get('Transfer-Encoding', ''):
            while size := int(self.rfile.readline().split(b';')[0], 16):
                yield self._counted(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get('Content-Length') or 0)
        while left:
            piece = self.rfile.read(min(PIECE, left))
            if not piece:
                raise CutOff
            left -= len(piece)
            yield self._counted(piece)

    def _counted(self, piece):
        self._record.body_bytes += len(piece)
        return piece

    def _pass_back(self, response):
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in _OF_ONE_CONNECTION:
                self.send_header(name, value)
        has_body = self.command != 'HEAD' and response.status not in (204, 304)
        length = response.getheader('Content-Length')
        if length is not None:
            self.send_header('Content-Length', length)
        elif has_body:
            self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()
        while has_body and (piece := response.read1(PIECE)):
            piece = self._alter(piece)[: max(0, int(min(self._cut_after, PIECE)))]
            self._cut_after -= len(piece)
            self._record.answer_bytes += len(piece)
            self.wfile.write(piece if length is not None else b'%x\r\n%s\r\n' % (len(piece), piece))
            if self._cut_after <= 0:
                raise CutOff
        if has_body and length is None:
            self.wfile.write(b'0\r\n\r\n')
