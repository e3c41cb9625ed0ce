"""Trees of the server on their way into a folder: what is here already does not travel."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from .server.interface import File
from .trees.selection import Reason, Rules, reason_against
from .trees.writing import Checksums, MeteredFile, StagedTree, WritingError, contained, has_bytes


class Download:
    """A `TreeSink` that writes to a staged tree.

    `rules`: which files are wanted at all; `is_wanted`: which of these; `here`: a folder that may have them.
    """

    def __init__(
        self,
        tree: StagedTree,
        *,
        rules: Rules,
        here: Path | None = None,
        is_wanted: Callable[[File], bool] = lambda file: True,
        tell_left_out: Callable[[str, Reason], None] = lambda path, reason: None,
    ) -> None:
        self._tree = tree
        self._rules = rules
        self._here = here
        self._is_wanted = is_wanted
        self._tell_left_out = tell_left_out

    def choose(self, files: Sequence[File]) -> Collection[str]:
        paths = [file.path for file in files]
        if len(set(paths)) < len(paths):
            raise WritingError('The server names a file twice.')
        chosen: list[str] = []
        for file in files:
            contained(self._tree.folder, file.path)
            reason = reason_against(file.path, file.size_bytes, self._rules)
            if reason is not None:
                self._tell_left_out(file.path, reason)
            elif self._is_wanted(file) and not self._copied(file):
                chosen.append(file.path)
        return chosen

    def open(self, file: File) -> AbstractContextManager[MeteredFile]:
        return self._tree.open(file.path, executable=file.is_executable, checksums=checksums_of(file))

    def _copied(self, file: File) -> bool:
        if self._here is None:
            return False
        source = contained(self._here, file.path)
        if not has_bytes(source, checksums_of(file)):
            return False
        self._tree.copy(file.path, source, executable=file.is_executable, checksums=checksums_of(file))
        return True


class ListOnly:
    """A `TreeSink` that takes no file: to know which there are."""

    def choose(self, files: Sequence[File]) -> Collection[str]:
        return ()

    def open(self, file: File) -> AbstractContextManager[MeteredFile]:
        raise AssertionError(f'{file.path} was not chosen')


def checksums_of(file: File) -> Checksums:
    return Checksums(size=file.size_bytes, sha256=file.sha256, md5=file.md5)
