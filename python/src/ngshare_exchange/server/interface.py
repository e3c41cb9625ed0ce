"""The exchange server as the rest of the plugin sees it: what can be asked of it, and what it answers.

Nothing here talks to a network. `v2.py` and `v1.py` implement `Server`; `connect` in `probe.py` gives you the
right one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal, Protocol

Role = Literal['instructor', 'student']


# Directory trees


@dataclass(frozen=True)
class LocalFile:
    """A file that is to be sent. `path`: in the tree, relative, with `/` between folders."""

    path: str
    location: Path
    is_executable: bool = False


@dataclass(frozen=True)
class File:
    """A file of a directory tree on the server. Old servers do not tell `sha256`, nor sizes in lists."""

    path: str
    size_bytes: int | None
    md5: str
    sha256: str | None = None
    is_executable: bool = False


class Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...


class TreeSink(Protocol):
    """Where a tree that is downloaded goes. The paths come from the server: who implements this checks them.

    First `choose` is called once, then `open` for each file that it has chosen, in any order. What was
    written is checked against size and checksum when the file is complete. A fault raises ServerError out of
    the download: the tree is good if the download returns, and else to be thrown away.
    """

    def choose(self, files: Sequence[File]) -> Collection[str]:
        """Told all files of the tree: the paths of those that must travel. The others are here already."""
        ...

    def open(self, file: File) -> AbstractContextManager[Writable]: ...


# Courses and people


@dataclass(frozen=True)
class Course:
    """`role`: None for admins who are no members, and where an old server does not tell."""

    course: str
    role: Role | None


@dataclass(frozen=True)
class Member:
    user: str
    role: Role
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class MemberOutcome:
    """What became, or with a dry run would become, of one of many members. `reason`: why refused."""

    user: str
    outcome: Literal['added', 'changed', 'unchanged', 'refused']
    reason: str | None = None


@dataclass(frozen=True)
class Limits:
    """What may be uploaded. None: no limit, or not known."""

    file_bytes: int | None = None
    tree_bytes: int | None = None
    files: int | None = None


@dataclass(frozen=True)
class Service:
    """The server, and who you are to it. `is_admin`: None where an old server does not tell."""

    version: str | None
    user: str
    is_admin: bool | None
    limits: Limits


@dataclass(frozen=True)
class Capabilities:
    """What this server can do; `lacks` says in sentences what it cannot."""

    api: Literal['v1', 'v2']
    keeps_submissions: bool
    """An assignment can be released again, and taken back, without harm to submissions and feedback."""
    submits_once: bool
    """A submission that is repeated because no answer came is stored once."""
    submits_for_others: bool
    """An instructor can submit on behalf of a student."""
    gives_receipts: bool
    keeps_executable_bits: bool
    lacks: tuple[str, ...] = ()


# Assignments, submissions, feedback


@dataclass(frozen=True)
class Release:
    """One version of an assignment. Old servers tell neither version nor time."""

    version: int | None
    released_at: datetime | None
    notebooks: tuple[str, ...] | None
    """Names of the notebooks at the top, without .ipynb, sorted. None: not asked for, or not told."""


@dataclass(frozen=True)
class Assignment:
    """An assignment that is out, with its newest release."""

    course: str
    assignment: str
    release: Release


@dataclass(frozen=True)
class Feedback:
    released_at: datetime | None
    files: tuple[File, ...]


@dataclass(frozen=True)
class Submission:
    """`id`: of its receipt, too; None where an old server has no such thing."""

    id: str | None
    course: str
    assignment: str
    student: str
    received_at: datetime
    notebooks: tuple[str, ...] | None
    """As in a release. None: not asked for, or not told."""
    feedback: Feedback | None

    @property
    def timestamp(self) -> str:
        """What it is called in the cache, in `timestamp.txt` and in `feedback/`: see `format_timestamp`."""
        return format_timestamp(self.received_at)


@dataclass(frozen=True)
class Submitted:
    """What the server says when it has a submission safely. `id`: as in Submission."""

    id: str | None
    received_at: datetime

    @property
    def timestamp(self) -> str:
        return format_timestamp(self.received_at)


def format_timestamp(at: datetime) -> str:
    """`2026-11-22 19:43:50.238451`, UTC: to the letter what ngshare has always called submissions, so that
    caches and feedback folders of earlier plugins still match. nbgrader reads a time without zone as UTC."""
    return at.astimezone(timezone.utc).strftime('%Y-%m-%d %H:%M:%S.%f')


def parse_timestamp(text: str) -> datetime:
    """Also what nbgrader's own exchange writes, with ` UTC` at its end. ValueError: it is no timestamp."""
    stripped = text.strip()
    for zone in (' UTC', ' GMT', 'Z'):
        stripped = stripped.removesuffix(zone)
    at = datetime.fromisoformat(stripped)
    return at.replace(tzinfo=timezone.utc) if at.tzinfo is None else at.astimezone(timezone.utc)


# Errors


class ServerError(Exception):
    """The server did not do what was asked. `str()` of it is fit for a person.

    `cause`: what went wrong, in a few words. `url`: what was asked, without credentials. `status`: of HTTP;
    None without an answer. `message`: what the server said. `code`: the server's word for programs. `advice`:
    what to do, in a line.
    """

    def __init__(
        self,
        cause: str,
        *,
        url: str | None = None,
        status: int | None = None,
        message: str | None = None,
        code: str | None = None,
        advice: str | None = None,
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.url = url
        self.status = status
        self.message = message
        self.code = code
        self.advice = advice

    def __str__(self) -> str:
        said = f'{self.cause}: {self.message}' if self.message else self.cause
        status = None if self.status is None else f'HTTP {self.status}'
        where = ', '.join(part for part in (status, self.url) if part)
        sentence = f'{said.rstrip(".")} ({where}).' if where else f'{said.rstrip(".")}.'
        return f'{sentence} {self.advice}' if self.advice else sentence


class NotFound(ServerError):
    """There is no such course, assignment, submission, feedback or member."""


class NotAllowed(ServerError):
    """The server does not know you (401), or you may not do this (403)."""


class AlreadyExists(ServerError):
    """A course or an assignment of this name is there."""


class Unreachable(ServerError):
    """No server answered, or none that was well, in spite of repeating."""

    may_have_arrived = False
    """Whether the server may have done what was asked, although no answer came."""


class NotSupported(ServerError):
    """An old server cannot do this, or not without losing submissions."""


@dataclass(frozen=True)
class Progress:
    """How far an upload or a download has come. `total_bytes`: None where that is not known."""

    direction: Literal['upload', 'download']
    done_bytes: int
    total_bytes: int | None


ProgressListener = Callable[[Progress], None]


class Server(Protocol):
    """Every method may raise ServerError; none answers after a failure. For one thread at a time."""

    @property
    def url(self) -> str: ...

    def service(self) -> Service: ...

    def capabilities(self) -> Capabilities: ...

    def courses(self) -> list[Course]:
        """The courses that the caller teaches or takes; for admins all."""
        ...

    def create_course(self, course: str, instructors: Sequence[str] = ()) -> None: ...

    def assignments(
        self, course: str | None = None, assignment: str | None = None, *, with_notebooks: bool = True
    ) -> list[Assignment]:
        """The assignments that are out, of one course or all, in the order in which they came to be.

        NotFound: the course is not there. An assignment that is not there is an empty list.
        `with_notebooks`: old servers must be asked once for each assignment; v2 tells them anyway.
        """
        ...

    def submissions(
        self,
        course: str | None = None,
        assignment: str | None = None,
        student: str | None = None,
        *,
        own: bool = False,
        newest_only: bool = False,
        with_details: bool = True,
    ) -> list[Submission]:
        """The caller's own submissions, and those of the courses that the caller teaches, as they came in.

        `own`: only the caller's own. `newest_only`: of each student and assignment. `with_details`: notebooks
        and feedback; old servers must be asked twice for each submission; v2 tells them anyway.
        """
        ...

    def release(
        self,
        course: str,
        assignment: str,
        files: Sequence[LocalFile],
        *,
        overwrite: bool = False,
        even_if_submissions_are_lost: bool = False,
    ) -> Release:
        """AlreadyExists: it is out, and `overwrite` was not said. Submissions and feedback stay, but for old
        servers: overwriting is NotSupported when there are any, unless `even_if_submissions_are_lost`."""
        ...

    def unrelease(self, course: str, assignment: str, *, even_if_submissions_are_lost: bool = False) -> None:
        """Takes an assignment back. NotSupported: as with `release`."""
        ...

    def submit(
        self,
        course: str,
        assignment: str,
        files: Sequence[LocalFile],
        *,
        key: str,
        student: str | None = None,
    ) -> Submitted:
        """`key`: made once for this submission (`uuid.uuid4().hex`), and the same when the caller repeats it:
        then it is submitted once. `student`: for instructors, on behalf of whom."""
        ...

    def receipt(self, submission: Submission | Submitted) -> dict[str, object]:
        """The signed receipt, as `ngshare receipt verify` reads it."""
        ...

    def download_release(
        self, course: str, assignment: str, sink: TreeSink, *, version: int | None = None
    ) -> tuple[File, ...]:
        """All files of the release, also those that `sink` did not choose. `version`: None for the newest."""
        ...

    def download_submission(self, submission: Submission, sink: TreeSink) -> tuple[File, ...]: ...

    def download_feedback(self, submission: Submission, sink: TreeSink) -> tuple[File, ...]:
        """NotFound: there is no feedback yet."""
        ...

    def return_feedback(self, submission: Submission, files: Sequence[LocalFile]) -> None:
        """In place of what was returned before."""
        ...

    def members(self, course: str, role: Role | None = None) -> list[Member]: ...

    def member(self, course: str, user: str) -> Member | None: ...

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
        """Details that are not given stay as they are, of somebody who is there already."""
        ...

    def change_members(self, course: str, members: Sequence[Member], *, dry_run: bool = False) -> list[MemberOutcome]:
        """As `add_member`, for many at once, in their order."""
        ...

    def remove_member(self, course: str, user: str) -> bool:
        """False: they were no member. Their submissions stay."""
        ...
