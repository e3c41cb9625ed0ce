"""Lists are true and complete, take one request, and fail when they cannot be had."""

import json
import shutil

import pytest
from classroom import ASSIGNMENT, notebook, refused
from formgrader import assignments_on_page, open_page


@pytest.fixture
def handed_in(a_class):
    """ps1 and ps2 are out; ada has handed in ps1 twice, emil once."""
    a_class.release({'p1.ipynb': notebook('1'), 'data/p9.ipynb': notebook('9'), 'data/x.csv': b'1'})
    a_class.release({'p2.ipynb': notebook('2')}, 'ps2')
    for student, attempts in (a_class.ada, 2), (a_class.emil, 1):
        a_class.fetch(student)
        for attempt in range(attempts):
            a_class.hand_in(student, {'p1.ipynb': notebook(f'{student.name} {attempt}')})
    return a_class


def listed(person, *flags):
    return json.loads(person.nbgrader('list', '--json', *flags).succeeds().stdout)


def test_json_of_what_is_released_is_the_only_thing_on_stdout(handed_in):
    c = handed_in
    folder = str(c.ada.desk / ASSIGNMENT)
    first, second = listed(c.ada)
    assert {key: first[key] for key in ('course_id', 'assignment_id', 'status', 'path')} == {
        'course_id': c.course,
        'assignment_id': ASSIGNMENT,
        'status': 'fetched',
        'path': folder,
    }
    assert first['notebooks'] == [{'notebook_id': 'p1', 'path': f'{folder}/p1.ipynb'}]
    assert (second['assignment_id'], second['status']) == ('ps2', 'released')
    assert [notebook['notebook_id'] for notebook in second['notebooks']] == ['p2']
    assert isinstance(second['path'], str)


def test_json_of_submissions_tells_each_with_its_notebooks_and_feedback(handed_in):
    c = handed_in
    c.give_feedback(c.ada)
    groups = listed(c.noether, '--inbound')
    assert [(group['student_id'], group['assignment_id']) for group in groups] == [
        ('ada', ASSIGNMENT),
        ('emil', ASSIGNMENT),
    ]
    ada, emil = (group['submissions'] for group in groups)
    assert [(entry['student_id'], entry['timestamp']) for entry in ada + emil] == sorted(c.submissions())
    assert [entry['has_exchange_feedback'] for entry in ada + emil] == [False, True, False]
    for entry in ada + emil:
        assert [notebook['notebook_id'] for notebook in entry['notebooks']] == ['p1']
        assert entry['status'] == 'submitted'
        assert {'path', 'has_local_feedback', 'local_feedback_path', 'feedback_updated'} <= entry.keys()
    mine = listed(c.ada, '--cached')
    assert [entry['timestamp'] for entry in mine[0]['submissions']] == [entry['timestamp'] for entry in ada]
    assert [entry['has_exchange_feedback'] for entry in mine[0]['submissions']] == [False, True]


@pytest.mark.parametrize(
    'flags', [(), ('--cached',), ('--inbound',), ('--course', '*'), ('--inbound', '--course', '*')]
)
def test_a_list_is_one_request(handed_in, flags):
    for person in handed_in.noether, handed_in.ada:
        passed = handed_in.proxy.recorded(lambda person=person: person.nbgrader('list', *flags).succeeds())
        assert len(passed) <= 1, [request.path for request in passed]


def test_a_student_sees_their_own_submissions_on_the_server_and_nobody_elses(handed_in):
    c = handed_in
    for flags in [], ['--student', 'ada']:
        mine = c.ada.nbgrader('list', '--inbound', *flags).succeeds()
        for student, timestamp in c.submissions():
            line = f'{c.course} {student} {ASSIGNMENT} {timestamp} (no feedback available)'
            mine.says(line) if student == 'ada' else mine.does_not_say(timestamp)
    emils = c.ada.nbgrader('list', '--inbound', '--student', 'emil')
    emils.does_not_say(c.submissions()[-1][1])


def test_an_instructor_lists_the_submissions_of_one_student(handed_in):
    outcome = handed_in.noether.nbgrader('list', '--inbound', '--student', 'emil').succeeds()
    outcome.says(' emil ').does_not_say(' ada ')


def test_an_assignment_that_is_asked_for_by_name_is_listed_only_where_it_is(handed_in):
    c = handed_in
    elsewhere = f'{c.course}-b'
    c.v2(c.root, 'POST', '/courses', {'course': elsewhere, 'instructors': ['noether']})
    c.v2(c.noether, 'POST', f'/courses/{elsewhere}/members', {'members': [{'user': 'ada', 'role': 'student'}]})
    outcome = c.ada.nbgrader('list', 'ps2', '--course', '*').succeeds().says(f'{c.course} ps2')
    outcome.does_not_say(elsewhere)
    c.ada.nbgrader('list', 'ps99').succeeds().does_not_say('ps99\n')


@pytest.mark.parametrize('flags', [(), ('--inbound',), ('--cached',)])
def test_a_list_that_cannot_be_had_fails(handed_in, flags):
    c = handed_in
    c.proxy.answers('GET', '.', 500, '{"detail": "it broke"}')
    refused(c.noether.nbgrader('list', *flags), '500').does_not_say('{}')
    c.proxy.behaves()
    c.gives_up_at_once(c.ada)
    c.proxy.stop()
    refused(c.ada.nbgrader('list', *flags), c.proxy.origin)


def test_inbound_and_cached_exclude_each_other(a_class):
    refused(
        a_class.ada.nbgrader('list', '--inbound', '--cached'),
        'Options --inbound and --cached are incompatible.',
    )


def test_removing_from_the_cache_removes_only_there_and_submissions_on_the_server_cannot_be_removed(
    handed_in,
):
    c = handed_in
    before = c.submissions()
    c.noether.nbgrader('list', '--inbound', '--remove')
    assert c.submissions() == before
    c.ada.nbgrader('list', '--cached', '--remove').succeeds()
    assert c.ada.cache == []
    assert c.submissions() == before


def test_of_all_courses_the_one_with_the_assignment_is_found(a_class):
    c = a_class
    only_here = f'only-in-{c.course}'
    c.release({'p1.ipynb': notebook('1')}, only_here)
    everywhere = ['--course', '*']
    c.ada.nbgrader('list', *everywhere).succeeds().says(f'{c.course} {only_here}\n')
    c.ada.nbgrader('fetch_assignment', only_here, *everywhere).succeeds()
    c.ada.nbgrader('list', *everywhere).succeeds().says(f'{c.course} {only_here} (already downloaded)')
    c.ada.nbgrader('submit', only_here, *everywhere).succeeds().says(f'Submitted as: {c.course} {only_here}')
    assert [student for student, _ in c.submissions(only_here)] == ['ada']
    c.ada.nbgrader('fetch_feedback', only_here, *everywhere).succeeds()


def test_formgrader_sees_what_is_released_in_two_requests_and_that_the_server_is_down(handed_in):
    c = handed_in
    for name in ASSIGNMENT, 'ps2', 'ps3':
        (c.noether.desk / 'source' / name).mkdir(parents=True, exist_ok=True)
    shown = []
    passed = c.proxy.recorded(lambda: shown.append(assignments_on_page(c.noether)))
    assert shown == [{ASSIGNMENT: 'released', 'ps2': 'released', 'ps3': 'draft'}]
    assert len(passed) <= 2
    c.gives_up_at_once(c.noether)
    c.proxy.stop()
    assert open_page(c.noether).exchange_missing


def test_after_the_home_was_lost_a_student_still_sees_what_they_handed_in(handed_in):
    c = handed_in
    for copy in c.ada.cache:
        shutil.rmtree(copy)
    cached = c.ada.nbgrader('list', '--cached').succeeds()
    for student, timestamp in c.submissions():
        cached.says(timestamp) if student == 'ada' else cached.does_not_say(timestamp)
