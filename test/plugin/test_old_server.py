"""A Python ngshare 0.6 can be used as well, as far as it goes, and nothing is lost on it."""

import pytest
from classroom import ASSIGNMENT, files_under, notebook, refused, write_files
from servers import OldServer

FILES = {
    'p1.ipynb': notebook('Übung 1'),
    'data/größe.txt': 'naïve'.encode(),
    f'{ASSIGNMENT}/p1.ipynb': notebook('inner'),
    'data/t.bin': bytes(range(256)),
}


@pytest.fixture(scope='module')
def old_server(start_server):
    return start_server(OldServer)


@pytest.fixture
def a_class(a_class_at, old_server):
    return a_class_at(old_server)


@pytest.fixture
def handed_in(a_class):
    a_class.release(FILES)
    a_class.fetch(a_class.ada)
    a_class.timestamp = a_class.hand_in(a_class.ada)
    return a_class


def test_the_whole_cycle_works_there(handed_in):
    c = handed_in
    assert files_under(c.ada.desk / ASSIGNMENT) == FILES
    assert c.submitted(c.ada, c.timestamp) == FILES
    c.ada.nbgrader('list').succeeds().says(f'{c.course} {ASSIGNMENT} (already downloaded)')
    line = f'{c.course} ada {ASSIGNMENT} {c.timestamp} '
    c.noether.nbgrader('list', '--inbound').succeeds().says(line + '(no feedback available)')
    c.give_feedback(c.ada)
    collected = files_under(c.noether.desk / 'submitted' / 'ada' / ASSIGNMENT)
    assert collected == FILES | {'timestamp.txt': c.timestamp.encode()}
    assert c.feedback(c.ada, c.timestamp) == {'p1.html': b'<p>Good</p>'}
    c.ada.nbgrader('list', '--cached').succeeds().says(line + '(feedback ready to be fetched)')
    c.ada.nbgrader('fetch_feedback', ASSIGNMENT).succeeds()
    assert files_under(c.ada.desk / ASSIGNMENT / 'feedback' / c.timestamp) == {'p1.html': b'<p>Good</p>'}
    c.ada.nbgrader('list', '--cached').succeeds().says(line + '(feedback already fetched)')


def test_it_is_said_once_that_the_server_is_an_old_one(handed_in):
    for person, arguments in (
        (handed_in.noether, ['list', '--inbound']),
        (handed_in.ada, ['submit', ASSIGNMENT]),
    ):
        outcome = person.run('nbgrader', *arguments).succeeds()
        warnings = [line for line in outcome.printed.splitlines() if 'WARNING' in line and ' old' in line]
        assert len(warnings) == 1, outcome.printed


def test_what_would_delete_submissions_there_is_refused(handed_in):
    c = handed_in
    c.give_feedback(c.ada)
    write_files(c.noether.desk / 'release' / ASSIGNMENT, {'p1.ipynb': notebook('second version')})
    refused(c.noether.nbgrader('release_assignment', ASSIGNMENT, '--force'), 'submission')
    refused(c.noether.nbgrader('list', '--remove', ASSIGNMENT), 'submission')
    assert c.released() == FILES
    assert c.submissions() == [('ada', c.timestamp)]
    assert c.submitted(c.ada, c.timestamp) == FILES
    assert c.feedback(c.ada, c.timestamp) == {'p1.html': b'<p>Good</p>'}


def test_what_nobody_has_handed_in_yet_can_be_replaced_and_taken_back(a_class):
    a_class.release(FILES)
    write_files(a_class.noether.desk / 'release' / ASSIGNMENT, {'p1.ipynb': notebook('second version')})
    a_class.noether.nbgrader('release_assignment', ASSIGNMENT, '--force').succeeds()
    assert a_class.released()['p1.ipynb'] == notebook('second version')
    a_class.noether.nbgrader('list', '--remove', ASSIGNMENT).succeeds()
    assert a_class.assignments() == []


def test_failures_are_told_there_as_well(handed_in):
    c = handed_in
    refused(c.ada.nbgrader('fetch_assignment', 'ps9'), 'ps9')
    refused(c.person('mallory').nbgrader('fetch_assignment', ASSIGNMENT))
    c.proxy.answers('POST', '/submission/', 500, '{"success": false, "message": "it broke"}')
    refused(c.ada.nbgrader('submit', ASSIGNMENT), 'it broke')
    assert len(c.ada.cache) == 1
    assert len(c.submissions()) == 1
