"""The package as it is installed."""

import os
import subprocess
import sys
from pathlib import Path

import requests

from running_server import REPOSITORY, RunningServer


def test_it_is_imported_where_no_variable_is_set() -> None:
    """nbgrader goes on with the shared folder when the import of a plugin fails in its configuration."""
    path = {name: os.environ[name] for name in ['PYTHONPATH'] if name in os.environ}
    run = subprocess.run(
        [sys.executable, '-c', 'import ngshare_exchange'],
        env=path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, '')


def test_its_licence_is_that_of_the_project() -> None:
    ours = Path(__file__).parents[1] / 'LICENSE'
    assert ours.read_text() == (REPOSITORY / 'LICENSE').read_text()


def test_a_test_can_start_the_server(server: RunningServer) -> None:
    answer = requests.get(f'{server.url}/courses', params={'user': 'root'}, timeout=10)
    assert answer.json() == {'success': True, 'courses': []}
