"""People with homes of their own who use one server through nbgrader's exchange classes, in this process."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError, ExchangeFactory
from traitlets.config import Config, LoggingConfigurable

from ngshare_exchange.configure import configure
from ngshare_exchange.server.interface import Server
from ngshare_exchange.server.probe import connect

COURSE = 'math101'

Files = Mapping[str, str | bytes]


def notebook(text: str = '') -> str:
    cells = [nbformat.v4.new_markdown_cell(text)]  # type: ignore[no-untyped-call]
    return str(nbformat.writes(nbformat.v4.new_notebook(cells=cells)))  # type: ignore[no-untyped-call]


def put(folder: Path, files: Files) -> None:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)


def content(folder: Path) -> dict[str, str]:
    return {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob('*') if file.is_file()}


@dataclass
class Run:
    """What a command logged, and what it returned."""

    result: Any
    lines: list[str]

    @property
    def text(self) -> str:
        return '\n'.join(self.lines)


class Failed(Exception):
    """The command failed as commands fail: with an ExchangeError. The text is all that it logged."""


@dataclass
class Person:
    """`home`: where a student works, and where an instructor has the course."""

    name: str
    home: Path
    url: str
    course: str = COURSE
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        return self.home / '.cache'

    @property
    def server(self) -> Server:
        return connect(self.url, environment={'NGSHARE_USER': self.name})

    def release(self, assignment: str = 'ps1', files: Files | None = None, **options: Any) -> Run:
        if files is not None:
            put(self.home / 'release' / assignment, files)
        return self.run('ReleaseAssignment', assignment, **options)

    def fetch(self, assignment: str = 'ps1', **options: Any) -> Run:
        return self.run('FetchAssignment', assignment, **options)

    def submit(self, assignment: str = 'ps1', files: Files | None = None, **options: Any) -> Run:
        if files is not None:
            put(self.home / assignment, files)
        return self.run('Submit', assignment, **options)

    def collect(self, assignment: str = 'ps1', **options: Any) -> Run:
        return self.run('Collect', assignment, **options)

    def release_feedback(self, assignment: str = 'ps1', **options: Any) -> Run:
        return self.run('ReleaseFeedback', assignment, **options)

    def fetch_feedback(self, assignment: str = 'ps1', **options: Any) -> Run:
        return self.run('FetchFeedback', assignment, **options)

    def listed(self, assignment: str = '', **options: Any) -> Run:
        return self.run('List', assignment, **options)

    def run(self, factory_method: str, assignment: str, **options: Any) -> Run:
        """As nbgrader's commands do it. Options are those of the class, and of the course directory."""
        config = Config(self.settings)
        configure(config, self.url)
        config.Exchange.cache = str(self.cache)
        config.Exchange.assignment_dir = str(self.home)
        config.CourseDirectory.course_id = self.course
        config.CourseDirectory.assignment_id = assignment
        config.CourseDirectory.root = str(self.home)
        for option, value in options.items():
            is_of_course = option in CourseDirectory.class_trait_names()
            config['CourseDirectory' if is_of_course else f'Exchange{factory_method}'][option] = value
        with self.in_environment(), logged() as lines:
            factory = ExchangeFactory(parent=LoggingConfigurable(config=config))  # type: ignore[no-untyped-call]
            try:
                exchange = getattr(factory, factory_method)(
                    coursedir=CourseDirectory(config=config),
                    authenticator=Authenticator(config=config),
                    config=config,
                )
                return Run(exchange.start(), lines)
            except ExchangeError as error:
                raise Failed('\n'.join([*lines, str(error)])) from error

    @contextlib.contextmanager
    def in_environment(self) -> Iterator[None]:
        before = os.environ.get('NGSHARE_USER')
        os.environ['NGSHARE_USER'] = self.name
        try:
            yield
        finally:
            if before is None:
                del os.environ['NGSHARE_USER']
            else:
                os.environ['NGSHARE_USER'] = before

    # What instructors do between collecting and releasing feedback

    def grade(self, assignment: str = 'ps1', text: str = 'well done') -> None:
        """Makes feedback to all that was collected, as `nbgrader generate_feedback` leaves it."""
        for collected in (self.home / 'submitted').glob(f'*/{assignment}'):
            folder = self.home / 'feedback' / collected.parent.name / assignment
            put(folder, {'timestamp.txt': (collected / 'timestamp.txt').read_text()})
            for path in collected.glob('*.ipynb'):
                put(folder, {f'{path.stem}.html': f'<p>{path.stem}: {text}</p>'})

    # What students have

    def copies(self) -> list[Path]:
        return sorted((self.cache / self.course).iterdir())

    def receipt(self) -> dict[str, Any]:
        receipt: dict[str, Any] = json.loads((self.copies()[-1] / 'receipt.json').read_text())
        return receipt


@contextlib.contextmanager
def logged() -> Iterator[list[str]]:
    """What is logged by traitlets without an application, and by us."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    log, collector = logging.getLogger('traitlets'), Collector()
    level, propagates = log.level, log.propagate
    log.addHandler(collector)
    log.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        log.removeHandler(collector)
        log.setLevel(level)
        log.propagate = propagates


@dataclass
class World:
    """One course with an instructor; students as they are wanted."""

    url: str
    folder: Path

    def person(self, name: str, **settings: dict[str, Any]) -> Person:
        home = self.folder / 'homes' / name
        home.mkdir(parents=True, exist_ok=True)
        return Person(name, home, self.url, settings=settings)

    def create_course(self, course: str = COURSE, instructor: str = 'iris', students: tuple[str, ...] = ()) -> None:
        root = self.person('root')
        root.server.create_course(course, [instructor])
        for student in students:
            root.server.add_member(course, student)
