"""Whom the server takes somebody for, and how a site says where it is."""

import importlib.metadata
import json
import os
import subprocess
import sys

from classroom import ASSIGNMENT, refused
from traitlets.config import Config

import ngshare_exchange

# An environment without a user; it only says which plugin is meant.
NOBODY = {name: value for name, value in os.environ.items() if name == 'PYTHONPATH'}


def test_the_package_can_be_imported_without_any_user_in_the_environment():
    code = 'from ngshare_exchange import *; import ngshare_exchange, ngshare_exchange.course_management'
    subprocess.run([sys.executable, '-c', code], env=NOBODY, check=True)


def test_every_name_that_the_package_promises_is_there():
    for name in ngshare_exchange.__all__:
        assert getattr(ngshare_exchange, name) is not None


def test_importing_it_opens_no_file_and_no_connection_of_its_own():
    code = """
import sys
opened = []
import nbgrader.apps, nbgrader.exchange, requests, nbgrader.auth
def audit(event, arguments):
    is_written = event == 'open' and 'w' in str(arguments[1] or '')
    if is_written or event in ('socket.connect', 'subprocess.Popen'):
        opened.append((event, arguments))
sys.addaudithook(audit)
import ngshare_exchange
[getattr(ngshare_exchange, name) for name in ngshare_exchange.__all__]
assert not opened, opened
"""
    subprocess.run([sys.executable, '-B', '-c', code], env=NOBODY, check=True)


def test_it_asks_for_what_it_needs_and_fits_beside_the_installed_nbgrader():
    wanted = importlib.metadata.requires('ngshare-exchange')
    plain = [line.split(';')[0].strip() for line in wanted if 'extra ==' not in line]
    assert sorted(plain) == ['nbgrader>=0.9', 'requests', 'traitlets']
    subprocess.run([sys.executable, '-m', 'pip', 'check'], check=True)


def test_the_server_says_who_somebody_is_whatever_the_environment_says(a_class):
    """The token is ada's; the account is called otherwise, as with sudo or cron."""
    a_class.release()
    ada = a_class.ada
    ada.environment = lambda: Other(ada).environment()
    a_class.fetch(ada)
    timestamp = a_class.hand_in(ada)
    ada.nbgrader('list', '--inbound').succeeds().says(f'ada {ASSIGNMENT} {timestamp}')
    ada.nbgrader('list', '--cached').succeeds().says(f'ada {ASSIGNMENT} {timestamp}')
    a_class.give_feedback(ada)
    ada.nbgrader('fetch_feedback', ASSIGNMENT).succeeds()
    assert (ada.desk / ASSIGNMENT / 'feedback' / timestamp / 'p1.html').exists()


class Other:
    def __init__(self, person):
        self._person = person

    def environment(self):
        environment = type(self._person).environment(self._person)
        return environment | {'JUPYTERHUB_USER': 'somebody', 'USER': 'somebody', 'LOGNAME': 'somebody'}


def test_without_any_user_in_the_environment_the_token_is_enough(a_class):
    a_class.release()
    ada = a_class.ada
    environment = ada.environment()
    del environment['JUPYTERHUB_USER']
    ada.environment = lambda: environment
    a_class.fetch(ada)
    assert [student for student, _ in [('ada', a_class.hand_in(ada))]] == ['ada']


def configured_at_a_new_desk(a_class, person, *lines, environment=None):
    desk = person.home / 'plain'
    desk.mkdir()
    config = ['c = get_config()', f'c.CourseDirectory.course_id = {a_class.course!r}', *lines]
    (desk / 'nbgrader_config.py').write_text('\n'.join(config))
    if environment:
        mine = person.environment() | environment
        person.environment = lambda: mine
    return desk


def test_the_address_may_come_from_the_environment(a_class):
    a_class.release()
    lines = ['import ngshare_exchange', 'ngshare_exchange.configure(c)']
    desk = configured_at_a_new_desk(a_class, a_class.ada, *lines, environment={'NGSHARE_URL': a_class.url})
    a_class.ada.nbgrader('list', at=desk).succeeds().says(f'{a_class.course} {ASSIGNMENT}')


def test_configurations_of_the_old_plugin_go_on_working(a_class):
    a_class.release()
    lines = [
        'from ngshare_exchange import configureExchange',
        'configureExchange(get_config())',
        f'c.Exchange._ngshare_url = {a_class.url!r}',
        "c.Exchange.root = '/srv/nbgrader/exchange'",
    ]
    desk = configured_at_a_new_desk(a_class, a_class.ada, *lines)
    outcome = a_class.ada.nbgrader('list', at=desk).succeeds().says(f'{a_class.course} {ASSIGNMENT}')
    outcome.does_not_say('not recognized')


def test_the_whole_configuration_may_be_a_json_file(a_class):
    """Import strings instead of classes."""
    a_class.release()
    config = Config()
    ngshare_exchange.configure(config, a_class.url)
    config.CourseDirectory.course_id = a_class.course
    desk = a_class.ada.home / 'json'
    desk.mkdir()
    (desk / 'nbgrader_config.json').write_text(json.dumps(config))
    a_class.ada.nbgrader('list', at=desk).succeeds().says(f'{a_class.course} {ASSIGNMENT}')
    assert set(config.ExchangeFactory) == {
        'exchange',
        'fetch_assignment',
        'fetch_feedback',
        'release_assignment',
        'release_feedback',
        'list',
        'submit',
        'collect',
    }


def test_without_an_address_a_command_says_how_to_set_one(a_class):
    lines = ['import ngshare_exchange', 'ngshare_exchange.configure(c)']
    desk = configured_at_a_new_desk(a_class, a_class.ada, *lines)
    refused(a_class.ada.nbgrader('list', at=desk), 'NGSHARE_URL')


def test_nothing_prints_that_an_option_is_not_recognized(a_class):
    a_class.release()
    for command in (
        ['list'],
        ['list', '--json'],
        ['list', '--cached'],
        ['fetch_assignment', ASSIGNMENT],
        ['submit', ASSIGNMENT],
    ):
        a_class.ada.nbgrader(*command).succeeds().does_not_say('not recognized').does_not_say('Deprecat')


def test_windows_is_refused_in_plain_words(a_class, monkeypatch):
    monkeypatch.setattr(sys, 'platform', 'win32')
    refused(a_class.ada.nbgrader('list'), 'Windows')
