"""Writing a directory tree so that nobody ever finds half of it.

Files are written to a hidden folder beside the destination and checked there. Only then they take their
place: all at once (`replacing`), or file by file into a folder that is somebody's (`adding`). Whenever it
is interrupted, the destination has what it had, or what it should have; what is left over is cleared
away by the next one who writes there.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

ABANDONED_AFTER_SECONDS = 3600
_CHUNK_BYTES = 1024 * 1024


class WritingError(Exception):
    """The files were not written; the message says why. The destination is as it was."""


@dataclass(frozen=True)
class Checksums:
    """What the bytes of a file must be; what is None is not known."""

    size: int | None = None
    sha256: str | None = None
    md5: str | None = None


_UNKNOWN = Checksums()


class StagedTree:
    """The hidden folder with the files to come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths: dict[str, None] = {}

    @contextlib.contextmanager
    def open(self, path: str, *, executable: bool = False, checksums: Checksums = _UNKNOWN) -> Iterator[MeteredFile]:
        """One file to be written. Raises WritingError at its end when the bytes are not the expected ones."""
        destination = self._create_folders_of(path)
        os.utime(self.folder)  # it is in use: nobody clears it away
        try:
            opened = destination.open('wb')
        except IsADirectoryError:
            raise WritingError(f"The path '{path}' is one of a file, and one of a folder.") from None
        with opened:
            file = MeteredFile(opened, checksums)
            yield file
        file.check(path)
        if executable:
            mode = destination.stat().st_mode
            destination.chmod(mode | (mode & 0o444) >> 2)  # for all who may read it
        self.paths[path] = None

    def copy(self, path: str, source: Path, *, executable: bool = False, checksums: Checksums = _UNKNOWN) -> None:
        """Writes one file with the bytes of another one."""
        with (
            source.open('rb') as original,
            self.open(path, executable=executable, checksums=checksums) as file,
        ):
            while chunk := original.read(_CHUNK_BYTES):
                file.write(chunk)

    def write_text(self, path: str, text: str) -> None:
        with self.open(path) as file:
            file.write(text.encode())

    def _create_folders_of(self, path: str) -> Path:
        destination = contained(self.folder, path)
        try:
            destination.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise WritingError(f"The path '{path}' goes through a file as if it were a folder.") from None
        return destination


class MeteredFile:
    """Counts and hashes bytes on their way into a file, as far as there is something to compare with."""

    def __init__(self, file: BinaryIO | None, expected: Checksums) -> None:
        self._file = file
        self._expected = expected
        self._size = 0
        self._sha256 = hashlib.sha256() if expected.sha256 else None
        self._md5 = hashlib.md5(usedforsecurity=False) if expected.md5 and not expected.sha256 else None

    def write(self, chunk: bytes, /) -> None:
        self._size += len(chunk)
        for digest in (self._sha256, self._md5):
            if digest is not None:
                digest.update(chunk)
        if self._file is not None:
            self._file.write(chunk)

    def mistakes(self) -> list[str]:
        seen: list[tuple[str, Any, Any]] = [('size', self._expected.size, self._size)]
        if self._sha256 is not None:
            seen.append(('SHA-256', self._expected.sha256, self._sha256.hexdigest()))
        if self._md5 is not None:
            seen.append(('MD5', self._expected.md5, self._md5.hexdigest()))
        return [f'{name} {got} instead of {want}' for name, want, got in seen if want not in (None, got)]

    def check(self, path: str) -> None:
        if mistakes := self.mistakes():
            raise WritingError(f"The file '{path}' is damaged ({', '.join(mistakes)}). Try again.")


@contextlib.contextmanager
def replacing(destination: Path, *, groupshared: bool = False) -> Iterator[StagedTree]:
    """Files to take the place of the whole folder when the block ends without an error."""
    with _staged(destination, groupshared) as tree:
        yield tree
        _finish_modes(tree.folder, groupshared)
        _swap(tree.folder, destination)


@contextlib.contextmanager
def adding(destination: Path, *, overwrite: bool = False, groupshared: bool = False) -> Iterator[StagedTree]:
    """Files to come to those in the folder when the block ends without an error.

    Each takes its place at once. A file that is there stays, unless `overwrite` is said; files with other
    names are left alone. Never writes through a link that leads out of the folder.
    """
    with _staged(destination, groupshared) as tree:
        yield tree
        _finish_modes(tree.folder, groupshared)
        if destination.is_dir():
            for path in tree.paths:
                _move_into(contained(tree.folder, path), destination, path, overwrite, groupshared)
        else:
            _swap(tree.folder, destination)


def recover(destination: Path) -> None:
    """Puts back what an interrupted `replacing` had just laid aside, and clears away what it had begun."""
    if not os.path.lexists(destination):
        for aside in _beside(destination, 'old'):
            aside.rename(destination)
            break
    abandoned_before = time.time() - ABANDONED_AFTER_SECONDS
    for kind in ('new', 'old'):
        for leftover in _beside(destination, kind):
            with contextlib.suppress(FileNotFoundError):
                if leftover.lstat().st_mtime < abandoned_before:
                    _remove(leftover)


def contained(root: Path, path: str) -> Path:
    """Where the file of this path lies below the root. Raises WritingError for one that leads elsewhere."""
    parts = path.split('/')
    illegal = any(part in ('', '.', '..') for part in parts) or '\0' in path
    if sys.platform == 'win32':
        illegal = illegal or '\\' in path or ':' in path
    if illegal or PurePosixPath(path).is_absolute():
        raise WritingError(f'The server names a file {path!r}, which is not a path inside of a folder.')
    return root.joinpath(*parts)


def has_bytes(file: Path, checksums: Checksums) -> bool:
    """Whether the file is there with just these bytes; False where no checksum is known."""
    if checksums.sha256 is None and checksums.md5 is None:
        return False
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode) or checksums.size not in (None, status.st_size):
            return False
        meter = MeteredFile(None, checksums)
        with file.open('rb') as opened:
            while chunk := opened.read(_CHUNK_BYTES):
                meter.write(chunk)
    except OSError:
        return False  # not there, or not readable: it is written anew
    return not meter.mistakes()


@contextlib.contextmanager
def _staged(destination: Path, groupshared: bool) -> Iterator[StagedTree]:
    _create_parents(destination.parent, groupshared)
    recover(destination)
    folder = _name_beside(destination, 'new')
    folder.mkdir()
    try:
        yield StagedTree(folder)
    finally:
        _remove(folder)


def _create_parents(folder: Path, groupshared: bool) -> None:
    if not folder.is_dir():
        _create_parents(folder.parent, groupshared)
        folder.mkdir(exist_ok=True)
        if groupshared:
            folder.chmod(_shared_folder_mode(folder))


def _swap(new: Path, destination: Path) -> None:
    """Puts the new folder in place; afterwards `new` is the old one, or gone."""
    if destination.exists() and not destination.is_dir():
        raise WritingError(f"'{destination}' is in the way: it is a file. Move it, and try again.")
    if not os.path.lexists(destination):
        new.rename(destination)
    elif not _exchange(new, destination):
        aside = _name_beside(destination, 'old')
        destination.rename(aside)
        try:
            new.rename(destination)
        except BaseException:
            aside.rename(destination)
            raise
        _remove(aside)


def _exchange(one: Path, other: Path) -> bool:
    """Exchanges two names in one step, where the system and the file system know how to."""
    if not sys.platform.startswith('linux'):
        return False
    renameat2 = getattr(ctypes.CDLL(None), 'renameat2', None)
    if renameat2 is None:
        return False
    at_working_directory, rename_exchange = -100, 2
    done: int = renameat2(
        at_working_directory, os.fsencode(one), at_working_directory, os.fsencode(other), rename_exchange
    )
    return done == 0


def _move_into(source: Path, destination: Path, path: str, overwrite: bool, groupshared: bool) -> None:
    target = contained(destination, path)
    try:
        _create_parents(target.parent, groupshared)
    except (FileExistsError, NotADirectoryError):
        raise WritingError(f"'{target.parent}' is in the way: it is a file. Move it, and try again.") from None
    if not target.parent.resolve().is_relative_to(destination.resolve()):
        raise WritingError(f"'{target}' is outside of '{destination}': a link leads there. Remove the link.")
    if target.is_dir() and not target.is_symlink():
        raise WritingError(f"'{target}' is in the way: it is a folder. Move it, and try again.")
    if overwrite or not os.path.lexists(target):
        source.replace(target)


def _finish_modes(folder: Path, groupshared: bool) -> None:
    if not groupshared:
        return
    for name, _, files in os.walk(folder):
        inner = Path(name)
        inner.chmod(_shared_folder_mode(inner))
        for file in files:
            (inner / file).chmod((inner / file).stat().st_mode & 0o777 | 0o660)


def _shared_folder_mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o2777 | 0o2770


def _prefix(destination: Path, kind: str) -> str:
    """Hidden, and short enough for any file system."""
    name = hashlib.sha256(os.fsencode(destination.name)).hexdigest()[:12]
    return f'.ngshare-{kind}-{name}-'


def _name_beside(destination: Path, kind: str) -> Path:
    return destination.parent / (_prefix(destination, kind) + secrets.token_hex(4))


def _beside(destination: Path, kind: str) -> list[Path]:
    prefix = _prefix(destination, kind)
    try:
        return [one for one in destination.parent.iterdir() if one.name.startswith(prefix)]
    except FileNotFoundError:
        return []


def _remove(folder: Path) -> None:
    """Best effort: what cannot be removed is hidden, and does no harm."""
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
