"""Every test has a course, people and homes of its own, on a shared server, behind a proxy of its own."""

import itertools
import os
import sys
from pathlib import Path

import checks
import pytest
from classroom import Classroom
from recording_proxy import RecordingProxy

from server import OwnServer

# nbgrader starts programs of its environment, such as alembic, by their names.
os.environ['PATH'] = os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']])

_numbers = itertools.count(1)


@pytest.fixture(scope='session')
def start_server(tmp_path_factory):
    """Starts a server of its own for what a test needs; all end with the session."""
    started = []

    def start(kind=OwnServer, **more):
        started.append(kind(tmp_path_factory.mktemp('server') / 'server', **more))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope='session')
def shared_server(start_server):
    return start_server()


@pytest.fixture
def proxy_before():
    proxies = []

    def stand_before(server):
        proxies.append(RecordingProxy(server.origin))
        return proxies[-1]

    yield stand_before
    for proxy in proxies:
        proxy.stop()


@pytest.fixture
def a_class_at(tmp_path, proxy_before):
    """A course with the instructor noether and the students ada and emil, on a server."""
    return lambda server, **more: Classroom(tmp_path, server, proxy_before(server), f'course{next(_numbers)}', **more)


@pytest.fixture
def a_class(a_class_at, shared_server):
    return a_class_at(shared_server)


@pytest.fixture(scope='module')
def a_class_for_all(shared_server):
    """One class for the tests of a file that take long to prepare and change little."""
    proxies = []

    def open_class(folder):
        proxies.append(RecordingProxy(shared_server.origin))
        return Classroom(folder, shared_server, proxies[-1], f'course{next(_numbers)}')

    yield open_class
    for proxy in proxies:
        proxy.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what was typed and printed."""
    report = (yield).get_result()
    if report.failed:
        report.sections.append(('At the keyboards', '\n'.join(checks.transcript)))
    if report.when == 'teardown':
        checks.transcript.clear()
