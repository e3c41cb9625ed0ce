"""Feedback reaches the student it is for, each time, from everywhere."""

import shutil

import pytest
from classroom import ASSIGNMENT, files_under, refused, write_files


@pytest.fixture
def handed_in(a_class):
    a_class.release()
    a_class.timestamps = {}
    for student in a_class.ada, a_class.emil:
        a_class.fetch(student)
        a_class.timestamps[student.name] = a_class.hand_in(student)
    return a_class


def fetched(student, timestamp, desk=None):
    return files_under((desk or student.desk) / ASSIGNMENT / 'feedback' / timestamp)


def test_feedback_is_released_listed_and_fetched_and_again_when_it_has_changed(handed_in):
    c = handed_in
    timestamp = c.timestamps['ada']
    line = f'{c.course} ada {ASSIGNMENT} {timestamp} '
    c.ada.nbgrader('list', '--cached').succeeds().says(line + '(no feedback available)')
    for page in b'<p>Good</p>', b'<p>Better</p>':
        c.give_feedback(c.ada, c.emil, page=page)
        c.ada.nbgrader('list', '--cached').succeeds().says(line + '(feedback ready to be fetched)')
        c.ada.nbgrader('fetch_feedback', ASSIGNMENT).succeeds()
        assert fetched(c.ada, timestamp) == {'p1.html': page}
        c.ada.nbgrader('list', '--cached').succeeds().says(line + '(feedback already fetched)')


def test_a_submission_that_the_server_does_not_know_does_not_keep_the_others_from_their_feedback(handed_in):
    c = handed_in
    older = f'ada+{ASSIGNMENT}+2020-01-01 00:00:00.000000'
    shutil.copytree(c.ada.cache[0], c.ada.cache[0].parent / older)
    (c.ada.cache[0].parent / older / 'timestamp.txt').write_text('2020-01-01 00:00:00.000000')
    c.give_feedback(c.ada)
    c.ada.nbgrader('fetch_feedback', ASSIGNMENT).succeeds()
    assert fetched(c.ada, c.timestamps['ada']) == {'p1.html': b'<p>Good</p>'}


def test_feedback_is_found_without_the_cache(handed_in):
    c = handed_in
    c.give_feedback(c.ada)
    shutil.rmtree(c.ada.cache[0].parent)
    desk = c.ada.new_desk('another')
    c.ada.nbgrader('fetch_feedback', ASSIGNMENT, at=desk).succeeds()
    assert fetched(c.ada, c.timestamps['ada'], desk) == {'p1.html': b'<p>Good</p>'}


def test_what_was_fetched_already_does_not_travel_again(handed_in):
    c = handed_in
    c.give_feedback(c.ada, page=b'<p>Good</p>' * 10_000)
    c.ada.nbgrader('fetch_feedback', ASSIGNMENT).succeeds()
    passed = c.proxy.recorded(lambda: c.ada.nbgrader('fetch_feedback', ASSIGNMENT).succeeds())
    assert sum(request.answer_bytes for request in passed) < 10_000


def test_feedback_that_has_not_changed_is_not_sent_again(handed_in):
    c = handed_in
    c.give_feedback(c.ada, page=b'<p>Good</p>' * 10_000)
    passed = c.proxy.recorded(lambda: c.noether.nbgrader('release_feedback', ASSIGNMENT).succeeds())
    assert [request.method for request in passed if request.method == 'PUT'] == []
    assert sum(request.body_bytes for request in passed) < 10_000


def test_one_student_whose_feedback_cannot_be_released_does_not_keep_it_from_the_others(handed_in):
    c = handed_in
    c.noether.nbgrader('collect', ASSIGNMENT).succeeds()
    for student in 'ada', 'emil', 'zoe':
        folder = c.noether.desk / 'feedback' / student / ASSIGNMENT
        write_files(folder, {'p1.html': student.encode(), 'timestamp.txt': c.timestamps.get(student, '').encode()})
    # Of ada the moment is lost; zoe never handed in anything.
    (c.noether.desk / 'feedback' / 'ada' / ASSIGNMENT / 'timestamp.txt').unlink()
    refused(c.noether.nbgrader('release_feedback', ASSIGNMENT), 'ada', 'zoe')
    assert c.feedback(c.emil, c.timestamps['emil']) == {'p1.html': b'emil'}


def test_a_failed_upload_of_feedback_fails_the_command_and_the_others_get_theirs(handed_in):
    c = handed_in
    c.noether.nbgrader('collect', ASSIGNMENT).succeeds()
    for student, timestamp in c.timestamps.items():
        folder = c.noether.desk / 'feedback' / student / ASSIGNMENT
        write_files(folder, {'p1.html': student.encode(), 'timestamp.txt': timestamp.encode()})
    c.proxy.answers('PUT', '/feedback', 400, '{"status": 400, "detail": "not this one"}', times=1)
    refused(c.noether.nbgrader('release_feedback', ASSIGNMENT), 'ada')
    assert c.feedback(c.ada, c.timestamps['ada']) == {}
    assert c.feedback(c.emil, c.timestamps['emil']) == {'p1.html': b'emil'}


def test_released_feedback_is_logged_with_its_student_notebook_and_time(handed_in):
    c = handed_in
    timestamp = c.timestamps['ada']
    outcome = c.give_feedback(c.ada)
    outcome.says(f"Releasing feedback for student 'ada' on assignment '{c.course}/{ASSIGNMENT}/p1' ({timestamp})")


def test_a_student_gets_no_feedback_of_others(handed_in):
    c = handed_in
    c.give_feedback(c.emil)
    c.ada.nbgrader('fetch_feedback', ASSIGNMENT)
    assert not (c.ada.desk / ASSIGNMENT / 'feedback').exists()


@pytest.mark.parametrize('command', ['fetch_feedback', 'release_feedback'])
def test_feedback_to_and_from_a_server_that_is_down_fails(handed_in, command):
    handed_in.give_feedback(handed_in.ada)
    handed_in.gives_up_at_once(handed_in.ada, handed_in.noether)
    handed_in.proxy.stop()
    person = handed_in.ada if command == 'fetch_feedback' else handed_in.noether
    refused(person.nbgrader(command, ASSIGNMENT), handed_in.proxy.origin)


def test_a_student_cannot_release_feedback(handed_in):
    c = handed_in
    folder = c.ada.desk / 'feedback' / 'ada' / ASSIGNMENT
    write_files(folder, {'p1.html': b'A+', 'timestamp.txt': c.timestamps['ada'].encode()})
    refused(c.ada.nbgrader('release_feedback', ASSIGNMENT), '403')
    assert c.feedback(c.ada, c.timestamps['ada']) == {}


def test_feedback_finds_its_submission_by_the_time_that_nbgrader_itself_writes(handed_in):
    c = handed_in
    folder = c.noether.desk / 'feedback' / 'ada' / ASSIGNMENT
    write_files(folder, {'p1.html': b'A', 'timestamp.txt': f'{c.timestamps["ada"]} UTC'.encode()})
    c.noether.nbgrader('release_feedback', ASSIGNMENT).succeeds()
    assert c.feedback(c.ada, c.timestamps['ada']) == {'p1.html': b'A'}


def test_who_is_excluded_gets_no_feedback(handed_in):
    c = handed_in
    c.noether.configures("c.CourseDirectory.student_id_exclude = 'emil'")
    c.give_feedback(c.ada, c.emil)
    assert c.feedback(c.ada, c.timestamps['ada']) == {'p1.html': b'<p>Good</p>'}
    assert c.feedback(c.emil, c.timestamps['emil']) == {}
