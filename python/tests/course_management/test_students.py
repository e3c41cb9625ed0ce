"""Students, one by one: on the server and in the gradebook."""

import pytest

from course_management.office import COURSE, Office

NAMES = ('-f', 'Alice', '-l', 'Ngu', '-e', 'alice@example.edu')


def test_a_student_is_added_to_course_and_gradebook(any_office: Office) -> None:
    outcome = any_office.manage('iris', 'add_student', COURSE, 'alice', *NAMES)
    assert (outcome.status, outcome.said) == (0, f'Successfully added/updated alice on {COURSE}\n')
    assert any_office.details('alice') == ('Alice', 'Ngu', 'alice@example.edu')
    assert any_office.graded() == {'alice': ('Alice', 'Ngu', 'alice@example.edu')}


def test_what_is_not_said_stays_on_the_server_and_in_the_gradebook(any_office: Office) -> None:
    any_office.manage('iris', 'add_student', COURSE, 'alice', *NAMES)
    assert any_office.manage('iris', 'add_student', COURSE, 'alice', '--email', 'a@example.edu').status == 0
    assert any_office.details('alice') == ('Alice', 'Ngu', 'a@example.edu')
    assert any_office.graded() == {'alice': ('Alice', 'Ngu', 'a@example.edu')}


def test_with_no_gb_the_gradebook_is_left_alone(office: Office) -> None:
    office.manage('iris', 'add_student', COURSE, 'alice', '--no-gb')
    assert office.members('student') == ['alice']
    assert office.graded() == {}


def test_the_gradebook_of_another_course_is_left_alone(office: Office) -> None:
    outcome = office.manage('iris', 'add_student', COURSE, 'alice', course='history')
    assert outcome.status == 0
    assert f'that of history, and not of {COURSE}' in outcome.complained
    assert office.members('student') == ['alice']
    assert office.graded() == {}


def test_an_instructor_cannot_be_added_as_a_student(any_office: Office) -> None:
    outcome = any_office.manage('iris', 'add_student', COURSE, 'iris')
    assert outcome.status == 255
    assert any_office.members('instructor') == ['iris']
    assert any_office.graded() == {}


def test_a_student_cannot_change_the_roster(any_office: Office) -> None:
    any_office.manage('iris', 'add_student', COURSE, 'alice', '--no-gb')
    assert any_office.manage('alice', 'add_student', COURSE, 'friend').status == 255
    assert any_office.manage('alice', 'remove_students', COURSE, 'alice', '--no-gb').status == 255
    assert any_office.members('student') == ['alice']
    assert any_office.graded('alice') == {}


@pytest.mark.parametrize('name', ['-carol', 'carol; touch here', '$(touch here)', "o'neil", 'ümit'])
def test_any_name_is_a_name_and_nothing_else(office: Office, name: str) -> None:
    assert office.manage('iris', 'add_student', COURSE, '--', name).status == 0
    assert office.members('student') == list(office.graded()) == [name]
    assert office.manage('iris', 'remove_students', COURSE, '--', name).status == 0
    assert office.members('student') == list(office.graded()) == []
    assert not (office.desk('iris') / 'here').exists()


def test_students_are_removed_from_course_and_gradebook(any_office: Office) -> None:
    for student in ('alice', 'bob', 'carol'):
        any_office.manage('iris', 'add_student', COURSE, student)
    outcome = any_office.manage('iris', 'remove_students', COURSE, 'alice', 'carol')
    assert outcome.status == 0
    assert outcome.said.splitlines() == [
        f'Successfully deleted alice from {COURSE}',
        f'Successfully deleted carol from {COURSE}',
    ]
    assert any_office.members('student') == list(any_office.graded()) == ['bob']


def test_one_who_is_not_there_does_not_keep_the_others(any_office: Office) -> None:
    any_office.manage('iris', 'add_student', COURSE, 'bob')
    outcome = any_office.manage('iris', 'remove_students', COURSE, 'alice', 'bob')
    assert outcome.status == 255
    assert 'Student not found: alice' in outcome.complained
    assert any_office.members('student') == list(any_office.graded()) == []


def test_a_student_with_grades_is_removed_only_with_force(office: Office) -> None:
    office.manage('iris', 'add_student', COURSE, 'alice')
    with office.gradebook() as gradebook:
        gradebook.add_assignment('ps1')
        gradebook.add_submission('ps1', 'alice')
    outcome = office.manage('iris', 'remove_students', COURSE, 'alice')
    assert outcome.status == 255
    assert 'alice has grades' in outcome.complained
    assert office.members('student') == list(office.graded()) == ['alice']
    assert office.manage('iris', 'remove_students', COURSE, 'alice', '--force').status == 0
    assert office.members('student') == list(office.graded()) == []


def test_a_student_with_grades_is_removed_from_the_course_alone_with_no_gb(office: Office) -> None:
    office.manage('iris', 'add_student', COURSE, 'alice')
    assert office.manage('iris', 'remove_students', COURSE, 'alice', '--no-gb').status == 0
    assert office.members('student') == []
    assert list(office.graded()) == ['alice']


def test_a_gradebook_that_cannot_be_written_is_told_after_the_server_has_the_student(office: Office) -> None:
    (office.desk('iris') / 'gradebook.db').mkdir()
    outcome = office.manage('iris', 'add_student', COURSE, 'alice')
    assert outcome.status == 255
    assert 'On the server, but not in the gradebook' in outcome.complained
    assert office.members('student') == ['alice']
