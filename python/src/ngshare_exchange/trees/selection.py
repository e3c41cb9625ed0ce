"""Which files of a folder belong to a directory tree that is sent.

The same files as nbgrader's own exchange copies: patterns to ignore hold for files and for folders,
patterns to include for files only, and larger files stay behind. What stays behind is told, with the
reason; what cannot be read is an error, because the sender believes that it was sent.
"""

from __future__ import annotations

import enum
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path


class SelectionError(Exception):
    """The folder cannot be sent as it is; the message says why and what to do."""


class Reason(enum.Enum):
    """Why a file or a folder stays behind."""

    IGNORED = 'it is ignored (CourseDirectory.ignore)'
    NOT_INCLUDED = 'it is not included (CourseDirectory.include)'
    TOO_LARGE = 'the file is too large (CourseDirectory.max_file_size)'
    LINK_OUTSIDE = 'it is a link to something outside of the folder'
    LINK_DANGLING = 'it is a link to something that does not exist'
    LINK_LOOP = 'it is a link to a folder that it is in itself'
    NOT_A_FILE = 'it is neither a file nor a folder'
    EMPTY_FOLDER = 'it is a folder without files'

    @property
    def is_expected(self) -> bool:
        """Whether the configuration asks for it, so that nobody needs to be warned."""
        return self in (Reason.IGNORED, Reason.NOT_INCLUDED, Reason.EMPTY_FOLDER)


@dataclass(frozen=True)
class LeftOut:
    """A file or a folder that stays behind."""

    path: str
    reason: Reason


@dataclass(frozen=True)
class SelectedFile:
    """A file that goes: its path in the tree, with slashes, and where its bytes are."""

    path: str
    source: Path
    size: int
    executable: bool


@dataclass(frozen=True)
class Rules:
    """What goes and what stays; sizes are bytes, and None is no limit."""

    ignore: Sequence[str] = ()
    include: Sequence[str] = ('*',)
    max_file_size: int | None = None
    max_dir_size: int | None = None


def reason_against(path: str, size: int | None, rules: Rules) -> Reason | None:
    """Why a file of this path in a tree stays behind, if it does; for trees that are fetched."""
    *folders, name = path.split('/')
    if any(_matches(part, rules.ignore) for part in (*folders, name)):
        return Reason.IGNORED
    if not _matches(name, rules.include):
        return Reason.NOT_INCLUDED
    if rules.max_file_size is not None and size is not None and size > rules.max_file_size:
        return Reason.TOO_LARGE
    return None


@dataclass(frozen=True)
class Selection:
    """The files of a folder that go, by path, and what stays behind."""

    root: Path
    files: tuple[SelectedFile, ...]
    left_out: tuple[LeftOut, ...] = field(default=())

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def select_files(root: str | os.PathLike[str], rules: Rules) -> Selection:
    """The files of the folder that go.

    Raises SelectionError when something cannot be read, when a name cannot be sent, and when it is too much.
    """
    folder = Path(root).absolute()
    left_out: list[LeftOut] = []
    walk = _Walk(Path(os.path.realpath(folder)), rules, left_out)
    files = tuple(sorted(walk.files_in(folder, '', ()), key=lambda file: file.path))
    selection = Selection(folder, files, tuple(sorted(left_out, key=lambda one: one.path)))
    if rules.max_dir_size is not None and selection.size > rules.max_dir_size:
        raise SelectionError(_too_much(selection, rules.max_dir_size))
    return selection


class _Walk:
    """One walk through the folder. `above` are the real paths of the folders that it is in."""

    def __init__(self, real_root: Path, rules: Rules, left_out: list[LeftOut]) -> None:
        self._real_root = real_root
        self._rules = rules
        self._left_out = left_out

    def files_in(self, folder: Path, path: str, above: tuple[Path, ...]) -> Iterator[SelectedFile]:
        above = (*above, Path(os.path.realpath(folder)))
        try:
            with os.scandir(folder) as listing:
                entries = list(listing)
        except OSError as error:
            raise SelectionError(_unreadable('folder', folder, error)) from error
        if not entries and path:
            self._leave_out(path, Reason.EMPTY_FOLDER)
        for entry in entries:
            inner = f'{path}/{entry.name}' if path else entry.name
            if _matches(entry.name, self._rules.ignore):
                self._leave_out(inner, Reason.IGNORED)
            else:
                yield from self._entry(Path(entry.path), inner, above)

    def _entry(self, source: Path, path: str, above: tuple[Path, ...]) -> Iterator[SelectedFile]:
        reason = self._reason_against_link(source, above) if source.is_symlink() else None
        if reason is not None:
            self._leave_out(path, reason)
            return
        try:
            status = source.stat()
        except OSError as error:
            raise SelectionError(_unreadable('file', source, error)) from error
        if stat.S_ISDIR(status.st_mode):
            _check_name(path)
            yield from self.files_in(source, path, above)
        elif not stat.S_ISREG(status.st_mode):
            self._leave_out(path, Reason.NOT_A_FILE)
        elif not _matches(source.name, self._rules.include):
            self._leave_out(path, Reason.NOT_INCLUDED)
        elif self._rules.max_file_size is not None and status.st_size > self._rules.max_file_size:
            self._leave_out(path, Reason.TOO_LARGE)
        else:
            _check_name(path)
            _check_readable(source)
            yield SelectedFile(path, source, status.st_size, bool(status.st_mode & stat.S_IXUSR))

    def _reason_against_link(self, link: Path, above: tuple[Path, ...]) -> Reason | None:
        try:
            target = Path(os.path.realpath(link, strict=True))
        except (OSError, RuntimeError):  # nothing there, or links that go round in circles
            return Reason.LINK_DANGLING
        if not target.is_relative_to(self._real_root):
            return Reason.LINK_OUTSIDE
        return Reason.LINK_LOOP if target in above else None

    def _leave_out(self, path: str, reason: Reason) -> None:
        self._left_out.append(LeftOut(printable(path), reason))


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def printable(path: str) -> str:
    """The path as it can be shown and logged, whatever bytes its name has."""
    shown = path.encode('utf-8', 'surrogateescape').decode('utf-8', 'backslashreplace')
    return ''.join(one if one.isprintable() else one.encode('unicode_escape').decode() for one in shown)


def _check_name(path: str) -> None:
    try:
        path.encode('utf-8')
    except UnicodeEncodeError:
        raise SelectionError(
            f"The name of '{printable(path)}' is not UTF-8 and cannot be sent. Rename it, and try again."
        ) from None
    if any(ord(character) < 32 or ord(character) == 127 for character in path):
        raise SelectionError(
            f"The name of '{printable(path)}' has control characters and cannot be sent. Rename it, and try again."
        )


def _check_readable(source: Path) -> None:
    try:
        source.open('rb').close()
    except OSError as error:
        raise SelectionError(_unreadable('file', source, error)) from error


def _unreadable(kind: str, source: Path, error: OSError) -> str:
    return (
        f"The {kind} '{printable(str(source))}' cannot be read: {error.strerror or error}. "
        'Make it readable, or remove it, and try again.'
    )


def _too_much(selection: Selection, limit: int) -> str:
    largest = sorted(selection.files, key=lambda file: file.size, reverse=True)[:3]
    named = ', '.join(f'{file.path} ({file.size} bytes)' for file in largest)
    return (
        f"Directory size is too big: the files of '{printable(str(selection.root))}' have {selection.size} "
        f'bytes, and at most {limit} are allowed (CourseDirectory.max_dir_size). The largest: {named}. '
        'Remove what is not needed, and try again.'
    )
