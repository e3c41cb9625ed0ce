"""Networks and servers that are not well."""

import logging
import time
import traceback
from pathlib import Path

import pytest

from ngshare_exchange.server.connection import Settings
from ngshare_exchange.server.interface import NotAllowed, ServerError, Unreachable
from ngshare_exchange.server.probe import connect
from server.fault_proxy import Answer, CutAfter, CutAnswer, CutBefore, Damage, Fault, FaultProxy, Hang
from server.world import Memory, School

NOTEBOOK = {'p1.ipynb': b'{"cells": []}'}
LARGE = {'data.bin': bytes(range(256)) * 20_000}
TREE = {**NOTEBOOK, **LARGE, 'data/more.csv': b'1,2'}
NOT_WELL = b'<html><h1>502 Bad Gateway</h1></html>'


class TestSubmitting:
    def test_a_submission_without_an_answer_is_stored_once(self, school: School, proxy: FaultProxy) -> None:
        kevin = school.release()
        proxy.break_next('POST', '/submissions', CutBefore(), CutAfter())
        proxy.break_next('PUT', '/uploads/', CutBefore(), CutAfter())
        submitted = school.submit(NOTEBOOK)
        assert [one.id for one in kevin.submissions()] == [submitted.id]
        proxy.break_next('POST', '/submissions', CutAfter(), CutAfter())
        submitted = school.submit(NOTEBOOK)
        assert [one.id for one in kevin.submissions()][1:] == [submitted.id]

    def test_a_release_without_an_answer_is_one_release(self, school: School, proxy: FaultProxy) -> None:
        kevin = school.release()
        files = school.tree(NOTEBOOK)
        kevin.release('course1', 'ps2', files)
        proxy.break_next('POST', '/ps2/releases', CutAfter())
        release = kevin.release('course1', 'ps2', school.tree({'p1.ipynb': b'2'}), overwrite=True)
        assert release.version == 2

    def test_a_first_release_without_an_answer_does_not_exist_already(self, school: School, proxy: FaultProxy) -> None:
        kevin = school.course()
        proxy.break_next('POST', '/releases', CutBefore())
        assert kevin.release('course1', 'ps1', []).version == 1
        proxy.break_next('POST', '/releases', CutAfter())
        assert kevin.release('course1', 'ps2', []).version == 1

    def test_an_assignment_that_was_taken_back_without_an_answer_was_taken_back(
        self, school: School, proxy: FaultProxy
    ) -> None:
        kevin = school.release()
        proxy.break_next('DELETE', '/ps1', CutAfter())
        kevin.unrelease('course1', 'ps1')
        assert kevin.assignments() == []


class TestDownloading:
    def test_a_file_that_is_cut_is_gone_on_with(self, school: School, proxy: FaultProxy) -> None:
        kevin = school.course()
        kevin.release('course1', 'ps1', school.tree(TREE))
        proxy.passed.clear()
        proxy.break_next('GET', '/files', CutAnswer(1_000_000), CutBefore(), CutAnswer(2_000_000), CutAnswer(1))
        sink = Memory(lacks={'data.bin'})
        kevin.download_release('course1', 'ps1', sink)
        assert sink.files == LARGE
        ranges = [request.headers.get('range') or 'bytes=0-' for request in proxy.passed if '/files' in request.path]
        starts = [int(asked.removeprefix('bytes=').removesuffix('-')) for asked in ranges]
        lost_at_most = 65_536
        assert starts[0] == 0
        assert 1_000_000 - lost_at_most <= starts[1] == starts[2] <= 1_000_000
        assert starts[2] + 2_000_000 - lost_at_most <= starts[3] <= starts[2] + 2_000_000
        assert starts[4] == starts[3]

    def test_an_archive_that_is_cut_is_gone_on_with(self, school: School, proxy: FaultProxy) -> None:
        kevin = school.course()
        kevin.release('course1', 'ps1', school.tree(TREE))
        proxy.passed.clear()
        proxy.break_next('GET', '/archive', CutAnswer(1_000_000))
        sink = Memory()
        kevin.download_release('course1', 'ps1', sink, version=1)
        assert sink.files == TREE
        asked = [(request.path.partition('path=')[2], request.headers.get('range')) for request in proxy.passed[2:]]
        [(first, from_there), *rest] = asked
        assert first.startswith('data.bin')
        assert from_there is not None
        assert rest == [('data%2Fmore.csv&user=kevin', None)]

    def test_an_archive_that_does_not_begin_is_replaced_by_its_files(self, school: School, proxy: FaultProxy) -> None:
        kevin = school.course()
        kevin.release('course1', 'ps1', school.tree(TREE))
        proxy.break_next('GET', '/archive', CutAnswer(1))
        sink = Memory()
        kevin.download_release('course1', 'ps1', sink)
        assert sink.files == TREE

    def test_a_damaged_file_is_not_taken(self, school: School, proxy: FaultProxy) -> None:
        kevin = school.course()
        kevin.release('course1', 'ps1', school.tree(LARGE))
        proxy.break_next('GET', '/files', Damage(12345))
        sink = Memory()
        with pytest.raises(ServerError, match=r'data\.bin arrived damaged'):
            kevin.download_release('course1', 'ps1', sink)
        assert sink.files == {}

    def test_a_download_that_never_gets_on_is_told_of(self, school: School, proxy: FaultProxy) -> None:
        kevin = school.course()
        kevin.release('course1', 'ps1', school.tree(LARGE))
        proxy.break_next('GET', '/files', CutAnswer(1000), *([CutAnswer(0)] * 9))
        with pytest.raises(Unreachable, match='again and again'):
            kevin.download_release('course1', 'ps1', Memory())


class TestWaiting:
    def test_a_busy_server_is_asked_again_when_it_says(self, school: School, proxy: FaultProxy) -> None:
        kevin = school.course()
        proxy.passed.clear()
        proxy.break_next('GET', '/courses', Answer(503, {'retry-after': '3'}), Answer(429, {'retry-after': '1'}))
        began = time.monotonic()
        assert [course.course for course in kevin.courses()] == ['course1']
        assert 4 <= time.monotonic() - began < 7
        assert len(proxy.passed) == 3
        assert school.told == ['The server is busy or not well; trying again in 3 seconds']

    def test_nobody_waits_longer_than_is_bearable(self, school: School, proxy: FaultProxy) -> None:
        proxy.break_next('GET', '/courses', Answer(503, {'retry-after': '3600'}))
        began = time.monotonic()
        with pytest.raises(Unreachable, match='busy or not well'):
            school.ask_as('kevin').courses()
        assert time.monotonic() - began < 2

    def test_a_server_that_stays_ill_is_not_asked_for_ever(self, school: School, proxy: FaultProxy) -> None:
        proxy.break_next('GET', '/courses', *([Answer(502, {}, NOT_WELL)] * 99))
        with pytest.raises(Unreachable, match=r'The server is not running \(HTTP 502, http://127'):
            school.ask_as('kevin', patience_s=2).courses()
        assert 2 <= len(proxy.passed) <= 5

    def test_a_server_that_hangs_is_given_up(self, school: School, proxy: FaultProxy) -> None:
        proxy.break_next('GET', '/courses', *([Hang(5)] * 9))
        began = time.monotonic()
        with pytest.raises(Unreachable, match='did not answer in time'):
            school.ask_as('kevin', read_timeout_s=1, patience_s=2).courses()
        assert time.monotonic() - began < 5

    def test_a_server_that_is_not_there_is_told_of(self) -> None:
        kevin = connect('http://127.0.0.1:9/api', Settings(user='kevin', patience_s=1), {})
        with pytest.raises(Unreachable, match=r'cannot be reached: .*refused.*http://127\.0\.0\.1:9/api.*NGSHARE_URL'):
            kevin.courses()

    def test_a_name_that_is_none_is_told_of(self) -> None:
        kevin = connect('http://nowhere.invalid/api', Settings(user='kevin', patience_s=1), {})
        with pytest.raises(Unreachable, match='cannot be reached'):
            kevin.courses()

    def test_ctrl_c_ends_it_at_once(self, school: School, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
        proxy.break_next('GET', '/courses', Answer(503, {'retry-after': '10'}))

        def interrupt(_: float) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(time, 'sleep', interrupt)
        with pytest.raises(KeyboardInterrupt):
            school.ask_as('kevin').courses()
        monkeypatch.undo()


class TestSomethingElseAnswers:
    @pytest.mark.parametrize('status', [200, 403])
    def test_a_login_page_is_recognised(self, school: School, proxy: FaultProxy, status: int) -> None:
        page = Answer(status, {'content-type': 'text/html'}, b'\n<!doctype html><form>')
        proxy.break_next('GET', '/courses', page)
        with pytest.raises(NotAllowed, match='log in again'):
            school.ask_as('kevin').courses()

    def test_a_redirect_to_a_login_is_recognised(self, school: School, proxy: FaultProxy) -> None:
        proxy.break_next('GET', '/courses', Answer(302, {'location': '/hub/login?next=%2Fservices'}))
        with pytest.raises(NotAllowed, match='wants you to log in'):
            school.ask_as('kevin').courses()

    def test_a_redirect_elsewhere_is_told_of(self, school: School, proxy: FaultProxy) -> None:
        proxy.break_next('GET', '/courses', Answer(301, {'location': 'https://hub.example.org/api/v2/courses'}))
        with pytest.raises(ServerError, match=r'somewhere else: https://hub\.example\.org/api/v2/courses'):
            school.ask_as('kevin').courses()

    def test_a_wrong_url_is_told_of(self, school: School, proxy: FaultProxy) -> None:
        kevin = connect(f'{proxy.url}/nowhere', Settings(user='kevin'), {})
        with pytest.raises(ServerError, match=r'There is no exchange server here.*Is this the URL of ngshare'):
            kevin.courses()

    def test_a_proxy_that_refuses_large_uploads_is_told_of(self, school: School, proxy: FaultProxy) -> None:
        school.release()
        proxy.break_next('PUT', '/uploads/', Answer(413, {}, b'<html>413 Request Entity Too Large</html>'))
        with pytest.raises(ServerError, match='A proxy in front of the server refuses uploads of this size'):
            school.submit(LARGE)

    def test_json_that_is_not_of_the_exchange_is_told_of(self, school: School, proxy: FaultProxy) -> None:
        proxy.break_next('GET', '/courses', Answer(200, {}, b'{"items": [{"course": 7}], "next": null}'))
        with pytest.raises(ServerError, match='should have text as course, and has 7'):
            school.ask_as('kevin').courses()


class TestSecrets:
    TOKEN = 'very-secret-token'

    def test_a_token_is_in_no_message_and_no_log(
        self, proxy: FaultProxy, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        url = proxy.url.replace('http://', 'http://kevin:very-secret-password@')
        for token in [self.TOKEN, f'{self.TOKEN}\nX-Other: 1', f'{self.TOKEN}ü€']:
            server = connect(url, Settings(patience_s=1), {'NGSHARE_TOKEN': token})
            told = [repr(server), repr(vars(server))]
            faults: list[Fault] = [Answer(401), Answer(500), CutBefore(), Answer(200)]
            for fault in faults:
                proxy.break_next('GET', '/courses', *([fault] * 5))
                with pytest.raises(ServerError) as caught:
                    server.courses()
                told += [str(caught.value), repr(caught.value), *traceback.format_exception(caught.value)]
                proxy.break_nothing()
            assert 'very-secret' not in ''.join(told)
        assert 'very-secret' not in caplog.text

    def test_a_token_is_read_for_each_request(self, proxy: FaultProxy, tmp_path: Path) -> None:
        file = tmp_path / 'token'
        environment = {'NGSHARE_TOKEN_FILE': str(file)}
        server = connect(proxy.url, Settings(), environment)
        for token in ['kevin', 'lawrence']:
            file.write_text(f'{token}\n')
            assert server.service().user == token

    def test_passwords_of_netrc_are_not_sent(
        self, proxy: FaultProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / 'netrc'
        netrc.write_text('machine 127.0.0.1 login a password b\n')
        monkeypatch.setenv('NETRC', str(netrc))
        connect(proxy.url, Settings(), {'JUPYTERHUB_API_TOKEN': 'kevin'}).courses()
        connect(proxy.url, Settings(user='kevin'), {}).courses()
        sent = [{name.lower(): value for name, value in request.headers.items()} for request in proxy.passed]
        assert [headers.get('authorization') for headers in sent] == ['token kevin', None]


def test_a_server_that_restarts_is_waited_for(school: School, proxy: FaultProxy) -> None:
    kevin = school.course()
    proxy.break_next('GET', '/courses', CutBefore(), Answer(502, {}, NOT_WELL), CutBefore())
    assert [course.course for course in kevin.courses()] == ['course1']
