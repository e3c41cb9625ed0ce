"""Which release a folder was fetched from: remembered outside of the folder, which is the student's."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from .server.interface import File
from .trees.writing import adding


@dataclass(frozen=True)
class FetchedRelease:
    """`version`: None for those of old servers. `digest`: of all files and their checksums."""

    course: str
    assignment: str
    version: int | None
    digest: str


class FetchedReleases:
    def __init__(self, cache: Path) -> None:
        self._folder = cache / '.ngshare' / 'fetched'

    def remember(self, folder: Path, release: FetchedRelease) -> None:
        """Raises OSError and WritingError."""
        with adding(self._folder, overwrite=True) as tree:
            tree.write_text(_name(folder), json.dumps({'folder': str(folder), **asdict(release)}) + '\n')

    def find(self, folder: Path) -> FetchedRelease | None:
        """None where nothing is known, or nothing that makes sense."""
        try:
            known = json.loads((self._folder / _name(folder)).read_text(encoding='utf-8'))
            version = known['version']
            return FetchedRelease(
                str(known['course']),
                str(known['assignment']),
                None if version is None else int(version),
                str(known['digest']),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None


def digest_of(files: Iterable[File]) -> str:
    lines = sorted(f'{file.path}\0{file.sha256 or file.md5}\n' for file in files)
    return hashlib.sha256(''.join(lines).encode()).hexdigest()


def _name(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:32] + '.json'
