"""What the exchange asks nbgrader's gradebook."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from nbgrader.coursedir import CourseDirectory


class GradebookError(Exception):
    """The gradebook did not answer; the message says why."""


def find_due_date(coursedir: CourseDirectory, assignment: str) -> datetime | None:
    """None where the assignment has none, or is not in the gradebook. Raises GradebookError."""
    from nbgrader.api import Gradebook, MissingEntry  # takes a second: it brings SQLAlchemy along

    gradebook: Any
    try:
        with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            due_date: datetime | None = gradebook.find_assignment(assignment).duedate
    except MissingEntry:
        return None
    except Exception as error:  # of SQLAlchemy, of its drivers, of Alembic, which is a program
        raise GradebookError(f'The due date cannot be read from the gradebook: {error}') from error
    return None if due_date is None else due_date.replace(tzinfo=timezone.utc)
