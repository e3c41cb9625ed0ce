from collections.abc import Iterator
from pathlib import Path

import pytest

from course_management.office import COURSE, Office
from ngshare_exchange.server import probe
from running_server import RunningServer, start_server
from server.world import python_ngshare


@pytest.fixture(autouse=True)
def _no_server_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, '_old_servers', set())


@pytest.fixture
def office(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Office:
    """On the built server."""
    return _with_course(Office(tmp_path, server.url, 'NGSHARE_USER', monkeypatch, capsys))


@pytest.fixture(params=['built', '0.6'])
def any_office(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Office]:
    """On the built server, and on the Python ngshare 0.6, whose hub takes a name for a token."""
    is_old = request.param == '0.6'
    with (python_ngshare if is_old else start_server)(tmp_path / 'server') as server:
        variable = 'NGSHARE_TOKEN' if is_old else 'NGSHARE_USER'
        yield _with_course(Office(tmp_path, server.url, variable, monkeypatch, capsys))


def _with_course(office: Office) -> Office:
    office.server().create_course(COURSE, ['iris'])
    return office
