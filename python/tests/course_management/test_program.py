"""The command as people start it."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from course_management.office import COURSE, Office

SUBCOMMANDS = ['create_course', 'add_instructor', 'remove_instructor', 'add_student', 'add_students', 'remove_students']
PROGRAM = [sys.executable, '-m', 'ngshare_exchange.course_management']


@pytest.mark.parametrize('arguments', [[], ['--help']])
def test_help_tells_all_subcommands(arguments: list[str]) -> None:
    run = subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0
    for subcommand in SUBCOMMANDS:
        assert subcommand in run.stdout


def test_a_misspelt_command_line_is_explained() -> None:
    run = subprocess.run([*PROGRAM, 'add_student', COURSE], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert 'STUDENT_ID' in run.stderr


def test_colours_are_for_people(office: Office) -> None:
    office.manage('root', 'add_instructor', COURSE, 'iris')
    in_terminal, to_file = (run_with_colours(office, is_terminal=one) for one in (True, False))
    assert '\033[32mSuccessfully added hertz' in in_terminal
    assert '\033' not in to_file


def run_with_colours(office: Office, *, is_terminal: bool) -> str:
    reader, writer = pty.openpty() if is_terminal else os.pipe()
    environment = {name: value for name, value in os.environ.items() if name != 'NO_COLOR'} | {'TERM': 'xterm'}
    command = [*PROGRAM, 'add_instructor', COURSE, 'hertz']
    subprocess.run(command, cwd=office.desk('root'), env=environment, stdout=writer, check=True)
    os.close(writer)
    said = os.read(reader, 10_000).decode()
    os.close(reader)
    return said


def test_where_nobody_says_which_server_it_says_how(tmp_path: Path) -> None:
    environment = {name: os.environ[name] for name in ('PATH', 'PYTHONPATH') if name in os.environ}
    environment |= {'HOME': str(tmp_path), 'JUPYTER_NO_CONFIG': '1'}
    command = [*PROGRAM, 'create_course', COURSE]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 255
    assert 'NGSHARE_URL' in run.stderr
    assert 'Traceback' not in run.stderr


def test_a_server_that_is_away_is_told_with_its_url(office: Office) -> None:
    away = Office(office.folder, 'http://127.0.0.1:9/api', office.variable, office.monkeypatch, office.capsys)
    outcome = away.manage('iris', 'add_student', COURSE, 'alice')
    assert outcome.status == 255
    assert 'http://127.0.0.1:9/api' in outcome.complained
    assert away.graded() == {}
