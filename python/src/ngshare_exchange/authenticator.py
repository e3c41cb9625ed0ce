"""Who takes which course, told between nbgrader and the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nbgrader.auth import BaseAuthPlugin
from nbgrader.exchange import ExchangeError

from .server.interface import Server, ServerError


class NgshareAuthPlugin(BaseAuthPlugin):
    """`nbgrader db student add|remove|import` changes the roster on the server, too."""

    def get_student_courses(self, student_id: str) -> list[str] | None:
        """No restriction: the server tells and gives everybody only what is theirs.

        nbgrader's list of courses would take a list of names to the hub, for formgraders of its own, and end with an
        error where the token may not ask for the hub's services.
        """
        return None

    def add_student_to_course(self, student_id: str, course_id: str) -> None:
        """Names are not known here: those that the server knows stay."""
        if not self._is_course(student_id, course_id):
            return
        with self._server() as server:
            server.add_member(course_id, student_id, 'student')

    def remove_student_from_course(self, student_id: str, course_id: str) -> None:
        """Their submissions stay on the server."""
        if not self._is_course(student_id, course_id):
            return
        with self._server() as server:
            member = server.member(course_id, student_id)
            if member is not None and member.role == 'student':
                server.remove_member(course_id, student_id)

    def _is_course(self, student_id: str, course_id: str) -> bool:
        if course_id in ('', '*'):
            self.log.warning('No course is configured: the gradebook changes, the roster of %s does not.', student_id)
            return False
        return True

    @contextmanager
    def _server(self) -> Iterator[Server]:
        """The one of the exchange, with its settings."""
        from .exchange import Exchange  # which knows this class

        try:
            yield Exchange(parent=self).server
        except ServerError as error:
            self.log.critical('%s', error)
            raise ExchangeError(str(error)) from error
