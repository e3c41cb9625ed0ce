"""Collecting takes exactly what was asked for, and never loses what is there."""

import stat

import pytest
from classroom import ASSIGNMENT, files_under, notebook, refused
from gradebook import set_due_date


def answer(text):
    return {'p1.ipynb': notebook(text)}


def with_time(files, timestamp):
    return files | {'timestamp.txt': timestamp.encode()}


@pytest.fixture
def handed_in(a_class):
    """ada and emil have each handed in ps1 once; the moments are in `first`."""
    a_class.release()
    a_class.first = {}
    for student in a_class.ada, a_class.emil:
        a_class.fetch(student)
        a_class.first[student.name] = a_class.hand_in(student, answer(f'{student.name} 1'))
    return a_class


def collected(a_class, student):
    return files_under(a_class.noether.desk / 'submitted' / student / ASSIGNMENT)


def test_every_submission_is_collected_with_its_timestamp_and_again_only_what_is_newer(handed_in):
    c = handed_in
    c.noether.nbgrader('collect', ASSIGNMENT).succeeds().says('Processing 2 submissions')
    second = c.hand_in(c.ada, answer('ada 2'))
    c.noether.nbgrader('collect', ASSIGNMENT).succeeds().says('use --update to update')
    assert collected(c, 'ada') == with_time(answer('ada 1'), c.first['ada'])
    outcome = c.noether.nbgrader('collect', ASSIGNMENT, '--update').succeeds()
    outcome.says('Updating submission: ada', 'No newer submission to collect: emil')
    assert collected(c, 'ada') == with_time(answer('ada 2'), second)
    assert collected(c, 'emil') == with_time(answer('emil 1'), c.first['emil'])


def test_a_failed_download_leaves_the_earlier_copy_and_the_other_students_are_collected(handed_in):
    c = handed_in
    c.noether.nbgrader('collect', ASSIGNMENT).succeeds()
    c.hand_in(c.ada, answer('ada 2') | {'large.bin': b'x' * 100_000})
    second = c.hand_in(c.emil, answer('emil 2'))
    c.gives_up_at_once(c.noether)
    c.proxy.cuts_the_answer('GET', 'large.bin|/archive|/submission/.*/ada', 1000)
    refused(c.noether.nbgrader('collect', ASSIGNMENT, '--update'), 'ada')
    assert collected(c, 'ada') == with_time(answer('ada 1'), c.first['ada'])
    assert collected(c, 'emil') == with_time(answer('emil 2'), second)
    assert [path.name for path in (c.noether.desk / 'submitted' / 'ada').iterdir()] == [ASSIGNMENT]


def test_one_student_is_collected_alone(handed_in):
    handed_in.noether.nbgrader('collect', ASSIGNMENT, '--student', 'emil').succeeds()
    assert collected(handed_in, 'ada') == {}
    assert collected(handed_in, 'emil') == with_time(answer('emil 1'), handed_in.first['emil'])


def test_with_before_duedate_the_last_submission_in_time_is_collected(handed_in):
    c = handed_in
    # Between ada's first submission and her second, and before emil's first.
    due = c.first['ada']
    c.hand_in(c.ada, answer('ada, too late'))
    set_due_date(c.noether.desk, ASSIGNMENT, due)
    c.noether.nbgrader('collect', ASSIGNMENT, '--before-duedate').succeeds()
    assert collected(c, 'ada') == with_time(answer('ada 1'), c.first['ada'])
    late = c.noether.nbgrader('collect', ASSIGNMENT, '--update').succeeds()
    late.says('Updating submission: ada')
    assert collected(c, 'ada')['p1.ipynb'] == notebook('ada, too late')


def test_what_arrives_while_collecting_is_not_mistaken_for_what_was_decided_on(handed_in):
    c = handed_in

    def ada_submits_again():
        c.submit_directly(c.ada, answer('ada 2'))

    c.proxy.before('GET', '/manifest|/archive|/submission/', ada_submits_again)
    c.noether.nbgrader('collect', ASSIGNMENT).succeeds()
    assert len(c.submissions()) == 3
    assert collected(c, 'ada') == with_time(answer('ada 1'), c.first['ada'])


def test_a_group_that_shares_the_course_can_change_what_was_collected(handed_in):
    handed_in.noether.configures('c.CourseDirectory.groupshared = True')
    handed_in.noether.nbgrader('collect', ASSIGNMENT).succeeds()
    folder = handed_in.noether.desk / 'submitted' / 'ada' / ASSIGNMENT
    assert stat.S_IMODE(folder.stat().st_mode) & 0o2770 == 0o2770
    assert stat.S_IMODE((folder / 'p1.ipynb').stat().st_mode) & 0o660 == 0o660


def test_a_student_who_left_the_course_is_still_collected(handed_in):
    c = handed_in
    c.v2(c.noether, 'DELETE', f'/courses/{c.course}/members/emil')
    c.noether.nbgrader('collect', ASSIGNMENT).succeeds()
    assert collected(c, 'emil') == with_time(answer('emil 1'), c.first['emil'])


def test_a_student_cannot_collect(handed_in):
    outcome = handed_in.ada.nbgrader('collect', ASSIGNMENT)
    assert not (handed_in.ada.desk / 'submitted' / 'emil').exists()
    refused(outcome)


def test_without_submissions_there_is_nothing_to_collect(a_class):
    a_class.release()
    a_class.noether.nbgrader('collect', ASSIGNMENT).succeeds().does_not_say('Traceback')


def test_collecting_from_a_server_that_is_down_fails(handed_in):
    handed_in.gives_up_at_once(handed_in.noether)
    handed_in.proxy.stop()
    refused(handed_in.noether.nbgrader('collect', ASSIGNMENT), handed_in.proxy.origin)


def test_students_are_collected_by_a_pattern(handed_in):
    handed_in.noether.nbgrader('collect', ASSIGNMENT, '--student', 'e*').succeeds()
    assert collected(handed_in, 'ada') == {}
    assert collected(handed_in, 'emil') == with_time(answer('emil 1'), handed_in.first['emil'])
