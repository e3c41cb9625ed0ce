"""A directory tree as v1 wants it: a form with one field of JSON, all in base64. Made piece by piece."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from uuid import uuid4

from .checksums import Checksums, RunningChecksums, checksums_of_all
from .connection import Body
from .interface import LocalFile
from .upload import PiecewiseBody, changed_meanwhile, pieces_of_file

BASE64_GROUP_BYTES = 3
LINE_BREAK = '\r\n'


class TreeForm:
    """A multipart form: base64 needs no further encoding there, and the length is known in advance.

    `fields`: what is sent beside the tree.
    """

    def __init__(self, files: Sequence[LocalFile], fields: Mapping[str, str] | None = None) -> None:
        self.checksums = checksums_of_all(files)
        self._files = files
        self._boundary = uuid4().hex
        self._fields = dict(fields or {})
        self.size_bytes = sum(map(len, self._texts())) + sum(
            _base64_length(checksums.size_bytes) for checksums in self.checksums.values()
        )

    def body(self, sent: Callable[[int], None]) -> Body:
        content_type = f'multipart/form-data; boundary={self._boundary}'
        return Body(content_type, lambda: PiecewiseBody(self._pieces(), self.size_bytes, sent))

    def _texts(self) -> Iterator[bytes]:
        """Everything but the contents of files: before the first, between them, behind the last."""
        start = ''.join(self._part(name) + value + LINE_BREAK for name, value in self._fields.items())
        start += self._part('files') + '['
        for position, file in enumerate(self._files):
            described = json.dumps({'path': file.path, 'checksum': self.checksums[file.path].md5})
            start += (', ' if position > 0 else '') + described.removesuffix('}') + ', "content": "'
            yield start.encode()
            start = '"}'
        yield f'{start}]{LINE_BREAK}--{self._boundary}--{LINE_BREAK}'.encode()

    def _part(self, name: str) -> str:
        disposition = f'Content-Disposition: form-data; name="{name}"'
        return f'--{self._boundary}{LINE_BREAK}{disposition}{LINE_BREAK}{LINE_BREAK}'

    def _pieces(self) -> Iterator[bytes]:
        texts = self._texts()
        for file in self._files:
            yield next(texts)
            yield from _base64_pieces(file, self.checksums[file.path])
        yield next(texts)


def _base64_pieces(file: LocalFile, expected: Checksums) -> Iterator[bytes]:
    passing = RunningChecksums()
    left = b''
    for piece in pieces_of_file(file.location, expected.size_bytes):
        passing.add(piece)
        piece = left + piece
        whole_bytes = len(piece) - len(piece) % BASE64_GROUP_BYTES
        yield b64encode(piece[:whole_bytes])
        left = piece[whole_bytes:]
    if passing.finish() != expected:
        raise changed_meanwhile(file.location)  # before the last bytes leave
    if left:
        yield b64encode(left)


def _base64_length(size_bytes: int) -> int:
    return (size_bytes + BASE64_GROUP_BYTES - 1) // BASE64_GROUP_BYTES * 4
