"""Long transfers tell how far they are."""

import logging

import pytest

from ngshare_exchange.progress import ProgressLog
from ngshare_exchange.server.interface import Progress


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock: the last of these is now."""
    seconds = [0.0]
    monkeypatch.setattr('ngshare_exchange.progress.time.monotonic', lambda: seconds[-1])
    return seconds


def test_short_ones_say_nothing(seconds: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    listen = ProgressLog(logging.getLogger())
    for done in range(100):
        seconds.append(done * 0.02)
        listen(Progress('upload', done, 100))
    assert caplog.messages == []


def test_long_ones_say_it_now_and_then(seconds: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    listen = ProgressLog(logging.getLogger())
    for tenth in range(101):
        seconds.append(tenth * 0.1)
        listen(Progress('upload', tenth * 500_000, 50_000_000))
    assert caplog.messages == [
        'Sent 15.0 of 50.0 MB (30 %)',
        'Sent 30.0 of 50.0 MB (60 %)',
        'Sent 45.0 of 50.0 MB (90 %)',
    ]


def test_where_the_end_is_not_known_they_say_how_much_it_is(
    seconds: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    listen = ProgressLog(logging.getLogger())
    for second in range(0, 8, 4):
        seconds.append(second)
        listen(Progress('download', second * 1_000_000, None))
    assert caplog.messages == ['Received 4.0 MB']
