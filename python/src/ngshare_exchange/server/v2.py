"""The exchange over the second API of ngshare."""

from __future__ import annotations

from collections.abc import Sequence

from .connection import Connection, quoted
from .fields import Fields
from .interface import (
    Assignment,
    Capabilities,
    Feedback,
    File,
    Limits,
    LocalFile,
    NotFound,
    Release,
    ServerError,
    Service,
    Submission,
    Submitted,
    TreeSink,
    Unreachable,
)
from .v2_requests import V2Requests, assignment_path, present
from .v2_rosters import V2Rosters
from .v2_trees import TreeUpload, download_tree, feedback_file


class V2Server(V2Rosters):
    """Every method may raise NotV2, too; nothing has happened then."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(V2Requests(connection))
        self._limits: Limits | None = None

    def service(self) -> Service:
        fields = self._requests.ask('GET', '').fields()
        caller = fields.fields('caller')
        limits = fields.fields('limits')
        self._limits = Limits(
            file_bytes=limits.integer('fileBytes'),
            tree_bytes=limits.integer_or_none('treeBytes'),
            files=limits.integer('files'),
        )
        return Service(fields.text('version'), caller.text('name'), caller.flag('isAdmin'), self._limits)

    def capabilities(self) -> Capabilities:
        self._known_limits()  # which is an answer: an old server has none
        return Capabilities(
            api='v2',
            keeps_submissions=True,
            submits_once=True,
            submits_for_others=True,
            gives_receipts=True,
            keeps_executable_bits=True,
        )

    def _known_limits(self) -> Limits:
        return self._limits or self.service().limits

    # Assignments

    def assignments(
        self, course: str | None = None, assignment: str | None = None, *, with_notebooks: bool = True
    ) -> list[Assignment]:
        items = self._requests.items('assignments', present(course=course, assignment=assignment))
        return [
            Assignment(item.text('course'), item.text('assignment'), _release(item.fields('release'))) for item in items
        ]

    def release(
        self,
        course: str,
        assignment: str,
        files: Sequence[LocalFile],
        *,
        overwrite: bool = False,
        even_if_submissions_are_lost: bool = False,
    ) -> Release:
        upload = self._upload(course, files)
        path = f'{assignment_path(course, assignment)}/releases'
        query = {'overwrite': 'true'} if overwrite else {}

        def store() -> Fields:
            return self._requests.ask('POST', path, query=query, json=upload.manifest, is_repeatable=False).fields()

        def store_once() -> Fields:
            try:
                return store()
            except Unreachable as error:
                if not error.may_have_arrived:
                    raise
                newest = self._newest_release(course, assignment)
                if newest is not None and newest.fields('tree').text('digest') == upload.digest:
                    return newest
                return store()

        return _release(upload.store(store_once))

    def _newest_release(self, course: str, assignment: str) -> Fields | None:
        try:
            return self._requests.ask('GET', assignment_path(course, assignment)).fields().fields('release')
        except NotFound:
            return None

    def unrelease(self, course: str, assignment: str, *, even_if_submissions_are_lost: bool = False) -> None:
        self._requests.delete(assignment_path(course, assignment))

    def download_release(
        self, course: str, assignment: str, sink: TreeSink, *, version: int | None = None
    ) -> tuple[File, ...]:
        releases = f'{assignment_path(course, assignment)}/releases'
        if version is None:
            # The list of files and the files must be of one version, although a newer one may come out now.
            version = self._requests.ask('GET', f'{releases}/latest').fields().integer('version')
        return self._download(f'{releases}/{version}', sink)

    # Submissions and feedback

    def submissions(
        self,
        course: str | None = None,
        assignment: str | None = None,
        student: str | None = None,
        *,
        own: bool = False,
        newest_only: bool = False,
        with_details: bool = True,
    ) -> list[Submission]:
        filters = present(course=course, assignment=assignment, student=student)
        if own:
            filters['own'] = 'true'
        if newest_only:
            filters['newestOnly'] = 'true'
        return [_submission(item) for item in self._requests.items('submissions', filters)]

    def submit(
        self,
        course: str,
        assignment: str,
        files: Sequence[LocalFile],
        *,
        key: str,
        student: str | None = None,
    ) -> Submitted:
        upload = self._upload(course, files)

        def store() -> Fields:
            return self._requests.ask(
                'POST',
                f'{assignment_path(course, assignment)}/submissions',
                query=present(student=student),
                json=upload.manifest,
                headers={'idempotency-key': key},
            ).fields()

        # The first request announces the submission: its moment counts, however long the files take.
        stored = upload.store(store)
        return Submitted(stored.text('id'), stored.moment('receivedAt'))

    def receipt(self, submission: Submission | Submitted) -> dict[str, object]:
        return self._requests.ask('GET', f'{_of(submission)}/receipt').fields().all()

    def download_submission(self, submission: Submission, sink: TreeSink) -> tuple[File, ...]:
        return self._download(_of(submission), sink)

    def download_feedback(self, submission: Submission, sink: TreeSink) -> tuple[File, ...]:
        return self._download(f'{_of(submission)}/feedback', sink)

    def return_feedback(self, submission: Submission, files: Sequence[LocalFile]) -> None:
        upload = self._upload(submission.course, files)

        def store() -> Fields:
            return self._requests.ask('PUT', f'{_of(submission)}/feedback', json=upload.manifest).fields()

        upload.store(store)

    def _upload(self, course: str, files: Sequence[LocalFile]) -> TreeUpload:
        return TreeUpload(self._requests, course, files, self._known_limits)

    def _download(self, path: str, sink: TreeSink) -> tuple[File, ...]:
        return download_tree(self._requests, path, sink)


def _of(submission: Submission | Submitted) -> str:
    if submission.id is None:
        raise ServerError('This submission was listed by an old server', advice='List the submissions again.')
    return f'submissions/{quoted(submission.id)}'


def _release(fields: Fields) -> Release:
    notebooks = fields.fields('tree').texts('notebooks')
    return Release(fields.integer('version'), fields.moment('releasedAt'), notebooks)


def _submission(fields: Fields) -> Submission:
    feedback = fields.fields_or_none('feedback')
    return Submission(
        id=fields.text('id'),
        course=fields.text('course'),
        assignment=fields.text('assignment'),
        student=fields.text('student'),
        received_at=fields.moment('receivedAt'),
        notebooks=fields.fields('tree').texts('notebooks'),
        feedback=None if feedback is None else _feedback(feedback),
    )


def _feedback(fields: Fields) -> Feedback:
    files = tuple(feedback_file(item) for item in fields.list_of_fields('files'))
    return Feedback(fields.moment('releasedAt'), files)
