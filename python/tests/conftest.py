"""Fixtures of all tests: the built server on a free port, stand-alone, with nothing in it yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from running_server import RunningServer, start_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server with nothing in it; `root` is its admin."""
    with start_server(tmp_path / 'server') as running:
        yield running
