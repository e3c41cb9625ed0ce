"""The cache: a copy of each submission, as nbgrader's own exchange keeps it.

`<cache>/<course>/<student>+<assignment>+<timestamp>/` has the files that were submitted, `timestamp.txt`
and, where the server gives receipts, `receipt.json`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .server.interface import parse_timestamp
from .trees.selection import SelectedFile
from .trees.writing import replacing

TIMESTAMP = 'timestamp.txt'
RECEIPT = 'receipt.json'


@dataclass(frozen=True)
class CachedSubmission:
    course: str
    student: str
    assignment: str
    timestamp: str
    path: Path

    @property
    def received_at(self) -> datetime | None:
        """None where the name of the folder ends in something else."""
        try:
            return parse_timestamp(self.timestamp)
        except ValueError:
            return None


class SubmissionCache:
    def __init__(self, root: Path) -> None:
        self._root = root

    def submissions(self) -> list[CachedSubmission]:
        """All of them, by course and name. There need not be a cache."""
        if not self._root.is_dir():
            return []
        folders = (
            folder
            for course in self._root.iterdir()
            if course.is_dir() and not course.name.startswith('.')
            for folder in course.iterdir()
            if folder.is_dir() and not folder.name.startswith('.') and folder.name.count('+') >= 2
        )
        return [_cached_submission(folder) for folder in sorted(folders)]

    def store(
        self,
        course: str,
        student: str,
        assignment: str,
        timestamp: str,
        files: Iterable[SelectedFile],
        receipt: Mapping[str, object] | None,
    ) -> Path:
        """Raises OSError and WritingError."""
        for name in (course, student, assignment):
            if name in ('', '.', '..') or '/' in name:
                raise OSError(f'{name!r} cannot be the name of a folder')
        folder = self._root / course / f'{student}+{assignment}+{timestamp}'
        with replacing(folder) as tree:
            for file in files:
                if file.path not in (TIMESTAMP, RECEIPT):
                    tree.copy(file.path, file.source, executable=file.executable)
            tree.write_text(TIMESTAMP, timestamp)
            if receipt is not None:
                tree.write_text(RECEIPT, json.dumps(receipt, indent=2) + '\n')
        return folder

    def remove(self, submission: CachedSubmission) -> None:
        shutil.rmtree(submission.path)


def _cached_submission(folder: Path) -> CachedSubmission:
    """Names of students may have a `+`, those of assignments not."""
    student, assignment, timestamp = folder.name.rsplit('+', 2)
    return CachedSubmission(folder.parent.name, student, assignment, timestamp, folder)
