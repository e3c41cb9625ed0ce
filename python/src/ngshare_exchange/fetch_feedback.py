"""`nbgrader fetch_feedback`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.exchange import abc

from .assignment_list import remember_failed_fetch
from .downloads import Download, checksums_of
from .exchange import Exchange, Failure, explain_os_error, is_pattern
from .server.interface import NotFound, ServerError, Submission
from .trees.selection import Rules
from .trees.writing import WritingError, adding, contained, has_bytes


class ExchangeFetchFeedback(Exchange, abc.ExchangeFetchFeedback):
    def start(self) -> Any:
        try:
            return super().start()
        except Failure as failure:
            remember_failed_fetch(self, f'The feedback to {self.assignment_id}', failure)
            raise

    def init_src(self) -> None:
        assignment = self.assignment_id
        self.check_name('assignment', assignment)
        if self.course_id == '':
            self.require_course()
        student = str(self.directory.student_id)
        if student not in ('', '*') and is_pattern(student):
            self.fail(f"--student says whose feedback you fetch; '{student}' is a pattern, not a name.")
        whose = None if student in ('', '*') else student
        course = None if self.course_id == '*' else self.course_id
        submissions = self.server.submissions(course, assignment, whose, own=whose is None)
        self.choose_course((one.course for one in submissions), f"a submission of '{assignment}'")
        self.require_course()
        self.submissions = [one for one in submissions if one.course == self.course_id]

    def init_dest(self) -> None:
        self.folder = self.local_folder(self.course_id, self.assignment_id) / 'feedback'

    def copy_files(self) -> None:
        self.log.info('Source: %s', self.server.url)
        self.log.info('Destination: %s', self.folder)
        if not self.submissions:
            self.log.warning("You have not submitted '%s' in course '%s'", self.assignment_id, self.course_id)
        failed: list[str] = []
        for submission in self.submissions:
            problem = self._try_to_fetch(submission)
            if problem is not None:
                failed.append(submission.timestamp)
                self.log.error('Could not fetch the feedback for %s: %s', submission.timestamp, problem)
        if failed:
            self.fail(f'Feedback could not be fetched for the submissions of: {", ".join(failed)}.')

    def _try_to_fetch(self, submission: Submission) -> str | None:
        """Why it could not be fetched. That there is none yet is nothing to fail about."""
        try:
            if submission.feedback is None:
                self._tell_none(submission)
            else:
                self._fetch(submission)
        except NotFound:
            self._tell_none(submission)
        except (ServerError, WritingError) as error:
            return str(error)
        except OSError as error:
            return explain_os_error(error)
        return None

    def _tell_none(self, submission: Submission) -> None:
        self.log.warning(
            "Could not find feedback for '%s/%s' submitted at %s",
            submission.course,
            submission.assignment,
            submission.timestamp,
        )

    def _fetch(self, submission: Submission) -> None:
        folder = self.folder / self._name_of(submission)
        with adding(folder, overwrite=True) as tree:
            sink = Download(
                tree,
                rules=Rules(),
                is_wanted=lambda file: not has_bytes(contained(folder, file.path), checksums_of(file)),
            )
            self.server.download_feedback(submission, sink)
            fetched = sorted(tree.paths)
        for path in fetched:
            self.log.info('Fetched feedback: %s', folder / path)
        if not fetched:
            self.log.info('Feedback is here already: %s', folder)

    def _name_of(self, submission: Submission) -> Path:
        """As the copy in the cache is called, to the letter: so it is found again."""
        for cached in self.submission_cache.submissions():
            is_same = (cached.course, cached.assignment, cached.student) == (
                submission.course,
                submission.assignment,
                submission.student,
            )
            if is_same and cached.received_at == submission.received_at:
                return Path(cached.timestamp)
        return Path(submission.timestamp)
