"""Checksums of files, read piece by piece."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .interface import LocalFile

PIECE_BYTES = 64 * 1024
"""How much is in memory at once; how much of a download is lost at most when it is cut."""


@dataclass(frozen=True)
class Checksums:
    size_bytes: int
    md5: str
    sha256: str


class RunningChecksums:
    """Of bytes that pass by. MD5 is what old servers tell; nothing relies on its being hard to forge."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()

    def add(self, piece: bytes) -> None:
        self.size_bytes += len(piece)
        self._md5.update(piece)
        self._sha256.update(piece)

    def finish(self) -> Checksums:
        return Checksums(self.size_bytes, self._md5.hexdigest(), self._sha256.hexdigest())


def checksums_of(location: Path) -> Checksums:
    running = RunningChecksums()
    with location.open('rb') as file:
        while piece := file.read(PIECE_BYTES):
            running.add(piece)
    return running.finish()


def checksums_of_all(files: Iterable[LocalFile]) -> dict[str, Checksums]:
    """By path in the tree."""
    return {file.path: checksums_of(file.location) for file in files}
