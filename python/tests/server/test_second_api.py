"""What only the second API can do, and how little it asks for it."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

import pytest

from ngshare_exchange.server.interface import File, LocalFile, Member, NotAllowed, ServerError
from running_server import start_server
from server.fault_proxy import Answer, FaultProxy
from server.world import Memory, School, over_v2

NOTEBOOK = {'p1.ipynb': b'{"cells": []}'}
TREE = {**NOTEBOOK, 'data/numbers.csv': bytes(range(256)) * 3000, 'data/empty.txt': b''}


class TestRequests:
    def test_nothing_is_asked_before_something_is_wanted(self, proxy: FaultProxy, school: School) -> None:
        school.ask_as('lawrence')
        assert proxy.passed == []

    def test_a_list_is_one_request(self, proxy: FaultProxy, school: School) -> None:
        kevin = school.release()
        for student in [f's{number}' for number in range(20)]:
            kevin.add_member('course1', student)
            school.submit(NOTEBOOK, student)
            school.submit(TREE, student)
        proxy.passed.clear()
        assert len(kevin.submissions()) == 40
        assert len(school.ask_as('s3').submissions(own=True)) == 2
        assert len(kevin.assignments()) == 1
        assert proxy.requests() == ['GET /api/v2/submissions', 'GET /api/v2/submissions', 'GET /api/v2/assignments']

    def test_a_list_of_any_length_is_whole(self, proxy: FaultProxy, school: School) -> None:
        kevin = school.course(students=[])
        kevin.change_members('course1', [Member(f's{number}', 'student') for number in range(2500)])
        proxy.passed.clear()
        users = [member.user for member in kevin.members('course1')]
        assert users == ['kevin', *(f's{number}' for number in range(2500))]
        assert len(proxy.passed) == 3

    def test_a_release_is_fetched_with_three_requests(self, proxy: FaultProxy, school: School) -> None:
        kevin = school.course()
        kevin.release('course1', 'ps1', school.tree({f'{number}.txt': b'%d' % number for number in range(50)}))
        proxy.passed.clear()
        sink = Memory()
        kevin.download_release('course1', 'ps1', sink)
        assert len(sink.files) == 50
        releases = '/api/v2/courses/course1/assignments/ps1/releases'
        assert proxy.requests() == [
            f'GET {releases}/latest',
            f'GET {releases}/1/manifest',
            f'GET {releases}/1/archive',
        ]

    def test_files_that_are_here_do_not_travel(self, proxy: FaultProxy, school: School) -> None:
        kevin = school.course()
        kevin.release('course1', 'ps1', school.tree(TREE))
        proxy.passed.clear()
        kevin.download_release('course1', 'ps1', Memory(lacks={'p1.ipynb'}), version=1)
        kevin.download_release('course1', 'ps1', Memory(lacks=set()), version=1)
        what = [request.rpartition('/')[2] for request in proxy.requests()]
        assert what == ['manifest', 'files', 'manifest']

    def test_files_that_the_server_has_do_not_travel(self, proxy: FaultProxy, school: School) -> None:
        kevin = school.course()
        kevin.release('course1', 'ps1', school.tree(TREE))
        proxy.passed.clear()
        school.submit({**TREE, 'p1.ipynb': b'{"cells": [1]}'})
        submissions = '/api/v2/courses/course1/assignments/ps1/submissions'
        post = f'POST {submissions}'
        assert [request.partition('/uploads')[0] for request in proxy.requests()] == [
            post,
            'PUT /api/v2/courses/course1',
            post,
        ]
        proxy.passed.clear()
        school.submit({**TREE, 'p1.ipynb': b'{"cells": [1]}'})
        assert proxy.requests() == [post]


class TestReleases:
    def test_submissions_and_feedback_outlive_a_forced_release(self, school: School) -> None:
        kevin = school.release()
        school.submit(TREE)
        [submission] = kevin.submissions()
        kevin.return_feedback(submission, school.tree({'p1.html': b''}))
        release = kevin.release('course1', 'ps1', school.tree(TREE), overwrite=True)
        assert release.version == 2
        [still_there] = kevin.submissions()
        assert still_there.feedback is not None

    def test_submissions_are_there_again_after_a_new_release(self, school: School) -> None:
        kevin = school.release()
        school.submit(TREE)
        kevin.unrelease('course1', 'ps1')
        assert kevin.submissions() == []
        kevin.release('course1', 'ps1', school.tree(TREE))
        assert len(kevin.submissions()) == 1

    def test_an_older_version_can_be_fetched(self, school: School) -> None:
        kevin = school.release()
        kevin.release('course1', 'ps1', school.tree({'p1.ipynb': b'new'}), overwrite=True)
        old, new = Memory(), Memory()
        kevin.download_release('course1', 'ps1', old, version=1)
        kevin.download_release('course1', 'ps1', new)
        assert (old.files, new.files) == ({'p1.ipynb': b'{}'}, {'p1.ipynb': b'new'})

    def test_a_release_that_comes_out_during_a_fetch_is_not_mixed_in(self, school: School) -> None:
        kevin = school.course()
        kevin.release('course1', 'ps1', school.tree(TREE))

        class Slow(Memory):
            def choose(self, files: object) -> set[str]:
                kevin.release('course1', 'ps1', school.tree({'p1.ipynb': b'new'}), overwrite=True)
                return set(TREE)

        sink = Slow()
        school.ask_as('lawrence').download_release('course1', 'ps1', sink)
        assert sink.files == TREE

    def test_programs_stay_executable(self, school: School) -> None:
        kevin = school.course()
        [file] = school.tree({'run.sh': b'#!/bin/sh'})
        kevin.release('course1', 'ps1', [replace(file, is_executable=True)])
        assert [file.is_executable for file in kevin.download_release('course1', 'ps1', Memory())] == [True]


class TestSubmissions:
    def test_what_is_repeated_with_its_key_is_submitted_once(self, school: School) -> None:
        kevin = school.release()
        lawrence = school.ask_as('lawrence')
        key = uuid4().hex
        first = lawrence.submit('course1', 'ps1', school.tree(TREE), key=key)
        again = lawrence.submit('course1', 'ps1', school.tree(TREE), key=key)
        assert first == again
        assert len(kevin.submissions()) == 1

    def test_the_time_is_that_at_which_sending_began(self, proxy: FaultProxy, school: School) -> None:
        school.release()
        proxy.break_next('PUT', '/uploads/', Answer(503, {'retry-after': '3'}))
        began = datetime.now(timezone.utc)
        submitted = school.submit(TREE)
        assert submitted.received_at - began < timedelta(seconds=3) < datetime.now(timezone.utc) - began

    def test_an_instructor_submits_on_behalf_of_a_student(self, school: School) -> None:
        kevin = school.release()
        kevin.submit('course1', 'ps1', school.tree(TREE), key='a', student='lawrence')
        assert [one.student for one in kevin.submissions()] == ['lawrence']
        with pytest.raises(NotAllowed):
            school.ask_as('lawrence').submit('course1', 'ps1', school.tree(TREE), key='a', student='kevin')

    def test_a_submission_has_a_receipt(self, school: School) -> None:
        kevin = school.release()
        submitted = school.submit(NOTEBOOK)
        [submission] = kevin.submissions()
        receipt = kevin.receipt(submission)
        assert school.ask_as('lawrence').receipt(submitted) == receipt
        assert (receipt['student'], receipt['receivedAt']) == ('lawrence', submitted.timestamp)

    def test_a_submission_without_files_is_one(self, school: School) -> None:
        kevin = school.release()
        school.submit({})
        [submission] = kevin.submissions()
        assert kevin.download_submission(submission, Memory()) == ()

    def test_progress_is_told_in_both_directions(self, school: School) -> None:
        kevin = school.release()
        told: list[object] = []
        lawrence = school.ask_as('lawrence', progress=told.append)
        lawrence.submit('course1', 'ps1', school.tree(TREE), key='a')
        size_bytes = len(TREE['data/numbers.csv']) + len(TREE['p1.ipynb'])
        assert str(told[-1]) == f"Progress(direction='upload', done_bytes={size_bytes}, total_bytes={size_bytes})"
        lawrence.download_submission(kevin.submissions()[0], Memory())
        assert str(told[-1]) == f"Progress(direction='download', done_bytes={size_bytes}, total_bytes={size_bytes})"


def test_its_capabilities_are_told(school: School) -> None:
    capabilities = school.ask_as('kevin').capabilities()
    assert (capabilities.api, capabilities.lacks) == ('v2', ())


class TestLimits:
    def test_what_is_too_large_for_one_file_is_refused_in_words(self, tmp_path: Path) -> None:
        with start_server(tmp_path / 'server', '--max-file-bytes', '1000') as server:
            school = School(tmp_path, over_v2(server.url))
            school.release()
            with pytest.raises(ServerError, match=r'The upload is too large: .*1000 bytes.*HTTP 413'):
                school.submit({'data.bin': bytes(3_500_000)})

    def test_what_is_too_large_is_not_sent(self, tmp_path: Path) -> None:
        with (
            start_server(tmp_path / 'server', '--max-file-bytes', '5000000') as server,
            FaultProxy(server.url).running() as proxy,
        ):
            school = School(tmp_path, over_v2(proxy.url))
            school.release()
            with pytest.raises(ServerError, match=r'data\.bin has 5000001 bytes, and the server takes at most 5000000'):
                school.submit({'data.bin': bytes(5_000_001)})
            assert sum(request.body_bytes for request in proxy.passed if request.method == 'PUT') < 1000

    def test_what_is_beyond_a_quota_is_refused_with_figures(self, tmp_path: Path) -> None:
        with start_server(tmp_path / 'server', '--max-assignment-bytes', '1000') as server:
            school = School(tmp_path, over_v2(server.url))
            school.release()
            with pytest.raises(ServerError, match=r'may have 1000 bytes.*Remove large files'):
                school.submit({'data.bin': bytes(2000)})


def test_a_file_has_what_the_server_tells_of_it(school: School) -> None:
    kevin = school.release()
    [file] = kevin.download_release('course1', 'ps1', Memory())
    assert file == File(
        path='p1.ipynb',
        size_bytes=2,
        md5='99914b932bd37a50b983c5e7c90ae93b',
        sha256='44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    )


def test_a_file_that_is_gone_is_told_of(school: School, tmp_path: Path) -> None:
    kevin = school.course()
    with pytest.raises(FileNotFoundError):
        kevin.release('course1', 'ps1', [LocalFile('gone.ipynb', tmp_path / 'gone.ipynb')])
