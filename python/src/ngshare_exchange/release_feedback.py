"""`nbgrader release_feedback`."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path

from nbgrader.exchange import abc

from .cache import TIMESTAMP
from .downloads import checksums_of
from .exchange import Exchange, exact, explain_os_error
from .server.interface import LocalFile, ServerError, Submission, parse_timestamp
from .trees.writing import has_bytes


class ExchangeReleaseFeedback(Exchange, abc.ExchangeReleaseFeedback):
    def init_src(self) -> None:
        coursedir = self.directory
        student = str(coursedir.student_id) or '*'
        pattern = coursedir.format_path(coursedir.feedback_directory, student, self.assignment_id)
        expression = coursedir.format_path(
            coursedir.feedback_directory,
            f'(?P<student>[^{re.escape(os.sep)}]+)',
            re.escape(self.assignment_id),
            escape=True,
        )
        excluded = {one.strip() for one in str(coursedir.student_id_exclude).split(',')}
        self.source = pattern
        self.feedback: dict[str, Path] = {}
        for folder in sorted(glob.glob(pattern)):  # noqa: PTH207 (the pattern is a whole path)
            match = re.fullmatch(expression, folder)
            if match is None:
                self.log.error("Could not match '%s' with regexp '%s'", folder, expression)
            elif match['student'] in excluded:
                self.log.debug("Skipping student '%s'", match['student'])
            elif any(Path(folder).glob('*.html')):
                self.feedback[match['student']] = Path(folder)

    def init_dest(self) -> None:
        self.require_course()

    def copy_files(self) -> None:
        of = f"of '{self.assignment_id}' for course '{self.course_id}'"
        if not self.feedback:
            self.log.warning('No feedback %s to release in: %s', of, self.source)
            return
        self.submissions = self.server.submissions(
            self.course_id, self.assignment_id, exact(str(self.directory.student_id)), with_details=False
        )
        failed: list[str] = []
        for student, folder in self.feedback.items():
            problem = self._try_to_release(student, folder)
            if problem is not None:
                failed.append(student)
                self.log.error("Could not release the feedback for student '%s': %s", student, problem)
        if failed:
            self.fail(
                f'The feedback {of} could not be released for {len(failed)} of {len(self.feedback)} '
                f'students: {", ".join(failed)}.'
            )

    def _try_to_release(self, student: str, folder: Path) -> str | None:
        """Why it could not be released."""
        try:
            timestamp = (folder / TIMESTAMP).read_text(encoding='utf-8').strip()
            received_at = parse_timestamp(timestamp)
        except FileNotFoundError:
            return f"'{folder / TIMESTAMP}' is missing, so it is not known which submission this is about."
        except ValueError:
            return f"'{folder / TIMESTAMP}' has no timestamp."
        except OSError as error:
            return explain_os_error(error)
        for submission in self.submissions:
            if submission.student == student and submission.received_at == received_at:
                try:
                    self._release(submission, sorted(folder.glob('*.html')))
                except ServerError as error:
                    return str(error)
                except OSError as error:
                    return explain_os_error(error)
                return None
        return f'The server has no submission of {timestamp}. Collect, autograde and generate feedback again.'

    def _release(self, submission: Submission, files: Sequence[Path]) -> None:
        student = submission.student
        if _is_returned(submission, files):
            self.log.info(
                "Feedback for student '%s' on assignment '%s/%s' (%s) is released already",
                student,
                self.course_id,
                self.assignment_id,
                submission.timestamp,
            )
            return
        for file in files:
            self.log.info(
                "Releasing feedback for student '%s' on assignment '%s/%s/%s' (%s)",
                student,
                self.course_id,
                self.assignment_id,
                file.stem,
                submission.timestamp,
            )
        self.server.return_feedback(submission, [LocalFile(file.name, file) for file in files])


def _is_returned(submission: Submission, files: Sequence[Path]) -> bool:
    if submission.feedback is None:
        return False
    returned = {file.path: file for file in submission.feedback.files}
    if set(returned) != {file.name for file in files}:
        return False
    return all(has_bytes(file, checksums_of(returned[file.name])) for file in files)
