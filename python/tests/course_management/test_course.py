"""Courses and their instructors."""

from course_management.office import COURSE, Office


def test_an_admin_creates_a_course_with_its_instructors(any_office: Office) -> None:
    outcome = any_office.manage('root', 'create_course', 'history', 'alice', 'bob')
    assert (outcome.status, outcome.said) == (0, 'Successfully created history\n')
    teachers = any_office.server().members('history', 'instructor')
    assert sorted(member.user for member in teachers) == ['alice', 'bob']


def test_a_course_that_exists_is_not_created_again(any_office: Office) -> None:
    outcome = any_office.manage('root', 'create_course', COURSE, 'bob')
    assert outcome.status == 255
    assert 'exists' in outcome.complained
    assert any_office.members('instructor') == ['iris']


def test_somebody_who_is_no_admin_cannot_create_a_course(any_office: Office) -> None:
    outcome = any_office.manage('iris', 'create_course', 'history')
    assert outcome.status == 255
    assert 'history' not in [course.course for course in any_office.server().courses()]


def test_an_instructor_is_added_without_names_too(any_office: Office) -> None:
    outcome = any_office.manage('root', 'add_instructor', COURSE, 'hertz')
    assert (outcome.status, outcome.said) == (0, f'Successfully added hertz as an instructor to {COURSE}\n')
    assert any_office.members('instructor') == ['hertz', 'iris']


def test_what_is_not_said_of_an_instructor_stays(any_office: Office) -> None:
    any_office.manage('root', 'add_instructor', COURSE, 'iris', '-f', 'Iris', '-l', 'Ngu', '-e', 'iris@example.edu')
    any_office.manage('root', 'add_instructor', COURSE, 'iris', '--last_name', 'Nguyen')
    assert any_office.details('iris') == ('Iris', 'Nguyen', 'iris@example.edu')


def test_an_instructor_is_removed(any_office: Office) -> None:
    any_office.manage('root', 'add_instructor', COURSE, 'hertz')
    outcome = any_office.manage('root', 'remove_instructor', COURSE, 'hertz')
    assert (outcome.status, outcome.said) == (0, f'Successfully deleted instructor hertz from {COURSE}\n')
    assert any_office.members('instructor') == ['iris']


def test_a_student_is_not_removed_as_an_instructor(any_office: Office) -> None:
    any_office.manage('iris', 'add_student', COURSE, 'alice', '--no-gb')
    outcome = any_office.manage('root', 'remove_instructor', COURSE, 'alice')
    assert outcome.status == 255
    assert 'Instructor not found' in outcome.complained
    assert any_office.members('student') == ['alice']


def test_upper_case_is_warned_of_but_taken(office: Office) -> None:
    outcome = office.manage('root', 'create_course', 'history', 'Alice')
    assert outcome.status == 0
    assert 'lower case: Alice' in outcome.complained
