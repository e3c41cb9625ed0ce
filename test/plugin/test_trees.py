"""Folders travel as they are: what belongs to the work goes, and nothing changes its place."""

import os

import pytest
from classroom import ASSIGNMENT, files_under, notebook, refused, write_files


@pytest.fixture
def at_work(a_class):
    a_class.release()
    a_class.fetch(a_class.ada)
    return a_class


def through_the_exchange(a_class):
    """ada submits, the instructor collects: what the instructor has."""
    timestamp = a_class.hand_in(a_class.ada)
    a_class.noether.nbgrader('collect', ASSIGNMENT, '--update').succeeds()
    collected = files_under(a_class.noether.desk / 'submitted' / 'ada' / ASSIGNMENT)
    assert collected.pop('timestamp.txt').decode() == timestamp
    return collected


def test_a_folder_of_the_assignments_own_name_stays_a_folder(at_work):
    files = {
        'p1.ipynb': notebook('the real one'),
        f'{ASSIGNMENT}/p1.ipynb': notebook('the inner one'),
        f'{ASSIGNMENT}/{ASSIGNMENT}/p1.ipynb': notebook('the innermost one'),
    }
    write_files(at_work.ada.desk / ASSIGNMENT, files)
    assert through_the_exchange(at_work) == files


def test_names_of_all_languages_and_signs_arrive(at_work):
    names = [
        'Übung/数学 ∑.txt',
        'a+b&c=d%20#1?.txt',
        "it's; $HOME `x`.txt",
        ' leading blank',
        '.hidden',
        '-rf',
        '*[x]',
    ]
    files = {name: name.encode() for name in names} | {'empty': b'', 'p1.ipynb': notebook('x')}
    write_files(at_work.ada.desk / ASSIGNMENT, files)
    assert through_the_exchange(at_work) == files


def test_ignored_folders_stay_behind_in_submissions_and_releases(at_work):
    rubbish = {
        '.ipynb_checkpoints/p1-checkpoint.ipynb': b'{}',
        'work/.ipynb_checkpoints/deep.ipynb': b'{}',
        '__pycache__/x.cpython-311.pyc': b'x',
        'module.pyc': b'x',
        'feedback/2026-01-01 00:00:00.000000/p1.html': b'old',
    }
    work = {'p1.ipynb': notebook('x'), 'work/notes.txt': b'mine'}
    write_files(at_work.ada.desk / ASSIGNMENT, rubbish | work)
    assert through_the_exchange(at_work) == work
    write_files(at_work.noether.desk / 'release' / 'ps2', rubbish | work)
    at_work.noether.nbgrader('release_assignment', 'ps2').succeeds()
    assert at_work.released('ps2') == work


def test_links_and_pipes_do_no_harm(at_work):
    folder = at_work.ada.desk / ASSIGNMENT
    secret = at_work.ada.home / 'secret.txt'
    secret.write_text('my diary')
    write_files(folder, {'data/table.txt': b'1'})
    (folder / 'dangling').symlink_to('nowhere')
    (folder / 'outside').symlink_to(secret)
    (folder / 'inside').symlink_to('data/table.txt')
    (folder / 'folder').symlink_to('data')
    (folder / 'loop').symlink_to('.')
    os.mkfifo(folder / 'pipe')
    arrived = through_the_exchange(at_work)
    assert arrived == {
        'p1.ipynb': notebook('Übung 1'),
        'data/table.txt': b'1',
        'inside': b'1',
        'folder/table.txt': b'1',
    }
    cached = files_under(at_work.ada.cache[0])
    assert {path: cached.get(path) for path in arrived} == arrived


def test_what_stays_behind_is_said(at_work):
    folder = at_work.ada.desk / ASSIGNMENT
    (folder / 'dangling').symlink_to('nowhere')
    write_files(folder, {'big.bin': b'x' * 3000})
    at_work.ada.configures('c.CourseDirectory.max_file_size = 2')
    outcome = at_work.ada.nbgrader('submit', ASSIGNMENT).succeeds()
    outcome.says('dangling', 'big.bin')
    assert list(at_work.submitted(at_work.ada)) == ['p1.ipynb']


def test_a_folder_that_is_too_large_is_refused_before_anything_is_sent(at_work):
    write_files(at_work.ada.desk / ASSIGNMENT, {'a.bin': b'a' * 1500, 'b.bin': b'b' * 1500})
    at_work.ada.configures('c.CourseDirectory.max_dir_size = 2')
    passed = at_work.proxy.recorded(lambda: refused(at_work.ada.nbgrader('submit', ASSIGNMENT), 'max_dir_size'))
    assert sum(request.body_bytes for request in passed) < 1500
    assert at_work.submissions() == []


def test_an_empty_folder_can_be_handed_in(at_work):
    (at_work.ada.desk / ASSIGNMENT / 'p1.ipynb').unlink()
    assert through_the_exchange(at_work) == {}


def test_a_user_name_may_have_signs_that_the_cache_uses(at_work):
    at_work.enrols('grace+ps1@example.edu')
    grace = at_work.person('grace+ps1@example.edu')
    at_work.fetch(grace)
    timestamp = at_work.hand_in(grace, {'p1.ipynb': notebook('by grace')})
    at_work.give_feedback(grace)
    collected = files_under(at_work.noether.desk / 'submitted' / grace.name / ASSIGNMENT)
    assert collected['p1.ipynb'] == notebook('by grace')
    line = f'{at_work.course} {grace.name} {ASSIGNMENT} {timestamp} '
    grace.nbgrader('list', '--cached').succeeds().says(line + '(feedback ready to be fetched)')
    grace.nbgrader('fetch_feedback', ASSIGNMENT).succeeds()
    assert files_under(grace.desk / ASSIGNMENT / 'feedback' / timestamp) == {'p1.html': b'<p>Good</p>'}
    grace.nbgrader('list', '--cached').succeeds().says(line + '(feedback already fetched)')


def test_an_assignment_may_have_blanks_and_letters_of_all_languages(at_work):
    name = 'Übung 2, naïve'
    at_work.release({'p1.ipynb': notebook('2')}, name)
    assert files_under(at_work.fetch(at_work.ada, name)) == {'p1.ipynb': notebook('2')}
    at_work.hand_in(at_work.ada, assignment=name)
    at_work.noether.nbgrader('collect', name).succeeds()
    assert (at_work.noether.desk / 'submitted' / 'ada' / name / 'p1.ipynb').exists()


@pytest.mark.parametrize('name', ['ps1/../../other/ps1', 'a/b', '..'])
def test_a_name_cannot_lead_to_another_address(at_work, name):
    refused(at_work.ada.nbgrader('fetch_assignment', name))
    refused(at_work.ada.nbgrader('fetch_assignment', ASSIGNMENT, '--course', name))
    for request in at_work.proxy.requests:
        assert '..' not in request.path.split('/')
        assert 'a/b' not in request.path


def test_a_name_that_is_not_utf_8_is_named_and_nothing_is_submitted(at_work):
    folder = at_work.ada.desk / ASSIGNMENT
    with open(os.fsencode(folder) + b'/\xfcbung.txt', 'w'):  # noqa: PTH123 (a name in bytes)
        pass
    refused(at_work.ada.nbgrader('submit', ASSIGNMENT), 'bung.txt')
    assert at_work.submissions() == []


def test_an_assignment_may_be_named_by_its_folder(at_work):
    at_work.ada.nbgrader('submit', f'{ASSIGNMENT}/').succeeds().says(f'Submitted as: {at_work.course} {ASSIGNMENT} ')
    assert [student for student, _ in at_work.submissions()] == ['ada']
