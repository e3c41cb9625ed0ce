"""What the exchange asks nbgrader's gradebook."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from nbgrader.coursedir import CourseDirectory


def find_due_date(coursedir: CourseDirectory, assignment: str) -> datetime | None:
    """None where the assignment has none, or is not in the gradebook."""
    from nbgrader.api import Gradebook, MissingEntry  # takes a second: it brings SQLAlchemy along

    gradebook: Any
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            due_date: datetime | None = gradebook.find_assignment(assignment).duedate
        except MissingEntry:
            return None
    return None if due_date is None else due_date.replace(tzinfo=timezone.utc)
