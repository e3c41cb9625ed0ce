"""`nbgrader list`, and what the tabs of JupyterLab and formgrader show."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from nbgrader.exchange import abc
from traitlets import Bool, default

from .assignment_list import ShownInTab, failed_fetch_before, is_asking
from .cache import CachedSubmission
from .entries import (
    Entry,
    Sent,
    describe_assignment,
    describe_removed,
    describe_submission,
    group_by_assignment,
    notebooks_in,
    sentence_of_submission,
)
from .exchange import Exchange, Failure, exact, explain_os_error, matches
from .server.interface import Assignment, ServerError, Submission
from .trees.writing import WritingError, contained

T = TypeVar('T')


class ExchangeList(Exchange, abc.ExchangeList):
    as_json = Bool(False, help='Whether to write the list as JSON to the standard output.').tag(config=True)

    @default('patience')
    def _patience_of_those_who_look_at_a_tab(self) -> float:
        """JupyterLab does nothing else for its user while a list is made."""
        return 20

    def start(self) -> Any:
        failure = failed_fetch_before(self)
        if failure is None:
            try:
                return super().start()
            except Failure as error:
                if not is_asking(self):
                    raise
                failure = error
        raise ShownInTab(*failure.args) from None

    def init_src(self) -> None:
        pass

    def init_dest(self) -> None:
        pass

    def copy_files(self) -> None:
        pass

    def list_files(self) -> list[Entry]:
        if self.inbound or self.cached:
            sent = self._received() if self.inbound else self._submitted()
            entries = group_by_assignment(describe_submission(one, self._feedback_folder(one)) for one in sent)
            self._tell_submissions('Submitted assignments:', entries)
        else:
            released = self._released()
            entries = [describe_assignment(one, self._fetched_folder(one)) for one in released]
            self._tell_assignments('Released assignments:', released)
            self._warn_of_shared_folders(entries)
        return self._written(entries)

    def remove_files(self) -> list[Entry]:
        if self.inbound:
            self.fail(
                'Submissions stay on the server: nobody removes them from there. '
                'To remove your own copies of what you have submitted, say --cached.'
            )
        return self._written(self._remove_cached() if self.cached else self._unrelease())

    # Assignments

    def _released(self) -> list[Assignment]:
        """By course and name."""
        course, assignment = self.course_id, self.assignment_id
        found = self.server.assignments(exact(course), exact(assignment))
        chosen = [one for one in found if self._is_meant(one.course, one.assignment)]
        return sorted(chosen, key=lambda one: (one.course, one.assignment))

    def _fetched_folder(self, released: Assignment) -> Path | None:
        try:
            contained(self.assignments_folder, f'{released.course}/{released.assignment}')
        except WritingError:
            return None  # it can be listed, but there is no folder of such a name
        folder = self.local_folder(released.course, released.assignment)
        return folder if folder.exists() else None

    def _tell_assignments(self, title: str, released: list[Assignment]) -> None:
        self.log.info(title)
        for one in released:
            folder = self._fetched_folder(one)
            remark = '' if folder is None else ' (already downloaded)'
            if folder is not None and self._is_newer(one, folder):
                remark = f' (already downloaded, a newer release is available: version {one.release.version})'
            self.log.info('%s %s%s', one.course, one.assignment, remark)

    def _is_newer(self, released: Assignment, folder: Path) -> bool:
        fetched = self.fetched_releases.find(folder)
        if fetched is None or (fetched.course, fetched.assignment) != (released.course, released.assignment):
            return False
        return (released.release.version or 0) > (fetched.version or released.release.version or 0)

    def _warn_of_shared_folders(self, entries: list[Entry]) -> None:
        courses = defaultdict(list)
        for entry in entries:
            if entry['status'] == 'fetched':
                courses[entry['path']].append(entry['course_id'])
        for path, names in courses.items():
            if len(names) > 1:
                self.log.warning(
                    "The courses %s share the folder '%s'. Say Exchange.path_includes_course = True in the "
                    'configuration, so that courses have folders of their own.',
                    ', '.join(names),
                    path,
                )

    def _unrelease(self) -> list[Entry]:
        released = self._released()
        entries = [{**describe_assignment(one, self._fetched_folder(one)), 'status': 'removed'} for one in released]
        self._tell_assignments('Removing released assignments:', released)

        def unrelease(one: Assignment) -> None:
            self.server.unrelease(
                one.course,
                one.assignment,
                even_if_submissions_are_lost=self.even_if_submissions_are_lost,
            )

        self._for_each(released, unrelease, lambda one: f'{one.course} {one.assignment}')
        return entries

    # Submissions

    def _received(self) -> list[Sent]:
        """What the server has: of one's own, and of the courses that one teaches."""
        student = str(self.directory.student_id)
        submissions = self.server.submissions(exact(self.course_id), exact(self.assignment_id), exact(student))
        return [_as_sent(one) for one in submissions if self._is_meant_with_student(one)]

    def _submitted(self) -> list[Sent]:
        """What is in the cache, and what else one has submitted: elsewhere, or before the cache was lost."""
        copies = self._copies()
        own = self.server.submissions(exact(self.course_id), exact(self.assignment_id), own=True)
        submissions: dict[tuple[str, str, str, datetime | None], Submission] = {
            (one.course, one.student, one.assignment, one.received_at): one
            for one in own
            if self._is_meant_with_student(one)
        }
        sent = []
        for copy in copies:
            known = submissions.pop((copy.course, copy.student, copy.assignment, copy.received_at), None)
            sent.append(_as_cached(copy, known))
        return sent + [_as_sent(one) for one in submissions.values()]

    def _copies(self) -> list[CachedSubmission]:
        return [one for one in self.submission_cache.submissions() if self._is_meant_with_student(one)]

    def _remove_cached(self) -> list[Entry]:
        copies = self._copies()
        entries = group_by_assignment(describe_removed(_as_cached(one, None)) for one in copies)
        self._tell_submissions('Removing submitted assignments:', entries)
        self._for_each(copies, self.submission_cache.remove, lambda one: str(one.path))
        return entries

    def _feedback_folder(self, sent: Sent) -> Path:
        return self.local_folder(sent.course, sent.assignment) / 'feedback' / sent.timestamp

    def _tell_submissions(self, title: str, entries: list[Entry]) -> None:
        self.log.info(title)
        for entry in entries:
            for submission in entry['submissions']:
                self.log.info(sentence_of_submission(submission))

    # Both

    def _is_meant(self, course: str, assignment: str) -> bool:
        return (
            matches(course, self.course_id)
            and matches(assignment, self.assignment_id)
            and (self.permitted_courses is None or course in self.permitted_courses)
        )

    def _is_meant_with_student(self, one: Submission | CachedSubmission) -> bool:
        return self._is_meant(one.course, one.assignment) and matches(one.student, str(self.directory.student_id))

    def _for_each(self, items: Sequence[T], remove: Callable[[T], None], name: Callable[[T], str]) -> None:
        """Fails at the end when some could not be removed."""
        problems = []
        for item in items:
            try:
                remove(item)
            except ServerError as error:
                problems.append(f'{name(item)}: {error}')
            except OSError as error:
                problems.append(f'{name(item)}: {explain_os_error(error)}')
        if problems:
            self.fail('Not removed:\n' + '\n'.join(problems))

    def _written(self, entries: list[Entry]) -> list[Entry]:
        if self.as_json:
            sys.stdout.write(json.dumps(entries, indent=2) + '\n')
            sys.stdout.flush()
        return entries


def _as_sent(submission: Submission) -> Sent:
    return Sent(
        submission.course,
        submission.student,
        submission.assignment,
        submission.timestamp,
        None,
        submission.notebooks or (),
        submission.feedback,
    )


def _as_cached(copy: CachedSubmission, known: Submission | None) -> Sent:
    return Sent(
        copy.course,
        copy.student,
        copy.assignment,
        copy.timestamp,
        copy.path,
        tuple(notebooks_in(copy.path)),
        known.feedback if known else None,
    )
