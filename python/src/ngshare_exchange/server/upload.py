"""Bodies of requests that are made while they are sent, so that nothing large is in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from .checksums import PIECE_BYTES
from .interface import ServerError


class PiecewiseBody:
    """`pieces` must add up to `size_bytes`; `sent` is told of each that has left."""

    def __init__(self, pieces: Iterator[bytes], size_bytes: int, sent: Callable[[int], None]) -> None:
        self._pieces = pieces
        self._size_bytes = size_bytes
        self._sent = sent
        self._left = b''

    def __len__(self) -> int:
        return self._size_bytes

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(PIECE_BYTES):
            yield piece

    def read(self, size: int = -1) -> bytes:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b''
            self._left = piece
        end = len(self._left) if size < 0 else size
        piece, self._left = self._left[:end], self._left[end:]
        self._sent(len(piece))
        return piece

    def close(self) -> None:
        """Of `pieces`, which is a generator with a file open."""
        close = getattr(self._pieces, 'close', None)
        if close is not None:
            close()


def pieces_of_file(location: Path, size_bytes: int) -> Iterator[bytes]:
    """Exactly as many bytes as were counted before."""
    left = size_bytes
    with location.open('rb') as file:
        while left > 0:
            piece = file.read(min(PIECE_BYTES, left))
            if not piece:
                break
            left -= len(piece)
            yield piece
        if left > 0 or file.read(1):
            raise changed_meanwhile(location)


def changed_meanwhile(location: Path) -> ServerError:
    return ServerError(
        f'{location} was changed while it was being sent',
        advice='Save your work, wait until nothing writes to it, and try again.',
    )
