"""Where people sit who run `ngshare-course-management`: a folder each, with nbgrader's configuration and gradebook."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from ngshare_exchange.course_management import main
from ngshare_exchange.server.interface import Server
from ngshare_exchange.server.probe import connect

COURSE = 'math101'


@dataclass(frozen=True)
class Outcome:
    status: int
    said: str
    complained: str


@dataclass(frozen=True)
class Office:
    """`variable`: by which a server is told who asks. `root` is its admin, `iris` teaches the course."""

    folder: Path
    url: str
    variable: str
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def manage(self, user: str, *arguments: str, course: str = COURSE) -> Outcome:
        """In this process, which is quicker; `test_program.py` runs it as people do."""
        lines = ['import ngshare_exchange', 'c = get_config()', f'ngshare_exchange.configure(c, {self.url!r})']
        lines += [f'c.CourseDirectory.course_id = {course!r}', 'c.Exchange.patience = 0']
        desk = self.desk(user)
        (desk / 'nbgrader_config.py').write_text('\n'.join(lines))
        self.monkeypatch.chdir(desk)
        self.monkeypatch.setenv('JUPYTER_NO_CONFIG', '1')
        self.monkeypatch.setenv(self.variable, user)
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said, complained = self.capsys.readouterr()
        return Outcome(int(ended.value.code or 0), said, complained)

    def desk(self, user: str) -> Path:
        desk = self.folder / user
        desk.mkdir(exist_ok=True)
        return desk

    def write(self, text: str, user: str = 'iris') -> str:
        """A file `class.csv` on the desk."""
        (self.desk(user) / 'class.csv').write_bytes(text.encode())
        return 'class.csv'

    def server(self, user: str = 'root') -> Server:
        return connect(self.url, environment={self.variable: user})

    def members(self, role: str) -> list[str]:
        return sorted(member.user for member in self.server().members(COURSE) if member.role == role)

    def details(self, user: str) -> tuple[str | None, ...]:
        member = self.server().member(COURSE, user)
        assert member is not None
        return _details(member)

    def gradebook(self, user: str = 'iris') -> Gradebook:
        return Gradebook(f'sqlite:///{self.desk(user)}/gradebook.db', COURSE)

    def graded(self, user: str = 'iris') -> dict[str, tuple[str | None, ...]]:
        """Who is in the gradebook, by which names."""
        if not (self.desk(user) / 'gradebook.db').exists():
            return {}
        with self.gradebook(user) as gradebook:
            students: list[Any] = gradebook.students
            return {student.id: _details(student) for student in students}


def _details(person: Any) -> tuple[str | None, ...]:
    return (person.first_name or None, person.last_name or None, person.email or None)
