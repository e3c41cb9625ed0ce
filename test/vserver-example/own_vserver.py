"""A vserver of its own for the example, on a free port, with a fresh root and a fresh database."""

import os
import shlex
import subprocess
import time

from server import REPOSITORY, START_TIMEOUT_S, STOP_TIMEOUT_S, free_port, opener


class OwnVserver:
    def __init__(self, folder):
        self.root = folder / 'root'
        self.root.mkdir()
        self._log = folder / 'server.log'
        port = free_port()
        self.url = f'http://127.0.0.1:{port}'
        command = [*program(), '127.0.0.1', str(port), '--root', str(self.root)]
        command += ['--database', f'sqlite:///{folder}/vserver.db']
        environment = os.environ | {
            'PATH': os.pathsep.join([str(REPOSITORY / 'node_modules' / '.bin'), os.environ['PATH']])
        }
        with open(self._log, 'wb') as log:
            self._process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
            )

    def __enter__(self):
        try:
            self._wait_until_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def _stop(self):
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with opener.open(self.url, timeout=2):
                    return
            except OSError:
                time.sleep(0.1)  # not listening yet
        raise SystemExit(f'The server did not get ready:\n{self._log.read_text(errors="replace")}')


def program():
    """`VSERVER` names another program that takes the same arguments."""
    return shlex.split(os.environ.get('VSERVER', '')) or ['node', str(REPOSITORY / 'bin' / 'ngshare'), 'vserver']
