"""Fixtures of all tests: the built server on a free port, stand-alone, with nothing in it yet."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from running_server import RunningServer, start_server
from world import Person, World

os.environ['PYTHONPATH'] = str(Path(__file__).parents[1] / 'src')  # programs that tests start are of this checkout, too


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server with nothing in it; `root` is its admin."""
    with start_server(tmp_path / 'server') as running:
        yield running


@pytest.fixture
def world(server: RunningServer, tmp_path: Path) -> World:
    """One course: iris teaches it, alice and bob take it."""
    world = World(server.url, tmp_path)
    world.create_course(students=('alice', 'bob'))
    return world


@pytest.fixture
def iris(world: World) -> Person:
    return world.person('iris')


@pytest.fixture
def alice(world: World) -> Person:
    return world.person('alice')


@pytest.fixture
def bob(world: World) -> Person:
    return world.person('bob')
