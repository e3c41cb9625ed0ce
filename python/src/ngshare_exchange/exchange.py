"""What the exchange classes share: the settings, the server, and failures that nbgrader understands."""

from __future__ import annotations

import difflib
import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_core.paths import jupyter_data_dir
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import abc
from nbgrader.exchange.abc import ExchangeError
from traitlets import Bool, Float, Unicode, default

from .cache import SubmissionCache
from .fetched import FetchedReleases
from .gradebook import GradebookError
from .progress import ProgressLog
from .server.address import find_url
from .server.connection import Settings
from .server.interface import LocalFile, Server, ServerError
from .server.probe import connect
from .trees.selection import Reason, Rules, Selection, SelectionError, select_files
from .trees.writing import WritingError

if TYPE_CHECKING:
    _Text = Unicode[str, str]
else:
    _Text = Unicode  # which older versions of traitlets do not take types for


class Failure(ExchangeError):
    """JupyterLab shows it behind the name of this class."""

    def __str__(self) -> str:
        message: str = self.args[0]
        return wrapped(message) if is_in_jupyter_server() else message


def is_in_jupyter_server() -> bool:
    """Where nbgrader's pages run, and no command of it does."""
    return 'jupyter_server.serverapp' in sys.modules


def wrapped(message: str) -> str:
    """Begins a line, and fits into the boxes in which JupyterLab and formgrader do not wrap lines."""
    lines = ['']
    for paragraph in message.split('\n'):
        lines += textwrap.wrap(
            paragraph, 76, replace_whitespace=False, break_long_words=False, break_on_hyphens=False
        ) or ['']
    return '\n'.join(lines)


class _UrlAsRoot(_Text):
    """`root` of nbgrader's own exchange: sites that come from there have it set, formgrader shows it."""

    def get(self, obj: Any, cls: Any = None) -> str:
        url: str = obj.find_url_or_nothing()
        return url


class Exchange(abc.Exchange):
    """An exchange that is a server. Nothing happens before `start`."""

    ngshare_url = Unicode(
        '',
        help='URL of the exchange server, like https://hub.example.org/services/ngshare. '
        'By default the environment variable NGSHARE_URL, or what JupyterHub lets us guess.',
    ).tag(config=True)

    _ngshare_url = Unicode('', help='The name of ngshare_url in the configuration of old.').tag(config=True)

    connect_timeout = Float(10, help='Seconds in which the server must take a connection.').tag(config=True)

    read_timeout = Float(60, help='Seconds in which the server must go on answering.').tag(config=True)

    patience = Float(
        90, help='Seconds for which a request that failed is repeated, in all, before it is given up; for lists 20.'
    ).tag(config=True)

    even_if_submissions_are_lost = Bool(
        False,
        help='Whether to overwrite and to remove released assignments on an old server, too, '
        'which forgets all submissions and feedback with them.',
    ).tag(config=True)

    cache = Unicode(
        '',
        help='Folder for copies of submissions. By default nbgrader_cache in the data folder of Jupyter.',
    ).tag(config=True)

    path_includes_course = Bool(
        False, help='Whether assignments are fetched to ./course/assignment instead of ./assignment.'
    ).tag(config=True)

    root = _UrlAsRoot('', help="Not used: folder of nbgrader's own exchange. Reads as the URL.").tag(config=True)

    @default('cache')
    def _cache_by_default(self) -> str:
        return str(Path(jupyter_data_dir()) / 'nbgrader_cache')

    def __init__(self, coursedir: Any = None, authenticator: Any = None, **kwargs: Any) -> None:
        # nbgrader misspells a keyword in places, and traitlets complains of those that it does not know.
        known = {name: value for name, value in kwargs.items() if name in self.class_trait_names()}
        super().__init__(coursedir, authenticator, **known)  # type: ignore[no-untyped-call]
        self._server: Server | None = None
        self._here = Path()

    def start(self) -> Any:
        """Raises ExchangeError, and nothing else, for whatever can be expected to go wrong."""
        if sys.platform == 'win32':
            self.fail('Sorry, the exchange is not available on Windows.')
        try:
            self._here = Path.cwd()  # the server extensions of nbgrader change it, but not while we work
            return super().start()  # type: ignore[no-untyped-call]
        except Failure as error:
            failure = error
        except (ServerError, SelectionError, WritingError, GradebookError) as error:
            failure = self._failure(str(error))
            self.log.debug('The reason:', exc_info=True)
        except OSError as error:
            failure = self._failure(explain_os_error(error))
            self.log.debug('The reason:', exc_info=True)
        # Raised anew: JupyterLab shows students the calls that led to it.
        raise failure.with_traceback(None) from None

    def fail(self, msg: str) -> NoReturn:
        raise self._failure(msg)

    def _failure(self, message: str) -> Failure:
        self.log.critical(message)
        return Failure(message)

    # The server

    @property
    def server(self) -> Server:
        if self._server is None:
            settings = Settings(
                connect_timeout_s=self.connect_timeout,
                read_timeout_s=self.read_timeout,
                patience_s=self.patience,
                progress=ProgressLog(self.log),
                notify=self.log.warning,
            )
            self._server = connect(self._configured_url, settings)
        return self._server

    @property
    def _configured_url(self) -> str | None:
        return self.ngshare_url or self._ngshare_url or None

    def find_url_or_nothing(self) -> str:
        try:
            return find_url(self._configured_url, os.environ)
        except ServerError:
            return ''

    def check_limits(self, files: Sequence[LocalFile]) -> str:
        """Fails when the server will not take so much. Returns who we are to the server."""
        service = self.server.service()
        limits = service.limits
        sizes = {file.path: file.location.stat().st_size for file in files}
        for path, size in sizes.items():
            if limits.file_bytes is not None and size > limits.file_bytes:
                self.fail(
                    f"The file '{path}' has {size} bytes, and the server takes at most {limits.file_bytes} "
                    'in one file. Make it smaller, or ask the administrator for more room.'
                )
        if limits.tree_bytes is not None and sum(sizes.values()) > limits.tree_bytes:
            self.fail(
                f'The files have {sum(sizes.values())} bytes, and the server takes at most '
                f'{limits.tree_bytes}. Remove what is not needed, or ask the administrator for more room.'
            )
        if limits.files is not None and len(sizes) > limits.files:
            self.fail(
                f'There are {len(sizes)} files, and the server takes at most {limits.files}. '
                'Remove what is not needed, or put small files into an archive.'
            )
        return service.user

    # Courses and assignments

    @property
    def directory(self) -> CourseDirectory:
        if self.coursedir is None:
            self.coursedir = CourseDirectory(parent=self)
        return self.coursedir

    @property
    def course_id(self) -> str:
        return str(self.directory.course_id)

    @property
    def assignment_id(self) -> str:
        return str(self.directory.assignment_id)

    def require_course(self) -> None:
        """Fails without a course. Where all courses are configured, `choose_course` comes first."""
        if self.course_id == '':
            self.fail('No course id specified. Re-run with --course flag.')
        if self.course_id == '*':
            self.fail("This needs one course, and the course id is '*'. Re-run with --course flag.")
        self.check_name('course', self.course_id)

    def choose_course(self, candidates: Iterable[str], sought: str) -> None:
        """Where all courses are configured: the one that has what is sought."""
        if self.course_id != '*':
            return
        courses = sorted(set(candidates))
        if not courses:
            self.fail(f'None of your courses has {sought}. Is the name right? `nbgrader list` shows all.')
        if len(courses) > 1:
            self.fail(f'Several courses have {sought}: {", ".join(courses)}. Re-run with --course flag.')
        self.log.info('Course: %s', courses[0])
        self.directory.course_id = courses[0]

    def require_access(self) -> None:
        courses = self.permitted_courses
        if courses is not None and self.course_id not in courses:
            self.fail('You do not have access to this course.')

    @cached_property
    def permitted_courses(self) -> list[str] | None:
        """What the authenticator permits; None: all. Our own leaves it to the server."""
        student = str(self.directory.student_id)
        if self.authenticator is None or not student:
            return None
        courses: list[str] | None = self.authenticator.get_student_courses(student)
        return courses

    def check_name(self, kind: str, name: str) -> None:
        """Fails for a name that cannot be that of a folder."""
        if name in ('', '.', '..') or '/' in name or '\0' in name:
            self.fail(f'The {kind} {name!r} cannot be the name of a folder.')

    def fail_not_found(self, place: str, siblings: Iterable[str], sought: str) -> NoReturn:
        """Says what is not there, and what is there with a name like it."""
        message = f'Assignment not found at: {place}'
        likeness = [(difflib.SequenceMatcher(None, sought, name).ratio(), name) for name in siblings]
        if likeness:
            message += f'\nDid you mean: {max(likeness)[1]}'
        self.fail(message)

    # Files

    @property
    def assignments_folder(self) -> Path:
        """Where students have their assignments."""
        return Path(os.path.normpath(self._here / Path(self.assignment_dir).expanduser()))

    def local_folder(self, course: str, assignment: str) -> Path:
        """Where the files of an assignment are for a student."""
        folder = self.assignments_folder
        return folder / course / assignment if self.path_includes_course else folder / assignment

    @property
    def submission_cache(self) -> SubmissionCache:
        return SubmissionCache(self._cache_folder)

    @property
    def fetched_releases(self) -> FetchedReleases:
        return FetchedReleases(self._cache_folder)

    @property
    def _cache_folder(self) -> Path:
        return self._here / Path(self.cache).expanduser()

    @property
    def rules(self) -> Rules:
        """Which files are transferred."""
        coursedir = self.directory
        return Rules(
            ignore=tuple(coursedir.ignore),
            include=tuple(coursedir.include) or ('*',),
            max_file_size=coursedir.max_file_size * 1000 or None,
            max_dir_size=coursedir.max_dir_size * 1000,
        )

    def select_files(self, folder: Path) -> Selection:
        """The files of the folder that are to be sent; tells what stays behind."""
        selection = select_files(folder, self.rules)
        for one in selection.left_out:
            self.tell_left_out(one.path, one.reason)
        if not selection.files:
            self.log.warning("There are no files to send in '%s'", folder)
        return selection

    def tell_left_out(self, path: str, reason: Reason) -> None:
        tell = self.log.debug if reason.is_expected else self.log.warning
        tell("Left out '%s': %s", path, reason.value)


def local_files(selection: Selection) -> list[LocalFile]:
    return [LocalFile(file.path, file.source, file.executable) for file in selection.files]


def is_pattern(name: str) -> bool:
    return any(character in name for character in '*?[')


def matches(name: str, pattern: str) -> bool:
    """Whether a name is meant by a course, student or assignment id of the command line; '' is any."""
    return pattern in ('', name) or (is_pattern(pattern) and fnmatchcase(name, pattern))


def exact(pattern: str) -> str | None:
    """What the server can be asked for; None: it is asked for all, and `matches` looks through them."""
    return None if pattern == '' or is_pattern(pattern) else pattern


def explain_os_error(error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError) and error.filename:
        return f"'{error.filename}' is in the way: there has to be a folder. Move it, and try again."
    reason = error.strerror or str(error) or type(error).__name__
    return f"'{error.filename}' cannot be read or written: {reason}." if error.filename else f'{reason}.'
