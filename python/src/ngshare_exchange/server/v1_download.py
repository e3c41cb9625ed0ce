"""A directory tree as v1 answers it: one JSON text, all in base64. Kept in a file, and read where it lies."""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any

from .answers import Answer
from .checksums import PIECE_BYTES
from .interface import ServerError

MOST_NESTED = 20
_blank = re.compile(rb'[ \t\r\n]*')
_bare = re.compile(rb'[-+.0-9A-Za-z]+')


@dataclass(frozen=True)
class Span:
    """Where a string stands in the text, without its quotes. It is not decoded before it is wanted."""

    start: int
    end: int


class JsonText:
    """A JSON text of any size, of which only the strings that one asks for come into memory."""

    def __init__(self, answer: Answer, received: Callable[[int], None]) -> None:
        """Reads the whole answer. Raises what `requests` raises when it is cut."""
        self._url = answer.url
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        self._map: mmap | None = None
        try:
            for piece in answer.pieces():
                self._file.write(piece)
                received(len(piece))
            self._file.flush()
            if self._file.tell() > 0:
                self._map = mmap(self._file.fileno(), 0, access=ACCESS_READ)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> JsonText:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._map is not None:
            self._map.close()
        self._file.close()

    def parse(self) -> Any:
        """As `json.loads`, with a Span for each string that is a value."""
        value, at = self._value(0, 0)
        if self._skip_blanks(at) != len(self._bytes()):
            raise self._unreadable()
        return value

    def text(self, span: Span) -> str:
        try:
            decoded = json.loads(b'"' + self._bytes()[span.start : span.end] + b'"')
        except ValueError:
            raise self._unreadable() from None
        return str(decoded)

    def base64_size(self, span: Span) -> int:
        """Of what is decoded."""
        characters = padding = 0
        for piece in self._base64_characters(span):
            characters += len(piece)
            padding += piece.count(b'=')
        return characters // 4 * 3 - padding

    def base64(self, span: Span) -> Iterator[bytes]:
        left = b''
        for piece in self._base64_characters(span):
            piece = left + piece
            whole = len(piece) - len(piece) % 4
            left = piece[whole:]
            try:
                yield binascii.a2b_base64(piece[:whole])
            except binascii.Error:
                raise self._unreadable() from None
        if left:
            raise self._unreadable()

    def _base64_characters(self, span: Span) -> Iterator[bytes]:
        """Without the line breaks between them, which JSON spells `\\n`."""
        at = span.start
        while at < span.end:
            end = min(at + PIECE_BYTES, span.end)
            if end < span.end and self._bytes()[end - 1] == ord('\\'):
                end += 1
            yield self._bytes()[at:end].replace(b'\\n', b'').replace(b'\\r', b'').replace(b'\\/', b'/')
            at = end

    def _bytes(self) -> mmap:
        if self._map is None:
            raise self._unreadable()
        return self._map

    def _value(self, at: int, depth: int) -> tuple[Any, int]:
        at = self._skip_blanks(at)
        first = self._bytes()[at : at + 1]
        if depth > MOST_NESTED:
            raise self._unreadable()
        if first == b'"':
            span = self._string(at)
            return span, span.end + 1
        if first == b'{':
            return self._object(at + 1, depth + 1)
        if first == b'[':
            return self._array(at + 1, depth + 1)
        bare = _bare.match(self._bytes(), at)
        if bare is None:
            raise self._unreadable()
        try:
            return json.loads(bare.group()), bare.end()
        except ValueError:
            raise self._unreadable() from None

    def _object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        members: dict[str, Any] = {}
        at = self._skip_blanks(at)
        if self._bytes()[at : at + 1] == b'}':
            return members, at + 1
        while True:
            name = self._string(self._skip_blanks(at))
            at = self._expect(b':', name.end + 1)
            members[self.text(name)], at = self._value(at, depth)
            at, is_last = self._end_of_item(at, b'}')
            if is_last:
                return members, at

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        at = self._skip_blanks(at)
        if self._bytes()[at : at + 1] == b']':
            return items, at + 1
        while True:
            item, at = self._value(at, depth)
            items.append(item)
            at, is_last = self._end_of_item(at, b']')
            if is_last:
                return items, at

    def _end_of_item(self, at: int, closing: bytes) -> tuple[int, bool]:
        at = self._skip_blanks(at)
        if self._bytes()[at : at + 1] == closing:
            return at + 1, True
        return self._expect(b',', at), False

    def _expect(self, character: bytes, at: int) -> int:
        at = self._skip_blanks(at)
        if self._bytes()[at : at + 1] != character:
            raise self._unreadable()
        return at + 1

    def _string(self, at: int) -> Span:
        text = self._bytes()
        if text[at : at + 1] != b'"':
            raise self._unreadable()
        end = text.find(b'"', at + 1)
        while end >= 0 and self._is_escaped(end):
            end = text.find(b'"', end + 1)
        if end < 0:
            raise self._unreadable()
        return Span(at + 1, end)

    def _is_escaped(self, at: int) -> bool:
        before = at
        while self._bytes()[before - 1 : before] == b'\\':
            before -= 1
        return (at - before) % 2 == 1

    def _skip_blanks(self, at: int) -> int:
        blank = _blank.match(self._bytes(), at)
        return at if blank is None else blank.end()

    def _unreadable(self) -> ServerError:
        return ServerError(
            'The answer of the server cannot be understood: it is no JSON of a directory tree',
            url=self._url,
            advice='Is this the URL of ngshare? If it is, tell its administrator.',
        )
