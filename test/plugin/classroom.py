"""A course with its people, each at a desk, and what the server says of it without the plugin."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlencode

from checks import expect_equal
from in_process import run_nbgrader
from people import Person, files_under

from server import opener

ASSIGNMENT = 'ps1'


class Keyboard(Person):
    """`nbgrader` runs in this process, quickly; `run('nbgrader', …)` in one of its own, at a terminal."""

    def nbgrader(self, *arguments, at=None):
        return run_nbgrader(arguments, at or self.desk, self.environment(), self.name)

    def environment(self):
        """The plugin of this checkout, whichever one it was installed from."""
        path = os.environ.get('PYTHONPATH')
        return super().environment() | ({'PYTHONPATH': path} if path else {})

    def configures(self, *lines, at=None):
        """Adds lines to the nbgrader_config.py of a desk."""
        with (at or self.desk).joinpath('nbgrader_config.py').open('a') as config:
            config.write('\n'.join(lines) + '\n')

    @property
    def cache(self):
        """Copies of what this person handed in, the newest last."""
        return sorted((self.home / 'jupyter-data' / 'nbgrader_cache').glob('[!.]*/*'))


class Classroom:
    def __init__(self, folder, server, proxy, course, new_person=Keyboard):
        self.folder = folder
        self.server = server
        self.proxy = proxy
        self.course = course
        self._new_person = new_person
        # Answers to the driver come from the server itself, and are not recorded.
        self.url = server.url.replace(server.origin, proxy.origin)
        self.root = self.person('root')
        self.noether, self.ada, self.emil = (self.person(name) for name in ('noether', 'ada', 'emil'))
        self._done('POST', f'/course/{course}', self.root, instructors=json.dumps(['noether']))
        self.enrols('ada', 'emil')

    def person(self, name):
        return self._new_person(name, self.folder, self.url, self.course, token=self.server.token_of(name))

    def gives_up_at_once(self, *people):
        """Their commands repeat no request that failed."""
        for person in people:
            person.configures('c.Exchange.patience = 0')

    def enrols(self, *names):
        details = {'first_name': '', 'last_name': '', 'email': ''}
        students = [{'username': name} | details for name in names]
        self._done('POST', self.path('students'), self.noether, students=json.dumps(students))

    def _done(self, method, path, person, **arguments):
        answer = self.server.ask(path, person, method, **arguments)
        expect_equal((answer.status, answer.body.get('success')), (200, True), f'{method} {path}')

    # What people do

    def release(self, files=None, assignment=ASSIGNMENT):
        """The instructor releases these files."""
        files = {'p1.ipynb': notebook('Übung 1')} if files is None else files
        write_files(self.noether.desk / 'release' / assignment, files)
        self.noether.nbgrader('release_assignment', assignment).succeeds()

    def fetch(self, student, assignment=ASSIGNMENT):
        student.nbgrader('fetch_assignment', assignment).succeeds()
        return student.desk / assignment

    def hand_in(self, student, files=None, assignment=ASSIGNMENT):
        """The student submits what is at the desk, with these files added; the new submission's timestamp."""
        write_files(student.desk / assignment, {} if files is None else files)
        before = self.submissions(assignment)
        student.nbgrader('submit', assignment).succeeds()
        new = [entry for entry in self.submissions(assignment) if entry not in before]
        expect_equal([name for name, _ in new], [student.name], 'students with a new submission')
        return new[0][1]

    def give_feedback(self, *students, page=b'<p>Good</p>', assignment=ASSIGNMENT):
        """The instructor collects, and releases a page as feedback to what these students handed in last."""
        self.noether.nbgrader('collect', assignment, '--update').succeeds()
        for student in students:
            collected = self.noether.desk / 'submitted' / student.name / assignment
            folder = self.noether.desk / 'feedback' / student.name / assignment
            timestamp = (collected / 'timestamp.txt').read_bytes()
            write_files(folder, {'p1.html': page, 'timestamp.txt': timestamp})
        return self.noether.nbgrader('release_feedback', assignment).succeeds()

    @contextlib.contextmanager
    def interrupted(self, person, *arguments, during, by=signal.SIGINT):
        """A command in a process of its own that gets a signal while a request is on its way; its exit code."""
        started, ended = threading.Event(), threading.Event()
        self.proxy.before(*during, lambda: (started.set(), ended.wait(30)))
        process = subprocess.Popen(
            [Path(sys.executable).parent / 'nbgrader', *arguments],
            cwd=person.desk,
            env=person.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # A shell lets its background processes ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        try:
            assert started.wait(60), 'there was no such request'
            process.send_signal(by)
            exit_code = process.wait(20)
        finally:
            process.kill()
            process.wait()
            ended.set()
        self.proxy.finish()
        yield exit_code

    # What the server has

    def path(self, kind, *more):
        return '/'.join(['', kind, self.course, *more])

    def submissions(self, assignment=ASSIGNMENT):
        """(student, timestamp) of every submission, oldest first."""
        entries = self.server.get(self.path('submissions', assignment), self.noether)['submissions']
        return sorted(((entry['student_id'], entry['timestamp']) for entry in entries), key=lambda pair: pair[1])

    def released(self, assignment=ASSIGNMENT):
        return self.server.files(self.path('assignment', assignment), self.noether)

    def assignments(self):
        return self.server.get(self.path('assignments'), self.noether)['assignments']

    def submitted(self, student, timestamp=None, assignment=ASSIGNMENT):
        more = {} if timestamp is None else {'timestamp': timestamp}
        return self.server.files(self.path('submission', assignment, student.name), self.noether, **more)

    def feedback(self, student, timestamp, assignment=ASSIGNMENT):
        return self.server.files(self.path('feedback', assignment, student.name), self.noether, timestamp=timestamp)

    def v2(self, person, method, path, body=None, **query):
        """The answer of the second API, asked for by a person; any refusal is an error."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        kind = 'application/octet-stream' if isinstance(body, bytes) else 'application/json'
        query = urlencode({'user': person.name} | query)
        request = urllib.request.Request(f'{self.server.url}/v2{quote(path)}?{query}', method=method, data=data)
        if data is not None:
            request.add_header('Content-Type', kind)
        with opener.open(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def submit_directly(self, person, files, assignment=ASSIGNMENT):
        """A submission that did not come from the plugin."""
        tree = [{'path': path, 'sha256': hashlib.sha256(content).hexdigest()} for path, content in files.items()]
        at = f'/courses/{self.course}'
        wanted = {'assignment': assignment, 'files': [file['sha256'] for file in tree]}
        missing = self.v2(person, 'POST', f'{at}/uploads/missing', wanted)['missing']
        by_digest = {hashlib.sha256(content).hexdigest(): content for content in files.values()}
        for sha256 in missing:
            self.v2(person, 'PUT', f'{at}/uploads/{sha256}', by_digest[sha256])
        return self.v2(person, 'POST', f'{at}/assignments/{assignment}/submissions', {'files': tree})


def refused(outcome, *texts):
    """The command failed, and says in plain words why."""
    return outcome.fails().does_not_say('Traceback').says(*texts)


def notebook(text):
    """A notebook with one cell."""
    cell = {'cell_type': 'markdown', 'id': 'a1', 'metadata': {}, 'source': text}
    book = {'cells': [cell], 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5}
    return json.dumps(book, ensure_ascii=False).encode()


def write_files(folder, files):
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


__all__ = ['ASSIGNMENT', 'Classroom', 'Keyboard', 'files_under', 'notebook', 'refused', 'write_files']
