"""What each subcommand does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..server.interface import Member, MemberOutcome, Role, Server, ServerError
from .class_list import ClassListError, read_class_list
from .gradebook import GradebookError, LocalGradebook
from .terminal import Terminal

_REASONS = {
    'instructor-is-no-student': 'Cannot add instructor as student',
    'illegal-name': 'this cannot be the name of a user',
    'not-instructor': 'Permission denied: only instructors of the course may do this',
}


class Roster:
    """One course, on the server; and its gradebook here, None where that is to be left alone."""

    def __init__(self, course: str, server: Server, gradebook: LocalGradebook | None, terminal: Terminal) -> None:
        self._course = course
        self._server = server
        self._terminal = terminal
        self._gradebook = self._own(gradebook)

    def create(self, instructors: Sequence[str]) -> None:
        self._warn_of_upper_case(instructors)
        self._server.create_course(self._course, instructors)
        self._terminal.done(f'Successfully created {self._course}')

    def add_instructor(self, instructor: Member) -> None:
        self._warn_of_upper_case([instructor.user])
        self._add(instructor)
        self._terminal.done(f'Successfully added {instructor.user} as an instructor to {self._course}')

    def remove_instructor(self, instructor: str) -> None:
        self._remove(instructor, 'instructor')
        self._terminal.done(f'Successfully deleted instructor {instructor} from {self._course}')

    def add_student(self, student: Member) -> None:
        self._warn_of_upper_case([student.user])
        self._add(student)
        self._terminal.done(f'Successfully added/updated {student.user} on {self._course}')
        self._add_to_gradebook([student])

    def add_students(self, file: Path) -> None:
        """Those rows that are right, all at once; the others are told."""
        try:
            class_list = read_class_list(file)
        except ClassListError as error:
            self._terminal.fail(str(error))
            return
        for problem in class_list.problems:
            self._terminal.fail(problem)
        students = class_list.students
        if not students:
            self._terminal.warn(f'There are no students in {file}')
            return
        self._warn_of_upper_case(student.user for student in students)
        outcomes = self._server.change_members(self._course, students)
        added = []
        for student, outcome in zip(students, outcomes, strict=True):
            if outcome.outcome == 'refused':
                self._terminal.fail(f'There was an error adding {student.user} to {self._course}: {_reason(outcome)}')
            else:
                self._terminal.done(f'{student.user} was successfully added to {self._course}')
                added.append(student)
        self._add_to_gradebook(added)

    def remove_students(self, students: Sequence[str], *, even_with_grades: bool) -> None:
        """Each on their own: one who cannot be removed does not keep the others."""
        for student in students:
            try:
                if self._gradebook is not None:
                    self._gradebook.remove(student, even_with_grades=even_with_grades)
                self._remove(student, 'student')
            except (ServerError, GradebookError) as error:
                self._terminal.fail(f'{student} was not removed from {self._course}: {error}')
            else:
                self._terminal.done(f'Successfully deleted {student} from {self._course}')

    def _add(self, member: Member) -> None:
        self._server.add_member(
            self._course,
            member.user,
            member.role,
            first_name=member.first_name,
            last_name=member.last_name,
            email=member.email,
        )

    def _remove(self, user: str, role: Role) -> None:
        member = self._server.member(self._course, user)
        if member is None or member.role != role or not self._server.remove_member(self._course, user):
            raise ServerError(f'{role.capitalize()} not found: {user} in {self._course}')

    def _add_to_gradebook(self, students: Iterable[Member]) -> None:
        if self._gradebook is None:
            return
        try:
            for student in students:
                self._gradebook.add(student)
        except GradebookError as error:
            self._terminal.fail(f'On the server, but not in the gradebook: {error}')

    def _own(self, gradebook: LocalGradebook | None) -> LocalGradebook | None:
        if gradebook is None or gradebook.course in ('', '*', self._course):
            return gradebook
        self._terminal.warn(
            f'The gradebook is left alone: here it is that of {gradebook.course}, and not of {self._course}'
        )
        return None

    def _warn_of_upper_case(self, users: Iterable[str]) -> None:
        doubtful = [user for user in users if user != user.lower()]
        if doubtful:
            self._terminal.warn(
                'JupyterHub mostly has user names in lower case. If these people have trouble with the course, '
                f'add them in lower case: {", ".join(doubtful)}'
            )


def _reason(outcome: MemberOutcome) -> str:
    return _REASONS.get(outcome.reason or '', outcome.reason or 'the server does not say why')
