"""The plugin inside notebook servers that a real hub started, with the token that the hub gave to each."""

import functools
import json
import sys
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parents[2] / 'clients'
sys.path += [str(CLIENTS), str(CLIENTS / 'in-hub')]

import homework  # noqa: E402
from hub_people import HubPerson  # noqa: E402
from hubs import ManagedHub  # noqa: E402
from people import files_under  # noqa: E402

from server import Server  # noqa: E402

COURSE, ASSIGNMENT = 'math101', 'ps1'


@pytest.fixture(scope='module')
def hub(tmp_path_factory):
    hub = ManagedHub(tmp_path_factory.mktemp('hub') / 'hub', 'managed/jupyterhub_config.py')
    yield hub
    hub.stop()


@pytest.fixture(scope='module')
def person(hub):
    return functools.partial(HubPerson, hub, folder=hub.homes, url=hub.exchange_url, course=COURSE)


@pytest.fixture(scope='module')
def noether(hub, person):
    """She teaches the course, in which ada is; ps1 is out."""
    server = Server(hub.exchange_url, send_token=True)
    root, noether = person('root'), person('noether')
    details = {'first_name': '', 'last_name': '', 'email': ''}
    students = json.dumps([{'username': 'ada'} | details])
    assert server.ask(f'/course/{COURSE}', root, 'POST', instructors='["noether"]').status == 200
    assert server.ask(f'/students/{COURSE}', noether, 'POST', students=students).status == 200
    homework.write_assignment(noether.desk / 'source' / ASSIGNMENT, note='')
    noether.nbgrader('generate_assignment', ASSIGNMENT).succeeds()
    noether.nbgrader('release_assignment', ASSIGNMENT).succeeds().says(f'Released as: {COURSE} {ASSIGNMENT}')
    return noether


@pytest.fixture(scope='module')
def ada(noether, person):
    """She has fetched ps1."""
    ada = person('ada')
    ada.nbgrader('fetch_assignment', ASSIGNMENT).succeeds()
    assert files_under(ada.desk / ASSIGNMENT) == files_under(noether.desk / 'release' / ASSIGNMENT)
    return ada


def test_work_goes_there_and_feedback_comes_back(noether, ada):
    homework.answer(ada.desk / ASSIGNMENT, homework.GOOD_ANSWER)
    ada.nbgrader('submit', ASSIGNMENT).succeeds().says(f'Submitted as: {COURSE} {ASSIGNMENT}')
    noether.nbgrader('list', '--inbound').succeeds().says(f'{COURSE} ada {ASSIGNMENT}')
    for command in 'collect', 'autograde', 'generate_feedback', 'release_feedback':
        noether.nbgrader(command, ASSIGNMENT).succeeds()
    ada.nbgrader('list', '--cached').succeeds().says('(feedback ready to be fetched)')
    ada.nbgrader('fetch_feedback', ASSIGNMENT).succeeds()
    given = files_under(noether.desk / 'feedback' / 'ada' / ASSIGNMENT)['p1.html']
    assert list(files_under(ada.desk / ASSIGNMENT / 'feedback').values()) == [given]


def test_the_hub_decides_who_somebody_is(noether, ada):
    """Whatever a student writes into the environment."""
    lie = 'JUPYTERHUB_USER=noether NGSHARE_USER=noether nbgrader release_assignment ps1 --force'
    (ada.desk / 'release').mkdir(exist_ok=True)
    (ada.desk / 'release' / ASSIGNMENT).symlink_to(ada.desk / ASSIGNMENT)
    ada.run('sh', '-c', lie).fails()


def test_who_is_in_no_course_gets_nothing_and_is_told_so(noether, person):
    mallory = person('mallory')
    mallory.nbgrader('fetch_assignment', ASSIGNMENT).fails().says('403').does_not_say('Traceback')
    assert not (mallory.desk / ASSIGNMENT).exists()


def test_without_its_token_a_command_fails_and_says_what_is_missing(noether, ada, person, hub):
    ada.run('sh', '-c', 'unset JUPYTERHUB_API_TOKEN; nbgrader list').fails().says('oken').does_not_say('Traceback')


def test_while_the_exchange_is_down_commands_fail_and_work_is_safe(noether, ada):
    before = files_under(ada.desk / ASSIGNMENT)
    nowhere = 'NGSHARE_URL=http://127.0.0.1:9/services/ngshare nbgrader submit ps1'
    ada.run('sh', '-c', nowhere).fails().says('http://127.0.0.1:9/').does_not_say('Traceback')
    assert files_under(ada.desk / ASSIGNMENT) == before
