"""Real hubs with the configurations of deploy/jupyterhub, and the ngshare that belongs to each."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from server import REPOSITORY, free_port, opener

DEPLOY = REPOSITORY / 'deploy' / 'jupyterhub'
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30


class Hub:
    """A hub on free ports, with all that it keeps in a folder."""

    def __init__(self, folder, config, **settings):
        self.folder = Path(folder)
        self.homes = self.folder / 'homes'
        self.homes.mkdir(parents=True)
        self._driver_token = secrets.token_hex(16)
        self.origin = f'http://127.0.0.1:{free_port()}'
        self.exchange_url = f'{self.origin}/services/ngshare'
        self._hub_port = free_port()
        self._programs = []
        self._settings = {
            'HUB_DATA': self.folder / 'hub',
            'HUB_SITE': Path(__file__).parent / 'site.py',
            'HUB_BIND_URL': self.origin,
            'HUB_PORT': self._hub_port,
            'PROXY_API_PORT': free_port(),
            'TEST_HOMES': self.homes,
            'TEST_JUPYTER_CONFIG': self._install_jupyter_config(),
            'TEST_DRIVER_TOKEN': self._driver_token,
        }
        try:
            self._start(config, settings)
        except BaseException:
            self.stop()
            raise

    def _start(self, config, settings):
        self._launch('hub', ['jupyterhub', '-f', DEPLOY / config], self._settings | settings)
        self._wait_for(f'{self.origin}/hub/api/', f'{self.exchange_url}/healthz')

    def stop(self):
        """The hub stops its notebook servers, its proxy and a managed ngshare; the last that was started goes first."""
        for program in reversed(self._programs):
            program.terminate()
            try:
                program.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()

    def end_of_log(self, lines=60):
        texts = [log.read_text(errors='replace') for log in sorted(self.folder.glob('*.log'))]
        return '\n'.join('\n'.join(text.splitlines()[-lines:]) for text in texts)

    def ask(self, method, path, body=None):
        """A call of the hub, or of a notebook server, as the tests' own service; the JSON of the answer or None."""
        request = urllib.request.Request(f'{self.origin}{path}', method=method)
        request.add_header('Authorization', f'token {self._driver_token}')
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header('Content-Type', 'application/json')
        with opener.open(request, timeout=60) as response:
            text = response.read()
        return json.loads(text) if text else None

    def socket_headers(self):
        return {'Authorization': f'token {self._driver_token}'}

    def _install_jupyter_config(self):
        folder = self.folder / 'etc-jupyter'
        folder.mkdir()
        for name in 'nbgrader_config.py', 'jupyter_server_config.py':
            shutil.copy(DEPLOY / name, folder)
        return folder

    def _launch(self, name, command, settings):
        # Nothing of the caller's: neither a proxy nor a configuration of theirs may decide what is tested.
        environment = {
            'PATH': os.pathsep.join(
                [str(Path(sys.executable).parent), str(REPOSITORY / 'node_modules' / '.bin'), os.environ['PATH']]
            ),
            'HOME': str(self.folder),
            'LC_ALL': 'C.UTF-8',
        } | {key: str(value) for key, value in settings.items()}
        with open(self.folder / f'{name}.log', 'wb') as log:
            self._programs.append(
                subprocess.Popen(
                    list(map(str, command)),
                    cwd=self.folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def _wait_for(self, *urls):
        deadline = time.monotonic() + START_TIMEOUT_S
        for url in urls:
            while not _answers(url):
                dead = [program for program in self._programs if program.poll() is not None]
                if dead or time.monotonic() > deadline:
                    raise SystemExit(f'{url} did not get ready:\n{self.end_of_log()}')
                time.sleep(0.2)


class ManagedHub(Hub):
    """The hub runs ngshare."""

    def _start(self, config, settings):
        managed = {
            'NGSHARE_DATA': self.folder / 'ngshare',
            'NGSHARE_PORT': free_port(),
            'NGSHARE_ADMINS': 'root',
        }
        if os.geteuid() == 0:
            managed['NGSHARE_ACCOUNT'] = 'root'
        super()._start(config, managed | settings)


class ExternalHub(Hub):
    """ngshare runs on its own, with the settings of deploy/jupyterhub/external/ngshare.env. `settings` are for it."""

    def _start(self, config, settings):
        token_file = self.folder / 'hub-token'
        token_file.write_text(secrets.token_hex(32) + '\n')
        at = f'http://127.0.0.1:{free_port()}'
        own = {
            'JUPYTERHUB_API_TOKEN_FILE': token_file,
            'JUPYTERHUB_API_URL': f'http://127.0.0.1:{self._hub_port}/hub/api',
            'JUPYTERHUB_SERVICE_URL': at,
            'NGSHARE_DATABASE': f'sqlite:///{self.folder}/ngshare.db',
            'NGSHARE_STORAGE': self.folder / 'files',
            'NGSHARE_ADMINS': 'root',
        }
        documented = _environment_file(DEPLOY / 'external' / 'ngshare.env')
        command = ['node', REPOSITORY / 'bin' / 'ngshare']
        self._launch('ngshare', command, documented | own | settings)
        self._wait_for(f'{at}/healthz')
        super()._start(config, {'NGSHARE_TOKEN_FILE': token_file, 'NGSHARE_AT': at})


def _environment_file(path):
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith('#')]
    return dict(line.split('=', 1) for line in lines)


def _answers(url):
    try:
        with opener.open(url, timeout=2) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
