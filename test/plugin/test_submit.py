"""What a student hands in is on the server, or the student is told that it is not."""

import itertools
import json
import shutil
from datetime import datetime, timedelta, timezone

import pytest
from classroom import ASSIGNMENT, files_under, notebook, refused

# In either API.
SUBMISSIONS = '/submission'


@pytest.fixture
def at_work(a_class):
    """ps1 is released; ada has fetched it and written an answer."""
    a_class.release()
    a_class.fetch(a_class.ada)
    (a_class.ada.desk / ASSIGNMENT / 'p1.ipynb').write_bytes(notebook('my answer'))
    return a_class


def expect_nothing_happened(a_class, before):
    """The folder is as it was, the server has nothing new, and the cache does not claim otherwise."""
    assert files_under(a_class.ada.desk / ASSIGNMENT) == before
    assert a_class.submissions() == []
    assert a_class.ada.cache == []


TROUBLES = {
    'the server has a fault': (500, '{"detail": "it broke"}', {}, ['500']),
    'the upload is too large for the proxy': (
        413,
        '<h1>Request Entity Too Large</h1>',
        {'Content-Type': 'text/html'},
        ['413'],
    ),
    'the token is wrong': (401, '{"status": 401, "code": "x", "detail": "Who are you?"}', {}, ['401']),
    'a login page answers': (302, '', {'Location': '/hub/login?next='}, ['log']),
    'something else answers': (200, '<html>Welcome!</html>', {'Content-Type': 'text/html'}, ['web page']),
    'the answer is JSON of something else': (200, '["hello"]', {}, []),
    'a field of the answer is missing': (201, '{}', {}, []),
}


@pytest.mark.parametrize('trouble', TROUBLES)
def test_a_failed_submission_fails_the_command(at_work, trouble):
    status, body, headers, texts = TROUBLES[trouble]
    before = files_under(at_work.ada.desk / ASSIGNMENT)
    at_work.proxy.answers('POST', SUBMISSIONS, status, body, headers)
    refused(at_work.ada.nbgrader('submit', ASSIGNMENT), at_work.proxy.origin, *texts)
    expect_nothing_happened(at_work, before)


def test_a_submission_to_a_server_that_is_down_fails_at_the_terminal_and_can_be_repeated(at_work):
    before = files_under(at_work.ada.desk / ASSIGNMENT)
    at_work.gives_up_at_once(at_work.ada)
    at_work.proxy.stop()
    refused(at_work.ada.run('nbgrader', 'submit', ASSIGNMENT), at_work.proxy.origin)
    expect_nothing_happened(at_work, before)
    at_work.proxy.start(at_work.proxy.port)
    timestamp = at_work.hand_in(at_work.ada)
    assert at_work.submitted(at_work.ada, timestamp) == before


def test_who_is_not_on_the_roster_cannot_submit(at_work):
    mallory = at_work.person('mallory')
    shutil.copytree(at_work.ada.desk / ASSIGNMENT, mallory.desk / ASSIGNMENT)
    refused(mallory.nbgrader('submit', ASSIGNMENT), '403')
    assert at_work.submissions() == []
    assert mallory.cache == []


def test_nothing_is_submitted_to_an_assignment_that_is_not_out(at_work):
    (at_work.ada.desk / ASSIGNMENT).rename(at_work.ada.desk / 'ps2')
    refused(at_work.ada.nbgrader('submit', 'ps2'), 'ps2')
    assert at_work.ada.cache == []


def test_a_submission_whose_answer_was_lost_is_repeated_and_stored_once(at_work):
    at_work.proxy.loses_the_answer('POST', SUBMISSIONS, times=3)
    timestamp = at_work.hand_in(at_work.ada)
    assert at_work.submissions() == [('ada', timestamp)]
    assert [path.name for path in at_work.ada.cache] == [f'ada+{ASSIGNMENT}+{timestamp}']


def test_a_submission_that_took_too_long_and_was_repeated_is_stored_once_when_both_arrive(at_work):
    at_work.ada.configures('c.Exchange.read_timeout = 1')
    at_work.proxy.waits('POST', SUBMISSIONS, 3, times=1)
    timestamp = at_work.hand_in(at_work.ada)
    at_work.proxy.finish()
    assert at_work.submissions() == [('ada', timestamp)]


def test_a_file_that_is_saved_anew_during_the_upload_is_never_half_submitted(at_work):
    """As notebooks are, now and then, on their own."""
    file = at_work.ada.desk / ASSIGNMENT / 'notes.txt'
    file.write_text(f'before, in {at_work.course}')
    at_work.proxy.before('POST', SUBMISSIONS, lambda: file.write_text(f'after, in {at_work.course}'))
    outcome = at_work.ada.nbgrader('submit', ASSIGNMENT).does_not_say('Traceback')
    if outcome.exit_code == 0:
        assert at_work.submitted(at_work.ada)['notes.txt'] == file.read_bytes()
        assert (at_work.ada.cache[0] / 'notes.txt').read_bytes() == file.read_bytes()
    else:
        outcome.says('notes.txt')
        assert at_work.submissions() == []


def test_an_upload_that_begins_before_the_deadline_is_not_late(at_work):
    at_work.proxy.waits('PUT', '/uploads/', 3)
    began = datetime.now(timezone.utc)
    timestamp = at_work.hand_in(at_work.ada, {'data.bin': b'of my own' * 1000})
    assert datetime.now(timezone.utc) - began > timedelta(seconds=3), 'the upload was not slow'
    received_at = datetime.fromisoformat(timestamp).replace(tzinfo=timezone.utc)
    assert received_at - began < timedelta(seconds=2)


def test_the_exit_code_tells_whether_the_server_has_it_even_when_the_cache_cannot_be_written(at_work):
    cache = at_work.ada.home / 'jupyter-data' / 'nbgrader_cache'
    cache.mkdir(parents=True, exist_ok=True)
    (cache / at_work.course).write_text('in the way')
    outcome = at_work.ada.nbgrader('submit', ASSIGNMENT)
    outcome.does_not_say('Traceback')
    assert (outcome.exit_code == 0) == bool(at_work.submissions())


def test_a_strict_submission_is_refused_when_the_released_notebooks_cannot_be_asked_for(at_work):
    at_work.proxy.answers('GET', 'assignment', 500, '{"detail": "it broke"}')
    refused(at_work.ada.nbgrader('submit', ASSIGNMENT, '--strict'), '500')
    assert at_work.submissions() == []


def test_a_strict_submission_without_a_notebook_is_refused_and_one_with_it_is_taken(at_work):
    notebook_path = at_work.ada.desk / ASSIGNMENT / 'p1.ipynb'
    content = notebook_path.read_bytes()
    notebook_path.unlink()
    refused(at_work.ada.nbgrader('submit', ASSIGNMENT, '--strict'), 'p1.ipynb: MISSING')
    assert at_work.submissions() == []
    at_work.ada.nbgrader('submit', ASSIGNMENT).succeeds().says('p1.ipynb: MISSING')
    notebook_path.write_bytes(content)
    at_work.ada.nbgrader('submit', ASSIGNMENT, '--strict').succeeds().does_not_say('EXTRA')
    assert len(at_work.submissions()) == 2


def test_an_instructor_submits_on_behalf_of_a_student_who_cannot_do_so_for_another(at_work):
    shutil.copytree(at_work.ada.desk / ASSIGNMENT, at_work.noether.desk / ASSIGNMENT)
    at_work.noether.nbgrader('submit', ASSIGNMENT, '--student', 'emil').succeeds().says('Submitted as')
    assert [student for student, _ in at_work.submissions()] == ['emil']
    refused(at_work.ada.nbgrader('submit', ASSIGNMENT, '--student', 'emil'))
    assert len(at_work.submissions()) == 1


def test_a_student_without_access_to_the_course_is_told_so(at_work):
    at_work.ada.configures(
        'from nbgrader.auth import BaseAuthPlugin',
        'class OtherCourses(BaseAuthPlugin):',
        "    def get_student_courses(self, student): return ['another-course']",
        'c.Authenticator.plugin_class = OtherCourses',
    )
    for command in 'submit', 'fetch_assignment':
        refused(at_work.ada.nbgrader(command, ASSIGNMENT), 'You do not have access to this course.')
    assert at_work.submissions() == []
    at_work.ada.nbgrader('list').succeeds().does_not_say(f'{at_work.course} {ASSIGNMENT}')


def test_a_submission_is_acknowledged_with_a_receipt(at_work):
    timestamp = at_work.hand_in(at_work.ada)
    receipts = [json.loads(path.read_text()) for path in at_work.ada.cache[0].rglob('*receipt*')]
    assert [(receipt['student'], receipt['receivedAt']) for receipt in receipts] == [('ada', timestamp)]
    assert receipts[0]['signature']


def test_submitting_again_keeps_every_earlier_submission(at_work):
    timestamps = [at_work.hand_in(at_work.ada, {'p1.ipynb': notebook(str(attempt))}) for attempt in range(3)]
    assert len(set(timestamps)) == 3
    for attempt, timestamp in enumerate(timestamps):
        assert at_work.submitted(at_work.ada, timestamp) == {'p1.ipynb': notebook(str(attempt))}


SIZE = 60_000


@pytest.mark.parametrize(
    'option',
    ['--max-file-bytes', '--max-tree-bytes', '--max-assignment-bytes', '--max-course-bytes', '--max-files'],
)
def test_what_is_too_much_for_the_server_is_refused_in_plain_words(option, start_server, a_class_at, tmp_path):
    limit = 3 if option == '--max-files' else SIZE
    a_class = a_class_at(start_server(options=[option, limit]))
    a_class.release()
    folder = a_class.fetch(a_class.ada)
    for number in itertools.islice(itertools.count(), 4):
        (folder / f'part{number}.bin').write_bytes(
            bytes([number]) * (SIZE // 3 if option != '--max-file-bytes' else 10)
        )
    if option == '--max-file-bytes':
        (folder / 'large.bin').write_bytes(b'x' * (SIZE + 1))
    before = files_under(folder)
    refused(a_class.ada.nbgrader('submit', ASSIGNMENT))
    expect_nothing_happened(a_class, before)


def test_an_interrupted_upload_submits_nothing_and_can_be_repeated(at_work):
    (at_work.ada.desk / ASSIGNMENT / 'own.bin').write_bytes(at_work.course.encode() * 1000)
    with at_work.interrupted(at_work.ada, 'submit', ASSIGNMENT, during=('PUT', '/uploads/')) as exit_code:
        assert exit_code != 0
    assert at_work.submissions() == []
    assert at_work.ada.cache == []
    at_work.hand_in(at_work.ada)
