"""The authenticator plugin: rosters that nbgrader's commands change, and courses that it asks for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.auth import Authenticator
from nbgrader.exchange import ExchangeError
from traitlets.config import Config

from ngshare_exchange.configure import configure
from ngshare_exchange.server.interface import Member
from world import COURSE, Person, World


def authenticator(url: str) -> Authenticator:
    config = Config()
    configure(config, url)
    config.Exchange.patience = 0
    return Authenticator(config=config)


def nbgrader(person: Person, *arguments: str, course: str = COURSE) -> subprocess.CompletedProcess[str]:
    lines = ['import ngshare_exchange', 'c = get_config()', f'ngshare_exchange.configure(c, {person.url!r})']
    lines += [f'c.CourseDirectory.course_id = {course!r}', 'c.Exchange.patience = 0']
    (person.home / 'nbgrader_config.py').write_text('\n'.join(lines))
    command = [sys.executable, '-m', 'nbgrader', *arguments]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']])  # nbgrader looks for alembic there
    environment = os.environ | {'NGSHARE_USER': person.name, 'PATH': path}
    return subprocess.run(command, cwd=person.home, env=environment, capture_output=True, text=True, check=False)


def students(person: Person) -> list[str]:
    return [member.user for member in person.server.members(COURSE, 'student')]


def gradebook(person: Person) -> str:
    return nbgrader(person, 'db', 'student', 'list').stdout


def test_a_student_added_to_the_gradebook_takes_the_course(iris: Person) -> None:
    run = nbgrader(iris, 'db', 'student', 'add', 'carol', '--first-name=Carol')
    assert run.returncode == 0, run.stderr
    assert students(iris) == ['alice', 'bob', 'carol']
    assert 'carol (None, Carol)' in gradebook(iris)


def test_names_that_the_server_knows_stay(iris: Person) -> None:
    iris.server.add_member(COURSE, 'alice', first_name='Alice', last_name='Ngu', email='alice@example.edu')
    assert nbgrader(iris, 'db', 'student', 'add', 'alice').returncode == 0
    known = iris.server.member(COURSE, 'alice')
    assert known == Member('alice', 'student', 'Alice', 'Ngu', 'alice@example.edu')


def test_a_student_removed_from_the_gradebook_leaves_the_course(iris: Person) -> None:
    nbgrader(iris, 'db', 'student', 'add', 'alice')
    run = nbgrader(iris, 'db', 'student', 'remove', 'alice')
    assert run.returncode == 0, run.stderr
    assert students(iris) == ['bob']


def test_an_instructor_removed_from_the_gradebook_goes_on_teaching(world: World) -> None:
    """Even where an admin does it, who could dismiss them."""
    root = world.person('root')
    plugin_of_admin = authenticator(world.url)
    with root.in_environment():
        plugin_of_admin.remove_student_from_course('iris', COURSE)
    assert [member.user for member in root.server.members(COURSE, 'instructor')] == ['iris']


def test_somebody_who_does_not_teach_the_course_changes_neither_roster_nor_gradebook(iris: Person, bob: Person) -> None:
    run = nbgrader(bob, 'db', 'student', 'add', 'carol')
    assert run.returncode == 1
    assert 'Only instructors of the course may do this' in run.stderr
    assert 'carol' not in gradebook(bob)
    assert students(iris) == ['alice', 'bob']


@pytest.mark.parametrize('course', ['', '*'])
def test_without_one_course_only_the_gradebook_changes(iris: Person, course: str) -> None:
    run = nbgrader(iris, 'db', 'student', 'add', 'carol', course=course)
    assert run.returncode == 0, run.stderr
    assert 'No course is configured' in run.stderr
    assert students(iris) == ['alice', 'bob']


def test_it_restricts_nobody(world: World) -> None:
    """The server does, and nbgrader's list of courses would ask the hub about each name."""
    assert authenticator(world.url).get_student_courses('*') is None
    assert authenticator(world.url).get_student_courses('alice') is None


def test_a_server_that_is_away_is_an_error_that_nbgrader_understands(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r'http://127\.0\.0\.1:9'):
        authenticator('http://127.0.0.1:9/api').add_student_to_course('alice', COURSE)


def test_a_list_is_one_request_with_it_too(world: World, alice: Person) -> None:
    run = nbgrader(alice, 'list')
    assert run.returncode == 0, run.stderr
    log = (world.folder / 'server' / 'server.log').read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith('{')]
    requests = [line['path'] for line in lines if line['msg'] == 'request' and line.get('user') == 'alice']
    assert requests == ['/api/v2/assignments']
