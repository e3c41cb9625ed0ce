"""The stand-alone server under test: started on a free port, with a class in it that has been at work."""

import hashlib
import json
import urllib.error
import urllib.parse
import urllib.request

from server import OwnServer, opener

ADMIN, INSTRUCTOR, STUDENT, CLASSMATE = 'root', 'kevin', 'marie', 'pierre'
COURSE = 'math'
ASSIGNMENT = 'ps1'
# Courses, assignments and students that are there to be deleted.
SPARE = [f'spare{i}' for i in range(5)]


class Server(OwnServer):
    """Not in debug mode, like one that classes use. Asked in the second API."""

    prefix = '/api/v2'

    def command(self, program):
        return [word for word in super().command(program) if word != '--debug']

    def ask(self, person, method, path, body=None):
        """The JSON of a successful answer."""
        url = f'{self.url}/{path}'
        url += f'{"&" if "?" in url else "?"}user={urllib.parse.quote(person)}'
        is_json = body is not None and not isinstance(body, bytes)
        content = json.dumps(body).encode() if is_json else body
        request = urllib.request.Request(url, method=method, data=content)
        if content is not None:
            kind = 'application/json' if is_json else 'application/octet-stream'
            request.add_header('Content-Type', kind)
        try:
            with opener.open(request, timeout=60) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise SystemExit(f'{method} {path} for {person} answered {error.code}: {error.read()!r}') from None

    def upload(self, person, content: bytes):
        """Returns its SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.ask(person, 'PUT', f'courses/{COURSE}/uploads/{sha256}', content)
        return sha256

    def is_alive(self):
        return self._process.poll() is None


def a_class_at_work(server: Server):
    """A course with people, two releases, submissions and feedback. Returns what is there, as values of parameters."""
    ask = server.ask
    files = [b'questions', b'answers', b'well done', b'numbers ' * 20_000]
    ask(ADMIN, 'POST', 'courses', {'course': COURSE, 'instructors': [INSTRUCTOR]})
    students = [{'user': name, 'role': 'student'} for name in (STUDENT, CLASSMATE)]
    ask(INSTRUCTOR, 'POST', f'courses/{COURSE}/members', {'members': students})
    for person in (ADMIN, INSTRUCTOR, STUDENT):
        digests = [server.upload(person, content) for content in files]
    tree = [{'path': path, 'sha256': digest} for path, digest in zip(['ps1.ipynb', 'data.csv'], digests[::3])]
    assignments = f'courses/{COURSE}/assignments'
    for assignment in (ASSIGNMENT, 'ps2'):
        ask(INSTRUCTOR, 'POST', f'{assignments}/{assignment}/releases', {'files': tree})
    ask(INSTRUCTOR, 'POST', f'{assignments}/{ASSIGNMENT}/releases?overwrite=true', {'files': tree})
    answers = [{'path': 'ps1.ipynb', 'sha256': digests[1]}, tree[1]]
    ids = []
    for _ in range(3):
        ids.append(ask(STUDENT, 'POST', f'{assignments}/{ASSIGNMENT}/submissions', {'files': answers})['id'])
    for submission in ids:
        feedback = {'files': [{'path': 'ps1.ipynb', 'sha256': digests[2]}, tree[1]]}
        ask(INSTRUCTOR, 'PUT', f'submissions/{submission}/feedback', feedback)
    for name in SPARE:
        ask(ADMIN, 'POST', 'courses', {'course': name})
        ask(INSTRUCTOR, 'PUT', f'courses/{COURSE}/members/{name}', {'role': 'student'})
        ask(INSTRUCTOR, 'POST', f'{assignments}/{name}/releases', {'files': tree})
    cursor = ask(INSTRUCTOR, 'GET', 'submissions?limit=1')['next']
    return {
        'course': [COURSE],
        'assignment': [ASSIGNMENT, 'ps2'],
        'user': [STUDENT, CLASSMATE, INSTRUCTOR],
        'submission': ids,
        'version': ['1', 'latest'],
        'path': ['ps1.ipynb', 'data.csv'],
        'sha256': digests,
        'cursor': [cursor],
        'spareCourse': SPARE,
        'spareAssignment': SPARE,
        'spareUser': SPARE,
    }
