"""Who is in the gradebook is in the course, and the other way round."""

import json

import pytest
from classroom import refused
from gradebook import students_in_gradebook


@pytest.fixture
def roster(a_class):
    """{student: (first name, last name, e-mail)} on the server, as it is now."""

    def ask():
        students = a_class.server.get(a_class.path('students'), a_class.noether)['students']
        return {one['username']: (one['first_name'], one['last_name'], one['email']) for one in students}

    return ask


def test_a_student_added_to_the_gradebook_is_on_the_roster_and_removed_from_both(a_class, roster):
    a_class.release()
    zoe = a_class.person('zoe')
    refused(zoe.nbgrader('fetch_assignment', 'ps1'), '403')
    a_class.noether.nbgrader('db', 'student', 'add', 'zoe').succeeds()
    assert 'zoe' in roster()
    # Names that the server knows stay.
    names = {'first_name': 'Zoe', 'last_name': 'Ångström', 'email': 'zoe@example.edu'}
    students = json.dumps([{'username': 'zoe'} | names])
    a_class.server.ask(a_class.path('students'), a_class.noether, 'POST', students=students)
    a_class.noether.nbgrader('db', 'student', 'add', 'zoe').succeeds()
    assert roster()['zoe'] == tuple(names.values())
    zoe.nbgrader('fetch_assignment', 'ps1').succeeds()
    a_class.noether.nbgrader('db', 'student', 'remove', 'zoe').succeeds()
    assert 'zoe' not in roster()
    assert 'zoe' not in students_in_gradebook(a_class.noether.desk)


def test_when_the_server_does_not_take_a_student_the_gradebook_stays_as_it_is(a_class, roster):
    a_class.proxy.answers('*', '.', 500, '{"detail": "it broke"}')
    a_class.noether.nbgrader('db', 'student', 'add', 'zoe').fails().says('it broke')
    a_class.proxy.behaves()
    assert 'zoe' not in roster()
    assert 'zoe' not in students_in_gradebook(a_class.noether.desk)
