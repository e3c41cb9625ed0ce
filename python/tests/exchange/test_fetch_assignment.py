"""Fetching assignments."""

import pytest

from world import COURSE, Failed, Person, World, content, notebook, put

RELEASED = {'p1.ipynb': notebook('task'), 'data/x.csv': '1,2\n'}


@pytest.fixture(autouse=True)
def _released(iris: Person) -> None:
    iris.release(files=RELEASED)


def test_a_copy_that_is_there_is_never_touched(alice: Person) -> None:
    put(alice.home / 'ps1', {'p1.ipynb': 'my work'})
    with pytest.raises(Failed, match='You already have a copy of the assignment in this directory: ps1'):
        alice.fetch()
    assert content(alice.home / 'ps1') == {'p1.ipynb': 'my work'}


def test_files_that_are_missing_can_be_replaced(alice: Person) -> None:
    put(alice.home / 'ps1', {'p1.ipynb': 'my work', 'notes.txt': 'mine'})
    run = alice.fetch(replace_missing_files=True)
    assert content(alice.home / 'ps1') == {'p1.ipynb': 'my work', 'notes.txt': 'mine', 'data/x.csv': '1,2\n'}
    assert "Replacing missing file 'data/x.csv'" in run.lines
    assert not any('p1.ipynb' in line for line in run.lines)


def test_who_mistypes_is_told_what_there_is(iris: Person, alice: Person) -> None:
    iris.release('project', files=RELEASED)
    with pytest.raises(Failed, match=r'Assignment not found at: .*\nDid you mean: ps1'):
        alice.fetch('sp1')
    assert list(alice.home.iterdir()) == []


def test_strangers_are_told_that_the_course_is_not_theirs(world: World) -> None:
    with pytest.raises(Failed, match=r'You neither teach nor take this course.*HTTP 403'):
        world.person('mallory').fetch()


def test_an_interrupted_fetch_leaves_nothing_and_the_next_one_works(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr('ngshare_exchange.downloads.Download.open', lambda sink, file: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            alice.fetch()
    assert list(alice.home.iterdir()) == []
    alice.fetch()
    assert content(alice.home / 'ps1') == RELEASED


def test_courses_can_have_folders_of_their_own(world: World) -> None:
    alice = world.person('alice', Exchange={'path_includes_course': True})
    alice.fetch()
    assert content(alice.home / COURSE / 'ps1') == RELEASED
    with pytest.raises(Failed, match=f'You already have a copy .*: {COURSE}/ps1'):
        alice.fetch()


def test_a_newer_release_is_told_of(iris: Person, alice: Person) -> None:
    alice.fetch()
    iris.release(files={'p1.ipynb': notebook('better task')}, force=True)
    assert f'{COURSE} ps1 (already downloaded, a newer release is available: version 2)' in alice.listed().lines
    with pytest.raises(Failed, match=r'A newer release is available: version 2, and you have version 1\. To get it'):
        alice.fetch()
    (alice.home / 'ps1').rename(alice.home / 'ps1-old')
    alice.fetch()
    assert f'{COURSE} ps1 (already downloaded)' in alice.listed().lines
    assert 'better task' in content(alice.home / 'ps1')['p1.ipynb']


def test_adding_missing_files_does_not_make_a_folder_newer(iris: Person, alice: Person) -> None:
    alice.fetch()
    iris.release(files={'p1.ipynb': notebook('better task'), 'new.txt': ''}, force=True)
    alice.fetch(replace_missing_files=True)
    assert 'new.txt' in content(alice.home / 'ps1')
    assert 'a newer release is available' in alice.listed().text


def test_what_is_remembered_of_the_release_is_not_in_the_students_folder(alice: Person) -> None:
    alice.fetch()
    assert content(alice.home / 'ps1') == RELEASED


def test_a_cache_that_cannot_be_written_does_not_keep_the_assignment_back(alice: Person) -> None:
    alice.cache.write_text('a file')
    run = alice.fetch()
    assert content(alice.home / 'ps1') == RELEASED
    assert 'Not remembered which release this is, since the cache cannot be written' in run.text


class TestWithoutACourse:
    """Where all courses are configured, as for many students' JupyterLab."""

    def test_the_only_course_with_the_assignment_is_meant(self, world: World, alice: Person) -> None:
        world.create_course('physics', students=('alice',))
        alice.course = '*'
        assert f'Fetched as: {COURSE} ps1' in alice.fetch().lines

    def test_where_several_have_it_they_are_named(self, world: World, iris: Person, alice: Person) -> None:
        world.create_course('physics', students=('alice',))
        iris.course = 'physics'
        iris.release()
        alice.course = '*'
        with pytest.raises(Failed, match=rf"Several courses have an assignment 'ps1': {COURSE}, physics\. Re-run"):
            alice.fetch()

    def test_where_none_has_it_that_is_said(self, alice: Person) -> None:
        alice.course = '*'
        with pytest.raises(Failed, match="None of your courses has an assignment 'ps9'"):
            alice.fetch('ps9')

    def test_a_folder_of_another_course_is_named_as_such(self, world: World, iris: Person, alice: Person) -> None:
        world.create_course('physics', students=('alice',))
        alice.fetch()
        iris.course = alice.course = 'physics'
        iris.release()
        with pytest.raises(Failed, match=rf"fetched from the course '{COURSE}'.*path_includes_course"):
            alice.fetch()
        alice.course = '*'
        assert 'share the folder' in alice.listed().text


def test_the_deprecated_section_still_counts(world: World) -> None:
    alice = world.person('alice', ExchangeFetch={'replace_missing_files': True})
    put(alice.home / 'ps1', {'p1.ipynb': 'my work'})
    run = alice.fetch()
    assert 'Use ExchangeFetchAssignment in config, not ExchangeFetch. Outdated config:' in run.text
    assert 'data/x.csv' in content(alice.home / 'ps1')


@pytest.mark.parametrize('name', ['..', '.', 'a/b', ''])
def test_names_that_lead_elsewhere_are_refused(alice: Person, name: str) -> None:
    with pytest.raises(Failed, match='cannot be the name of a folder'):
        alice.fetch(name)
