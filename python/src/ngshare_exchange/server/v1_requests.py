"""Requests in the first API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from .answers import NOTHING_HERE, WRONG_URL, Answer, refusal_of
from .connection import Body, Connection, delete_once, quoted
from .fields import Fields
from .interface import AlreadyExists, Limits, NotFound, ServerError

OLD_BODY_BYTES = 104_857_600
"""What the Python ngshare takes. It cuts the connection when more comes."""


class V1Requests:
    """`on_answer`: is called when the server has spoken v1, so that it is one."""

    def __init__(self, connection: Connection, on_answer: Callable[[], None]) -> None:
        self.connection = connection
        self._on_answer = on_answer

    @property
    def url(self) -> str:
        return self.connection.url

    def me(self) -> str:
        user = self.connection.identity().user or self.connection.variable('JUPYTERHUB_USER')
        if not user:
            raise ServerError(
                'An old server does not tell who you are, and JUPYTERHUB_USER does not say it either',
                url=self.url,
                advice='Set JUPYTERHUB_USER to your user name.',
            )
        return user

    def limits(self) -> Limits:
        try:
            limits = self.ask('GET', 'limits').fields('limits')
        except NotFound:
            return Limits(tree_bytes=OLD_BODY_BYTES // 4 * 3)
        return Limits(limits.integer('file_bytes'), limits.integer_or_none('tree_bytes'), limits.integer('files'))

    def delete(self, path: str) -> None:
        delete_once(self.ask, path)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Body | None = None,
        is_repeatable: bool = True,
    ) -> Fields:
        if form is not None:
            encoded = urlencode(form).encode()
            body = Body('application/x-www-form-urlencoded', lambda: encoded)
        answer = self.connection.ask(
            method, path, query=query, body=body, is_repeatable=is_repeatable, explain=_explain
        )
        fields = answer.fields()
        if not fields.flag('success'):
            raise ServerError(
                'The server refused',
                url=answer.url,
                status=answer.status,
                message=fields.text_or_none('message'),
            )
        self._on_answer()
        return fields

    def ask_streamed(self, path: str, query: Mapping[str, str]) -> Answer:
        return self.connection.ask('GET', path, query=query, is_streamed=True, explain=_explain)


def _explain(answer: Answer) -> Exception:
    error = refusal_of(answer)
    error.code = _codes.get(error.message or '', error.code)
    if answer.status == 404 and error.code is None:
        error.cause, error.message, error.advice = NOTHING_HERE, None, WRONG_URL
    if error.code in ('course-exists', 'assignment-exists'):
        return AlreadyExists(
            error.cause,
            url=error.url,
            status=error.status,
            message=error.message,
            code=error.code,
            advice='To replace its files, release it with --force.' if error.code == 'assignment-exists' else None,
        )
    return error


_codes = {
    'Course not found': 'course-not-found',
    'Assignment not found': 'assignment-not-found',
    'Student not found': 'student-not-found',
    'Instructor not found': 'instructor-not-found',
    'Submission not found': 'submission-not-found',
    'Course already exists': 'course-exists',
    'Assignment already exists': 'assignment-exists',
}
"""The first API has no codes; these texts are part of it."""


def path_of(*names: str) -> str:
    return '/'.join(map(quoted, names))
