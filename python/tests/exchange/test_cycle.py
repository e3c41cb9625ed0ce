"""A whole course: release, fetch, submit, list, collect, feedback."""

from world import COURSE, Person, content, notebook

RELEASED = {'p1.ipynb': notebook('task'), 'data/x.csv': '1,2\n'}


def test_an_assignment_goes_its_whole_way(iris: Person, alice: Person) -> None:
    assert f'Released as: {COURSE} ps1' in iris.release(files=RELEASED).lines

    assert alice.listed().result == [
        {
            'course_id': COURSE,
            'assignment_id': 'ps1',
            'status': 'released',
            'path': '',
            'notebooks': [{'notebook_id': 'p1', 'path': ''}],
        }
    ]
    assert f'Fetched as: {COURSE} ps1' in alice.fetch().lines
    assert content(alice.home / 'ps1') == RELEASED

    run = alice.submit(files={'p1.ipynb': notebook('solution'), 'notes/mine.txt': 'mine'})
    [copy] = alice.copies()
    user, assignment, timestamp = copy.name.split('+')
    assert (user, assignment) == ('alice', 'ps1')
    assert f'Submitted as: {COURSE} ps1 {timestamp}' in run.lines
    assert f'Receipt: {alice.receipt()["id"]}' in run.lines

    assert f'{COURSE} alice ps1 {timestamp} (no feedback available)' in iris.listed(inbound=True).lines

    run = iris.collect()
    assert run.lines[-2:] == [
        f"Processing 1 submissions of 'ps1' for course '{COURSE}'",
        'Collecting submission: alice ps1',
    ]
    assert content(iris.home / 'submitted' / 'alice' / 'ps1') == {
        'p1.ipynb': notebook_text(alice),
        'data/x.csv': '1,2\n',
        'notes/mine.txt': 'mine',
        'timestamp.txt': timestamp,
    }

    iris.grade()
    run = iris.release_feedback()
    assert f"Releasing feedback for student 'alice' on assignment '{COURSE}/ps1/p1' ({timestamp})" in run.lines
    assert f'{COURSE} alice ps1 {timestamp} (feedback ready to be fetched)' in alice.listed(cached=True).lines
    alice.fetch_feedback()
    assert content(alice.home / 'ps1' / 'feedback') == {f'{timestamp}/p1.html': '<p>p1: well done</p>'}
    assert f'{COURSE} alice ps1 {timestamp} (feedback already fetched)' in alice.listed(cached=True).lines


def notebook_text(person: Person) -> str:
    return (person.home / 'ps1' / 'p1.ipynb').read_text()
