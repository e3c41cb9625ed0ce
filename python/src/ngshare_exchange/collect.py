"""`nbgrader collect`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from nbgrader.exchange import abc

from .cache import TIMESTAMP
from .downloads import Download
from .exchange import Exchange, exact, explain_os_error, matches
from .gradebook import find_due_date
from .server.interface import ServerError, Submission, parse_timestamp
from .trees.writing import WritingError, recover, replacing


class ExchangeCollect(Exchange, abc.ExchangeCollect):
    def init_src(self) -> None:
        self.require_course()
        self.check_name('assignment', self.assignment_id)
        student = str(self.directory.student_id)
        submissions = [
            one
            for one in self.server.submissions(
                self.course_id,
                self.assignment_id,
                exact(student),
                newest_only=not self.before_duedate,
                with_details=False,
            )
            if matches(one.student, student)
        ]
        if len({one.student for one in submissions}) <= 1:
            self._require_instructor()
        due = find_due_date(self.directory, self.assignment_id) if self.before_duedate else None
        self.submissions = choose_submissions(submissions, due)

    def init_dest(self) -> None:
        pass

    def copy_files(self) -> None:
        of = f"of '{self.assignment_id}' for course '{self.course_id}'"
        if not self.submissions:
            self.log.warning('No submissions %s to collect', of)
            return
        self.log.info('Processing %s submissions %s', len(self.submissions), of)
        failed: list[str] = []
        for submission in self.submissions:
            problem = self._try_to_collect(submission)
            if problem is not None:
                failed.append(submission.student)
                self.log.error('Could not collect the submission of %s: %s', submission.student, problem)
        if failed:
            self.fail(
                f'{len(failed)} of {len(self.submissions)} submissions {of} could not be collected: '
                f'{", ".join(failed)}. What was there of them before is untouched; collect again.'
            )

    def _require_instructor(self) -> None:
        """Others would only be shown what they have submitted themselves, or nothing."""
        for one in self.server.courses():
            if one.course == self.course_id:
                if one.role == 'student':
                    self.fail(f"You do not teach the course '{self.course_id}': only its instructors collect.")
                return
        self.fail(f"You have no course '{self.course_id}'. Is the name right, and are you its instructor?")

    def _try_to_collect(self, submission: Submission) -> str | None:
        """Why it could not be collected."""
        try:
            self._collect(submission)
        except (ServerError, WritingError) as error:
            return str(error)
        except OSError as error:
            return explain_os_error(error)
        return None

    def _collect(self, submission: Submission) -> None:
        student, assignment = submission.student, submission.assignment
        if student in ('', '.', '..') or '/' in student:
            raise WritingError(f'{student!r} cannot be the name of a folder')
        coursedir = self.directory
        folder = Path(coursedir.format_path(coursedir.submitted_directory, student, assignment))
        recover(folder)
        if not folder.is_dir():
            self.log.info('Collecting submission: %s %s', student, assignment)
        elif self._is_to_be_replaced(folder, submission):
            self.log.info('Updating submission: %s %s', student, assignment)
        elif self.update:
            self.log.info('No newer submission to collect: %s %s', student, assignment)
            return
        else:
            self.log.info('Submission already exists, use --update to update: %s %s', student, assignment)
            return
        with replacing(folder, groupshared=coursedir.groupshared) as tree:
            sink = Download(tree, rules=self.rules, here=folder, tell_left_out=self.tell_left_out)
            self.server.download_submission(submission, sink)
            tree.write_text(TIMESTAMP, submission.timestamp)

    def _is_to_be_replaced(self, folder: Path, submission: Submission) -> bool:
        collected_at = self._collected_at(folder)
        if self.before_duedate:
            return collected_at != submission.received_at
        return self.update and (collected_at is None or submission.received_at > collected_at)

    def _collected_at(self, folder: Path) -> datetime | None:
        """When the submission that is here was received; None where that is not written down."""
        try:
            return parse_timestamp((folder / TIMESTAMP).read_text(encoding='utf-8'))
        except FileNotFoundError:
            return None
        except ValueError:
            self.log.warning("No timestamp can be read in '%s'", folder / TIMESTAMP)
            return None


def choose_submissions(submissions: Sequence[Submission], due: datetime | None) -> list[Submission]:
    """One for each student: the last in time, or the last of all where none was or nothing is due."""
    chosen: dict[str, Submission] = {}
    for one in sorted(submissions, key=lambda one: one.received_at):
        is_late = due is not None and one.received_at > due
        if not is_late or one.student not in chosen or _is_late(chosen[one.student], due):
            chosen[one.student] = one
    return [chosen[student] for student in sorted(chosen)]


def _is_late(submission: Submission, due: datetime | None) -> bool:
    return due is not None and submission.received_at > due
