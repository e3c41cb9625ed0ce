"""Submitting assignments."""

import socket
from pathlib import Path
from typing import ClassVar

import pytest

from ngshare_exchange.cache import SubmissionCache
from world import COURSE, Failed, Files, Person, World, content, notebook, put

RELEASED = {'p1.ipynb': notebook('task'), 'deep/p2.ipynb': notebook('task')}


@pytest.fixture(autouse=True)
def _released(iris: Person) -> None:
    iris.release(files=RELEASED)


def submissions(person: Person) -> list[tuple[str, str]]:
    """Who has submitted what, as the person is shown it."""
    return [(one.student, one.assignment) for one in person.server.submissions(COURSE)]


def test_a_submission_has_a_receipt_and_a_copy_in_the_cache(alice: Person) -> None:
    run = alice.submit(files={**RELEASED, '.ipynb_checkpoints/x.ipynb': '', 'feedback/old/p1.html': ''})
    [copy] = alice.copies()
    timestamp = copy.name.removeprefix('alice+ps1+')
    receipt = alice.receipt()
    assert f'Submitted as: {COURSE} ps1 {timestamp}' in run.lines
    assert f'Receipt: {receipt["id"]}' in run.lines
    assert set(content(copy)) == {*RELEASED, 'timestamp.txt', 'receipt.json'}
    assert (copy / 'timestamp.txt').read_text() == timestamp
    assert submissions(iris_of(alice)) == [('alice', 'ps1')]


def iris_of(person: Person) -> Person:
    return Person('iris', person.home.parent / 'iris', person.url)


def test_without_a_server_it_fails_loudly_and_nothing_is_in_the_cache(alice: Person) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(('127.0.0.1', 0))
        alice.url = f'http://127.0.0.1:{nobody_listens.getsockname()[1]}'
        alice.settings['Exchange'] = {'patience': 0.5}
        with pytest.raises(Failed, match='cannot be reached'):
            alice.submit(files=RELEASED)
    assert not alice.cache.exists()


def test_a_server_that_keeps_silent_is_given_up_in_time(alice: Person) -> None:
    with socket.create_server(('127.0.0.1', 0)) as silent:
        alice.url = f'http://127.0.0.1:{silent.getsockname()[1]}'
        alice.settings['Exchange'] = {'patience': 1, 'read_timeout': 1}
        with pytest.raises(Failed, match='did not answer in time'):
            alice.submit(files=RELEASED)


def test_an_assignment_that_is_not_there_is_not_submitted(alice: Person) -> None:
    put(alice.home / 'ps9', RELEASED)
    with pytest.raises(Failed, match=r'no such assignment.*HTTP 404'):
        alice.submit('ps9')


def test_who_mistypes_is_told_what_there_is(alice: Person) -> None:
    put(alice.home / 'ps1', RELEASED)
    with pytest.raises(Failed, match=r'Assignment not found at: .*/sp1\nDid you mean: ps1'):
        alice.submit('sp1')


def test_a_slash_at_the_end_does_no_harm(alice: Person) -> None:
    put(alice.home / 'ps1', RELEASED)
    assert f'Submitted as: {COURSE} ps1' in alice.submit('ps1/').text


class TestMissingNotebooks:
    FILES: ClassVar[Files] = {
        'p1.ipynb': notebook('solution'),
        'mine.ipynb': notebook(),
        '.ipynb_checkpoints/x.ipynb': '',
    }
    TABLE = 'Expected:\n\tdeep/p2.ipynb: MISSING\n\tp1.ipynb: FOUND\nSubmitted:\n\tmine.ipynb: EXTRA\n\tp1.ipynb: OK'

    def test_are_told_of(self, alice: Person) -> None:
        run = alice.submit(files=self.FILES)
        assert (
            'Possible missing notebooks and/or extra notebooks submitted for assignment ps1:\n' + self.TABLE
        ) in run.lines
        assert submissions(alice) == [('alice', 'ps1')]

    def test_are_not_submitted_where_the_course_is_strict(self, alice: Person) -> None:
        with pytest.raises(Failed) as failed:
            alice.submit(files=self.FILES, strict=True)
        assert 'Assignment ps1 not submitted. There are missing notebooks for the submission:\n' in str(failed.value)
        assert self.TABLE in str(failed.value)
        assert submissions(alice) == []

    def test_where_only_more_is_submitted_strictness_does_not_mind(self, alice: Person) -> None:
        alice.submit(files={**RELEASED, 'mine.ipynb': notebook()}, strict=True)
        assert submissions(alice) == [('alice', 'ps1')]


class TestForOthers:
    def test_instructors_can_submit_for_a_student(self, iris: Person, alice: Person) -> None:
        run = iris.submit(files=RELEASED, student_id='alice')
        assert submissions(alice) == [('alice', 'ps1')]
        assert iris.copies()[0].name.startswith('alice+ps1+')
        assert ' for alice' in run.text

    def test_students_cannot(self, alice: Person, bob: Person) -> None:
        with pytest.raises(Failed, match='HTTP 403'):
            alice.submit(files=RELEASED, student_id='bob')
        assert submissions(bob) == []

    def test_students_can_say_their_own_name(self, alice: Person) -> None:
        alice.submit(files=RELEASED, student_id='alice')
        assert submissions(alice) == [('alice', 'ps1')]

    def test_patterns_are_no_names(self, iris: Person) -> None:
        with pytest.raises(Failed, match=r"'ali\*' is a pattern, not a name"):
            iris.submit(files=RELEASED, student_id='ali*')


class TestCache:
    """When it is submitted, nothing that happens afterwards is a failure."""

    def test_one_that_cannot_be_written_is_a_warning(self, alice: Person) -> None:
        alice.cache.write_text('a file, where the cache should be')
        run = alice.submit(files=RELEASED)
        assert f'Submitted as: {COURSE} ps1' in run.text
        assert 'It is submitted, but the copy for the cache could not be written' in run.text

    def test_a_receipt_that_does_not_come_is_a_warning(self, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        from ngshare_exchange.server.interface import ServerError
        from ngshare_exchange.server.v2 import V2Server

        def refuse(*arguments: object) -> None:
            raise ServerError('The connection broke off')

        monkeypatch.setattr(V2Server, 'receipt', refuse)
        run = alice.submit(files=RELEASED)
        assert 'It is submitted, but the receipt could not be fetched: The connection broke off.' in run.lines
        assert 'receipt.json' not in content(alice.copies()[0])

    def test_the_students_own_files_do_not_pass_for_ours(self, alice: Person) -> None:
        alice.submit(files={**RELEASED, 'timestamp.txt': 'yesterday', 'receipt.json': '{}'})
        [copy] = alice.copies()
        assert (copy / 'timestamp.txt').read_text() == copy.name.removeprefix('alice+ps1+')
        assert 'signature' in alice.receipt() or 'id' in alice.receipt()

    def test_names_with_a_plus_are_read_back(self, tmp_path: Path) -> None:
        cache = SubmissionCache(tmp_path)
        cache.store('c', 'a+b+c@x', 'ps1', '2026-11-22 20:05:47.685030', [], None)
        [cached] = cache.submissions()
        assert (cached.course, cached.student, cached.assignment) == ('c', 'a+b+c@x', 'ps1')
        assert cached.timestamp == '2026-11-22 20:05:47.685030'


class TestWithoutACourse:
    @pytest.fixture(autouse=True)
    def _two_courses(self, world: World, iris: Person) -> None:
        world.create_course('physics', students=('alice',))
        iris.course = 'physics'
        iris.release()
        iris.course = COURSE

    def test_it_goes_to_the_course_that_the_folder_was_fetched_from(self, alice: Person) -> None:
        alice.course = 'physics'
        alice.fetch()
        alice.course = '*'
        assert 'Submitted as: physics ps1' in alice.submit().text

    def test_where_that_is_not_known_the_courses_are_named(self, alice: Person) -> None:
        alice.course = '*'
        with pytest.raises(Failed, match=rf"Several courses have an assignment 'ps1': {COURSE}, physics"):
            alice.submit(files=RELEASED)

    def test_a_folder_of_another_course_goes_with_a_warning(self, alice: Person) -> None:
        alice.fetch()
        alice.course = 'physics'
        run = alice.submit()
        assert f"This folder was fetched from the course '{COURSE}', and is now submitted to 'physics'" in run.text


def test_an_empty_folder_can_be_submitted_and_that_is_said(alice: Person) -> None:
    (alice.home / 'ps1').mkdir()
    run = alice.submit()
    assert 'There are no files to send' in run.text
    assert f'Submitted as: {COURSE} ps1' in run.text


def test_people_with_a_plus_in_their_name_submit_like_all(world: World, iris: Person) -> None:
    world.person('root').server.add_member(COURSE, 'ann+test@example.org')
    ann = world.person('ann+test@example.org')
    ann.submit(files=RELEASED)
    iris.collect()
    iris.grade()
    iris.release_feedback()
    ann.fetch_feedback()
    [submission] = ann.listed(cached=True).result[0]['submissions']
    assert submission['has_local_feedback']
    assert not submission['feedback_updated']
