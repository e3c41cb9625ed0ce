"""A real ngshare, built by `npm run build`, that listens on loopback for as long as a test lasts."""

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20


@dataclass(frozen=True)
class RunningServer:
    """`url` is where the API begins; whoever asks is the `user` of the query."""

    url: str
    log: Path


@contextlib.contextmanager
def start_server(folder: Path, *options: str) -> Iterator[RunningServer]:
    """Starts ngshare stand-alone, on a free port of its own choice."""
    folder.mkdir()
    log = folder / 'server.log'
    command = ['node', str(REPOSITORY / 'bin' / 'ngshare'), '--vngshare', '--admins', 'root', '--port', '0']
    command += ['--database', f'sqlite:///{folder}/ngshare.db', '--storage', str(folder / 'files'), *options]
    path = os.pathsep.join([str(REPOSITORY / 'node_modules' / '.bin'), os.environ['PATH']])
    with log.open('wb') as output:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | {'PATH': path}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield RunningServer(url=_address(process, log), log=log)
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: 'subprocess.Popen[bytes]', log: Path) -> str:
    """Where it listens, as its log tells."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r'http://127\.0\.0\.1:\d+/api', log.read_text(errors='replace')):
            return found.group()
        time.sleep(0.05)
    raise RuntimeError(f'The server did not start:\n{log.read_text(errors="replace")}')
