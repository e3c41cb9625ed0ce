"""Collecting submissions."""

import os
import stat
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from ngshare_exchange.downloads import Download
from ngshare_exchange.server.interface import File, ServerError
from ngshare_exchange.server.v2 import V2Server
from world import COURSE, Failed, Person, World, content, notebook, put

RELEASED = {'p1.ipynb': notebook('task'), 'data.csv': 'x' * 10_000}


@pytest.fixture(autouse=True)
def _released(iris: Person) -> None:
    iris.release(files=RELEASED)


@pytest.fixture
def travelled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that came over the network."""
    travelled: list[str] = []
    opened = Download.open

    def record(sink: Download, file: File) -> Any:
        travelled.append(file.path)
        return opened(sink, file)

    monkeypatch.setattr(Download, 'open', record)
    return travelled


def folder(iris: Person, student: str = 'alice') -> Path:
    return iris.home / 'submitted' / student / 'ps1'


def answer(person: Person, text: str) -> None:
    person.submit(files={**RELEASED, 'answer.txt': text})


def collected(iris: Person, student: str = 'alice') -> str:
    return content(folder(iris, student))['answer.txt']


def timestamps(person: Person) -> list[str]:
    return [copy.name.rsplit('+', 1)[1] for copy in person.copies()]


def test_the_last_submission_of_everybody_is_collected(iris: Person, alice: Person, bob: Person) -> None:
    answer(alice, 'first')
    answer(alice, 'second')
    answer(bob, 'his')
    run = iris.collect()
    assert f"Processing 2 submissions of 'ps1' for course '{COURSE}'" in run.lines
    assert (collected(iris), collected(iris, 'bob')) == ('second', 'his')
    assert (folder(iris) / 'timestamp.txt').read_text() == timestamps(alice)[1]


def test_what_is_collected_stays_until_an_update_is_wanted(iris: Person, alice: Person) -> None:
    answer(alice, 'first')
    iris.collect()
    answer(alice, 'second')
    assert 'Submission already exists, use --update to update: alice ps1' in iris.collect().lines
    assert collected(iris) == 'first'
    assert 'Updating submission: alice ps1' in iris.collect(update=True).lines
    assert collected(iris) == 'second'


def test_collecting_again_transfers_nothing(iris: Person, alice: Person, travelled: list[str]) -> None:
    answer(alice, 'first')
    iris.collect()
    travelled.clear()
    assert 'No newer submission to collect: alice ps1' in iris.collect(update=True).lines
    assert travelled == []


def test_an_update_transfers_only_what_has_changed(iris: Person, alice: Person, travelled: list[str]) -> None:
    answer(alice, 'first')
    iris.collect()
    answer(alice, 'second')
    travelled.clear()
    iris.collect(update=True)
    assert travelled == ['answer.txt']
    assert set(content(folder(iris))) == {*RELEASED, 'answer.txt', 'timestamp.txt'}


def test_files_that_the_student_took_away_are_gone(iris: Person, alice: Person) -> None:
    answer(alice, 'first')
    iris.collect()
    (alice.home / 'ps1' / 'answer.txt').unlink()
    alice.submit()
    iris.collect(update=True)
    assert 'answer.txt' not in content(folder(iris))


def test_only_the_students_who_are_meant_are_collected(iris: Person, alice: Person, bob: Person) -> None:
    answer(alice, 'hers')
    answer(bob, 'his')
    iris.collect(student_id='bob')
    assert not folder(iris).exists()
    iris.collect(student_id='al*')
    assert (collected(iris), collected(iris, 'bob')) == ('hers', 'his')


class TestBeforeTheDueDate:
    @pytest.fixture(autouse=True)
    def _alembic(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The gradebook runs it."""
        monkeypatch.setenv('PATH', f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}')

    def due(self, iris: Person, at: datetime | None) -> None:
        url = f'sqlite:///{iris.home}/gradebook.db'
        naive = None if at is None else at.replace(tzinfo=None)
        with Gradebook(url, COURSE) as gradebook:
            gradebook.update_or_create_assignment('ps1', duedate=naive)  # type: ignore[arg-type]

    def at(self, timestamp: str) -> datetime:
        return datetime.fromisoformat(timestamp).replace(tzinfo=timezone.utc)

    def test_the_last_one_that_was_in_time_is_collected(self, iris: Person, alice: Person, bob: Person) -> None:
        answer(alice, 'first')
        answer(alice, 'in time')
        due = self.at(timestamps(alice)[-1])
        self.due(iris, due)
        answer(alice, 'late')
        answer(bob, 'late')
        answer(bob, 'later')
        iris.collect(before_duedate=True)
        assert (collected(iris), collected(iris, 'bob')) == ('in time', 'later')

    def test_a_late_one_that_was_collected_is_replaced_by_the_one_in_time(self, iris: Person, alice: Person) -> None:
        answer(alice, 'in time')
        self.due(iris, self.at(timestamps(alice)[0]) + timedelta(microseconds=1))
        answer(alice, 'late')
        iris.collect()
        assert collected(iris) == 'late'
        iris.collect(before_duedate=True)
        assert collected(iris) == 'in time'

    def test_where_nothing_is_due_the_last_one_is_collected(self, iris: Person, alice: Person) -> None:
        answer(alice, 'first')
        answer(alice, 'second')
        iris.collect(before_duedate=True)
        assert collected(iris) == 'second'
        self.due(iris, None)
        iris.collect(before_duedate=True)
        assert collected(iris) == 'second'


class TestFailures:
    def fail_for(self, student: str, monkeypatch: pytest.MonkeyPatch) -> None:
        download = V2Server.download_submission

        def fail(server: V2Server, submission: Any, sink: Any) -> Any:
            if submission.student == student:
                with sink.open(File('half.txt', 2, '')) as file:
                    file.write(b'x')
                    raise ServerError('The connection broke off')
            return download(server, submission, sink)

        monkeypatch.setattr(V2Server, 'download_submission', fail)

    def test_of_one_student_do_not_keep_the_others_and_are_summed_up(
        self, iris: Person, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer(alice, 'hers')
        answer(bob, 'his')
        self.fail_for('alice', monkeypatch)
        with pytest.raises(Failed) as failed:
            iris.collect()
        assert 'Could not collect the submission of alice: The connection broke off.' in str(failed.value)
        assert f"1 of 2 submissions of 'ps1' for course '{COURSE}' could not be collected: alice." in str(failed.value)
        assert collected(iris, 'bob') == 'his'
        assert not folder(iris).exists()

    def test_leave_what_was_collected_before(
        self, iris: Person, alice: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer(alice, 'first')
        iris.collect()
        before = content(folder(iris))
        answer(alice, 'second')
        self.fail_for('alice', monkeypatch)
        with pytest.raises(Failed):
            iris.collect(update=True)
        assert content(folder(iris)) == before
        assert [one.name for one in folder(iris).parent.iterdir()] == ['ps1']

    def test_an_unreadable_timestamp_is_told_and_replaced_by_an_update(self, iris: Person, alice: Person) -> None:
        answer(alice, 'first')
        iris.collect()
        (folder(iris) / 'timestamp.txt').write_text('yesterday')
        run = iris.collect(update=True)
        assert 'No timestamp can be read in' in run.text
        assert 'Updating submission: alice ps1' in run.lines


def test_where_nobody_has_submitted_that_is_a_warning(iris: Person) -> None:
    assert iris.collect().lines == [f"No submissions of 'ps1' for course '{COURSE}' to collect"]


def test_students_cannot_collect_not_even_their_own(alice: Person) -> None:
    answer(alice, 'mine')
    with pytest.raises(Failed, match=f"You do not teach the course '{COURSE}': only its instructors collect"):
        alice.collect()
    assert not (alice.home / 'submitted').exists()


def test_strangers_cannot_collect(world: World) -> None:
    with pytest.raises(Failed, match=r'HTTP 403|You have no course'):
        world.person('mallory').collect()


def test_in_a_shared_group_others_can_change_what_was_collected(iris: Person, alice: Person) -> None:
    answer(alice, 'hers')
    iris.collect(groupshared=True)
    assert stat.S_IMODE(folder(iris).stat().st_mode) & 0o2770 == 0o2770
    assert stat.S_IMODE((folder(iris) / 'answer.txt').stat().st_mode) & 0o660 == 0o660


def test_what_the_course_ignores_is_not_collected(iris: Person, alice: Person) -> None:
    answer(alice, 'hers')
    iris.collect(ignore=['*.csv'])
    assert 'data.csv' not in content(folder(iris))


def test_a_timestamp_of_the_student_does_not_pass_for_ours(iris: Person, alice: Person) -> None:
    put(alice.home / 'ps1', {'timestamp.txt': '1999-01-01 00:00:00.000000'})
    answer(alice, 'hers')
    iris.collect()
    assert (folder(iris) / 'timestamp.txt').read_text() == timestamps(alice)[0]
