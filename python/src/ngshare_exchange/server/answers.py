"""What an HTTP answer says, and what to tell the person when it is a no."""

from __future__ import annotations

import json
from collections.abc import Iterator

import requests

from .address import without_credentials
from .checksums import PIECE_BYTES
from .fields import Fields
from .interface import AlreadyExists, NotAllowed, NotFound, ServerError

WEB_PAGE_BYTES = 64 * 1024
"""How much of a refusal is read."""
NOTHING_HERE = 'There is no exchange server here'
WRONG_URL = 'Is this the URL of ngshare?'
LOG_IN = 'Restart your notebook server, which renews its token. Outside of JupyterHub set NGSHARE_TOKEN.'


class Answer:
    """Of the server, or of something that stands in front of it."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.url = without_credentials(response.url)

    def header(self, name: str) -> str | None:
        return self._response.headers.get(name)

    @property
    def is_problem(self) -> bool:
        """Whether it is the second API that refuses."""
        return (self.header('content-type') or '').startswith('application/problem+json')

    def fields(self) -> Fields:
        try:
            value = json.loads(self._response.content)
        except ValueError:
            raise self._no_json() from None
        return Fields(value, self.url)

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes in. Raises what `requests` raises when it is cut."""
        count = 0
        for piece in self._response.iter_content(PIECE_BYTES):
            count += len(piece)
            yield piece
        self._require_whole(count)

    def read(self) -> None:
        """Gathers the whole body. Raises as `pieces`."""
        self._require_whole(len(self._response.content))

    def _require_whole(self, count: int) -> None:
        """urllib3 before 2.0 does not notice."""
        promised = self.header('content-length')
        if promised is not None and self.header('content-encoding') is None and count < int(promised):
            raise requests.exceptions.ChunkedEncodingError(f'{count} of {promised} bytes came')

    def beginning(self) -> str:
        """Of the body of a refusal, as far as it arrives."""
        body = b''
        try:
            for piece in self._response.iter_content(WEB_PAGE_BYTES):
                body += piece
                if len(body) >= WEB_PAGE_BYTES:
                    break
        except requests.RequestException:
            pass  # the status is known, and says enough
        return body[:WEB_PAGE_BYTES].decode('utf-8', 'replace')

    def close(self) -> None:
        self._response.close()

    def _no_json(self) -> ServerError:
        if self._response.content.lstrip()[:1] == b'<':
            return NotAllowed(
                'A web page came instead of an answer, probably for logging in',
                url=self.url,
                status=self.status,
                advice='Is this the URL of ngshare? If it is, restart your notebook server, or log in again.',
            )
        return ServerError(
            'The answer of the server is no JSON',
            url=self.url,
            status=self.status,
            advice=WRONG_URL,
        )


def refusal_of(answer: Answer) -> ServerError:
    """What to raise for an answer of 300 or above."""
    if answer.status < 400:
        return _sent_elsewhere(answer)
    message, code = _words_of(answer)
    cause, advice = _explain(answer.status, is_ours=message is not None)
    kind = _kind_of(answer.status, code)
    return kind(cause, url=answer.url, status=answer.status, message=message, code=code, advice=advice)


def _sent_elsewhere(answer: Answer) -> ServerError:
    target = without_credentials(answer.header('location') or '')
    if any(word in target for word in ('login', 'oauth')):
        return NotAllowed(
            'The server does not know you, and wants you to log in',
            url=answer.url,
            status=answer.status,
            advice=LOG_IN,
        )
    return ServerError(
        f'The server is somewhere else: {target}',
        url=answer.url,
        status=answer.status,
        advice='Correct the URL, in NGSHARE_URL or in nbgrader_config.py.',
    )


def _words_of(answer: Answer) -> tuple[str | None, str | None]:
    """The message and the code of either API; None where it was not ngshare that answered."""
    try:
        value = json.loads(answer.beginning())
    except ValueError:
        return None, None
    if not isinstance(value, dict):
        return None, None
    words = value.get('detail') or value.get('message')
    code = value.get('code')
    return words if isinstance(words, str) else None, code if isinstance(code, str) else None


def _kind_of(status: int, code: str | None) -> type[ServerError]:
    if status in (401, 403):
        return NotAllowed
    if status == 404:
        return NotFound
    if code in ('course-exists', 'assignment-exists'):
        return AlreadyExists
    return ServerError


def _explain(status: int, *, is_ours: bool) -> tuple[str, str | None]:
    """In a few words what went wrong, and what to do. `is_ours`: ngshare itself said it."""
    if status == 413 and not is_ours:
        return (
            'A proxy in front of the server refuses uploads of this size',
            'Ask the administrator to raise its limit (nginx: client_max_body_size), or send smaller files.',
        )
    if not is_ours and status in (401, 403):
        return (
            'Something in front of the server refuses you',
            'Restart your notebook server, or log in again.',
        )
    cause, advice = _explanations.get(status, ('The server refused', None))
    if status >= 500 and status not in _explanations:
        return 'The server has failed', 'Tell its administrator.'
    if not is_ours and status == 404:
        return NOTHING_HERE, WRONG_URL
    return cause, advice


_explanations: dict[int, tuple[str, str | None]] = {
    401: ('The server does not know you', LOG_IN),
    403: ('You may not do this', 'If you should, ask the instructor of the course to look at the roster.'),
    404: ('Not found', 'Check the names of the course and the assignment.'),
    413: ('The upload is too large', 'Remove large files that do not belong to the assignment.'),
    429: ('The server is busy', 'Try again in a moment.'),
    502: ('The server is not running', 'Try again in a moment; if it stays so, tell the administrator.'),
    503: ('The server is busy or not well', 'Try again in a moment; if it stays so, tell the administrator.'),
    504: ('The server does not answer', 'Try again in a moment; if it stays so, tell the administrator.'),
    507: ('The server is full', 'Nothing was stored. Tell its administrator.'),
}
