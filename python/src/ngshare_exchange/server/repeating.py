"""When a request that failed is made again, and after what wait."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

PASSING_TROUBLE = (429, 502, 503, 504)
MOST_ATTEMPTS = 5
FIRST_WAIT_S = 0.4


@dataclass
class Patience:
    """Of one request, for `seconds` in all. Waits double, and are not the same for all clients of a class."""

    seconds: float
    attempts: int = 0

    def __post_init__(self) -> None:
        self._began = time.monotonic()

    @property
    def left_s(self) -> float:
        return self.seconds - (time.monotonic() - self._began)

    def wait(self, retry_after_s: float | None = None) -> bool:
        """Waits until it is time for the next attempt. False, at once: there will be none."""
        self.attempts += 1
        if self.attempts >= MOST_ATTEMPTS:
            return False
        longest = FIRST_WAIT_S * 2**self.attempts
        wait_s = random.uniform(longest / 2, longest)
        if retry_after_s is not None:
            wait_s = retry_after_s + random.uniform(0, FIRST_WAIT_S)
        if wait_s >= self.left_s:
            return False
        time.sleep(wait_s)
        return True


def retry_after_s(header: str | None) -> float | None:
    """Of the header Retry-After, which is a number of seconds or a date (RFC 9110 §10.2.3)."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone.utc)
    return max(0.0, (at - datetime.now(timezone.utc)).total_seconds())
