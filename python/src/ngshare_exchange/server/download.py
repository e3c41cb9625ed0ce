"""Directory trees from a v2 server: what is lacking, every byte checked, what breaks off gone on with."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Protocol, cast

import requests

from .answers import Answer
from .checksums import PIECE_BYTES, RunningChecksums
from .interface import File, Progress, ProgressListener, ServerError, TreeSink, Unreachable, Writable
from .repeating import Patience


class Ask(Protocol):
    def __call__(
        self,
        below: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer: ...


class ProgressMeter:
    """Adds up bytes for a listener."""

    def __init__(self, listener: ProgressListener | None, total_bytes: int | None) -> None:
        self._listener = listener
        self._total_bytes = total_bytes
        self._done_bytes = 0

    def add(self, count: int) -> None:
        self._done_bytes += count
        if self._listener is not None:
            self._listener(Progress('download', self._done_bytes, self._total_bytes))


class Arriving:
    """A file of which a part may be here. What is here is never asked for again."""

    def __init__(self, file: File, target: Writable, meter: ProgressMeter) -> None:
        self.file = file
        self._target = target
        self._meter = meter
        self._checksums = RunningChecksums()

    @property
    def received_bytes(self) -> int:
        return self._checksums.size_bytes

    @property
    def is_whole(self) -> bool:
        return self.file.size_bytes is not None and self.received_bytes >= self.file.size_bytes

    def write(self, piece: bytes) -> None:
        self._target.write(piece)
        self._checksums.add(piece)
        self._meter.add(len(piece))

    def finish(self) -> None:
        """ServerError: it is not what the server has promised."""
        came = self._checksums.finish()
        file = self.file
        is_right = came.md5 == file.md5 if file.sha256 is None else came.sha256 == file.sha256
        if is_right and file.size_bytes in (None, came.size_bytes):
            return
        raise ServerError(
            f'{file.path} arrived damaged: '
            f'{came.size_bytes} bytes of SHA-256 {came.sha256} and MD5 {came.md5} instead of '
            f'{file.size_bytes} of {file.sha256 or file.md5}',
            advice='Nothing was kept of it. Try again; if it stays so, tell the administrator.',
        )


class TreeDownload:
    """`ask`: for a streamed answer, below the tree's own path. `patience_s`: without a byte coming in."""

    def __init__(
        self,
        ask: Ask,
        sink: TreeSink,
        *,
        patience_s: float,
        listener: ProgressListener | None,
    ) -> None:
        self._ask = ask
        self._sink = sink
        self._patience_s = patience_s
        self._listener = listener
        self._meter = ProgressMeter(listener, None)

    def take(self, files: Sequence[File]) -> None:
        """Those that the sink chooses."""
        chosen_paths = set(self._sink.choose(files))
        chosen = {file.path: file for file in files if file.path in chosen_paths}
        self._meter = ProgressMeter(self._listener, sum(file.size_bytes or 0 for file in chosen.values()))
        if len(chosen) == len(files) > 1:
            self._take_archive(chosen)
        for file in list(chosen.values()):
            with self._sink.open(file) as target:
                arriving = Arriving(file, target, self._meter)
                self._take_rest(arriving)
                arriving.finish()

    def _take_archive(self, lacking: dict[str, File]) -> None:
        """Takes out of `lacking` what has come; when the archive breaks off, the rest is still in it."""
        answer = self._ask('archive', query={'format': 'tar'})
        try:
            stream = cast(IO[bytes], _Reader(answer.pieces()))
            with tarfile.open(fileobj=stream, mode='r|', bufsize=PIECE_BYTES) as archive:
                for member in archive:
                    file = lacking.get(member.name)
                    content = archive.extractfile(member)
                    if file is None or content is None:
                        raise ServerError(f'The server sent {member.name}, which is none of the files', url=answer.url)
                    with self._sink.open(file) as target:
                        arriving = Arriving(file, target, self._meter)
                        is_cut = not _copy(content.read, arriving)
                        if is_cut:
                            self._take_rest(arriving)
                        arriving.finish()
                    del lacking[member.name]
                    if is_cut:
                        return
        except (requests.RequestException, tarfile.TarError):
            return
        finally:
            answer.close()

    def _take_rest(self, arriving: Arriving) -> None:
        patience = Patience(self._patience_s)
        while not arriving.is_whole:
            before = arriving.received_bytes
            answer = self._ask_from(arriving.file, before)
            try:
                is_good = _copy(_Reader(answer.pieces()).read, arriving)
            finally:
                answer.close()
            if arriving.is_whole:
                return
            if is_good:
                raise ServerError(f'{arriving.file.path} arrived incomplete', url=answer.url)
            if arriving.received_bytes > before:
                patience = Patience(self._patience_s)
            if not patience.wait():
                raise Unreachable(
                    f'The connection broke off again and again while {arriving.file.path} was fetched',
                    url=answer.url,
                    advice='Try again in a moment; if it stays so, tell the administrator.',
                )

    def _ask_from(self, file: File, start: int) -> Answer:
        query = {'path': file.path}
        if start == 0:
            return self._ask('files', query=query)
        range_headers = {'range': f'bytes={start}-', 'if-range': f'"{file.sha256}"'}
        answer = self._ask('files', query=query, headers=range_headers)
        content_range = answer.header('content-range') or ''
        if answer.status == 206 and content_range.startswith(f'bytes {start}-'):
            return answer
        answer.close()
        raise ServerError(
            f'The server cannot go on with {file.path} where it broke off',
            url=answer.url,
            advice='Try again.',
        )


def _copy(read: Callable[[int], bytes], arriving: Arriving) -> bool:
    """False: it was cut off. Faults of the target are not caught."""
    while True:
        try:
            piece = read(PIECE_BYTES)
        except (requests.RequestException, tarfile.TarError):
            return False
        if not piece:
            return True
        arriving.write(piece)


class _Reader:
    """Pieces as a file that can be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b''

    def read(self, size: int) -> bytes:
        parts: list[bytes] = []
        wanted = size
        while wanted > 0:
            if not self._left:
                self._left = next(self._pieces, b'')
            if not self._left:
                break
            part, self._left = self._left[:wanted], self._left[wanted:]
            wanted -= len(part)
            parts.append(part)
        return b''.join(parts)
