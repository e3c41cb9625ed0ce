"""Releasing and fetching feedback."""

import shutil
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from traitlets.config import Config

from ngshare_exchange.configure import configure
from world import COURSE, Failed, Person, World, content, logged, notebook, put

RELEASED = {'p1.ipynb': notebook('task'), 'data.csv': ''}


@pytest.fixture(autouse=True)
def _collected(iris: Person, alice: Person, bob: Person) -> None:
    iris.release(files=RELEASED)
    alice.submit(files=RELEASED)
    bob.submit(files=RELEASED)
    iris.collect()
    iris.grade()


def feedback(iris: Person, student: str = 'alice') -> Path:
    return iris.home / 'feedback' / student / 'ps1'


def fetched(person: Person) -> dict[str, str]:
    person.fetch_feedback()
    folder = person.home / 'ps1' / 'feedback'
    return {path.partition('/')[2]: text for path, text in content(folder).items()} if folder.exists() else {}


class TestReleasing:
    def test_only_what_is_html_goes(self, iris: Person, alice: Person) -> None:
        put(feedback(iris), {'data.csv': '', 'p2.html': 'two'})
        iris.release_feedback()
        assert fetched(alice) == {'p1.html': '<p>p1: well done</p>', 'p2.html': 'two'}

    def test_a_student_without_timestamp_does_not_keep_the_others(
        self, iris: Person, alice: Person, bob: Person
    ) -> None:
        (feedback(iris) / 'timestamp.txt').unlink()
        with pytest.raises(Failed) as failed:
            iris.release_feedback()
        assert "Could not release the feedback for student 'alice': '" in str(failed.value)
        assert "timestamp.txt' is missing" in str(failed.value)
        assert 'could not be released for 1 of 2 students: alice.' in str(failed.value)
        assert fetched(bob) != {}
        assert fetched(alice) == {}

    @pytest.mark.parametrize(
        ('timestamp', 'complaint'),
        [('1999-01-01 00:00:00.000000', 'has no submission of 1999'), ('yesterday', 'has no timestamp')],
    )
    def test_feedback_to_what_was_never_submitted_is_a_failure(
        self, iris: Person, timestamp: str, complaint: str
    ) -> None:
        put(feedback(iris), {'timestamp.txt': timestamp})
        with pytest.raises(Failed, match=complaint):
            iris.release_feedback()

    def test_a_timestamp_may_say_that_it_is_utc(self, iris: Person, alice: Person) -> None:
        timestamp = (feedback(iris) / 'timestamp.txt').read_text()
        put(feedback(iris), {'timestamp.txt': f'{timestamp} UTC\n'})
        iris.release_feedback()
        assert fetched(alice) != {}

    def test_what_is_released_already_is_not_sent_again(self, iris: Person, alice: Person) -> None:
        iris.release_feedback()
        assert 'Releasing feedback' not in iris.release_feedback().text
        put(feedback(iris), {'p1.html': 'better'})
        run = iris.release_feedback()
        assert run.text.count('Releasing feedback') == 1
        assert fetched(alice) == {'p1.html': 'better'}

    def test_it_can_be_for_some_students_only(self, iris: Person, alice: Person, bob: Person) -> None:
        iris.release_feedback(student_id='alice')
        assert fetched(bob) == {}
        iris.release_feedback(student_id_exclude='alice, carol')
        assert fetched(bob) != {}

    def test_where_there_is_none_that_is_a_warning(self, iris: Person) -> None:
        shutil.rmtree(iris.home / 'feedback')
        assert f"No feedback of 'ps1' for course '{COURSE}' to release" in iris.release_feedback().text

    def test_students_cannot(self, iris: Person, alice: Person) -> None:
        shutil.copytree(iris.home / 'feedback', alice.home / 'feedback')
        with pytest.raises(Failed, match='HTTP 403'):
            alice.release_feedback()


class TestFetching:
    def test_without_the_cache_it_is_found_all_the_same(self, iris: Person, alice: Person) -> None:
        iris.release_feedback()
        shutil.rmtree(alice.cache)
        shutil.rmtree(alice.home / 'ps1')
        assert fetched(alice) == {'p1.html': '<p>p1: well done</p>'}

    def test_only_what_has_changed_is_written(self, iris: Person, alice: Person) -> None:
        put(feedback(iris), {'p2.html': 'two'})
        iris.release_feedback()
        assert alice.fetch_feedback().text.count('Fetched feedback: ') == 2
        put(feedback(iris), {'p2.html': 'better'})
        iris.release_feedback()
        lines = alice.fetch_feedback().lines
        assert [Path(line).name for line in lines if line.startswith('Fetched feedback: ')] == ['p2.html']
        assert 'Feedback is here already' in alice.fetch_feedback().text

    def test_a_submission_without_feedback_does_not_keep_the_others(self, iris: Person, alice: Person) -> None:
        iris.release_feedback()
        alice.submit()
        run = alice.fetch_feedback()
        assert 'Fetched feedback: ' in run.text
        assert f"Could not find feedback for '{COURSE}/ps1' submitted at " in run.text

    def test_nobody_gets_the_feedback_of_others(self, iris: Person, alice: Person) -> None:
        iris.release_feedback(student_id='bob')
        assert fetched(alice) == {}
        with pytest.raises(Failed, match='HTTP 403'):
            alice.fetch_feedback(student_id='bob')

    def test_who_has_not_submitted_is_told_so(self, world: World, iris: Person) -> None:
        world.person('root').server.add_member(COURSE, 'carol')
        run = world.person('carol').fetch_feedback()
        assert f"You have not submitted 'ps1' in course '{COURSE}'" in run.lines

    def test_where_all_courses_are_configured_it_is_found(self, iris: Person, alice: Person) -> None:
        iris.release_feedback()
        alice.course = '*'
        assert fetched(alice) != {}


@pytest.mark.parametrize('kind', ['ReleaseFeedback', 'FetchFeedback'])
def test_it_works_without_authenticator_and_with_misspelt_keywords(iris: Person, kind: str) -> None:
    """As nbgrader's own NbGraderAPI builds them."""
    config = Config()
    configure(config, iris.url)
    config.Exchange.cache = str(iris.cache)
    config.Exchange.assignment_dir = str(iris.home)
    coursedir = CourseDirectory(course_id=COURSE, assignment_id='ps1', root=str(iris.home))
    factory = ExchangeFactory(config=config)  # type: ignore[no-untyped-call]
    with iris.in_environment(), logged():
        exchange = getattr(factory, kind)(coursedir=coursedir, authentictor=object(), parent=factory)
        exchange.start()
    assert exchange.authenticator is None
