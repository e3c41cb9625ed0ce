"""Long transfers tell how far they are, in the log, now and then."""

from __future__ import annotations

import logging
import time
from typing import Any

from .server.interface import Progress

_EVERY_SECONDS = 3


class ProgressLog:
    """A transfer that takes a moment only says nothing."""

    def __init__(self, log: logging.Logger | logging.LoggerAdapter[Any]) -> None:
        self._log = log
        self._told_at = time.monotonic()
        self._last: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        is_new = self._last is None or (
            progress.direction != self._last.direction or progress.done_bytes < self._last.done_bytes
        )
        self._last = progress
        if is_new:
            self._told_at = now
        elif now - self._told_at >= _EVERY_SECONDS:
            self._told_at = now
            self._log.info(_sentence(progress))


def _sentence(progress: Progress) -> str:
    verb = 'Sent' if progress.direction == 'upload' else 'Received'
    done = _megabytes(progress.done_bytes)
    if progress.total_bytes is None:
        return f'{verb} {done} MB'
    percent = 100 * progress.done_bytes // max(1, progress.total_bytes)
    return f'{verb} {done} of {_megabytes(progress.total_bytes)} MB ({percent} %)'


def _megabytes(size: int) -> str:
    return f'{size / 1e6:.1f}'
