"""The wheel that a server hands out, which is made without Python, beside the one that hatchling makes."""

import base64
import csv
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from running_server import REPOSITORY, RunningServer

NAME = 'ngshare_exchange-1.0.0a1-py3-none-any.whl'
ABOUT = 'ngshare_exchange-1.0.0a1.dist-info'
BUILT = 'was it built since the last change? npm run build'


@pytest.fixture
def wheel() -> Path:
    """The one that `npm run build` has made."""
    return REPOSITORY / 'dist' / NAME


@pytest.fixture
def wheel_of_hatchling(tmp_path: Path) -> Path:
    builder = WheelBuilder(str(REPOSITORY / 'python'))
    return Path(next(builder.build(directory=str(tmp_path), versions=['standard'])))


def contents(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def pip(*arguments: str, also_there: Path | None = None) -> str:
    environment = dict(os.environ)
    if also_there is not None:
        environment['PYTHONPATH'] = str(also_there)
    command = [sys.executable, '-m', 'pip', '--disable-pip-version-check', '--isolated', *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_it_is_called_as_hatchling_calls_it(wheel: Path, wheel_of_hatchling: Path) -> None:
    assert wheel.name == wheel_of_hatchling.name


def test_it_has_the_files_that_hatchling_takes(wheel: Path, wheel_of_hatchling: Path) -> None:
    ours, theirs = contents(wheel), contents(wheel_of_hatchling)
    assert set(ours) == set(theirs), BUILT
    may_differ = {f'{ABOUT}/{name}' for name in ('METADATA', 'WHEEL', 'RECORD')}
    for name in set(ours) - may_differ:
        assert ours[name] == theirs[name], (name, BUILT)


def test_it_says_the_same_of_itself(wheel: Path, wheel_of_hatchling: Path) -> None:
    """But for the version of the format, which is the first that has all that is said."""

    def said(archive: Path, name: str) -> list[str]:
        lines = contents(archive)[f'{ABOUT}/{name}'].splitlines()
        return [line for line in lines if not line.startswith(('Metadata-Version:', 'Generator:'))]

    assert said(wheel, 'METADATA') == said(wheel_of_hatchling, 'METADATA'), BUILT
    assert said(wheel, 'WHEEL') == said(wheel_of_hatchling, 'WHEEL')


def test_its_record_names_every_file_with_size_and_checksum(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    rows = list(csv.reader(files[f'{ABOUT}/RECORD'].decode().splitlines()))
    assert {name for name, _, _ in rows} == set(files)
    for name, checksum, size in rows:
        if name == f'{ABOUT}/RECORD':
            assert (checksum, size) == ('', '')
        else:
            digest = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).decode().rstrip('=')
            assert (checksum, size) == (f'sha256={digest}', str(len(files[name]))), name


def test_pip_installs_it_and_finds_all_that_it_needs(wheel: Path, tmp_path: Path) -> None:
    pip('install', '--quiet', '--no-deps', '--no-index', '--target', str(tmp_path), str(wheel))
    assert (tmp_path / 'ngshare_exchange' / 'py.typed').exists()
    assert (tmp_path / 'bin' / 'ngshare-course-management').exists()
    assert 'No broken requirements found' in pip('check', also_there=tmp_path)
    assert f'Location: {tmp_path}\n' in pip('show', 'ngshare-exchange', also_there=tmp_path)


def test_pip_gets_it_from_a_server_by_its_url(server: RunningServer, wheel: Path, tmp_path: Path) -> None:
    pip('download', '--no-deps', '--no-index', '--no-cache-dir', '--dest', str(tmp_path), f'{server.url}/{NAME}')
    assert (tmp_path / NAME).read_bytes() == wheel.read_bytes()


def test_pip_gets_it_from_the_index_of_a_server(server: RunningServer, wheel: Path, tmp_path: Path) -> None:
    index = f'--index-url={server.url}/simple'
    requirement = 'ngshare-exchange>=1.0.0a1'
    pip('download', '--no-deps', '--no-cache-dir', '--dest', str(tmp_path), index, requirement)
    assert (tmp_path / NAME).read_bytes() == wheel.read_bytes()
