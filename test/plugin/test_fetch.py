"""A fetched assignment is complete, or it is not there."""

import json
import os
import signal
from pathlib import Path

import pytest
from classroom import ASSIGNMENT, files_under, notebook, refused

FILES = {
    'p1.ipynb': notebook('Übung 1'),
    'data/a long table.bin': bytes(range(256)) * 300,
    'data/größe.txt': 'naïve 数学'.encode(),
}
LARGE = 'data/a long table.bin'
# In either API.
DOWNLOADS = '/files|/archive|/assignment/'


@pytest.fixture
def released(a_class):
    a_class.release(FILES)
    return a_class


def fetches_in_spite_of_the_failure_before(a_class):
    a_class.proxy.behaves()
    assert files_under(a_class.fetch(a_class.ada)) == FILES


def damage(piece):
    """Other bytes, and as many; in the first API they are base64."""
    return piece.replace(b'\x07', b'\x08').replace(b'AAECAwQF', b'BBECAwQF')


def expect_nothing_is_left(a_class):
    assert [path.name for path in a_class.ada.desk.iterdir()] == ['nbgrader_config.py']


def test_fetching_what_is_not_out_fails_and_leaves_nothing(released):
    refused(released.ada.nbgrader('fetch_assignment', 'ps2'), 'ps2')
    expect_nothing_is_left(released)


def test_fetching_when_the_server_is_down_fails_at_the_terminal(released):
    released.gives_up_at_once(released.ada)
    released.proxy.stop()
    refused(released.ada.run('nbgrader', 'fetch_assignment', ASSIGNMENT), released.proxy.origin)
    expect_nothing_is_left(released)


def test_a_download_that_breaks_off_leaves_no_folder_and_the_next_one_works(released):
    released.gives_up_at_once(released.ada)
    released.proxy.cuts_the_answer('GET', DOWNLOADS, 20_000)
    refused(released.ada.nbgrader('fetch_assignment', ASSIGNMENT))
    expect_nothing_is_left(released)
    fetches_in_spite_of_the_failure_before(released)


def test_a_download_that_was_damaged_on_the_way_is_noticed(released):
    released.gives_up_at_once(released.ada)
    released.proxy.alters_the_answer('GET', DOWNLOADS, damage)
    refused(released.ada.nbgrader('fetch_assignment', ASSIGNMENT))
    expect_nothing_is_left(released)
    fetches_in_spite_of_the_failure_before(released)


@pytest.mark.parametrize('path', ['../evil.txt', '/tmp/evil.txt', 'data/../../evil.txt', 'data\\u0000', './.', ''])
def test_a_server_cannot_write_outside_the_folder(released, path):
    """The answer keeps its length, as its header has told it already."""

    def alter(piece):
        manifest = json.loads(piece)
        for file in manifest['files']:
            if file['path'] == LARGE:
                file['path'] = json.loads(f'"{path}"')
        altered = json.dumps(manifest, separators=(',', ':'), ensure_ascii=False).encode()
        assert len(altered) <= len(piece)
        return altered + b' ' * (len(piece) - len(altered))

    released.proxy.alters_the_answer('GET', '/manifest', alter)
    refused(released.ada.nbgrader('fetch_assignment', ASSIGNMENT))
    expect_nothing_is_left(released)
    assert not (released.ada.home / 'evil.txt').exists()
    assert not Path('/tmp/evil.txt').exists()


def test_a_link_in_the_folder_is_not_followed_when_missing_files_are_replaced(released):
    folder = released.fetch(released.ada)
    outside = released.ada.home / 'outside'
    outside.mkdir()
    (outside / 'table.bin').write_text('mine')
    (folder / LARGE).unlink()
    (folder / 'data/größe.txt').unlink()
    (folder / 'data').rmdir()
    (folder / 'data').symlink_to(outside)
    (outside / 'table.bin').unlink()
    released.ada.nbgrader('fetch_assignment', ASSIGNMENT, '--replace')
    assert list(outside.iterdir()) == []


def test_fetching_twice_is_refused_and_leaves_the_students_work_alone(released):
    folder = released.fetch(released.ada)
    (folder / 'p1.ipynb').write_bytes(notebook('my work'))
    (folder / LARGE).unlink()
    before = files_under(folder)
    refused(released.ada.nbgrader('fetch_assignment', ASSIGNMENT), 'You already have a copy of the assignment')
    assert files_under(folder) == before
    released.ada.nbgrader('fetch_assignment', ASSIGNMENT, '--replace').succeeds()
    assert files_under(folder) == FILES | {'p1.ipynb': notebook('my work')}


def test_of_several_assignments_one_that_fails_fails_the_command_and_the_others_are_fetched(released):
    released.release(FILES, 'ps2')
    refused(released.ada.nbgrader('fetch_assignment', ASSIGNMENT, 'nothing', 'ps2'), 'nothing')
    for assignment in ASSIGNMENT, 'ps2':
        assert files_under(released.ada.desk / assignment) == FILES


@pytest.mark.parametrize('signal_number', [signal.SIGINT, signal.SIGKILL])
def test_a_download_that_is_interrupted_leaves_no_folder_and_the_next_one_works(released, signal_number):
    during = ('GET', '/files|/archive')
    with released.interrupted(released.ada, 'fetch_assignment', ASSIGNMENT, during=during, by=signal_number) as code:
        assert code != 0
    assert not (released.ada.desk / ASSIGNMENT).exists()
    if signal_number == signal.SIGINT:
        expect_nothing_is_left(released)
    fetches_in_spite_of_the_failure_before(released)


def test_executable_files_stay_executable_on_the_whole_way(released):
    script = released.noether.desk / 'release' / 'ps2' / 'run.sh'
    script.parent.mkdir(parents=True)
    script.write_text('#!/bin/sh\n')
    script.chmod(0o755)
    released.noether.nbgrader('release_assignment', 'ps2').succeeds()
    folder = released.fetch(released.ada, 'ps2')
    assert os.access(folder / 'run.sh', os.X_OK)
    assert not os.access(released.fetch(released.ada) / LARGE, os.X_OK)
    released.hand_in(released.ada, assignment='ps2')
    released.noether.nbgrader('collect', 'ps2').succeeds()
    assert os.access(released.noether.desk / 'submitted' / 'ada' / 'ps2' / 'run.sh', os.X_OK)


def test_something_else_of_that_name_is_left_alone(released):
    in_the_way = released.ada.desk / ASSIGNMENT
    in_the_way.write_text('my list of things to buy')
    for more in [], ['--replace']:
        refused(released.ada.nbgrader('fetch_assignment', ASSIGNMENT, *more), ASSIGNMENT)
    assert in_the_way.read_text() == 'my list of things to buy'


def test_assignments_may_be_kept_by_course_and_elsewhere(released):
    (released.ada.desk / 'mine').mkdir()
    released.ada.configures('c.Exchange.path_includes_course = True', "c.Exchange.assignment_dir = 'mine'")
    released.ada.nbgrader('fetch_assignment', ASSIGNMENT).succeeds()
    folder = released.ada.desk / 'mine' / released.course / ASSIGNMENT
    assert files_under(folder) == FILES
    released.ada.nbgrader('list').succeeds().says('already downloaded')
    released.ada.nbgrader('submit', ASSIGNMENT).succeeds()
    ((_, timestamp),) = released.submissions()
    released.give_feedback(released.ada)
    released.ada.nbgrader('fetch_feedback', ASSIGNMENT).succeeds()
    assert files_under(folder / 'feedback' / timestamp) == {'p1.html': b'<p>Good</p>'}
