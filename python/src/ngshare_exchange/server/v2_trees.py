"""Directory trees over the second API: only files that the other side lacks travel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from .answers import Answer
from .checksums import Checksums, checksums_of_all
from .connection import Body
from .download import TreeDownload
from .fields import Fields
from .interface import File, Limits, LocalFile, Progress, ServerError, TreeSink
from .upload import PiecewiseBody, changed_meanwhile, pieces_of_file
from .v2_requests import FilesMissing, V2Requests, course_path

WORTH_ASKING_LIMITS_BYTES = 4_000_000
"""What is smaller is within every sensible limit; the server refuses it if not."""


class TreeUpload:
    """Files that are to be a tree in a course. `limits`: is asked when they are large."""

    def __init__(
        self, requests: V2Requests, course: str, files: Sequence[LocalFile], limits: Callable[[], Limits]
    ) -> None:
        self._requests = requests
        self._course = course
        self._files = files
        self._limits = limits
        self._checksums = checksums_of_all(files)

    @property
    def manifest(self) -> dict[str, object]:
        return {
            'files': [
                {'path': file.path, 'sha256': self._checksums[file.path].sha256, 'isExecutable': file.is_executable}
                for file in self._files
            ]
        }

    @property
    def digest(self) -> str:
        """Of the tree, as docs/api-v2.md says."""
        lines = (
            f'{self._checksums[file.path].sha256} {"x" if file.is_executable else "-"} '
            f'{json.dumps(file.path, ensure_ascii=False)}\n'
            for file in self._files
        )
        return hashlib.sha256(''.join(lines).encode()).hexdigest()

    def store(self, store: Callable[[], Fields]) -> Fields:
        """Calls `store`, which sends the manifest; sends what it says is missing, and calls it again."""
        rounds_left = 3
        while True:
            try:
                return store()
            except FilesMissing as error:
                rounds_left -= 1
                if rounds_left == 0:
                    raise
                self._send(set(error.missing))

    def _send(self, missing: set[str]) -> None:
        by_sha256 = {self._checksums[file.path].sha256: file for file in self._files}
        wanted = [file for sha256, file in by_sha256.items() if sha256 in missing]
        total_bytes = sum(self._checksums[file.path].size_bytes for file in wanted)
        if total_bytes >= WORTH_ASKING_LIMITS_BYTES:
            self._refuse_what_is_too_large(self._limits())
        done_bytes = 0
        for file in wanted:
            self._send_file(file, self._checksums[file.path], done_bytes, total_bytes)
            done_bytes += self._checksums[file.path].size_bytes

    def _send_file(self, file: LocalFile, checksums: Checksums, before_bytes: int, total_bytes: int) -> None:
        size_bytes = checksums.size_bytes

        def open_body() -> PiecewiseBody | bytes:
            if size_bytes == 0:
                return b''
            done_bytes = before_bytes

            def sent(count: int) -> None:
                nonlocal done_bytes
                done_bytes += count
                if self._requests.connection.settings.progress is not None:
                    self._requests.connection.settings.progress(Progress('upload', done_bytes, total_bytes))

            return PiecewiseBody(pieces_of_file(file.location, size_bytes), size_bytes, sent)

        path = f'{course_path(self._course)}/uploads/{checksums.sha256}'
        try:
            self._requests.ask('PUT', path, body=Body('application/octet-stream', open_body))
        except ServerError as error:
            if error.code == 'checksum-mismatch':
                raise changed_meanwhile(file.location) from error
            raise

    def _refuse_what_is_too_large(self, limits: Limits) -> None:
        """Before minutes are spent on sending it."""
        advice = 'Remove large files that do not belong to the assignment.'
        for file in self._files:
            size_bytes = self._checksums[file.path].size_bytes
            if limits.file_bytes is not None and size_bytes > limits.file_bytes:
                raise ServerError(
                    f'{file.path} has {size_bytes} bytes, and the server takes at most {limits.file_bytes}',
                    code='too-large',
                    advice=advice,
                )
        tree_bytes = sum(checksums.size_bytes for checksums in self._checksums.values())
        if limits.tree_bytes is not None and tree_bytes > limits.tree_bytes:
            raise ServerError(
                f'The files have {tree_bytes} bytes, and the server takes at most {limits.tree_bytes}',
                code='too-large',
                advice=advice,
            )


def download_tree(requests: V2Requests, path: str, sink: TreeSink) -> tuple[File, ...]:
    manifest = requests.ask('GET', f'{path}/manifest').fields()
    files = tuple(_file(item) for item in manifest.list_of_fields('files'))

    def ask(
        below: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        return requests.ask('GET', f'{path}/{below}', query=query, headers=headers, is_streamed=True)

    settings = requests.connection.settings
    download = TreeDownload(ask, sink, patience_s=settings.patience_s, listener=settings.progress)
    download.take(files)
    return files


def _file(fields: Fields) -> File:
    """Of a manifest."""
    return replace(feedback_file(fields), is_executable=fields.flag('isExecutable'))


def feedback_file(fields: Fields) -> File:
    return File(fields.text('path'), fields.integer('sizeBytes'), md5=fields.text('md5'), sha256=fields.text('sha256'))
