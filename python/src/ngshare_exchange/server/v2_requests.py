"""Requests in the second API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .answers import Answer, refusal_of
from .connection import Body, Connection, delete_once, quoted
from .fields import Fields
from .interface import ServerError

PAGE_SIZE = '1000'


class NotV2(Exception):
    """The server does not know the second API."""


class FilesMissing(ServerError):
    """Files of a tree must be sent first."""

    def __init__(self, missing: Sequence[str], answer: Answer) -> None:
        super().__init__('The server still lacks files that were sent', url=answer.url, advice='Try again.')
        self.missing = missing


class V2Requests:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def items(self, path: str, query: Mapping[str, str] | None = None) -> list[Fields]:
        """Of all pages."""
        items: list[Fields] = []
        page = {'limit': PAGE_SIZE, **(query or {})}
        while True:
            answer = self.ask('GET', path, query=page).fields()
            items += answer.list_of_fields('items')
            cursor = answer.text_or_none('next')
            if cursor is None:
                return items
            page['cursor'] = cursor

    def delete(self, path: str) -> None:
        """NotFound: it was not there before, either."""
        delete_once(self.ask, path)

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
    ) -> Answer:
        return self.connection.ask(
            method,
            f'v2/{path}',
            query=query,
            json=json,
            body=body,
            headers=headers,
            is_repeatable=is_repeatable,
            is_streamed=is_streamed,
            explain=_explain,
        )


def _explain(answer: Answer) -> Exception:
    if not answer.is_problem:
        if answer.status in (404, 405):
            return NotV2()
        return refusal_of(answer)
    error = refusal_of(answer)
    if error.code == 'files-missing':
        return FilesMissing(answer.fields().texts('missing'), answer)
    error.advice = _advice.get(error.code or '', error.advice)
    return error


_advice = {
    'course-not-found': 'Check the name of the course: is it written as the instructor writes it?',
    'assignment-not-found': 'Check the name of the assignment; `nbgrader list` shows what is released.',
    'not-related': 'Ask the instructor of the course to put you on its roster.',
    'not-instructor': 'Ask an administrator if you should teach this course.',
    'feedback-not-found': 'Your instructor has not returned it yet.',
    'quota-exceeded': 'Remove large files that do not belong to it, or ask the administrator for room.',
    'too-many-uploads': 'Wait until tomorrow, or ask the administrator for room.',
    'assignment-exists': 'To replace its files, release it with --force: submissions stay.',
}


def course_path(course: str) -> str:
    return f'courses/{quoted(course)}'


def assignment_path(course: str, assignment: str) -> str:
    return f'{course_path(course)}/assignments/{quoted(assignment)}'


def present(**arguments: str | None) -> dict[str, str]:
    return {name: value for name, value in arguments.items() if value is not None}
