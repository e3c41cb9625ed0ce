"""What holds with every server, new or old."""

from datetime import datetime, timezone

import pytest

from ngshare_exchange.server.interface import (
    AlreadyExists,
    Member,
    MemberOutcome,
    NotAllowed,
    NotFound,
    ServerError,
    parse_timestamp,
)
from server.world import Memory, School

TREE = {
    'p1.ipynb': b'{"cells": []}',
    'data/numbers.csv': bytes(range(256)) * 3000,
    'data/empty.txt': b'',
    'Übung "1" \\ a+b&c=d %2F.ipynb': b'\x00\xff',
}


class TestAssignments:
    def test_a_student_fetches_what_was_released(self, any_school: School) -> None:
        kevin = any_school.course()
        kevin.release('course1', 'ps1', any_school.tree(TREE))
        sink = Memory()
        files = any_school.ask_as('lawrence').download_release('course1', 'ps1', sink)
        assert sink.files == TREE
        assert [file.path for file in files] == list(TREE)
        assert files == sink.told

    def test_only_files_that_are_lacking_are_written(self, any_school: School) -> None:
        kevin = any_school.course()
        kevin.release('course1', 'ps1', any_school.tree(TREE))
        sink = Memory(lacks={'data/empty.txt', 'p1.ipynb'})
        any_school.ask_as('lawrence').download_release('course1', 'ps1', sink)
        assert sink.files == {'p1.ipynb': TREE['p1.ipynb'], 'data/empty.txt': b''}
        assert len(sink.told) == len(TREE)

    def test_the_list_tells_the_notebooks_at_the_top(self, any_school: School) -> None:
        kevin = any_school.course()
        tree = {'b.ipynb': b'{}', 'a.ipynb': b'{}', 'more/c.ipynb': b'{}', 'data.csv': b''}
        kevin.release('course1', 'ps1', any_school.tree(tree))
        [assignment] = any_school.ask_as('lawrence').assignments()
        assert (assignment.course, assignment.assignment) == ('course1', 'ps1')
        assert assignment.release.notebooks == ('a', 'b')

    def test_lists_are_of_one_course_or_one_assignment_where_one_is_named(self, any_school: School) -> None:
        kevin = any_school.release('ps1')
        kevin.release('course1', 'ps2', [])
        any_school.release('ps1', course='course2')
        places = [(found.course, found.assignment) for found in kevin.assignments()]
        assert sorted(places) == [('course1', 'ps1'), ('course1', 'ps2'), ('course2', 'ps1')]
        assert [found.assignment for found in kevin.assignments('course1')] == ['ps1', 'ps2']
        assert [found.assignment for found in kevin.assignments('course1', 'ps2')] == ['ps2']
        assert kevin.assignments('course1', 'ps3') == []

    def test_what_is_out_is_not_released_again_by_accident(self, any_school: School) -> None:
        kevin = any_school.release()
        with pytest.raises(AlreadyExists, match='--force'):
            kevin.release('course1', 'ps1', any_school.tree({'other.ipynb': b'{}'}))
        assert kevin.assignments()[0].release.notebooks == ('p1',)

    def test_a_released_assignment_can_be_replaced(self, any_school: School) -> None:
        kevin = any_school.release()
        kevin.release('course1', 'ps1', any_school.tree({'p2.ipynb': b'{}'}), overwrite=True)
        assert kevin.assignments()[0].release.notebooks == ('p2',)

    def test_a_released_assignment_can_be_taken_back(self, any_school: School) -> None:
        kevin = any_school.release()
        kevin.unrelease('course1', 'ps1')
        assert kevin.assignments() == []
        with pytest.raises(NotFound):
            kevin.unrelease('course1', 'ps1')

    def test_a_student_cannot_release(self, any_school: School) -> None:
        any_school.course()
        with pytest.raises(NotAllowed, match='HTTP 403'):
            any_school.ask_as('lawrence').release('course1', 'ps1', [])

    def test_what_is_not_there_is_not_found(self, any_school: School) -> None:
        kevin = any_school.course()
        with pytest.raises(NotFound, match='course'):
            kevin.assignments('course9')
        with pytest.raises(NotFound, match='assignment'):
            kevin.download_release('course1', 'ps9', Memory())

    def test_names_may_be_odd(self, any_school: School) -> None:
        course, assignment = 'Mathe & Ü/1 + 50%', 'Blatt #1?'
        kevin = any_school.release(assignment, course)
        assert [(found.course, found.assignment) for found in kevin.assignments()] == [(course, assignment)]
        sink = Memory()
        kevin.download_release(course, assignment, sink)
        assert sink.files == {'p1.ipynb': b'{}'}


class TestSubmissions:
    def test_an_instructor_collects_what_was_submitted(self, any_school: School) -> None:
        kevin = any_school.release()
        any_school.submit(TREE)
        [submission] = kevin.submissions('course1', 'ps1')
        sink = Memory()
        kevin.download_submission(submission, sink)
        assert sink.files == TREE
        assert submission.student == 'lawrence'
        assert submission.notebooks is not None
        assert 'p1' in submission.notebooks

    def test_the_time_of_a_submission_is_the_same_everywhere(self, any_school: School) -> None:
        kevin = any_school.release()
        before = datetime.now(timezone.utc)
        submitted = any_school.submit(TREE)
        assert before <= submitted.received_at <= datetime.now(timezone.utc)
        [seen_by_instructor] = kevin.submissions()
        [seen_by_student] = any_school.ask_as('lawrence').submissions(own=True)
        assert seen_by_instructor.timestamp == seen_by_student.timestamp == submitted.timestamp
        assert parse_timestamp(submitted.timestamp) == submitted.received_at

    def test_the_very_submission_that_was_chosen_is_collected(self, any_school: School) -> None:
        kevin = any_school.release()
        any_school.submit({'p1.ipynb': b'first'})
        [chosen] = kevin.submissions()
        any_school.submit({'p1.ipynb': b'second'})
        sink = Memory()
        kevin.download_submission(chosen, sink)
        assert sink.files == {'p1.ipynb': b'first'}

    def test_students_see_their_own_and_instructors_all(self, any_school: School) -> None:
        kevin = any_school.release()
        kevin.add_member('course1', 'eric')
        any_school.submit(TREE)
        any_school.submit(TREE, student='eric')
        any_school.submit(TREE)
        assert [one.student for one in kevin.submissions()] == ['lawrence', 'eric', 'lawrence']
        assert [one.student for one in kevin.submissions(newest_only=True)] == ['eric', 'lawrence']
        assert [one.student for one in kevin.submissions(student='eric')] == ['eric']
        assert kevin.submissions(own=True) == []
        lawrence = any_school.ask_as('lawrence')
        assert [one.student for one in lawrence.submissions()] == ['lawrence', 'lawrence']
        assert [one.student for one in lawrence.submissions(own=True)] == ['lawrence', 'lawrence']
        with pytest.raises(NotAllowed):
            lawrence.submissions('course1', student='eric')

    def test_a_stranger_cannot_submit(self, any_school: School) -> None:
        any_school.release()
        with pytest.raises(NotAllowed):
            any_school.submit(TREE, student='stranger')

    def test_a_file_that_changes_while_it_is_sent_is_not_submitted(self, any_school: School) -> None:
        kevin = any_school.release()
        files = any_school.tree({'p1.ipynb': bytes(3_000_000)})

        def change(_: object) -> None:
            files[0].location.write_bytes(bytes(2_999_999) + b'x')

        lawrence = any_school.ask_as('lawrence', progress=change)
        with pytest.raises(ServerError, match='was changed while it was being sent'):
            lawrence.submit('course1', 'ps1', files, key='a')
        assert kevin.submissions() == []


class TestFeedback:
    def test_a_student_fetches_feedback(self, any_school: School) -> None:
        kevin = any_school.release()
        any_school.submit(TREE)
        lawrence = any_school.ask_as('lawrence')
        [submission] = lawrence.submissions(own=True)
        assert submission.feedback is None
        kevin.return_feedback(submission, any_school.tree({'p1.html': b'good'}))
        [submission] = lawrence.submissions(own=True)
        assert submission.feedback is not None
        assert [(file.path, file.md5) for file in submission.feedback.files] == [
            ('p1.html', '755f85c2723bb39381c7379a604160d8')
        ]
        sink = Memory()
        lawrence.download_feedback(submission, sink)
        assert sink.files == {'p1.html': b'good'}

    def test_new_feedback_takes_the_place_of_the_old(self, any_school: School) -> None:
        kevin = any_school.release()
        any_school.submit(TREE)
        [submission] = kevin.submissions()
        kevin.return_feedback(submission, any_school.tree({'p1.html': b'good', 'p2.html': b''}))
        kevin.return_feedback(submission, any_school.tree({'p1.html': b'very good'}))
        sink = Memory()
        kevin.download_feedback(submission, sink)
        assert sink.files == {'p1.html': b'very good'}

    def test_feedback_that_was_not_returned_is_not_found(self, any_school: School) -> None:
        kevin = any_school.release()
        any_school.submit(TREE)
        [submission] = kevin.submissions()
        with pytest.raises(NotFound, match='no feedback yet'):
            kevin.download_feedback(submission, Memory())

    def test_a_student_cannot_return_feedback(self, any_school: School) -> None:
        any_school.release()
        any_school.submit(TREE)
        lawrence = any_school.ask_as('lawrence')
        [submission] = lawrence.submissions(own=True)
        with pytest.raises(NotAllowed):
            lawrence.return_feedback(submission, [])


class TestRosters:
    def test_who_is_added_is_a_member(self, any_school: School) -> None:
        kevin = any_school.course(students=[])
        outcome = kevin.add_member('course1', 'ann', first_name='Ann', email='ann@example.org')
        assert outcome == MemberOutcome('ann', 'added')
        ann = kevin.member('course1', 'ann')
        assert ann is not None
        assert (ann.user, ann.role, ann.first_name, ann.email) == ('ann', 'student', 'Ann', 'ann@example.org')
        assert [member.user for member in kevin.members('course1')] == ['kevin', 'ann']
        assert [member.user for member in kevin.members('course1', 'instructor')] == ['kevin']

    def test_names_that_are_not_given_are_kept(self, any_school: School) -> None:
        kevin = any_school.course(students=[])
        kevin.add_member('course1', 'ann', first_name='Ann', last_name='Lee')
        assert kevin.add_member('course1', 'ann').outcome == 'unchanged'
        assert kevin.add_member('course1', 'ann', last_name='Smith').outcome == 'changed'
        ann = kevin.member('course1', 'ann')
        assert ann is not None
        assert (ann.first_name, ann.last_name) == ('Ann', 'Smith')

    def test_many_are_added_at_once(self, any_school: School) -> None:
        kevin = any_school.course(students=['eric'])
        kevin.add_member('course1', 'eric', first_name='Eric')
        new = [Member('ann', 'student', 'Ann'), Member('eric', 'student'), Member('kevin', 'student')]
        outcomes = kevin.change_members('course1', new)
        assert [outcome.outcome for outcome in outcomes] == ['added', 'unchanged', 'refused']
        assert [outcome.user for outcome in outcomes] == ['ann', 'eric', 'kevin']
        assert outcomes[2].reason == 'instructor-is-no-student'
        students = {member.user: member.first_name for member in kevin.members('course1', 'student')}
        assert students == {'eric': 'Eric', 'ann': 'Ann'}

    def test_a_dry_run_changes_nothing(self, any_school: School) -> None:
        kevin = any_school.course(students=['eric'])
        new = [Member('ann', 'student'), Member('eric', 'student', 'Eric')]
        outcomes = kevin.change_members('course1', new, dry_run=True)
        assert [outcome.outcome for outcome in outcomes] == ['added', 'changed']
        assert [member.user for member in kevin.members('course1', 'student')] == ['eric']

    def test_an_instructor_cannot_take_the_course(self, any_school: School) -> None:
        kevin = any_school.course()
        with pytest.raises(ServerError, match='cannot take it'):
            kevin.add_member('course1', 'kevin')

    def test_who_is_removed_is_no_member(self, any_school: School) -> None:
        kevin = any_school.course()
        assert kevin.remove_member('course1', 'lawrence') is True
        assert kevin.remove_member('course1', 'lawrence') is False
        assert kevin.member('course1', 'lawrence') is None

    def test_an_admin_appoints_and_dismisses_instructors(self, any_school: School) -> None:
        any_school.course()
        root = any_school.ask_as('root')
        assert root.add_member('course1', 'abigail', 'instructor').outcome == 'added'
        assert root.remove_member('course1', 'abigail') is True
        assert [member.user for member in root.members('course1', 'instructor')] == ['kevin']

    def test_the_members_of_no_course_are_not_found(self, any_school: School) -> None:
        with pytest.raises(NotFound):
            any_school.ask_as('root').member('course9', 'ann')


class TestCourses:
    def test_people_see_their_courses(self, any_school: School) -> None:
        any_school.course('course2')
        any_school.course('course1', students=[])
        assert [course.course for course in any_school.ask_as('kevin').courses()] == ['course1', 'course2']
        assert [course.course for course in any_school.ask_as('lawrence').courses()] == ['course2']
        assert [course.course for course in any_school.ask_as('stranger').courses()] == []

    def test_only_admins_create_courses(self, any_school: School) -> None:
        with pytest.raises(NotAllowed):
            any_school.ask_as('kevin').create_course('course1')

    def test_a_course_is_created_once(self, any_school: School) -> None:
        any_school.course()
        with pytest.raises(AlreadyExists):
            any_school.ask_as('root').create_course('course1')

    def test_the_server_says_who_asks(self, any_school: School) -> None:
        assert any_school.ask_as('lawrence').service().user == 'lawrence'
