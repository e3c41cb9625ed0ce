"""Courses and rosters over the second API."""

from __future__ import annotations

from collections.abc import Sequence

from .connection import quoted
from .fields import Fields
from .interface import Course, Member, MemberOutcome, NotFound, Role, ServerError
from .v2_requests import V2Requests, course_path, present


class V2Rosters:
    def __init__(self, requests: V2Requests) -> None:
        self._requests = requests

    @property
    def url(self) -> str:
        return self._requests.connection.url

    def courses(self) -> list[Course]:
        return [Course(item.text('course'), _role_or_none(item)) for item in self._requests.items('courses')]

    def create_course(self, course: str, instructors: Sequence[str] = ()) -> None:
        new = {'course': course, 'instructors': list(instructors)}
        self._requests.ask('POST', 'courses', json=new, is_repeatable=False)

    def members(self, course: str, role: Role | None = None) -> list[Member]:
        items = self._requests.items(f'{course_path(course)}/members', {} if role is None else {'role': role})
        return [_member(item) for item in items]

    def member(self, course: str, user: str) -> Member | None:
        try:
            return _member(self._requests.ask('GET', f'{course_path(course)}/members/{quoted(user)}').fields())
        except NotFound as error:
            if error.code == 'student-not-found':
                return None
            raise

    def add_member(
        self,
        course: str,
        user: str,
        role: Role = 'student',
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        email: str | None = None,
    ) -> MemberOutcome:
        member = Member(user, role, first_name, last_name, email)
        outcome = self.change_members(course, [member])[0]
        if outcome.outcome == 'refused':
            # The single form says in full what the many only name.
            self._requests.ask('PUT', f'{course_path(course)}/members/{quoted(user)}', json=_details(member))
        return outcome

    def change_members(self, course: str, members: Sequence[Member], *, dry_run: bool = False) -> list[MemberOutcome]:
        new = [{'user': member.user, **_details(member)} for member in members]
        changes = {'members': new, 'dryRun': dry_run}
        answer = self._requests.ask('POST', f'{course_path(course)}/members', json=changes).fields()
        outcomes = [_outcome(item) for item in answer.list_of_fields('items')]
        if len(outcomes) != len(members):
            raise ServerError('The server tells nothing of some of the members', url=self.url)
        return outcomes

    def remove_member(self, course: str, user: str) -> bool:
        try:
            self._requests.delete(f'{course_path(course)}/members/{quoted(user)}')
        except NotFound as error:
            if error.code in ('student-not-found', 'instructor-not-found'):
                return False
            raise
        return True


def _details(member: Member) -> dict[str, str]:
    details = present(firstName=member.first_name, lastName=member.last_name, email=member.email)
    return {'role': member.role, **details}


def _role(fields: Fields) -> Role:
    return 'instructor' if fields.text('role') == 'instructor' else 'student'


def _role_or_none(fields: Fields) -> Role | None:
    return None if fields.text_or_none('role') is None else _role(fields)


def _member(fields: Fields) -> Member:
    names = (fields.text_or_none(name) for name in ('firstName', 'lastName', 'email'))
    return Member(fields.text('user'), _role(fields), *names)


def _outcome(fields: Fields) -> MemberOutcome:
    outcome = fields.text('outcome')
    for known in ('added', 'changed', 'unchanged', 'refused'):
        if outcome == known:
            return MemberOutcome(fields.text('user'), known, fields.text_or_none('reason'))
    raise ServerError(f'The server speaks of an outcome that this plugin does not know: {outcome}')
