"""Lists: what nbgrader's commands and tabs are shown."""

import json
from typing import Any, ClassVar

import pytest
import requests
from nbgrader.auth import NoAuthPlugin

from world import COURSE, Failed, Person, World, notebook, put

RELEASED = {'p1.ipynb': notebook('task'), 'deep/p2.ipynb': notebook('task'), 'data.csv': ''}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests that were made."""
    asked: list[str] = []
    send = requests.Session.send

    def record(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        asked.append(f'{request.method} {request.url}')
        return send(session, request, **options)

    monkeypatch.setattr(requests.Session, 'send', record)
    return asked


class OnlySome(NoAuthPlugin):
    courses: ClassVar[list[str]] = []

    def get_student_courses(self, student_id: str) -> list[str]:
        return self.courses


def graded(iris: Person, text: str = 'well done') -> None:
    iris.collect(update=True)
    iris.grade(text=text)
    iris.release_feedback()


class TestReleased:
    def test_what_is_released_has_its_notebooks_of_the_top(self, iris: Person, alice: Person) -> None:
        iris.release(files=RELEASED)
        run = alice.listed()
        assert run.lines == ['Released assignments:', f'{COURSE} ps1']
        assert run.result == [
            {
                'course_id': COURSE,
                'assignment_id': 'ps1',
                'status': 'released',
                'path': '',
                'notebooks': [{'notebook_id': 'p1', 'path': ''}],
            }
        ]

    def test_what_is_fetched_has_its_folder(self, iris: Person, alice: Person) -> None:
        iris.release(files=RELEASED)
        alice.fetch()
        put(alice.home / 'ps1', {'mine.ipynb': notebook()})
        folder = alice.home / 'ps1'
        run = alice.listed()
        assert run.lines[1:] == [f'{COURSE} ps1 (already downloaded)']
        assert run.result == [
            {
                'course_id': COURSE,
                'assignment_id': 'ps1',
                'status': 'fetched',
                'path': str(folder),
                'notebooks': [
                    {'notebook_id': 'mine', 'path': str(folder / 'mine.ipynb')},
                    {'notebook_id': 'p1', 'path': str(folder / 'p1.ipynb')},
                ],
            }
        ]

    def test_it_is_one_request_even_for_all_courses(
        self, world: World, iris: Person, alice: Person, asked: list[str]
    ) -> None:
        world.create_course('physics', students=('alice',))
        for course in (COURSE, 'physics'):
            iris.course = course
            for assignment in ('ps2', 'ps1'):
                iris.release(assignment, files=RELEASED)
        for course in ('*', ''):
            asked.clear()
            alice.course = course
            listed = [(one['course_id'], one['assignment_id']) for one in alice.listed().result]
            assert listed == [(COURSE, 'ps1'), (COURSE, 'ps2'), ('physics', 'ps1'), ('physics', 'ps2')]
            assert len(asked) == 1

    def test_one_assignment_can_be_listed_and_is_only_listed_where_it_is(
        self, world: World, iris: Person, alice: Person
    ) -> None:
        world.create_course('physics', students=('alice',))
        iris.release('ps1', files=RELEASED)
        iris.release('ps2', files=RELEASED)
        alice.course = '*'
        assert [one['course_id'] for one in alice.listed('ps1').result] == [COURSE]
        assert [one['assignment_id'] for one in alice.listed('ps[2-9]').result] == ['ps2']
        assert alice.listed('ps9').result == []

    def test_the_list_can_be_written_as_json(
        self, iris: Person, alice: Person, capsys: pytest.CaptureFixture[str]
    ) -> None:
        iris.release(files=RELEASED)
        run = alice.listed(as_json=True)
        assert json.loads(capsys.readouterr().out) == run.result
        alice.listed()
        assert capsys.readouterr().out == ''

    def test_a_course_that_is_not_there_is_a_failure_and_no_empty_list(self, alice: Person) -> None:
        alice.course = 'math102'
        with pytest.raises(Failed, match=r'no such course.*HTTP 404'):
            alice.listed()

    def test_a_server_that_is_not_there_is_a_failure_and_no_empty_list(self, alice: Person) -> None:
        alice.url = 'http://127.0.0.1:9/api'
        alice.settings['Exchange'] = {'patience': 0.5}
        for flag in ('as_json', 'cached', 'inbound'):
            with pytest.raises(Failed, match='cannot be reached'):
                alice.run('List', '', **{flag: True})

    def test_flags_that_contradict_each_other_are_refused(self, alice: Person) -> None:
        with pytest.raises(Failed, match='Options --inbound and --cached are incompatible'):
            alice.listed(inbound=True, cached=True)


class TestRemove:
    def test_taking_an_assignment_back_leaves_submissions_and_feedback_alone(self, iris: Person, alice: Person) -> None:
        iris.release(files=RELEASED)
        alice.submit(files=RELEASED)
        graded(iris)
        run = iris.listed('ps1', remove=True)
        assert run.lines == ['Removing released assignments:', f'{COURSE} ps1']
        assert [one['status'] for one in run.result] == ['removed']
        assert alice.listed().result == []
        iris.release()
        [submissions] = iris.listed(inbound=True).result
        assert submissions['submissions'][0]['has_exchange_feedback']

    def test_students_cannot(self, iris: Person, alice: Person) -> None:
        iris.release(files=RELEASED)
        with pytest.raises(Failed, match=rf'Not removed:\n{COURSE} ps1: .*Only instructors.*HTTP 403'):
            alice.listed('ps1', remove=True)
        assert alice.listed().result != []

    def test_submissions_cannot_be_removed_from_the_server_and_that_is_said(self, iris: Person) -> None:
        with pytest.raises(Failed, match='Submissions stay on the server'):
            iris.listed(inbound=True, remove=True)

    def test_copies_in_the_cache_can_be_removed(self, iris: Person, alice: Person) -> None:
        for assignment in ('ps1', 'ps2'):
            iris.release(assignment, files=RELEASED)
            alice.submit(assignment, files=RELEASED)
        run = alice.listed('ps1', cached=True, remove=True)
        assert run.lines[0] == 'Removing submitted assignments:'
        [entry] = run.result
        [submission] = entry['submissions']
        assert (entry['status'], submission['status']) == ('removed', 'removed')
        assert set(submission) == {
            'course_id', 'student_id', 'assignment_id', 'timestamp', 'status', 'path', 'notebooks'
        }  # fmt: skip
        assert [copy.name.split('+')[1] for copy in alice.copies()] == ['ps2']


class TestSubmitted:
    @pytest.fixture(autouse=True)
    def _submitted(self, iris: Person, alice: Person) -> None:
        iris.release(files=RELEASED)
        alice.submit(files={**RELEASED, 'mine.ipynb': notebook()})

    def test_a_submission_is_described_to_the_letter(self, alice: Person) -> None:
        [copy] = alice.copies()
        timestamp = copy.name.split('+')[2]
        run = alice.listed(cached=True)
        assert run.lines == ['Submitted assignments:', f'{COURSE} alice ps1 {timestamp} (no feedback available)']
        assert run.result == [
            {
                'course_id': COURSE,
                'student_id': 'alice',
                'assignment_id': 'ps1',
                'status': 'submitted',
                'submissions': [
                    {
                        'course_id': COURSE,
                        'student_id': 'alice',
                        'assignment_id': 'ps1',
                        'timestamp': timestamp,
                        'status': 'submitted',
                        'path': str(copy),
                        'notebooks': [
                            {
                                'notebook_id': name,
                                'path': str(copy / f'{name}.ipynb'),
                                'has_local_feedback': False,
                                'has_exchange_feedback': False,
                                'local_feedback_path': None,
                                'feedback_updated': False,
                            }
                            for name in ('mine', 'p1')
                        ],
                        'has_local_feedback': False,
                        'has_exchange_feedback': False,
                        'local_feedback_path': None,
                        'feedback_updated': False,
                    }
                ],
            }
        ]

    def test_feedback_is_ready_then_fetched_then_updated(self, iris: Person, alice: Person) -> None:
        def state() -> tuple[Any, ...]:
            run = alice.listed(cached=True)
            [submission] = run.result[0]['submissions']
            flags = ('has_local_feedback', 'has_exchange_feedback', 'feedback_updated')
            return *(submission[flag] for flag in flags), run.text[run.text.rindex('(') :]

        assert state() == (False, False, False, '(no feedback available)')
        graded(iris)
        (iris.home / 'feedback' / 'alice' / 'ps1' / 'mine.html').unlink()
        iris.release_feedback()
        assert state() == (False, True, False, '(feedback ready to be fetched)')
        alice.fetch_feedback()
        assert state() == (True, True, False, '(feedback already fetched)')
        graded(iris, 'even better')
        assert state() == (True, True, True, '(feedback ready to be fetched)')
        alice.fetch_feedback()
        assert state() == (True, True, False, '(feedback already fetched)')

    def test_where_the_feedback_is_says_an_absolute_path(self, iris: Person, alice: Person) -> None:
        graded(iris)
        alice.fetch_feedback()
        [submission] = alice.listed(cached=True).result[0]['submissions']
        folder = alice.home / 'ps1' / 'feedback' / submission['timestamp']
        assert submission['local_feedback_path'] == str(folder)
        assert {one['local_feedback_path'] for one in submission['notebooks']} == {
            str(folder / 'mine.html'), str(folder / 'p1.html')
        }  # fmt: skip

    def test_several_submissions_are_grouped_and_in_order(self, iris: Person, alice: Person, bob: Person) -> None:
        alice.submit()
        bob.submit(files=RELEASED)
        result = iris.listed(inbound=True).result
        assert [(one['student_id'], len(one['submissions'])) for one in result] == [('alice', 2), ('bob', 1)]
        timestamps = [one['timestamp'] for one in result[0]['submissions']]
        assert timestamps == sorted(timestamps)

    def test_every_list_is_one_request(self, iris: Person, alice: Person, bob: Person, asked: list[str]) -> None:
        bob.submit(files=RELEASED)
        alice.submit()
        graded(iris)
        for person, flag in ((iris, 'inbound'), (alice, 'inbound'), (alice, 'cached')):
            asked.clear()
            assert person.run('List', '', **{flag: True}).result
            assert len(asked) == 1

    def test_another_authenticator_has_a_say_in_which_courses_are_listed(self, world: World) -> None:
        for courses, expected in ((['physics'], 0), ([COURSE], 1)):
            OnlySome.courses = courses
            alice = world.person('alice', Authenticator={'plugin_class': OnlySome})
            assert len(alice.listed().result) == expected
            assert len(alice.listed(cached=True).result) == expected

    def test_students_see_their_own_and_nobody_elses(self, alice: Person, bob: Person) -> None:
        bob.submit(files=RELEASED)
        assert [one['student_id'] for one in alice.listed(inbound=True).result] == ['alice']

    def test_instructors_can_ask_for_some_students(self, iris: Person, bob: Person) -> None:
        bob.submit(files=RELEASED)
        for pattern, expected in (('bob', ['bob']), ('b*', ['bob']), ('*', ['alice', 'bob']), ('carol', [])):
            result = iris.listed(inbound=True, student_id=pattern).result
            assert [one['student_id'] for one in result] == expected

    def test_what_was_submitted_elsewhere_is_listed_without_a_copy(self, world: World, alice: Person) -> None:
        elsewhere = Person('alice', world.folder / 'elsewhere', alice.url)
        elsewhere.home.mkdir()
        [submission] = elsewhere.listed(cached=True).result[0]['submissions']
        assert submission['path'] == ''
        assert [one['notebook_id'] for one in submission['notebooks']] == ['mine', 'p1']

    def test_copies_that_earlier_plugins_made_are_found_again(self, iris: Person, alice: Person) -> None:
        [copy] = alice.copies()
        copy.rename(copy.with_name(f'{copy.name} UTC'))
        graded(iris)
        alice.fetch_feedback()
        [submission] = alice.listed(cached=True).result[0]['submissions']
        assert submission['timestamp'].endswith(' UTC')
        assert submission['has_local_feedback']
