"""The package as it is installed."""

import os
import subprocess
import sys
from pathlib import Path

import nbgrader.auth
import nbgrader.exchange
import requests

import ngshare_exchange
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


def test_importing_it_does_not_import_nbgrader() -> None:
    code = "import sys, ngshare_exchange; sys.exit('nbgrader' in sys.modules)"
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0


def test_it_gives_all_that_it_names() -> None:
    names: dict[str, object] = {}
    exec('from ngshare_exchange import *', names)
    assert set(ngshare_exchange.__all__) <= set(names)
    for base in (nbgrader.exchange.abc.Exchange, nbgrader.auth.BaseAuthPlugin):
        assert any(isinstance(one, type) and issubclass(one, base) for one in names.values())


def test_it_knows_its_version() -> None:
    assert ngshare_exchange.__version__ == '1.0.0a1'


def test_its_licence_is_that_of_the_project() -> None:
    ours = Path(__file__).parents[1] / 'LICENSE'
    assert ours.read_text() == (REPOSITORY / 'LICENSE').read_text()


def test_a_test_can_start_the_server(server: RunningServer) -> None:
    answer = requests.get(f'{server.url}/courses', params={'user': 'root'}, timeout=10)
    assert answer.json() == {'success': True, 'courses': []}
