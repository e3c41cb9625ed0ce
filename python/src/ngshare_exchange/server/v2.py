"""The exchange over the second API of ngshare."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote

from .answers import Answer, refusal_of
from .checksums import Checksums, checksums_of_all
from .connection import Body, Connection
from .download import TreeDownload
from .fields import Fields
from .interface import (
    Assignment,
    Capabilities,
    Course,
    Feedback,
    File,
    Limits,
    LocalFile,
    Member,
    MemberOutcome,
    NotFound,
    Progress,
    Release,
    Role,
    ServerError,
    Service,
    Submission,
    Submitted,
    TreeSink,
    Unreachable,
)
from .upload import PiecewiseBody, changed_meanwhile, pieces_of_file

PAGE_SIZE = '1000'
WORTH_ASKING_LIMITS_BYTES = 4_000_000
"""What is smaller is within every sensible limit; the server refuses it if not."""


class NotV2(Exception):
    """The server does not know the second API."""


class FilesMissing(ServerError):
    """Files of a tree must be sent first."""

    def __init__(self, missing: Sequence[str], answer: Answer) -> None:
        super().__init__('The server still lacks files that were sent', url=answer.url, advice='Try again.')
        self.missing = missing


class V2Server:
    """Every method may raise NotV2, too; nothing has happened then."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._limits: Limits | None = None

    @property
    def url(self) -> str:
        return self._connection.url

    def service(self) -> Service:
        fields = self._ask('GET', '').fields()
        caller = fields.fields('caller')
        limits = fields.fields('limits')
        self._limits = Limits(
            file_bytes=limits.integer('fileBytes'),
            tree_bytes=limits.integer_or_none('treeBytes'),
            files=limits.integer('files'),
        )
        return Service(fields.text('version'), caller.text('name'), caller.flag('isAdmin'), self._limits)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            api='v2',
            keeps_submissions=True,
            submits_once=True,
            submits_for_others=True,
            gives_receipts=True,
            keeps_executable_bits=True,
        )

    # Courses and people

    def courses(self) -> list[Course]:
        return [Course(item.text('course'), _role_or_none(item)) for item in self._items('courses')]

    def create_course(self, course: str, instructors: Sequence[str] = ()) -> None:
        new = {'course': course, 'instructors': list(instructors)}
        self._ask('POST', 'courses', json=new, is_repeatable=False)

    def members(self, course: str, role: Role | None = None) -> list[Member]:
        items = self._items(f'{_course(course)}/members', {} if role is None else {'role': role})
        return [_member(item) for item in items]

    def member(self, course: str, user: str) -> Member | None:
        try:
            return _member(self._ask('GET', f'{_course(course)}/members/{_name(user)}').fields())
        except NotFound as error:
            if error.code == 'student-not-found':
                return None
            raise

    def add_member(
        self,
        course: str,
        user: str,
        role: Role = 'student',
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        email: str | None = None,
    ) -> MemberOutcome:
        member = Member(user, role, first_name, last_name, email)
        outcome = self.change_members(course, [member])[0]
        if outcome.outcome == 'refused':
            # The single form says in full what the many only name.
            self._ask('PUT', f'{_course(course)}/members/{_name(user)}', json=_details(member))
        return outcome

    def change_members(self, course: str, members: Sequence[Member], *, dry_run: bool = False) -> list[MemberOutcome]:
        new = [{'user': member.user, **_details(member)} for member in members]
        changes = {'members': new, 'dryRun': dry_run}
        answer = self._ask('POST', f'{_course(course)}/members', json=changes).fields()
        outcomes = [_outcome(item) for item in answer.list_of_fields('items')]
        if len(outcomes) != len(members):
            raise ServerError('The server tells nothing of some of the members', url=self.url)
        return outcomes

    def remove_member(self, course: str, user: str) -> bool:
        try:
            self._delete(f'{_course(course)}/members/{_name(user)}')
        except NotFound as error:
            if error.code in ('student-not-found', 'instructor-not-found'):
                return False
            raise
        return True

    # Assignments

    def assignments(
        self, course: str | None = None, assignment: str | None = None, *, with_notebooks: bool = True
    ) -> list[Assignment]:
        items = self._items('assignments', _present(course=course, assignment=assignment))
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
        checksums = checksums_of_all(files)
        path = f'{_assignment(course, assignment)}/releases'
        query = {'overwrite': 'true'} if overwrite else {}

        def store() -> Fields:
            tree = _tree(files, checksums)
            return self._ask('POST', path, query=query, json=tree, is_repeatable=False).fields()

        def store_once() -> Fields:
            try:
                return store()
            except Unreachable as error:
                if not error.may_have_arrived:
                    raise
                newest = self._newest_release(course, assignment)
                if newest is not None and newest.fields('tree').text('digest') == _digest(files, checksums):
                    return newest
                return store()

        return _release(self._store_tree(course, files, checksums, store_once))

    def _newest_release(self, course: str, assignment: str) -> Fields | None:
        try:
            return self._ask('GET', _assignment(course, assignment)).fields().fields('release')
        except NotFound:
            return None

    def unrelease(self, course: str, assignment: str, *, even_if_submissions_are_lost: bool = False) -> None:
        self._delete(_assignment(course, assignment))

    def download_release(
        self, course: str, assignment: str, sink: TreeSink, *, version: int | None = None
    ) -> tuple[File, ...]:
        releases = f'{_assignment(course, assignment)}/releases'
        if version is None:
            # The list of files and the files must be of one version, although a newer one may come out now.
            version = self._ask('GET', f'{releases}/latest').fields().integer('version')
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
        filters = _present(course=course, assignment=assignment, student=student)
        if own:
            filters['own'] = 'true'
        if newest_only:
            filters['newestOnly'] = 'true'
        return [_submission(item) for item in self._items('submissions', filters)]

    def submit(
        self,
        course: str,
        assignment: str,
        files: Sequence[LocalFile],
        *,
        key: str,
        student: str | None = None,
    ) -> Submitted:
        checksums = checksums_of_all(files)

        def store() -> Fields:
            return self._ask(
                'POST',
                f'{_assignment(course, assignment)}/submissions',
                query=_present(student=student),
                json=_tree(files, checksums),
                headers={'idempotency-key': key},
            ).fields()

        # The first request announces the submission: its moment counts, however long the files take.
        stored = self._store_tree(course, files, checksums, store)
        return Submitted(stored.text('id'), stored.moment('receivedAt'))

    def receipt(self, submission: Submission | Submitted) -> dict[str, object]:
        return self._ask('GET', f'{_of(submission)}/receipt').fields().all()

    def download_submission(self, submission: Submission, sink: TreeSink) -> tuple[File, ...]:
        return self._download(_of(submission), sink)

    def download_feedback(self, submission: Submission, sink: TreeSink) -> tuple[File, ...]:
        return self._download(f'{_of(submission)}/feedback', sink)

    def return_feedback(self, submission: Submission, files: Sequence[LocalFile]) -> None:
        checksums = checksums_of_all(files)

        def store() -> Fields:
            return self._ask('PUT', f'{_of(submission)}/feedback', json=_tree(files, checksums)).fields()

        self._store_tree(submission.course, files, checksums, store)

    # Directory trees

    def _store_tree(
        self,
        course: str,
        files: Sequence[LocalFile],
        checksums: Mapping[str, Checksums],
        store: Callable[[], Fields],
    ) -> Fields:
        """Stores a tree, and sends those of its files that the server lacks."""
        rounds_left = 3
        while True:
            try:
                return store()
            except FilesMissing as error:
                rounds_left -= 1
                if rounds_left == 0:
                    raise
                self._send(course, files, checksums, set(error.missing))

    def _send(
        self,
        course: str,
        files: Sequence[LocalFile],
        checksums: Mapping[str, Checksums],
        missing: set[str],
    ) -> None:
        wanted = {checksums[file.path].sha256: file for file in files}
        wanted = {sha256: file for sha256, file in wanted.items() if sha256 in missing}
        total_bytes = sum(checksums[file.path].size_bytes for file in wanted.values())
        self._refuse_what_is_too_large(files, checksums, total_bytes)
        done_bytes = 0
        for file in wanted.values():
            self._send_file(course, file, checksums[file.path], done_bytes, total_bytes)
            done_bytes += checksums[file.path].size_bytes

    def _send_file(
        self, course: str, file: LocalFile, checksums: Checksums, before_bytes: int, total_bytes: int
    ) -> None:
        size_bytes = checksums.size_bytes

        def open_body() -> PiecewiseBody | bytes:
            if size_bytes == 0:
                return b''
            done_bytes = before_bytes

            def sent(count: int) -> None:
                nonlocal done_bytes
                done_bytes += count
                if self._connection.settings.progress is not None:
                    self._connection.settings.progress(Progress('upload', done_bytes, total_bytes))

            return PiecewiseBody(pieces_of_file(file.location, size_bytes), size_bytes, sent)

        path = f'{_course(course)}/uploads/{checksums.sha256}'
        try:
            self._ask('PUT', path, body=Body('application/octet-stream', open_body))
        except ServerError as error:
            if error.code == 'checksum-mismatch':
                raise changed_meanwhile(file.location) from error
            raise

    def _refuse_what_is_too_large(
        self, files: Sequence[LocalFile], checksums: Mapping[str, Checksums], total_bytes: int
    ) -> None:
        """Before minutes are spent on sending it."""
        if total_bytes < WORTH_ASKING_LIMITS_BYTES:
            return
        limits = self._limits or self.service().limits
        advice = 'Remove large files that do not belong to the assignment.'
        for file in files:
            size_bytes = checksums[file.path].size_bytes
            if limits.file_bytes is not None and size_bytes > limits.file_bytes:
                raise ServerError(
                    f'{file.path} has {size_bytes} bytes, and the server takes at most {limits.file_bytes}',
                    code='too-large',
                    advice=advice,
                )
        tree_bytes = sum(checksums[file.path].size_bytes for file in files)
        if limits.tree_bytes is not None and tree_bytes > limits.tree_bytes:
            raise ServerError(
                f'The files have {tree_bytes} bytes, and the server takes at most {limits.tree_bytes}',
                code='too-large',
                advice=advice,
            )

    def _download(self, path: str, sink: TreeSink) -> tuple[File, ...]:
        manifest = self._ask('GET', f'{path}/manifest').fields()
        files = tuple(_file(item) for item in manifest.list_of_fields('files'))

        def ask(
            below: str,
            *,
            query: Mapping[str, str] | None = None,
            headers: Mapping[str, str] | None = None,
        ) -> Answer:
            return self._ask('GET', f'{path}/{below}', query=query, headers=headers, is_streamed=True)

        settings = self._connection.settings
        download = TreeDownload(ask, sink, patience_s=settings.patience_s, listener=settings.progress)
        download.take(files)
        return files

    # Requests

    def _items(self, path: str, query: Mapping[str, str] | None = None) -> list[Fields]:
        """Of all pages."""
        items: list[Fields] = []
        page = {'limit': PAGE_SIZE, **(query or {})}
        while True:
            answer = self._ask('GET', path, query=page).fields()
            items += answer.list_of_fields('items')
            cursor = answer.text_or_none('next')
            if cursor is None:
                return items
            page['cursor'] = cursor

    def _delete(self, path: str) -> None:
        """NotFound: it was not there before, either."""
        try:
            self._ask('DELETE', path, is_repeatable=False)
        except Unreachable as error:
            if not error.may_have_arrived:
                raise
            with suppress(NotFound):  # the first one has arrived
                self._ask('DELETE', path)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: object = None,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = True,
        is_streamed: bool = False,
    ) -> Answer:
        return self._connection.ask(
            method,
            f'v2/{path}',
            query=query,
            json=json,
            body=body,
            headers=headers,
            is_repeatable=is_repeatable,
            is_streamed=is_streamed,
            explain=_explain,
        )


def _explain(answer: Answer) -> Exception:
    if not answer.is_problem:
        if answer.status in (404, 405):
            return NotV2()
        return refusal_of(answer)
    error = refusal_of(answer)
    if error.code == 'files-missing':
        return FilesMissing(answer.fields().texts('missing'), answer)
    error.advice = _advice.get(error.code or '', error.advice)
    return error


_advice = {
    'course-not-found': 'Check the name of the course: is it written as the instructor writes it?',
    'assignment-not-found': 'Check the name of the assignment; `nbgrader list` shows what is released.',
    'not-related': 'Ask the instructor of the course to put you on its roster.',
    'not-instructor': 'Ask an administrator if you should teach this course.',
    'feedback-not-found': 'Your instructor has not returned it yet.',
    'quota-exceeded': 'Remove large files that do not belong to it, or ask the administrator for room.',
    'too-many-uploads': 'Wait until tomorrow, or ask the administrator for room.',
    'assignment-exists': 'To replace its files, release it with --force: submissions stay.',
}


# How things are named and written


def _name(name: str) -> str:
    return quote(name, safe='')


def _course(course: str) -> str:
    return f'courses/{_name(course)}'


def _assignment(course: str, assignment: str) -> str:
    return f'{_course(course)}/assignments/{_name(assignment)}'


def _of(submission: Submission | Submitted) -> str:
    if submission.id is None:
        raise ServerError('This submission was listed by an old server', advice='List the submissions again.')
    return f'submissions/{_name(submission.id)}'


def _present(**arguments: str | None) -> dict[str, str]:
    return {name: value for name, value in arguments.items() if value is not None}


def _tree(files: Sequence[LocalFile], checksums: Mapping[str, Checksums]) -> dict[str, object]:
    return {
        'files': [
            {'path': file.path, 'sha256': checksums[file.path].sha256, 'isExecutable': file.is_executable}
            for file in files
        ]
    }


def _digest(files: Sequence[LocalFile], checksums: Mapping[str, Checksums]) -> str:
    """Of the tree, as docs/api-v2.md says."""
    lines = (
        f'{checksums[file.path].sha256} {"x" if file.is_executable else "-"} '
        f'{json.dumps(file.path, ensure_ascii=False)}\n'
        for file in files
    )
    return hashlib.sha256(''.join(lines).encode()).hexdigest()


def _details(member: Member) -> dict[str, str]:
    details = _present(firstName=member.first_name, lastName=member.last_name, email=member.email)
    return {'role': member.role, **details}


# How things are read


def _role(fields: Fields) -> Role:
    return 'instructor' if fields.text('role') == 'instructor' else 'student'


def _role_or_none(fields: Fields) -> Role | None:
    return None if fields.text_or_none('role') is None else _role(fields)


def _member(fields: Fields) -> Member:
    names = (fields.text_or_none(name) for name in ('firstName', 'lastName', 'email'))
    return Member(fields.text('user'), _role(fields), *names)


def _outcome(fields: Fields) -> MemberOutcome:
    outcome = fields.text('outcome')
    for known in ('added', 'changed', 'unchanged', 'refused'):
        if outcome == known:
            return MemberOutcome(fields.text('user'), known, fields.text_or_none('reason'))
    raise ServerError(f'The server speaks of an outcome that this plugin does not know: {outcome}')


def _release(fields: Fields) -> Release:
    notebooks = fields.fields('tree').texts('notebooks')
    return Release(fields.integer('version'), fields.moment('releasedAt'), notebooks)


def _file(fields: Fields) -> File:
    """Of a manifest."""
    return replace(_feedback_file(fields), is_executable=fields.flag('isExecutable'))


def _feedback_file(fields: Fields) -> File:
    return File(fields.text('path'), fields.integer('sizeBytes'), md5=fields.text('md5'), sha256=fields.text('sha256'))


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
    files = tuple(_feedback_file(item) for item in fields.list_of_fields('files'))
    return Feedback(fields.moment('releasedAt'), files)
