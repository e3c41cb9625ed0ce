"""An instructor changes what is released, and no student loses work."""

import pytest
from classroom import ASSIGNMENT, files_under, notebook, refused, write_files

FIRST = {'p1.ipynb': notebook('first version'), 'notes.txt': b'first'}


def second_version(a_class):
    """Of no other test: what the server knows already does not travel."""
    return {'p1.ipynb': notebook(f'second version of {a_class.course}'), 'more.txt': b'second'}


@pytest.fixture
def worked_on(a_class):
    """ps1 is out, ada has handed it in and has feedback; the instructor has prepared a second version."""
    a_class.release(FIRST)
    a_class.fetch(a_class.ada)
    a_class.timestamp = a_class.hand_in(a_class.ada)
    a_class.give_feedback(a_class.ada)
    folder = a_class.noether.desk / 'release' / ASSIGNMENT
    (folder / 'notes.txt').unlink()
    write_files(folder, second_version(a_class))
    return a_class


def expect_work_is_kept(a_class):
    assert a_class.submissions() == [('ada', a_class.timestamp)]
    assert a_class.submitted(a_class.ada, a_class.timestamp) == FIRST
    assert a_class.feedback(a_class.ada, a_class.timestamp) == {'p1.html': b'<p>Good</p>'}


def test_what_is_out_is_only_replaced_with_force(worked_on):
    outcome = worked_on.noether.nbgrader('release_assignment', ASSIGNMENT)
    refused(outcome, 'Destination already exists', '--force')
    assert worked_on.released() == FIRST


def test_a_forced_release_replaces_the_files_and_keeps_submissions_and_feedback(worked_on):
    worked_on.noether.nbgrader('release_assignment', ASSIGNMENT, '--force').succeeds()
    assert worked_on.released() == second_version(worked_on)
    expect_work_is_kept(worked_on)


@pytest.mark.parametrize('method', ['PUT', 'POST', '*'])
def test_a_forced_release_that_fails_leaves_the_earlier_release_as_it_is(worked_on, method):
    worked_on.proxy.answers(method, '.', 500, '{"detail": "it broke"}')
    refused(worked_on.noether.nbgrader('release_assignment', ASSIGNMENT, '--force'), '500')
    assert worked_on.released() == FIRST
    expect_work_is_kept(worked_on)


@pytest.mark.parametrize('method', ['PUT', 'POST', '*'])
def test_a_release_that_fails_fails_the_command(worked_on, method):
    write_files(worked_on.noether.desk / 'release' / 'ps2', second_version(worked_on))
    worked_on.proxy.answers(method, '.', 500, '{"detail": "it broke"}')
    refused(worked_on.noether.nbgrader('release_assignment', 'ps2'), '500')
    assert worked_on.assignments() == [ASSIGNMENT]


def test_a_student_can_release_nothing_and_is_told_so(worked_on):
    write_files(worked_on.ada.desk / 'release' / ASSIGNMENT, second_version(worked_on))
    write_files(worked_on.ada.desk / 'release' / 'ps2', second_version(worked_on))
    refused(worked_on.ada.nbgrader('release_assignment', ASSIGNMENT, '--force'), '403')
    refused(worked_on.ada.nbgrader('release_assignment', 'ps2'), '403')
    refused(worked_on.ada.nbgrader('list', '--remove', ASSIGNMENT), '403')
    assert worked_on.assignments() == [ASSIGNMENT]
    assert worked_on.released() == FIRST


def test_an_assignment_that_is_taken_back_is_out_no_more_and_all_work_is_there_when_it_comes_again(worked_on):
    outcome = worked_on.noether.nbgrader('list', '--remove', ASSIGNMENT).succeeds()
    outcome.says('Removing released assignments', f'{worked_on.course} {ASSIGNMENT}')
    assert worked_on.assignments() == []
    refused(worked_on.emil.nbgrader('fetch_assignment', ASSIGNMENT), ASSIGNMENT)
    worked_on.noether.nbgrader('release_assignment', ASSIGNMENT).succeeds()
    assert worked_on.released() == second_version(worked_on)
    expect_work_is_kept(worked_on)


def test_an_assignment_that_could_not_be_taken_back_is_not_reported_as_removed(worked_on):
    worked_on.proxy.answers('DELETE', '.', 500, '{"detail": "it broke"}')
    refused(worked_on.noether.nbgrader('list', '--remove', ASSIGNMENT), '500')
    assert worked_on.assignments() == [ASSIGNMENT]


def test_a_student_is_told_of_a_newer_release(worked_on):
    folder = worked_on.ada.desk / ASSIGNMENT
    before = files_under(folder)
    worked_on.noether.nbgrader('release_assignment', ASSIGNMENT, '--force').succeeds()
    worked_on.ada.nbgrader('list').succeeds().says('newer')
    assert files_under(folder) == before


def test_what_was_not_generated_is_not_released(a_class):
    write_files(a_class.noether.desk / 'source' / ASSIGNMENT, FIRST)
    refused(a_class.noether.nbgrader('release_assignment', ASSIGNMENT), 'nbgrader generate_assignment')
    refused(a_class.noether.nbgrader('release_assignment', 'ps7'), 'Assignment not found')
    assert a_class.assignments() == []
