"""
nbgrader's default exchange, a shared directory, on a vserver: release, fetch, submit and collect as in
nbgrader/exchange/default/ of nbgrader 0.9, with its file-system calls forwarded one by one and nothing else changed.
"""

import os.path
import secrets
from base64 import urlsafe_b64encode
from collections import defaultdict
from stat import S_IMODE, S_IRUSR, S_IXUSR

ROOT = '/srv/nbgrader/exchange'
# What ExchangeReleaseAssignment and ExchangeSubmit give to others: everything, reading, or adding without looking.
OPEN_TO_ALL = 0o777
READABLE = 0o755
READABLE_FILE = 0o644
DROP_BOX = 0o2733
IGNORED = ['.ipynb_checkpoints', '*.pyc', '__pycache__', 'feedback']
MAX_DIRECTORY_BYTES = 100_000_000


class ExchangeError(Exception):
    pass


class DirectoryExchange:
    """`files`: where the calls go. Courses live in /courses/<course>, people in /home/<name>."""

    def __init__(self, files, course):
        self.files = files
        self.course = course
        self.outbound = f'{ROOT}/{course}/outbound'
        self.inbound = f'{ROOT}/{course}/inbound'

    def release(self, assignment, force=False):
        """ExchangeReleaseAssignment"""
        self._ensure_root()
        source = f'/courses/{self.course}/release/{assignment}'
        if not self.files.isdir(source):
            self._assignment_not_found(source, f'/courses/{self.course}/release/*')
        self._ensure_directory(f'{ROOT}/{self.course}', READABLE)
        self._ensure_directory(self.outbound, READABLE)
        self._ensure_directory(self.inbound, DROP_BOX)
        released = f'{self.outbound}/{assignment}'
        if self.files.isdir(released):
            if not force:
                raise ExchangeError(f'Destination already exists, add --force to overwrite: {assignment}')
            self.files.rmtree(released)
        self._copy(source, released)
        self._set_permissions(released)

    def fetch(self, student, assignment, replace_missing_files=False):
        """ExchangeFetchAssignment"""
        released = f'{self.outbound}/{assignment}'
        self._find_release(assignment)
        fetched = f'/home/{student}/{assignment}'
        if not self.files.isdir(fetched):
            self.files.copytree(released, fetched, ignore=IGNORED)
        elif replace_missing_files:
            self._copy_if_missing(released, fetched)
        else:
            raise ExchangeError(f'You already have a copy of the assignment in this directory: {assignment}')

    def submit(self, student, assignment, timestamp):
        """ExchangeSubmit; says which released notebooks the submission lacks."""
        work = f'/home/{student}/{assignment}'
        if not self.files.isdir(work):
            self._assignment_not_found(work, f'/home/{student}/*')
        if not self.files.isdir(self.inbound):
            raise ExchangeError(f'Inbound directory doesn\'t exist: {self.inbound}')
        released = self._find_release(assignment)
        missing = set(self._notebooks(released)) - set(self._notebooks(work))
        record = f'{student}+{assignment}+{timestamp}'
        random = urlsafe_b64encode(secrets.token_bytes(9)).decode()
        submitted = f'{self.inbound}/{record}+{random}'
        secret = secrets.token_hex(64)
        self._copy_submission(work, submitted, timestamp, secret)
        self._set_permissions(submitted)
        # The instructor must be able to delete it later; the random name hides it from others.
        self.files.chmod(submitted, OPEN_TO_ALL)
        cache = f'/home/{student}/.local/share/jupyter/nbgrader_cache/{self.course}'
        if not self.files.isdir(cache):
            self.files.makedirs(cache)
        self._copy_submission(work, f'{cache}/{record}', timestamp, secret)
        return sorted(missing)

    def collect(self, assignment, update=False):
        """ExchangeCollect; says whose submissions it took."""
        if not self.files.isdir(self.inbound):
            raise ExchangeError(f'Course not found: {self.inbound}')
        by_student = defaultdict(list)
        for path in self.files.glob(f'{self.inbound}/*+{assignment}+*'):
            student, _, timestamp, _ = os.path.basename(path).rsplit('+', 3)
            by_student[student].append((timestamp, path))
        return [
            student
            for student, submissions in sorted(by_student.items())
            if self._collect_one(student, assignment, *max(submissions), update)
        ]

    def _collect_one(self, student, assignment, timestamp, path, update):
        collected = f'/courses/{self.course}/submitted/{student}/{assignment}'
        if not self.files.exists(os.path.dirname(collected)):
            self.files.makedirs(os.path.dirname(collected))
        if self.files.isdir(collected):
            if not update or self.files.read(f'{collected}/timestamp.txt').decode() >= timestamp:
                return False
            self.files.rmtree(collected)
        self._copy(path, collected)
        return True

    def _copy_submission(self, work, destination, timestamp, secret):
        self._copy(work, destination)
        self.files.write(f'{destination}/timestamp.txt', timestamp.encode())
        self.files.write(f'{destination}/submission_secret.txt', secret.encode())

    def _copy(self, source, destination):
        size = 0
        for folder, _, names in self.files.walk(source):
            for name in names:
                path = f'{folder}/{name}'
                if not self.files.islink(path):
                    size += self.files.stat(path).st_size
        if size > MAX_DIRECTORY_BYTES:
            raise ExchangeError(f'Directory size is too big: {size} bytes')
        self.files.copytree(source, destination, ignore=IGNORED)

    def _copy_if_missing(self, source, destination):
        for name in sorted(set(self.files.listdir(source)) - set(IGNORED)):
            source_path, path = f'{source}/{name}', f'{destination}/{name}'
            is_folder = self.files.isdir(source_path)
            if not self.files.exists(path):
                if is_folder:
                    self.files.mkdir(path)
                else:
                    self.files.copy(source_path, path)
            if is_folder:
                self._copy_if_missing(source_path, path)

    def _set_permissions(self, destination):
        folders = []
        for folder, _, names in self.files.walk(destination):
            for name in names:
                self.files.chmod(f'{folder}/{name}', READABLE_FILE)
            folders.append(folder)
        for folder in reversed(folders):
            self.files.chmod(folder, READABLE)

    def _ensure_root(self):
        if not self.files.exists(ROOT):
            self.files.makedirs(ROOT)
            self.files.chmod(ROOT, OPEN_TO_ALL)
        elif S_IMODE(self.files.stat(ROOT).st_mode) != OPEN_TO_ALL:
            self.files.chmod(ROOT, OPEN_TO_ALL)

    def _ensure_directory(self, path, mode):
        if not self.files.isdir(path):
            self.files.makedirs(path)
            self.files.chmod(path, mode)

    def _find_release(self, assignment):
        released = f'{self.outbound}/{assignment}'
        if not self.files.isdir(released):
            self._assignment_not_found(released, f'{self.outbound}/*')
        # check_mode asks os.access, which vserver does not have: its own rights stand in the first bits.
        readable = S_IRUSR | S_IXUSR
        if self.files.stat(released).st_mode & readable != readable:
            raise ExchangeError(f'You don\'t have read permissions for the directory: {released}')
        return released

    def _notebooks(self, folder):
        for path, _, names in self.files.walk(folder):
            for name in names:
                if name.endswith('.ipynb'):
                    yield os.path.relpath(f'{path}/{name}', folder)

    def _assignment_not_found(self, path, pattern):
        found = ', '.join(sorted(self.files.glob(pattern)))
        raise ExchangeError(f'Assignment not found at: {path}; there are: {found}')
