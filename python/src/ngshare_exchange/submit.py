"""`nbgrader submit`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from nbgrader.exchange import abc
from traitlets import Bool

from .downloads import ListOnly
from .exchange import Exchange, is_pattern, local_files
from .server.interface import ServerError, Submitted
from .trees.selection import Selection
from .trees.writing import WritingError


class ExchangeSubmit(Exchange, abc.ExchangeSubmit):
    add_random_string = Bool(True, help="Not used: nbgrader's own exchange adds it to the name of a submission.").tag(
        config=True
    )

    def init_src(self) -> None:
        sought = self.assignment_id.rstrip('/')
        folder = self.local_folder(self.course_id, sought)
        if self.course_id == '*':
            self._choose_course(sought)
            folder = self.local_folder(self.course_id, sought)
        if not folder.is_dir():
            siblings = folder.parent.iterdir() if folder.parent.is_dir() else ()
            names = [one.name for one in siblings if one.is_dir() and not one.name.startswith('.')]
            self.fail_not_found(str(folder), names, folder.name)
        self.folder = folder
        self.directory.assignment_id = folder.name  # a path may have been said
        self.check_name('assignment', self.assignment_id)

    def init_dest(self) -> None:
        self.require_course()
        self.require_access()
        if is_pattern(self.student_id):
            self.fail(f"--student says for whom you submit; '{self.student_id}' is a pattern, not a name.")

    def copy_files(self) -> None:
        course, assignment = self.course_id, self.assignment_id
        self._warn_of_other_course()
        selection = self.select_files(self.folder)
        files = local_files(selection)
        me = self.check_limits(files)
        self._compare_with_release(selection)
        self.log.info('Source: %s', self.folder)
        self.log.info('Destination: %s', self.server.url)
        student = self.student_id or me
        submitted = self.server.submit(
            course,
            assignment,
            files,
            key=uuid.uuid4().hex,
            student=student if student != me else None,
        )
        for_whom = '' if student == me else f' for {student}'
        self.log.info('Submitted as: %s %s %s%s', course, assignment, submitted.timestamp, for_whom)
        self._keep(student, submitted, selection)

    @property
    def student_id(self) -> str:
        """For whom somebody else submits; '' is for oneself."""
        student = str(self.directory.student_id)
        return '' if student == '*' else student

    def _choose_course(self, assignment: str) -> None:
        """Of all courses: the one that the folder was fetched from, or the only one with the assignment."""
        fetched = None
        if not self.path_includes_course:
            fetched = self.fetched_releases.find(self.local_folder('*', assignment))
        if fetched is not None:
            courses = [fetched.course]
        else:
            found = self.server.assignments(None, assignment, with_notebooks=False)
            courses = [one.course for one in found]
        self.choose_course(courses, f"an assignment '{assignment}'")

    def _warn_of_other_course(self) -> None:
        fetched = self.fetched_releases.find(self.folder)
        if fetched is not None and fetched.course != self.course_id:
            self.log.warning(
                "This folder was fetched from the course '%s', and is now submitted to '%s'. Say "
                'Exchange.path_includes_course = True in the configuration, so that courses have folders '
                'of their own.',
                fetched.course,
                self.course_id,
            )

    def _compare_with_release(self, selection: Selection) -> None:
        """Tells which notebooks are missing, or more than was released."""
        released_files = self.server.download_release(self.course_id, self.assignment_id, ListOnly())
        released = sorted(file.path for file in released_files if file.path.endswith('.ipynb'))
        submitted = sorted(file.path for file in selection.files if file.path.endswith('.ipynb'))
        if released == submitted:
            return
        expected = [f'{path}: {"FOUND" if path in submitted else "MISSING"}' for path in released]
        extra = [f'{path}: {"OK" if path in released else "EXTRA"}' for path in submitted]
        table = 'Expected:\n\t' + '\n\t'.join(expected) + '\nSubmitted:\n\t' + '\n\t'.join(extra)
        if self.strict and not set(released) <= set(submitted):
            self.fail(
                f'Assignment {self.assignment_id} not submitted. '
                f'There are missing notebooks for the submission:\n{table}'
            )
        self.log.warning(
            'Possible missing notebooks and/or extra notebooks submitted for assignment %s:\n%s',
            self.assignment_id,
            table,
        )

    def _keep(self, student: str, submitted: Submitted, selection: Selection) -> None:
        """It is submitted: from here on nothing is a failure."""
        receipt = self._receipt(submitted)
        if submitted.id is not None:
            self.log.info('Receipt: %s', submitted.id)
        try:
            folder = self.submission_cache.store(
                self.course_id, student, self.assignment_id, submitted.timestamp, selection.files, receipt
            )
            self.log.debug('Copy in the cache: %s', folder)
        except (OSError, WritingError) as error:
            self.log.warning('It is submitted, but the copy for the cache could not be written: %s', error)

    def _receipt(self, submitted: Submitted) -> Mapping[str, object] | None:
        try:
            if submitted.id is None or not self.server.capabilities().gives_receipts:
                return None
            return self.server.receipt(submitted)
        except ServerError as error:
            self.log.warning('It is submitted, but the receipt could not be fetched: %s', error)
            return None
