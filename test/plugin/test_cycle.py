"""The whole life of an assignment, from release to feedback."""

import json

import homework
import pytest
from classroom import ASSIGNMENT, Keyboard, files_under, refused
from gradebook import scores, seconds_late, set_due_date
from people import Person
from servers import HubServer

DUE = '2026-01-01 12:00:00 UTC'  # passed long ago


class AtTheTerminal(Keyboard):
    """Every command is a process of its own."""

    nbgrader = Person.nbgrader


class WithoutToken(Keyboard):
    """Names themselves to a server that believes everybody."""

    def environment(self):
        environment = super().environment()
        del environment['JUPYTERHUB_API_TOKEN']
        del environment['JUPYTERHUB_USER']
        return environment | {'NGSHARE_USER': self.name}


@pytest.fixture(params=['at the terminal, on a hub', 'stand-alone, without a token'])
def a_class(request, a_class_at, start_server, shared_server):
    if request.param == 'at the terminal, on a hub':
        return a_class_at(start_server(HubServer), new_person=AtTheTerminal)
    return a_class_at(shared_server, new_person=WithoutToken)


def test_an_assignment_is_released_worked_on_collected_graded_and_comes_back_with_feedback(a_class):
    c = a_class
    source = c.noether.desk / 'source' / ASSIGNMENT
    homework.write_assignment(source, note='Erste Fassung\n')
    c.noether.nbgrader('generate_assignment', ASSIGNMENT).succeeds()
    c.noether.nbgrader('release_assignment', ASSIGNMENT).succeeds().says(f'Released as: {c.course} {ASSIGNMENT}')
    assert c.released() == files_under(c.noether.desk / 'release' / ASSIGNMENT)

    c.ada.nbgrader('list').succeeds().says(f'{c.course} {ASSIGNMENT}').does_not_say('already downloaded')
    timestamps = {}
    for student, answers in (c.ada, ['# not yet', homework.GOOD_ANSWER]), (c.emil, [homework.POOR_ANSWER]):
        student.nbgrader('fetch_assignment', ASSIGNMENT).succeeds().says('Fetched as')
        folder = student.desk / ASSIGNMENT
        assert files_under(folder) == c.released()
        for answer in answers:
            homework.answer(folder, answer)
            outcome = student.nbgrader('submit', ASSIGNMENT).succeeds()
            timestamp = dict(c.submissions())[student.name]
            outcome.says(f'Submitted as: {c.course} {ASSIGNMENT} {timestamp}')
            assert c.submitted(student, timestamp) == files_under(folder)
            timestamps.setdefault(student.name, []).append(timestamp)

    (early, last), (only,) = timestamps['ada'], timestamps['emil']
    inbound = c.noether.nbgrader('list', '--inbound').succeeds()
    for name, timestamp in ('ada', early), ('ada', last), ('emil', only):
        inbound.says(f'{c.course} {name} {ASSIGNMENT} {timestamp} (no feedback available)')
    c.ada.run('sh', '-c', 'nbgrader list --cached --json 2>/dev/null > listed.json').succeeds()
    (listed,) = json.loads((c.ada.desk / 'listed.json').read_text())
    assert [entry['timestamp'] for entry in listed['submissions']] == [early, last]

    set_due_date(c.noether.desk, ASSIGNMENT, DUE)
    c.noether.nbgrader('collect', ASSIGNMENT).succeeds()
    for student in c.ada, c.emil:
        collected = files_under(c.noether.desk / 'submitted' / student.name / ASSIGNMENT)
        assert collected.pop('timestamp.txt').decode() == timestamps[student.name][-1]
        assert collected == files_under(student.desk / ASSIGNMENT)

    c.noether.nbgrader('autograde', ASSIGNMENT).succeeds()
    full = homework.MAX_SCORE
    assert scores(c.noether.desk, ASSIGNMENT) == {'ada': (full, full), 'emil': (3, full)}
    assert all(seconds > 0 for seconds in seconds_late(c.noether.desk, ASSIGNMENT).values())
    c.noether.nbgrader('generate_feedback', ASSIGNMENT).succeeds()
    c.noether.nbgrader('release_feedback', ASSIGNMENT).succeeds()

    line = f'{c.course} ada {ASSIGNMENT} {last} '
    c.ada.nbgrader('list', '--cached').succeeds().says(line + '(feedback ready to be fetched)')
    c.ada.nbgrader('fetch_feedback', ASSIGNMENT).succeeds()
    given = c.noether.desk / 'feedback' / 'ada' / ASSIGNMENT / 'p1.html'
    assert files_under(c.ada.desk / ASSIGNMENT / 'feedback') == {f'{last}/p1.html': given.read_bytes()}
    c.ada.nbgrader('list', '--cached').succeeds().says(line + '(feedback already fetched)')

    # What goes wrong is seen at the terminal.
    refused(c.person('mallory').nbgrader('fetch_assignment', ASSIGNMENT), '403')
    refused(c.ada.nbgrader('release_assignment', ASSIGNMENT, '--force'))


def test_a_wrong_token_is_refused_by_every_command(a_class_at, start_server):
    c = a_class_at(start_server(HubServer))
    c.release()
    c.fetch(c.ada)
    c.ada.token = 'not-one-of-the-hub'
    for command in (
        ['list'],
        ['list', '--cached'],
        ['submit', ASSIGNMENT],
        ['fetch_feedback', ASSIGNMENT],
        ['fetch_assignment', ASSIGNMENT, '--replace'],
    ):
        refused(c.ada.nbgrader(*command), 'oken')
    assert c.submissions() == []
    assert c.ada.cache == []


def test_a_token_that_is_replaced_while_a_server_runs_is_used_at_once(a_class_at, start_server):
    c = a_class_at(start_server(HubServer))
    c.release()
    good = c.ada.token
    c.ada.token = 'old'
    refused(c.ada.nbgrader('list'))
    c.ada.token = good
    c.ada.nbgrader('list').succeeds()
