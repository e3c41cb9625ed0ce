"""Each test has a server of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ngshare_exchange.server import probe
from running_server import RunningServer, start_server
from server.fault_proxy import FaultProxy
from server.world import School, over_hub, over_v1, over_v2, python_ngshare


@pytest.fixture(autouse=True)
def _no_server_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, '_old_servers', set())


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
def old_school_proxy(tmp_path: Path) -> Iterator[FaultProxy]:
    """In front of the Python ngshare."""
    with python_ngshare(tmp_path / 'python') as running, FaultProxy(running.url).running() as proxy:
        yield proxy


@pytest.fixture
def old_school(old_school_proxy: FaultProxy, tmp_path: Path) -> School:
    """On the Python ngshare, through the proxy."""
    return School(tmp_path, over_hub(old_school_proxy.url))


@pytest.fixture(params=['the second API', 'the first API', 'ngshare 0.6'])
def any_school(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    """What everybody can count on, whatever the server."""
    if request.param == 'ngshare 0.6':
        with python_ngshare(tmp_path / 'server') as running:
            yield School(tmp_path, over_hub(running.url))
        return
    with start_server(tmp_path / 'server') as running:
        yield School(tmp_path, (over_v2 if request.param == 'the second API' else over_v1)(running.url))
