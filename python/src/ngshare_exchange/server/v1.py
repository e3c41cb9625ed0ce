"""The exchange over the first API, for servers of the Python ngshare: it can less, asks more, and says so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from .connection import Connection, quoted
from .fields import Fields
from .interface import (
    Assignment,
    Capabilities,
    Feedback,
    File,
    LocalFile,
    NotAllowed,
    NotFound,
    NotSupported,
    Release,
    ServerError,
    Service,
    Submission,
    Submitted,
    TreeSink,
    Unreachable,
    parse_timestamp,
)
from .v1_requests import V1Requests, path_of
from .v1_rosters import V1Rosters
from .v1_trees import V1Trees
from .v1_upload import TreeForm

old_server_lacks = (
    'To replace or take back an assignment deletes its submissions and feedback there.',
    'Nobody can submit on behalf of a student.',
    'There are no receipts.',
    'Programs lose their executable bit.',
    'Lists take many requests.',
)


class V1Server(V1Rosters):
    """`on_answer`: is called when the server has spoken v1, so that it is one."""

    def __init__(self, connection: Connection, on_answer: Callable[[], None] = lambda: None) -> None:
        super().__init__(V1Requests(connection, on_answer))
        self._trees = V1Trees(self._requests)
        self._before: dict[str, set[str]] = {}
        """Timestamps that were there before a submission, by its key."""

    def service(self) -> Service:
        return Service(version=None, user=self._requests.me(), is_admin=None, limits=self._requests.limits())

    def capabilities(self) -> Capabilities:
        return Capabilities(
            api='v1',
            keeps_submissions=False,
            submits_once=False,
            submits_for_others=False,
            gives_receipts=False,
            keeps_executable_bits=False,
            lacks=old_server_lacks,
        )

    # Assignments

    def assignments(
        self, course: str | None = None, assignment: str | None = None, *, with_notebooks: bool = True
    ) -> list[Assignment]:
        return [
            Assignment(in_course, name, self._release_of(in_course, name, with_notebooks))
            for in_course, name in self._places(course, assignment)
        ]

    def _places(self, course: str | None, assignment: str | None) -> list[tuple[str, str]]:
        """Courses and assignments in them."""
        courses = [known.course for known in self.courses()] if course is None else [course]
        return [
            (in_course, name)
            for in_course in courses
            for name in self._requests.ask('GET', path_of('assignments', in_course)).texts('assignments')
            if assignment in (None, name)
        ]

    def _release_of(self, course: str, assignment: str, with_notebooks: bool) -> Release:
        if not with_notebooks:
            return Release(None, None, None)
        return Release(None, None, _notebooks(self._trees.listed(path_of('assignment', course, assignment))))

    def release(
        self,
        course: str,
        assignment: str,
        files: Sequence[LocalFile],
        *,
        overwrite: bool = False,
        even_if_submissions_are_lost: bool = False,
    ) -> Release:
        path = path_of('assignment', course, assignment)
        form = TreeForm(files)
        self._trees.refuse_what_is_too_large(form)
        is_deleted = overwrite and bool(self._places(course, assignment))
        if is_deleted:
            self._delete_assignment(course, assignment, even_if_submissions_are_lost)
        try:
            self._release_once(path, form)
        except ServerError as error:
            if is_deleted:
                error.advice = 'The assignment is NOT released now: the old one is gone. Release it again.'
            raise
        return Release(None, None, _notebooks(self._trees.listed(path)))

    def _release_once(self, path: str, form: TreeForm) -> None:
        try:
            self._trees.send(path, form)
        except Unreachable as error:
            if not error.may_have_arrived:
                raise
            if self._is_released(path, form):
                return
            self._trees.send(path, form)
        if not self._is_released(path, form):
            raise ServerError('What the server has is not what was released', url=self.url, advice='Release it again.')

    def _is_released(self, path: str, form: TreeForm) -> bool:
        try:
            there = {file.path: file.md5 for file in self._trees.listed(path)}
        except NotFound:
            return False
        return there == {name: checksums.md5 for name, checksums in form.checksums.items()}

    def unrelease(self, course: str, assignment: str, *, even_if_submissions_are_lost: bool = False) -> None:
        self._delete_assignment(course, assignment, even_if_submissions_are_lost)

    def _delete_assignment(self, course: str, assignment: str, even_if_submissions_are_lost: bool) -> None:
        """An old server deletes the work of the class with it."""
        submissions = self._requests.ask('GET', path_of('submissions', course, assignment)).list_of_fields(
            'submissions'
        )
        if submissions and not even_if_submissions_are_lost:
            raise NotSupported(
                f'This old server would delete the {len(submissions)} submissions to {assignment}',
                url=self.url,
                advice='Nothing was done. Collect them first, and then confirm that they may be lost; '
                'or ask the administrator for a newer server.',
            )
        self._requests.delete(path_of('assignment', course, assignment))

    def download_release(
        self, course: str, assignment: str, sink: TreeSink, *, version: int | None = None
    ) -> tuple[File, ...]:
        return self._trees.download(path_of('assignment', course, assignment), {}, sink)

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
        found: list[Submission] = []
        for in_course, name in self._places(course, assignment):
            of = [
                _submission(item, in_course, name)
                for item in self._submissions_of(in_course, name, self._requests.me() if own else student)
            ]
            found += _newest(of) if newest_only else of
        if with_details:
            found = [self._with_details(submission) for submission in found]
        return sorted(found, key=lambda submission: submission.received_at)

    def _submissions_of(self, course: str, assignment: str, student: str | None) -> list[Fields]:
        """Of one student or all; who does not teach the course sees their own."""
        path = path_of('submissions', course, assignment)
        if student is None:
            try:
                return self._requests.ask('GET', path).list_of_fields('submissions')
            except NotAllowed:
                student = self._requests.me()
        try:
            answer = self._requests.ask('GET', f'{path}/{quoted(student)}')
        except NotFound as error:
            if error.code in ('student-not-found', 'assignment-not-found'):
                return []
            raise
        return answer.list_of_fields('submissions')

    def _with_details(self, submission: Submission) -> Submission:
        """None where the server does not tell: there students may not look into their own submissions, and
        nobody into those of who has left the course."""
        query = {'timestamp': submission.timestamp}
        try:
            notebooks = _notebooks(self._trees.listed(_of(submission, 'submission'), query))
        except (NotAllowed, NotFound):
            notebooks = None
        try:
            feedback = self._trees.listed(_of(submission, 'feedback'), query)
        except NotFound:
            feedback = ()
        return replace(submission, notebooks=notebooks, feedback=Feedback(None, feedback) if feedback else None)

    def submit(
        self,
        course: str,
        assignment: str,
        files: Sequence[LocalFile],
        *,
        key: str,
        student: str | None = None,
    ) -> Submitted:
        if student is not None and student != self._requests.me():
            raise NotSupported('An old server lets nobody submit on behalf of a student', url=self.url)
        form = TreeForm(files)
        self._trees.refuse_what_is_too_large(form)
        arrived = self._arrived(key, course, assignment)
        if arrived is not None:
            return arrived
        path = path_of('submission', course, assignment)
        try:
            answer = self._trees.send(path, form)
        except Unreachable as error:
            if not error.may_have_arrived:
                raise
            arrived = self._arrived(key, course, assignment)
            if arrived is not None:
                return arrived
            answer = self._trees.send(path, form)
        return Submitted(answer.text_or_none('receipt'), parse_timestamp(answer.text('timestamp')))

    def _arrived(self, key: str, course: str, assignment: str) -> Submitted | None:
        """The submission that was sent under this key, if no answer came and it is there after all."""
        there = {item.text('timestamp') for item in self._submissions_of(course, assignment, self._requests.me())}
        new = there - self._before.setdefault(key, there)
        return Submitted(None, parse_timestamp(max(new))) if new else None

    def receipt(self, submission: Submission | Submitted) -> dict[str, object]:
        raise NotSupported('An old server gives no receipts', url=self.url)

    def download_submission(self, submission: Submission, sink: TreeSink) -> tuple[File, ...]:
        return self._trees.download(_of(submission, 'submission'), {'timestamp': submission.timestamp}, sink)

    def download_feedback(self, submission: Submission, sink: TreeSink) -> tuple[File, ...]:
        return self._trees.download(_of(submission, 'feedback'), {'timestamp': submission.timestamp}, _Feedback(sink))

    def return_feedback(self, submission: Submission, files: Sequence[LocalFile]) -> None:
        form = TreeForm(files, {'timestamp': submission.timestamp})
        self._trees.refuse_what_is_too_large(form)
        self._trees.send(_of(submission, 'feedback'), form, is_repeatable=True)


class _Feedback:
    """A tree without files is no feedback there."""

    def __init__(self, sink: TreeSink) -> None:
        self._sink = sink
        self.open = sink.open

    def choose(self, files: Sequence[File]) -> Collection[str]:
        if not files:
            raise NotFound('There is no feedback yet', code='feedback-not-found')
        return self._sink.choose(files)


def _of(submission: Submission, what: str) -> str:
    return path_of(what, submission.course, submission.assignment, submission.student)


def _notebooks(files: Iterable[File]) -> tuple[str, ...]:
    at_top = (file.path for file in files if '/' not in file.path)
    return tuple(sorted(path.removesuffix('.ipynb') for path in at_top if path.endswith('.ipynb')))


def _submission(fields: Fields, course: str, assignment: str) -> Submission:
    return Submission(
        id=None,
        course=course,
        assignment=assignment,
        student=fields.text('student_id'),
        received_at=parse_timestamp(fields.text('timestamp')),
        notebooks=None,
        feedback=None,
    )


def _newest(submissions: Iterable[Submission]) -> list[Submission]:
    """Of each student."""
    newest: dict[str, Submission] = {}
    for submission in submissions:
        known = newest.get(submission.student)
        if known is None or known.received_at < submission.received_at:
            newest[submission.student] = submission
    return list(newest.values())
