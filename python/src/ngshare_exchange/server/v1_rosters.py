"""Courses and rosters over the first API."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .fields import Fields
from .interface import Course, Member, MemberOutcome, NotAllowed, NotFound, Role, ServerError
from .v1_requests import V1Requests, path_of


class V1Rosters:
    def __init__(self, requests: V1Requests) -> None:
        self._requests = requests

    @property
    def url(self) -> str:
        return self._requests.url

    def courses(self) -> list[Course]:
        return [Course(course, role=None) for course in self._requests.ask('GET', 'courses').texts('courses')]

    def create_course(self, course: str, instructors: Sequence[str] = ()) -> None:
        fields = {'instructors': json.dumps(list(instructors))}
        self._requests.ask('POST', path_of('course', course), form=fields, is_repeatable=False)

    def members(self, course: str, role: Role | None = None) -> list[Member]:
        found: list[Member] = []
        if role != 'student':
            answer = self._requests.ask('GET', path_of('instructors', course))
            found += [_member(item, 'instructor') for item in answer.list_of_fields('instructors')]
        if role != 'instructor':
            found += self._students(course)
        return found

    def _students(self, course: str) -> list[Member]:
        """Students see themselves alone."""
        try:
            answer = self._requests.ask('GET', path_of('students', course))
        except NotAllowed:
            me = self.member(course, self._requests.me())
            return [me] if me is not None and me.role == 'student' else []
        return [_member(item, 'student') for item in answer.list_of_fields('students')]

    def member(self, course: str, user: str) -> Member | None:
        roles: tuple[Role, Role] = ('student', 'instructor')
        for role in roles:
            try:
                return _member(self._requests.ask('GET', path_of(role, course, user)), role)
            except NotFound as error:
                if error.code != f'{role}-not-found':
                    raise
        return None

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
        known = self.member(course, user)
        wanted = Member(user, role, first_name, last_name, email)
        outcome = _outcome(wanted, known)
        if outcome.outcome == 'refused':
            raise ServerError(f'{user} teaches {course}, and cannot take it as a student', url=self.url)
        if outcome.outcome != 'unchanged':
            self._requests.ask('POST', path_of(role, course, user), form=_details(wanted, known))
        return outcome

    def change_members(self, course: str, members: Sequence[Member], *, dry_run: bool = False) -> list[MemberOutcome]:
        known = {member.user: member for member in self.members(course)}
        outcomes = [_outcome(member, known.get(member.user)) for member in members]
        if dry_run:
            return outcomes
        to_write = [
            member for member, outcome in zip(members, outcomes, strict=True) if outcome.outcome in ('added', 'changed')
        ]
        students = [
            {'username': member.user, **_details(member, known.get(member.user))}
            for member in to_write
            if member.role == 'student'
        ]
        if students:
            self._requests.ask('POST', path_of('students', course), form={'students': json.dumps(students)})
        for member in to_write:
            if member.role == 'instructor':
                details = _details(member, known.get(member.user))
                self._requests.ask('POST', path_of('instructor', course, member.user), form=details)
        return outcomes

    def remove_member(self, course: str, user: str) -> bool:
        member = self.member(course, user)
        if member is None:
            return False
        self._requests.delete(path_of(member.role, course, user))
        return True


def _details(member: Member, known: Member | None) -> dict[str, str]:
    """All three must be said; those that are not given stay as they are."""

    def one(given: str | None, before: str | None) -> str:
        return given if given is not None else before or ''

    before = known or Member(member.user, member.role)
    return {
        'first_name': one(member.first_name, before.first_name),
        'last_name': one(member.last_name, before.last_name),
        'email': one(member.email, before.email),
    }


def _outcome(wanted: Member, known: Member | None) -> MemberOutcome:
    if known is None:
        return MemberOutcome(wanted.user, 'added')
    if known.role == 'instructor' and wanted.role == 'student':
        return MemberOutcome(wanted.user, 'refused', 'instructor-is-no-student')
    is_same = known.role == wanted.role and _details(wanted, known) == _details(known, None)
    return MemberOutcome(wanted.user, 'unchanged' if is_same else 'changed')


def _member(fields: Fields, role: Role) -> Member:
    names = (fields.text_or_none(name) for name in ('first_name', 'last_name', 'email'))
    return Member(fields.text('username'), role, *names)
