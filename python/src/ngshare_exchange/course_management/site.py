"""What nbgrader's configuration says here: which server, which gradebook."""

from __future__ import annotations

from dataclasses import dataclass

from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory

from ..exchange import Exchange
from ..server.interface import Server
from .gradebook import LocalGradebook


@dataclass(frozen=True)
class Site:
    server: Server
    gradebook: LocalGradebook


def open_site() -> Site:
    """As for the commands of nbgrader in this folder. Raises ServerError where nobody says which server."""
    app = NbGrader()
    app.initialize([])
    coursedir = app.coursedir or CourseDirectory(parent=app)
    return Site(Exchange(parent=app).server, LocalGradebook(coursedir.db_url, coursedir.course_id))
