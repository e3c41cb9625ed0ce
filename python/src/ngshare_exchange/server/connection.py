"""Requests to one server: with time-outs, repeated where it is safe, every failure told as a ServerError."""

from __future__ import annotations

import json as json_module
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import requests
import urllib3
from requests.auth import AuthBase

from . import repeating
from .address import Identity, find_identity, find_url, without_credentials
from .answers import Answer, refusal_of
from .interface import NotFound, ProgressListener, ServerError, Unreachable

SLOWEST_SERVER_BYTES_PER_S = 1_000_000
"""An old server works on an upload for a while, before it answers."""


@dataclass(frozen=True)
class Settings:
    """`patience_s`: how long a failing request is repeated, in all. `notify`: hears what is worth telling."""

    connect_timeout_s: float = 10
    read_timeout_s: float = 60
    patience_s: float = 90
    user: str | None = None
    """Who asks a stand-alone server, which believes everybody. There is no token then."""
    token_file: Path | None = None
    progress: ProgressListener | None = None
    notify: Callable[[str], None] | None = None


class Upload(Protocol):
    """A body that is made while it is sent. Its length is known before."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...

    def read(self, size: int = -1) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Body:
    """`open`: is called for each attempt."""

    content_type: str
    open: Callable[[], Upload | bytes]


class Connection:
    """`url`: as configured; None: see `find_url`. Makes no request and reads no file until it is asked."""

    def __init__(
        self,
        url: str | None = None,
        settings: Settings | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self._environment = os.environ if environment is None else environment
        self.url = find_url(url, self._environment)
        self._session = requests.Session()

    def identity(self) -> Identity:
        return find_identity(self._environment, user=self.settings.user, token_file=self.settings.token_file)

    def variable(self, name: str) -> str | None:
        return self._environment.get(name)

    def notify(self, text: str) -> None:
        if self.settings.notify is not None:
            self.settings.notify(text)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: object = None,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = True,
        is_streamed: bool = False,
        explain: Callable[[Answer], Exception] = refusal_of,
    ) -> Answer:
        """The answer, of a status below 300. `path`: below the URL, quoted.

        `is_repeatable`: it does no harm to ask twice. Otherwise it is repeated only when it certainly did not
        arrive, and `Unreachable.may_have_arrived` tells. `is_streamed`: the body is left to `Answer.pieces`.
        `explain`: makes an error of a refusal.
        """
        if json is not None:
            encoded = json_module.dumps(json).encode()
            body = Body('application/json', lambda: encoded)
        patience = repeating.Patience(self.settings.patience_s)
        while True:
            try:
                answer = self._ask_once(method, path, query, body, headers, is_streamed, patience)
            except Unreachable as error:
                is_safe = is_repeatable or not error.may_have_arrived
                if not is_safe or not self._wait(patience, error.cause, None):
                    raise
                continue
            if answer.status < 300:
                return answer
            refusal = explain(answer)
            answer.close()
            if answer.status not in repeating.PASSING_TROUBLE or not isinstance(refusal, ServerError):
                raise refusal
            is_safe = is_repeatable or answer.status == 429
            pause_s = repeating.retry_after_s(answer.header('retry-after'))
            if not is_safe or not self._wait(patience, refusal.cause, pause_s):
                raise _as_unreachable(refusal, may_have_arrived=answer.status != 429)

    def _wait(self, patience: repeating.Patience, cause: str, pause_s: float | None) -> bool:
        is_worth_telling = pause_s is not None and 2 < pause_s < patience.left_s
        if is_worth_telling:
            self.notify(f'{cause}; trying again in {pause_s:.0f} seconds')
        return patience.wait(pause_s)

    def _ask_once(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Body | None,
        headers: Mapping[str, str] | None,
        is_streamed: bool,
        patience: repeating.Patience,
    ) -> Answer:
        identity = self.identity()
        url = f'{self.url}/{path}'
        arguments = dict(query or {})
        if identity.user is not None:
            arguments['user'] = identity.user
        all_headers = {'accept': 'application/json, */*', 'accept-encoding': 'identity', **(headers or {})}
        if body is not None:
            all_headers['content-type'] = body.content_type
        data = None if body is None else body.open()
        read_timeout_s = max(1.0, min(self.settings.read_timeout_s, patience.left_s))
        read_timeout_s += 0 if data is None else len(data) / SLOWEST_SERVER_BYTES_PER_S
        try:
            response = self._session.request(
                method,
                url,
                params=arguments,
                data=data,
                headers=all_headers,
                auth=_TokenAuth(identity),
                timeout=(self.settings.connect_timeout_s, read_timeout_s),
                allow_redirects=False,
                stream=True,
            )
            answer = Answer(response)
            if (answer.status < 300 and not is_streamed) or answer.is_problem:
                answer.read()
            return answer
        except requests.RequestException as error:
            raise failure_of(error, url) from error
        finally:
            if data is not None and not isinstance(data, bytes):
                data.close()


def delete_once(ask: Callable[..., object], path: str) -> None:
    """Deletes by `ask` of one of the APIs. NotFound: it was not there before, either."""
    try:
        ask('DELETE', path, is_repeatable=False)
    except Unreachable as error:
        if not error.may_have_arrived:
            raise
        with suppress(NotFound):  # the first one has arrived
            ask('DELETE', path)


def quoted(name: str) -> str:
    """As one part of a path."""
    return quote(name, safe='')


class _TokenAuth(AuthBase):
    """Given for each request, so that `requests` does not look for passwords in ~/.netrc instead."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._identity.token is not None:
            request.headers['authorization'] = f'token {self._identity.token}'
        return request


def failure_of(error: requests.RequestException, url: str) -> ServerError:
    """What `requests` could not do, in plain words."""
    shown = without_credentials(url)
    if isinstance(error, requests.exceptions.SSLError):
        return ServerError(
            'The server cannot prove who it is',
            url=shown,
            message=_innermost(error),
            advice='Is its certificate valid here? REQUESTS_CA_BUNDLE names certificates to trust.',
        )
    if isinstance(error, requests.ConnectTimeout) or _is_without_connection(error):
        return Unreachable(
            'The exchange server cannot be reached',
            url=shown,
            message=_innermost(error),
            advice='Try again in a few minutes. If it stays so, tell the administrator: is it running, and is '
            'its URL right (NGSHARE_URL)?',
        )
    if isinstance(error, requests.ReadTimeout | requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        is_late = isinstance(error, requests.ReadTimeout) or 'timed out' in _innermost(error)
        unreachable = Unreachable(
            'The exchange server did not answer in time' if is_late else 'The connection broke off',
            url=shown,
            advice='Try again in a moment; if it stays so, tell the administrator.',
        )
        unreachable.may_have_arrived = True
        return unreachable
    return ServerError('The request cannot be made', url=shown, message=type(error).__name__)


def _is_without_connection(error: requests.RequestException) -> bool:
    reason = getattr(error.args[0], 'reason', None) if error.args else None
    return isinstance(error, requests.exceptions.ProxyError) or isinstance(
        reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError
    )


def _innermost(error: BaseException) -> str:
    """What the operating system said."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error)


def _as_unreachable(error: ServerError, *, may_have_arrived: bool) -> Unreachable:
    unreachable = Unreachable(
        error.cause,
        url=error.url,
        status=error.status,
        message=error.message,
        code=error.code,
        advice=error.advice,
    )
    unreachable.may_have_arrived = may_have_arrived
    return unreachable
