"""One server of each kind serves all tests here, and forgets everything before each."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from ngshare_exchange.server import probe
from running_server import RunningServer, start_server
from server.fault_proxy import FaultProxy
from server.world import School, over_hub, over_v1, over_v2, python_ngshare


@pytest.fixture(autouse=True)
def _no_server_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, '_old_servers', set())


@pytest.fixture(scope='session')
def _built_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with start_server(tmp_path_factory.mktemp('built') / 'server', '--debug') as running:
        yield running


@pytest.fixture
def server(_built_server: RunningServer) -> RunningServer:
    """The built server, with nothing in it; `root` is its admin."""
    clear = {'action': 'clear', 'user': 'root'}
    requests.post(f'{_built_server.url}/initialize-Data6ase', params=clear, timeout=30).raise_for_status()
    return _built_server


@pytest.fixture(scope='session')
def _python_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with python_ngshare(tmp_path_factory.mktemp('python') / 'server') as running:
        yield running


@pytest.fixture
def python_server(_python_server: RunningServer) -> RunningServer:
    """ngshare 0.6, with nothing in it."""
    with closing(sqlite3.connect(_python_server.log.parent / 'ngshare.db')) as database, database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if table != 'alembic_version':
                database.execute(f'DELETE FROM "{table}"')
    return _python_server


@pytest.fixture
def proxy(server: RunningServer) -> Iterator[FaultProxy]:
    """In front of the server."""
    with FaultProxy(server.url).running() as running:
        yield running


@pytest.fixture
def school(proxy: FaultProxy, tmp_path: Path) -> School:
    """On the built server, over its second API, through the proxy."""
    return School(tmp_path, over_v2(proxy.url))


@pytest.fixture
def old_school_proxy(python_server: RunningServer) -> Iterator[FaultProxy]:
    """In front of the Python ngshare."""
    with FaultProxy(python_server.url).running() as proxy:
        yield proxy


@pytest.fixture
def old_school(old_school_proxy: FaultProxy, tmp_path: Path) -> School:
    """On the Python ngshare, through the proxy."""
    return School(tmp_path, over_hub(old_school_proxy.url))


@pytest.fixture(params=['the second API', 'the first API', 'ngshare 0.6'])
def any_school(request: pytest.FixtureRequest, tmp_path: Path) -> School:
    """What everybody can count on, whatever the server."""
    if request.param == 'ngshare 0.6':
        python: RunningServer = request.getfixturevalue('python_server')
        return School(tmp_path, over_hub(python.url))
    built: RunningServer = request.getfixturevalue('server')
    return School(tmp_path, (over_v2 if request.param == 'the second API' else over_v1)(built.url))
