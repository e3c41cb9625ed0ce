"""A server that is slow, busy or not itself: commands wait for it within bounds, and say what they met."""

import time

import pytest
from classroom import ASSIGNMENT, refused


@pytest.fixture
def released(a_class):
    a_class.release()
    return a_class


def test_a_server_that_does_not_answer_does_not_hold_a_command_for_ever(released):
    released.ada.configures('c.Exchange.read_timeout = 1', 'c.Exchange.patience = 1')
    released.proxy.waits('GET', '.', 6)
    began = time.monotonic()
    refused(released.ada.nbgrader('list'), released.proxy.origin)
    assert time.monotonic() - began < 6


def test_a_busy_server_is_asked_again_when_it_says_so(released):
    busy = '{"status": 503, "code": "busy", "detail": "Come back"}'
    released.proxy.answers(
        '*', '.', 503, busy, {'Retry-After': '1', 'Content-Type': 'application/problem+json'}, times=1
    )
    began = time.monotonic()
    released.fetch(released.ada)
    assert time.monotonic() - began >= 1


def test_a_submission_survives_a_server_that_is_busy_for_a_moment(released):
    released.fetch(released.ada)
    problem = {'Retry-After': '0', 'Content-Type': 'application/problem+json'}
    released.proxy.answers('*', '.', 503, '{"status": 503, "code": "busy", "detail": "Come back"}', problem, times=2)
    released.hand_in(released.ada, {'data.bin': b'mine'})
    assert len(released.submissions()) == 1


@pytest.mark.parametrize(
    ('status', 'kind', 'body'),
    [
        (200, 'text/html', '<html>Please log in</html>'),
        (200, 'application/json', '"hello"'),
        (200, 'application/json', '{}'),
        (200, 'application/json', '{"items": 3, "next": null}'),
        (200, 'application/json', '{"items": [{}], "next": null}'),
        (200, 'application/json', '{"success": false}'),
        (200, 'application/json', '{"success": "no", "message": ["odd"]}'),
        (404, 'text/html', '<h1>404: Not Found</h1>'),
        (500, 'text/html', '<h1>Internal Server Error</h1>' * 500),
        (502, 'text/plain', 'Bad gateway'),
    ],
)
def test_an_answer_that_is_not_the_exchanges_is_told_in_a_few_lines(released, status, kind, body):
    released.gives_up_at_once(released.ada)
    released.proxy.answers('*', '.', status, body, {'Content-Type': kind})
    for command in ['list'], ['fetch_assignment', ASSIGNMENT]:
        outcome = refused(released.ada.nbgrader(*command), released.proxy.origin)
        assert len(outcome.printed) < 2500
    assert not (released.ada.desk / ASSIGNMENT).exists()


def test_a_login_page_is_recognised(released):
    released.proxy.answers('*', '^/api', 302, '', {'Location': '/hub/login?next=%2Fservices'})
    released.proxy.answers('*', '^/hub/login', 200, '<html>Sign in</html>', {'Content-Type': 'text/html'})
    refused(released.ada.nbgrader('list'), 'token')


def test_the_failure_names_address_status_and_message_of_the_server_and_what_to_do(released):
    detail = 'The server room is under water'
    problem = f'{{"status": 403, "code": "not-related", "detail": "{detail}", "type": "x", "title": "x"}}'
    released.proxy.answers('GET', '.', 403, problem, {'Content-Type': 'application/problem+json'})
    refused(released.ada.nbgrader('list'), released.proxy.origin, '403', detail)


def test_a_hub_that_misses_its_service_for_a_while_does_not_make_the_server_an_old_one(released):
    page = {'Content-Type': 'text/html'}
    released.proxy.answers('*', '.', 404, '<html>404 : Not Found</html>', page)
    refused(released.ada.nbgrader('list'), '404')
    released.proxy.behaves()
    released.ada.nbgrader('list').succeeds().says(f'{released.course} {ASSIGNMENT}').does_not_say(' old')
    assert '/v2/' in released.proxy.requests[-1].path
