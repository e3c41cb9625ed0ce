"""A class of 100 students, each of whom has handed in three times."""

import pytest
from classroom import ASSIGNMENT, files_under, notebook
from formgrader import assignments_on_page

STUDENTS = [f'student{number:03}' for number in range(100)]
ATTEMPTS = 3


@pytest.fixture(scope='module')
def big_class(tmp_path_factory, a_class_for_all):
    a_class = a_class_for_all(tmp_path_factory.mktemp('big'))
    a_class.release()
    a_class.enrols(*STUDENTS)
    for attempt in range(ATTEMPTS):
        for student in STUDENTS:
            a_class.submit_directly(Name(student), {'p1.ipynb': notebook(f'{student} {attempt}')})
    return a_class


class Name:
    """Somebody without a desk."""

    def __init__(self, name):
        self.name = name


def test_listing_everything_is_one_request(big_class):
    outcomes = []
    passed = big_class.proxy.recorded(
        lambda: outcomes.append(big_class.noether.run('nbgrader', 'list', '--inbound').succeeds())
    )
    assert [request.method for request in passed] == ['GET']
    lines = [line for line in outcomes[0].printed.splitlines() if f' {ASSIGNMENT} ' in line]
    assert len(lines) == len(STUDENTS) * ATTEMPTS


def test_a_page_of_formgrader_is_at_most_two_requests(big_class):
    assert len(big_class.proxy.recorded(lambda: assignments_on_page(big_class.noether))) <= 2


def test_collecting_takes_each_last_submission_and_again_transfers_nothing(big_class):
    c = big_class
    c.noether.run('nbgrader', 'collect', ASSIGNMENT).succeeds().says('Processing 100 submissions')
    for student in STUDENTS:
        collected = files_under(c.noether.desk / 'submitted' / student / ASSIGNMENT)
        assert collected['p1.ipynb'] == notebook(f'{student} {ATTEMPTS - 1}')
    passed = c.proxy.recorded(lambda: c.noether.nbgrader('collect', ASSIGNMENT, '--update').succeeds())
    assert len(passed) == 1, 'only the list travels'
    assert sum(request.body_bytes for request in passed) == 0


def test_after_one_new_submission_only_that_one_is_collected(big_class):
    c = big_class
    c.noether.nbgrader('collect', ASSIGNMENT, '--update').succeeds()
    c.submit_directly(Name(STUDENTS[7]), {'p1.ipynb': notebook('once more')})
    passed = c.proxy.recorded(lambda: c.noether.nbgrader('collect', ASSIGNMENT, '--update').succeeds())
    assert len(passed) <= 3, [request.path for request in passed]
    collected = files_under(c.noether.desk / 'submitted' / STUDENTS[7] / ASSIGNMENT)
    assert collected['p1.ipynb'] == notebook('once more')
