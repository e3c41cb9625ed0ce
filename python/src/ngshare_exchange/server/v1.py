"""The exchange over the first API, for servers of the Python ngshare: it can less, asks more, and says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote, urlencode

import requests

from .answers import NOTHING_HERE, WRONG_URL, Answer, refusal_of
from .connection import Body, Connection, failure_of
from .download import Arriving, ProgressMeter
from .fields import Fields
from .interface import (
    AlreadyExists,
    Assignment,
    Capabilities,
    Course,
    Feedback,
    File,
    Limits,
    LocalFile,
    Member,
    MemberOutcome,
    NotAllowed,
    NotFound,
    NotSupported,
    Progress,
    Release,
    Role,
    ServerError,
    Service,
    Submission,
    Submitted,
    TreeSink,
    Unreachable,
    parse_timestamp,
)
from .repeating import Patience
from .v1_download import JsonText, Span
from .v1_upload import TreeForm

OLD_BODY_BYTES = 104_857_600
"""What the Python ngshare takes. It cuts the connection when more comes."""

old_server_lacks = (
    'To replace or take back an assignment deletes its submissions and feedback there.',
    'Nobody can submit on behalf of a student.',
    'There are no receipts.',
    'Programs lose their executable bit.',
    'Lists take many requests.',
)


class V1Server:
    """`on_answer`: is called when the server has spoken v1, so that it is one."""

    def __init__(self, connection: Connection, on_answer: Callable[[], None] = lambda: None) -> None:
        self._connection = connection
        self._on_answer = on_answer
        self._before: dict[str, set[str]] = {}
        """Timestamps that were there before a submission, by its key."""

    @property
    def url(self) -> str:
        return self._connection.url

    def service(self) -> Service:
        return Service(version=None, user=self._me(), is_admin=None, limits=self._limits())

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

    def _me(self) -> str:
        user = self._connection.identity().user or self._connection.variable('JUPYTERHUB_USER')
        if not user:
            raise ServerError(
                'An old server does not tell who you are, and JUPYTERHUB_USER does not say it either',
                url=self.url,
                advice='Set JUPYTERHUB_USER to your user name.',
            )
        return user

    def _limits(self) -> Limits:
        try:
            limits = self._ask('GET', 'limits').fields('limits')
        except NotFound:
            return Limits(tree_bytes=OLD_BODY_BYTES // 4 * 3)
        return Limits(limits.integer('file_bytes'), limits.integer_or_none('tree_bytes'), limits.integer('files'))

    # Courses and people

    def courses(self) -> list[Course]:
        return [Course(course, role=None) for course in self._ask('GET', 'courses').texts('courses')]

    def create_course(self, course: str, instructors: Sequence[str] = ()) -> None:
        fields = {'instructors': json.dumps(list(instructors))}
        self._ask('POST', _path('course', course), form=fields, is_repeatable=False)

    def members(self, course: str, role: Role | None = None) -> list[Member]:
        found: list[Member] = []
        if role != 'student':
            answer = self._ask('GET', _path('instructors', course))
            found += [_member(item, 'instructor') for item in answer.list_of_fields('instructors')]
        if role != 'instructor':
            found += self._students(course)
        return found

    def _students(self, course: str) -> list[Member]:
        """Students see themselves alone."""
        try:
            answer = self._ask('GET', _path('students', course))
        except NotAllowed:
            me = self.member(course, self._me())
            return [me] if me is not None and me.role == 'student' else []
        return [_member(item, 'student') for item in answer.list_of_fields('students')]

    def member(self, course: str, user: str) -> Member | None:
        roles: tuple[Role, Role] = ('student', 'instructor')
        for role in roles:
            try:
                return _member(self._ask('GET', _path(role, course, user)), role)
            except NotFound as error:
                if error.code != f'{role}-not-found':
                    raise
        return None

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
        known = self.member(course, user)
        wanted = Member(user, role, first_name, last_name, email)
        outcome = _outcome(wanted, known)
        if outcome.outcome == 'refused':
            raise ServerError(f'{user} teaches {course}, and cannot take it as a student', url=self.url)
        if outcome.outcome != 'unchanged':
            self._ask('POST', _path(role, course, user), form=_details(wanted, known))
        return outcome

    def change_members(self, course: str, members: Sequence[Member], *, dry_run: bool = False) -> list[MemberOutcome]:
        known = {member.user: member for member in self.members(course)}
        outcomes = [_outcome(member, known.get(member.user)) for member in members]
        if dry_run:
            return outcomes
        to_write = [
            member for member, outcome in zip(members, outcomes, strict=True) if outcome.outcome in ('added', 'changed')
        ]
        students = [
            {'username': member.user, **_details(member, known.get(member.user))}
            for member in to_write
            if member.role == 'student'
        ]
        if students:
            self._ask('POST', _path('students', course), form={'students': json.dumps(students)})
        for member in to_write:
            if member.role == 'instructor':
                details = _details(member, known.get(member.user))
                self._ask('POST', _path('instructor', course, member.user), form=details)
        return outcomes

    def remove_member(self, course: str, user: str) -> bool:
        member = self.member(course, user)
        if member is None:
            return False
        self._delete(_path(member.role, course, user))
        return True

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
            for name in self._ask('GET', _path('assignments', in_course)).texts('assignments')
            if assignment in (None, name)
        ]

    def _release_of(self, course: str, assignment: str, with_notebooks: bool) -> Release:
        if not with_notebooks:
            return Release(None, None, None)
        return Release(None, None, _notebooks(self._listed(_path('assignment', course, assignment))))

    def release(
        self,
        course: str,
        assignment: str,
        files: Sequence[LocalFile],
        *,
        overwrite: bool = False,
        even_if_submissions_are_lost: bool = False,
    ) -> Release:
        path = _path('assignment', course, assignment)
        form = TreeForm(files)
        self._refuse_what_is_too_large(form)
        is_deleted = overwrite and bool(self._places(course, assignment))
        if is_deleted:
            self._delete_assignment(course, assignment, even_if_submissions_are_lost)
        try:
            self._release_once(path, form)
        except ServerError as error:
            if is_deleted:
                error.advice = 'The assignment is NOT released now: the old one is gone. Release it again.'
            raise
        return Release(None, None, _notebooks(self._listed(path)))

    def _release_once(self, path: str, form: TreeForm) -> None:
        try:
            self._send(path, form)
        except Unreachable as error:
            if not error.may_have_arrived:
                raise
            if self._is_released(path, form):
                return
            self._send(path, form)
        if not self._is_released(path, form):
            raise ServerError('What the server has is not what was released', url=self.url, advice='Release it again.')

    def _is_released(self, path: str, form: TreeForm) -> bool:
        try:
            there = {file.path: file.md5 for file in self._listed(path)}
        except NotFound:
            return False
        return there == {name: checksums.md5 for name, checksums in form.checksums.items()}

    def unrelease(self, course: str, assignment: str, *, even_if_submissions_are_lost: bool = False) -> None:
        self._delete_assignment(course, assignment, even_if_submissions_are_lost)

    def _delete_assignment(self, course: str, assignment: str, even_if_submissions_are_lost: bool) -> None:
        """An old server deletes the work of the class with it."""
        submissions = self._ask('GET', _path('submissions', course, assignment)).list_of_fields('submissions')
        if submissions and not even_if_submissions_are_lost:
            raise NotSupported(
                f'This old server would delete the {len(submissions)} submissions to {assignment}',
                url=self.url,
                advice='Nothing was done. Collect them first, and then confirm that they may be lost; '
                'or ask the administrator for a newer server.',
            )
        self._delete(_path('assignment', course, assignment))

    def download_release(
        self, course: str, assignment: str, sink: TreeSink, *, version: int | None = None
    ) -> tuple[File, ...]:
        return self._download(_path('assignment', course, assignment), {}, sink)

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
                for item in self._submissions_of(in_course, name, self._me() if own else student)
            ]
            found += _newest(of) if newest_only else of
        if with_details:
            found = [self._with_details(submission) for submission in found]
        return sorted(found, key=lambda submission: submission.received_at)

    def _submissions_of(self, course: str, assignment: str, student: str | None) -> list[Fields]:
        """Of one student or all; who does not teach the course sees their own."""
        path = _path('submissions', course, assignment)
        if student is None:
            try:
                return self._ask('GET', path).list_of_fields('submissions')
            except NotAllowed:
                student = self._me()
        try:
            answer = self._ask('GET', f'{path}/{_name(student)}')
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
            notebooks = _notebooks(self._listed(_of(submission, 'submission'), query))
        except (NotAllowed, NotFound):
            notebooks = None
        try:
            feedback = self._listed(_of(submission, 'feedback'), query)
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
        if student is not None and student != self._me():
            raise NotSupported('An old server lets nobody submit on behalf of a student', url=self.url)
        form = TreeForm(files)
        self._refuse_what_is_too_large(form)
        arrived = self._arrived(key, course, assignment)
        if arrived is not None:
            return arrived
        path = _path('submission', course, assignment)
        try:
            answer = self._send(path, form)
        except Unreachable as error:
            if not error.may_have_arrived:
                raise
            arrived = self._arrived(key, course, assignment)
            if arrived is not None:
                return arrived
            answer = self._send(path, form)
        return Submitted(answer.text_or_none('receipt'), parse_timestamp(answer.text('timestamp')))

    def _arrived(self, key: str, course: str, assignment: str) -> Submitted | None:
        """The submission that was sent under this key, if no answer came and it is there after all."""
        there = {item.text('timestamp') for item in self._submissions_of(course, assignment, self._me())}
        new = there - self._before.setdefault(key, there)
        return Submitted(None, parse_timestamp(max(new))) if new else None

    def receipt(self, submission: Submission | Submitted) -> dict[str, object]:
        raise NotSupported('An old server gives no receipts', url=self.url)

    def download_submission(self, submission: Submission, sink: TreeSink) -> tuple[File, ...]:
        return self._download(_of(submission, 'submission'), {'timestamp': submission.timestamp}, sink)

    def download_feedback(self, submission: Submission, sink: TreeSink) -> tuple[File, ...]:
        return self._download(_of(submission, 'feedback'), {'timestamp': submission.timestamp}, _Feedback(sink))

    def return_feedback(self, submission: Submission, files: Sequence[LocalFile]) -> None:
        form = TreeForm(files, {'timestamp': submission.timestamp})
        self._refuse_what_is_too_large(form)
        self._send(_of(submission, 'feedback'), form, is_repeatable=True)

    # Directory trees

    def _send(self, path: str, form: TreeForm, *, is_repeatable: bool = False) -> Fields:
        listener = self._connection.settings.progress
        done_bytes = 0

        def sent(count: int) -> None:
            nonlocal done_bytes
            done_bytes += count
            if listener is not None:
                listener(Progress('upload', done_bytes, form.size_bytes))

        return self._ask('POST', path, body=form.body(sent), is_repeatable=is_repeatable)

    def _refuse_what_is_too_large(self, form: TreeForm) -> None:
        if form.size_bytes <= OLD_BODY_BYTES // 2:
            return
        limits = self._limits()
        size_bytes = sum(checksums.size_bytes for checksums in form.checksums.values())
        if limits.tree_bytes is not None and size_bytes > limits.tree_bytes:
            raise ServerError(
                f'The files have {size_bytes} bytes, and the server takes at most {limits.tree_bytes}',
                code='too-large',
                advice='Remove large files that do not belong to the assignment.',
            )

    def _listed(self, path: str, query: Mapping[str, str] | None = None) -> tuple[File, ...]:
        """The files of a tree, without their contents and sizes."""
        answer = self._ask('GET', path, query={'list_only': 'true', **(query or {})})
        return tuple(File(item.text('path'), None, item.text('checksum')) for item in answer.list_of_fields('files'))

    def _download(self, path: str, query: Mapping[str, str], sink: TreeSink) -> tuple[File, ...]:
        with self._fetch(path, query) as text:
            contents = self._contents(text)
            files = tuple(contents)
            chosen_paths = set(sink.choose(files))
            chosen = [file for file in files if file.path in chosen_paths]
            for file in chosen:
                with sink.open(file) as target:
                    arriving = Arriving(file, target, ProgressMeter(None, None))
                    for piece in text.base64(contents[file]):
                        arriving.write(piece)
                    arriving.finish()
        return files

    def _fetch(self, path: str, query: Mapping[str, str]) -> JsonText:
        """Wholly, before the first file is looked at. An old server cannot go on where it broke off."""
        patience = Patience(self._connection.settings.patience_s)
        while True:
            answer = self._ask_streamed(path, query)
            meter = ProgressMeter(self._connection.settings.progress, None)
            try:
                return JsonText(answer, meter.add)
            except requests.RequestException as error:
                if not patience.wait():
                    raise failure_of(error, answer.url) from error
            finally:
                answer.close()

    def _contents(self, text: JsonText) -> dict[File, Span]:
        answer = text.parse()
        if not isinstance(answer, dict) or not isinstance(answer.get('files'), list):
            raise ServerError('The answer of the server has no files', url=self.url)
        contents: dict[str, tuple[File, Span]] = {}
        for item in answer['files']:
            parts = [item.get(name) if isinstance(item, dict) else None for name in ('path', 'checksum', 'content')]
            path, checksum, content = parts
            if not (isinstance(path, Span) and isinstance(checksum, Span) and isinstance(content, Span)):
                raise ServerError('The answer of the server has a file without path or content', url=self.url)
            file = File(text.text(path), text.base64_size(content), text.text(checksum))
            if file.path in contents:
                self._connection.notify(f'{file.path} is there twice; the second one is taken')
            contents[file.path] = (file, content)
        return dict(contents.values())

    # Requests

    def _delete(self, path: str) -> None:
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
        form: Mapping[str, str] | None = None,
        body: Body | None = None,
        is_repeatable: bool = True,
    ) -> Fields:
        if form is not None:
            encoded = urlencode(form).encode()
            body = Body('application/x-www-form-urlencoded', lambda: encoded)
        answer = self._connection.ask(
            method, path, query=query, body=body, is_repeatable=is_repeatable, explain=_explain
        )
        fields = answer.fields()
        if not fields.flag('success'):
            raise ServerError(
                'The server refused',
                url=answer.url,
                status=answer.status,
                message=fields.text_or_none('message'),
            )
        self._on_answer()
        return fields

    def _ask_streamed(self, path: str, query: Mapping[str, str]) -> Answer:
        return self._connection.ask('GET', path, query=query, is_streamed=True, explain=_explain)


class _Feedback:
    """A tree without files is no feedback there."""

    def __init__(self, sink: TreeSink) -> None:
        self._sink = sink
        self.open = sink.open

    def choose(self, files: Sequence[File]) -> Collection[str]:
        if not files:
            raise NotFound('There is no feedback yet', code='feedback-not-found')
        return self._sink.choose(files)


def _explain(answer: Answer) -> Exception:
    error = refusal_of(answer)
    error.code = _codes.get(error.message or '', error.code)
    if answer.status == 404 and error.code is None:
        error.cause, error.message, error.advice = NOTHING_HERE, None, WRONG_URL
    if error.code in ('course-exists', 'assignment-exists'):
        return AlreadyExists(
            error.cause,
            url=error.url,
            status=error.status,
            message=error.message,
            code=error.code,
            advice='To replace its files, release it with --force.' if error.code == 'assignment-exists' else None,
        )
    return error


_codes = {
    'Course not found': 'course-not-found',
    'Assignment not found': 'assignment-not-found',
    'Student not found': 'student-not-found',
    'Instructor not found': 'instructor-not-found',
    'Submission not found': 'submission-not-found',
    'Course already exists': 'course-exists',
    'Assignment already exists': 'assignment-exists',
}
"""The first API has no codes; these texts are part of it."""


# How things are named and written


def _name(name: str) -> str:
    return quote(name, safe='')


def _path(*names: str) -> str:
    return '/'.join(map(_name, names))


def _of(submission: Submission, what: str) -> str:
    return _path(what, submission.course, submission.assignment, submission.student)


def _details(member: Member, known: Member | None) -> dict[str, str]:
    """All three must be said; those that are not given stay as they are."""

    def one(given: str | None, before: str | None) -> str:
        return given if given is not None else before or ''

    before = known or Member(member.user, member.role)
    return {
        'first_name': one(member.first_name, before.first_name),
        'last_name': one(member.last_name, before.last_name),
        'email': one(member.email, before.email),
    }


def _outcome(wanted: Member, known: Member | None) -> MemberOutcome:
    if known is None:
        return MemberOutcome(wanted.user, 'added')
    if known.role == 'instructor' and wanted.role == 'student':
        return MemberOutcome(wanted.user, 'refused', 'instructor-is-no-student')
    is_same = known.role == wanted.role and _details(wanted, known) == _details(known, None)
    return MemberOutcome(wanted.user, 'unchanged' if is_same else 'changed')


# How things are read


def _member(fields: Fields, role: Role) -> Member:
    names = (fields.text_or_none(name) for name in ('first_name', 'last_name', 'email'))
    return Member(fields.text('username'), role, *names)


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
