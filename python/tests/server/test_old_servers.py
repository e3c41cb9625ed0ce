"""The Python ngshare: what it cannot do is said, and never done in a way that loses work."""

import pytest

from ngshare_exchange.server.interface import NotFound, NotSupported, ServerError, Unreachable
from server.fault_proxy import Answer, CutAfter, CutAnswer, CutBefore, FaultProxy
from server.world import Memory, School

TREE = {'p1.ipynb': b'{"cells": []}', 'data/numbers.csv': bytes(range(256)) * 3000}


class TestRecognition:
    def test_it_is_recognised_by_its_first_answer_and_then_remembered(
        self, old_school: School, old_school_proxy: FaultProxy
    ) -> None:
        kevin = old_school.ask_as('kevin')
        kevin.courses()
        kevin.courses()
        old_school.ask_as('lawrence').courses()
        assert old_school_proxy.requests() == [
            'GET /api/v2/courses',
            'GET /api/courses',
            'GET /api/courses',
            'GET /api/courses',
        ]

    def test_it_is_said_once_that_it_is_old_and_what_it_cannot_do(self, old_school: School) -> None:
        for name in ['kevin', 'lawrence']:
            old_school.ask_as(name).courses()
        [told] = old_school.told
        assert 'is an old exchange server. To replace or take back an assignment deletes its submissions' in told

    def test_it_is_recognised_when_it_is_first_asked_to_write(self, old_school: School) -> None:
        old_school.ask_as('root').create_course('course1', ['kevin'])
        assert [course.course for course in old_school.ask_as('kevin').courses()] == ['course1']

    def test_its_capabilities_are_told(self, old_school: School) -> None:
        kevin = old_school.ask_as('kevin')
        assert kevin.capabilities().api == 'v1'
        assert kevin.capabilities().lacks

    def test_a_new_server_is_not_taken_for_an_old_one_when_something_is_not_found(
        self, school: School, proxy: FaultProxy
    ) -> None:
        kevin = school.ask_as('kevin')
        with pytest.raises(NotFound):
            kevin.assignments('course1')
        assert proxy.requests() == ['GET /api/v2/assignments']
        assert school.told == []


class TestSubmissionsAreNotLost:
    def test_an_assignment_with_submissions_is_not_replaced(self, old_school: School) -> None:
        kevin = old_school.release()
        old_school.submit(TREE)
        with pytest.raises(NotSupported, match='would delete the 1 submissions to ps1'):
            kevin.release('course1', 'ps1', old_school.tree(TREE), overwrite=True)
        assert len(kevin.submissions()) == 1

    def test_an_assignment_with_submissions_is_not_taken_back(self, old_school: School) -> None:
        kevin = old_school.release()
        old_school.submit(TREE)
        with pytest.raises(NotSupported, match='Nothing was done'):
            kevin.unrelease('course1', 'ps1')
        assert len(kevin.submissions()) == 1

    def test_it_is_replaced_when_the_instructor_says_that_they_may_be_lost(self, old_school: School) -> None:
        kevin = old_school.release()
        old_school.submit(TREE)
        files = old_school.tree({'p2.ipynb': b'{}'})
        kevin.release('course1', 'ps1', files, overwrite=True, even_if_submissions_are_lost=True)
        assert kevin.assignments()[0].release.notebooks == ('p2',)
        assert kevin.submissions() == []

    def test_a_replacement_that_fails_half_way_is_told_of(
        self, old_school: School, old_school_proxy: FaultProxy
    ) -> None:
        kevin = old_school.release()
        old_school_proxy.break_next('POST', '/assignment/', Answer(507))
        with pytest.raises(ServerError, match='is NOT released now'):
            kevin.release('course1', 'ps1', old_school.tree(TREE), overwrite=True)


class TestTrouble:
    def test_a_submission_without_an_answer_is_stored_once(
        self, old_school: School, old_school_proxy: FaultProxy
    ) -> None:
        kevin = old_school.release()
        old_school_proxy.break_next('POST', '/submission/', CutAfter())
        submitted = old_school.submit(TREE)
        assert [one.timestamp for one in kevin.submissions()] == [submitted.timestamp]

    def test_a_submission_that_did_not_arrive_is_sent_again(
        self, old_school: School, old_school_proxy: FaultProxy
    ) -> None:
        kevin = old_school.release()
        old_school_proxy.break_next('POST', '/submission/', CutBefore())
        old_school.submit(TREE)
        assert len(kevin.submissions()) == 1

    def test_a_submission_that_a_person_repeats_is_stored_once(
        self, old_school: School, old_school_proxy: FaultProxy
    ) -> None:
        kevin = old_school.release()
        lawrence = old_school.ask_as('lawrence')
        lawrence.courses()
        old_school_proxy.break_next('POST', '/submission/', CutAfter())
        submitted = lawrence.submit('course1', 'ps1', old_school.tree(TREE), key='a')
        assert lawrence.submit('course1', 'ps1', old_school.tree(TREE), key='a').timestamp == submitted.timestamp
        assert len(kevin.submissions()) == 1

    def test_a_release_without_an_answer_is_good(self, old_school: School, old_school_proxy: FaultProxy) -> None:
        kevin = old_school.course()
        old_school_proxy.break_next('POST', '/assignment/', CutAfter())
        assert kevin.release('course1', 'ps1', old_school.tree(TREE)).notebooks == ('p1',)

    def test_a_download_that_is_cut_is_made_again(self, old_school: School, old_school_proxy: FaultProxy) -> None:
        kevin = old_school.course()
        kevin.release('course1', 'ps1', old_school.tree(TREE))
        old_school_proxy.break_next('GET', '/assignment/', CutAnswer(500_000))
        sink = Memory()
        kevin.download_release('course1', 'ps1', sink)
        assert sink.files == TREE

    def test_a_download_that_is_always_cut_is_told_of(self, old_school: School, old_school_proxy: FaultProxy) -> None:
        kevin = old_school.course()
        kevin.release('course1', 'ps1', old_school.tree(TREE))
        old_school_proxy.break_next('GET', '/assignment/', *([CutAnswer(500_000)] * 9))
        with pytest.raises(Unreachable, match='The connection broke off'):
            kevin.download_release('course1', 'ps1', Memory())


class TestWhatItCannotDo:
    def test_nobody_submits_on_behalf_of_others(self, old_school: School) -> None:
        kevin = old_school.release()
        with pytest.raises(NotSupported):
            kevin.submit('course1', 'ps1', old_school.tree(TREE), key='a', student='lawrence')

    def test_there_are_no_receipts(self, old_school: School) -> None:
        old_school.release()
        submitted = old_school.submit(TREE)
        with pytest.raises(NotSupported, match='receipts'):
            old_school.ask_as('lawrence').receipt(submitted)

    def test_students_cannot_see_the_notebooks_of_their_submissions(self, old_school: School) -> None:
        old_school.release()
        old_school.submit(TREE)
        [submission] = old_school.ask_as('lawrence').submissions(own=True)
        assert submission.notebooks is None

    def test_a_list_without_details_is_one_request_for_each_assignment(
        self, old_school: School, old_school_proxy: FaultProxy
    ) -> None:
        kevin = old_school.release()
        old_school.submit(TREE)
        old_school_proxy.passed.clear()
        [submission] = kevin.submissions('course1', with_details=False)
        assert submission.notebooks is None
        assert old_school_proxy.requests() == ['GET /api/assignments/course1', 'GET /api/submissions/course1/ps1']
