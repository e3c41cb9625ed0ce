"""The students in nbgrader's gradebook on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..server.interface import Member


class GradebookError(Exception):
    """The text is fit for a person."""


class LocalGradebook:
    """`course`: as it is configured, '' where it is not."""

    def __init__(self, url: str, course: str) -> None:
        self._url = url
        self.course = course

    def add(self, student: Member) -> None:
        """Details that are not given stay as they are."""
        details = {'first_name': student.first_name, 'last_name': student.last_name, 'email': student.email}
        with self._open() as gradebook:
            gradebook.update_or_create_student(
                student.user, **{name: value for name, value in details.items() if value is not None}
            )

    def remove(self, student: str, *, even_with_grades: bool) -> None:
        """Nothing is to be done where they are not in it."""
        from nbgrader.api import MissingEntry

        with self._open() as gradebook:
            try:
                found = gradebook.find_student(student)
            except MissingEntry:
                return
            if found.submissions and not even_with_grades:
                raise GradebookError(
                    f'{student} has grades in the gradebook, which would be deleted. '
                    'Say --force to delete them, or --no-gb to leave the gradebook alone.'
                )
            gradebook.remove_student(student)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        from nbgrader.api import Gradebook, InvalidEntry
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with _tools_of_this_python(), Gradebook(self._url, self.course) as gradebook:
                yield gradebook
        except (SQLAlchemyError, InvalidEntry, OSError) as error:
            raise GradebookError(f'The gradebook {self._url} cannot be changed: {error}') from error


@contextmanager
def _tools_of_this_python() -> Iterator[None]:
    """A new gradebook runs `alembic` from the PATH, which need not lead to the environment that nbgrader is in."""
    before = os.environ.get('PATH', os.defpath)
    os.environ['PATH'] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ['PATH'] = before
