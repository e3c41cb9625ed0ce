"""However large the files are, memory stays small."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from running_server import RunningServer
from server.world import School, over_hub, over_v2

SIZE_BYTES = 50_000_000
MOST_GROWTH_BYTES = 16_000_000

CLIENT = textwrap.dedent(
    """
    import contextlib, os, resource, sys
    from pathlib import Path
    from ngshare_exchange.server.connection import Connection, Settings
    from ngshare_exchange.server.interface import LocalFile
    from ngshare_exchange.server.v1 import V1Server
    from ngshare_exchange.server.v2 import V2Server

    class Nowhere:
        def choose(self, files):
            return [file.path for file in files]
        @contextlib.contextmanager
        def open(self, file):
            with open(os.devnull, 'wb') as target:
                yield target

    api, url, user, location = sys.argv[1:]
    environment = {'JUPYTERHUB_API_TOKEN': user, 'JUPYTERHUB_USER': user}
    connection = Connection(url, Settings(progress=lambda told: watch(told)), environment)
    server = {'v1': V1Server, 'v2': V2Server}[api](connection)
    server.courses()

    def anonymous_peak_bytes():
        # Pages of mapped files are the kernel's to take back, and are not counted.
        own = [line for line in Path('/proc/self/status').read_text().splitlines() if line.startswith('RssAnon')]
        return int(own[0].split()[1]) * 1024

    peak = 0

    def watch(_):
        global peak
        peak = max(peak, anonymous_peak_bytes())

    before = peak = anonymous_peak_bytes()
    server.submit('course1', 'ps1', [LocalFile('large.bin', Path(location))], key='a')
    [submission] = server.submissions(own=True, with_details=False)
    sink = Nowhere()
    """
)
UPLOAD = CLIENT + 'print(peak - before)\n'
DOWNLOAD = CLIENT + textwrap.dedent(
    """
        before = peak = anonymous_peak_bytes()
        server.download_submission(submission, sink)
        watch(None)
        print(peak - before)
        """
)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Of bytes that do not repeat, so that nothing can be clever."""
    location = tmp_path / 'large.bin'
    with location.open('wb') as file, Path('/dev/urandom').open('rb') as random:
        for _ in range(SIZE_BYTES // 1_000_000):
            file.write(random.read(1_000_000))
    return location


def growth_bytes(program: str, api: str, url: str, user: str, location: Path) -> int:
    run = subprocess.run(
        [sys.executable, '-c', program, api, url, user, str(location)],
        env={'PYTHONPATH': str(Path(__file__).parents[2] / 'src')},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


@pytest.mark.parametrize(('program', 'what'), [(UPLOAD, 'upload'), (DOWNLOAD, 'download')])
@pytest.mark.parametrize('api', ['v1', 'v2'])
def test_a_large_file_takes_little_memory(
    server: RunningServer, tmp_path: Path, large: Path, api: str, program: str, what: str
) -> None:
    School(tmp_path, over_v2(server.url)).release()
    assert growth_bytes(program, api, server.url, 'lawrence', large) < MOST_GROWTH_BYTES, what


def test_a_large_file_to_an_old_server_takes_little_memory(
    python_server: RunningServer, tmp_path: Path, large: Path
) -> None:
    School(tmp_path, over_hub(python_server.url)).release()
    assert growth_bytes(UPLOAD, 'v1', python_server.url, 'lawrence', large) < MOST_GROWTH_BYTES
