"""Releasing assignments."""

import pytest

from world import COURSE, Failed, Person, World, content, notebook, put

RELEASED = {'p1.ipynb': notebook('task'), 'data/x.csv': '1,2\n'}


def test_what_was_not_generated_cannot_be_released(iris: Person) -> None:
    put(iris.home / 'source' / 'ps1', RELEASED)
    with pytest.raises(Failed, match=r"Assignment found in '.*' but not '.*', run `nbgrader generate_assignment`"):
        iris.release()


def test_who_mistypes_is_told_what_there_is(iris: Person) -> None:
    put(iris.home / 'release' / 'ps1', RELEASED)
    put(iris.home / 'release' / 'project', RELEASED)
    with pytest.raises(Failed, match=r'Assignment not found at: .*/release/sp1\nDid you mean: ps1'):
        iris.release('sp1')


def test_a_course_must_be_said(iris: Person) -> None:
    put(iris.home / 'release' / 'ps1', RELEASED)
    iris.course = ''
    with pytest.raises(Failed, match=r'No course id specified\. Re-run with --course flag\.'):
        iris.release()
    iris.course = '*'
    with pytest.raises(Failed, match=r'This needs one course.*--course'):
        iris.release()


def test_a_second_release_must_be_wanted(iris: Person, alice: Person) -> None:
    iris.release(files=RELEASED)
    with pytest.raises(Failed, match=f'Destination already exists, add --force to overwrite: {COURSE} ps1'):
        iris.release(files={'p1.ipynb': notebook('second task')})
    alice.fetch()
    assert content(alice.home / 'ps1') == RELEASED


def test_a_forced_release_leaves_submissions_and_feedback_alone(iris: Person, alice: Person) -> None:
    iris.release(files=RELEASED)
    alice.submit(files=RELEASED)
    iris.collect()
    iris.grade()
    iris.release_feedback()
    run = iris.release(files={'p1.ipynb': notebook('second task')}, force=True)
    assert f'Overwriting files: {COURSE} ps1' in run.lines
    assert f'Released as: {COURSE} ps1 (version 2)' in run.lines
    assert alice.listed(inbound=True).result[0]['submissions'][0]['has_exchange_feedback']


def test_students_cannot_release(alice: Person) -> None:
    with pytest.raises(Failed, match=r'Only instructors of the course may do this.*HTTP 403'):
        alice.release(files=RELEASED)


def test_in_a_course_that_does_not_exist_nothing_is_released(iris: Person) -> None:
    iris.course = 'math102'
    with pytest.raises(Failed, match=r'no such course.*HTTP 404'):
        iris.release(files=RELEASED)


def test_what_is_ignored_is_not_released(iris: Person, alice: Person) -> None:
    iris.release(files={**RELEASED, '.ipynb_checkpoints/p1-checkpoint.ipynb': '{}', 'old.pyc': ''})
    alice.fetch()
    assert content(alice.home / 'ps1') == RELEASED


def test_too_much_is_refused_before_anything_is_sent(iris: Person, alice: Person) -> None:
    with pytest.raises(Failed, match=r'Directory size is too big.*x\.csv'):
        iris.release(files={**RELEASED, 'x.csv': 2001 * 'x'}, max_dir_size=2)
    assert alice.listed().result == []


def test_a_file_above_the_limit_is_left_out_with_a_warning(iris: Person, alice: Person) -> None:
    run = iris.release(files={**RELEASED, 'x.csv': 2001 * 'x'}, max_file_size=2)
    assert "Left out 'x.csv': the file is too large (CourseDirectory.max_file_size)" in run.lines
    alice.fetch()
    assert content(alice.home / 'ps1') == RELEASED


def test_scripts_stay_executable(iris: Person, alice: Person) -> None:
    put(iris.home / 'release' / 'ps1', {'run.sh': '', 'text': ''})
    (iris.home / 'release' / 'ps1' / 'run.sh').chmod(0o755)
    iris.release()
    alice.fetch()
    assert (alice.home / 'ps1' / 'run.sh').stat().st_mode & 0o111 == 0o111
    assert (alice.home / 'ps1' / 'text').stat().st_mode & 0o111 == 0


def test_the_deprecated_section_still_counts(world: World) -> None:
    iris = world.person('iris', ExchangeRelease={'force': True})
    iris.release(files=RELEASED)
    run = iris.release(files=RELEASED)
    assert (
        'Use ExchangeReleaseAssignment in config, not ExchangeRelease. Outdated config:\nExchangeRelease.force = True'
    ) in run.lines
    assert f'Overwriting files: {COURSE} ps1' in run.lines
