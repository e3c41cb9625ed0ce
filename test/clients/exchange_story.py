"""One assignment's whole life, driven with the installed nbgrader commands and checked on disk and on the server."""

import shutil
from typing import NamedTuple

import homework
from checks import Story, expect, expect_equal, expect_same_files
from gradebook import scores, students_in_gradebook
from people import Person, files_under

story = Story('An assignment, from release to feedback and back, with nbgrader')

ASSIGNMENT = 'ps1'


class Submission(NamedTuple):
    """What a student handed in, as it lay in their folder at that moment."""

    student: str
    timestamp: str
    files: dict


class Classroom:
    def __init__(self, folder, server, course, admin_name, new_person=Person):
        def person(name, **more):
            return new_person(name, folder, server.url, course, **more)

        self.person = person
        self.server = server
        self.course = course
        self.admin = person(admin_name)
        self.noether = person('noether')
        # Hubs with university logins have names like this one.
        self.students = [person('ada'), person('emil.p@example.edu')]
        self.ada, self.emil = self.students
        self.stranger = person('mallory')
        self.submissions = []
        self.feedback = {}

    def path(self, kind, *more):
        return '/'.join(['', kind, self.course, *more])

    def released(self, assignment=ASSIGNMENT):
        return self.server.files(self.path('assignment', assignment), self.noether)

    def listed_submissions(self):
        """(student, timestamp) of every submission that the server lists, oldest first."""
        listing = self.server.get(self.path('submissions', ASSIGNMENT), self.noether)['submissions']
        return sorted(((entry['student_id'], entry['timestamp']) for entry in listing), key=lambda pair: pair[1])

    def feedback_files(self, submission):
        path = self.path('feedback', ASSIGNMENT, submission.student)
        return self.server.files(path, self.noether, timestamp=submission.timestamp)

    def of(self, student):
        return [submission for submission in self.submissions if submission.student == student.name]

    def latest(self):
        return [self.of(student)[-1] for student in self.students]

    def expect_work_is_kept(self):
        """The server has every submission and every feedback of this story, unchanged, and no other."""
        expect(len(self.submissions) >= 4, 'the students did not get to hand in their work earlier')
        expect(len(self.feedback) >= 2, 'the instructor did not get to release feedback earlier')
        expect_equal(
            self.listed_submissions(),
            [(submission.student, submission.timestamp) for submission in self.submissions],
            'submissions',
        )
        for submission in self.submissions:
            whose = f'{submission.student} at {submission.timestamp}'
            path = self.path('submission', ASSIGNMENT, submission.student)
            files = self.server.files(path, self.noether, timestamp=submission.timestamp)
            expect_same_files(files, submission.files, f'submission of {whose}')
            expected = self.feedback.get((submission.student, submission.timestamp), {})
            expect_same_files(self.feedback_files(submission), expected, f'feedback for {whose}')

    def hand_in(self, student, answer):
        """The student submits an answer; the server must then hold one more submission of theirs: these very files."""
        folder = student.desk / ASSIGNMENT
        homework.answer(folder, answer)
        files = files_under(folder)
        before = self.listed_submissions()
        outcome = student.nbgrader('submit', ASSIGNMENT).succeeds()
        new = [entry for entry in self.listed_submissions() if entry not in before]
        expect_equal([name for name, _ in new], [student.name], 'students with a new submission')
        timestamp = new[0][1]
        outcome.says(f'Submitted as: {self.course} {ASSIGNMENT} {timestamp}')
        path = self.path('submission', ASSIGNMENT, student.name)
        stored = self.server.files(path, self.noether, timestamp=timestamp)
        expect_same_files(stored, files, 'files on the server')
        self.submissions.append(Submission(student.name, timestamp, files))

    def expect_collected(self, desk, submissions):
        for submission in submissions:
            expect_same_files(
                files_under(desk / 'submitted' / submission.student / ASSIGNMENT),
                submission.files | {'timestamp.txt': submission.timestamp.encode()},
                f'collected from {submission.student}',
            )

    def expect_everything_can_be_had_again(self, desk_name):
        """At empty desks, the instructor collects the latest submissions and a student fetches the feedback."""
        desk = self.noether.new_desk(desk_name)
        self.noether.nbgrader('collect', ASSIGNMENT, at=desk).succeeds()
        self.expect_collected(desk, self.latest())
        desk = self.ada.new_desk(desk_name)
        self.ada.nbgrader('fetch_feedback', ASSIGNMENT, at=desk).succeeds()
        for submission in self.of(self.ada):
            expect_same_files(
                files_under(desk / ASSIGNMENT / 'feedback' / submission.timestamp),
                self.feedback.get((submission.student, submission.timestamp), {}),
                f'feedback for {submission.timestamp}',
            )


@story.check('an admin creates the course and its instructor enrols the students')
def _(c):
    c.admin.manages_course('create_course', c.course, 'noether').succeeds()
    lines = ['student_id,first_name,last_name,email', *(f'{student.name},,,' for student in c.students)]
    (c.noether.desk / 'class.csv').write_text('\n'.join(lines))
    c.noether.manages_course('add_students', c.course, 'class.csv').succeeds()
    roster = c.server.get(c.path('students'), c.noether)['students']
    expect_equal([entry['username'] for entry in roster], [student.name for student in c.students], 'students')


@story.check('a released assignment is on the server byte for byte, without its solutions')
def _(c):
    homework.write_assignment(c.noether.desk / 'source' / ASSIGNMENT, note='Erste Fassung\n')
    c.noether.nbgrader('generate_assignment', ASSIGNMENT).succeeds()
    c.noether.nbgrader('release_assignment', ASSIGNMENT).succeeds().says('Successfully released')
    source = files_under(c.noether.desk / 'source' / ASSIGNMENT)
    released = c.released()
    expect_same_files(released, files_under(c.noether.desk / 'release' / ASSIGNMENT), 'released files')
    notebook = released.pop(homework.NOTEBOOK).decode()
    del source[homework.NOTEBOOK]
    expect_same_files(released, source, 'released files beside the notebook')
    expect('raise NotImplementedError' in notebook, 'the notebook has no place for the answer')
    expect('return x * x' not in notebook and 'HIDDEN' not in notebook, 'the notebook gives the solution away')


@story.check('releasing it again without --force is refused and changes nothing')
def _(c):
    before = c.released()
    (c.noether.desk / 'release' / ASSIGNMENT / 'notes.txt').write_text('not to be seen')
    c.noether.nbgrader('release_assignment', ASSIGNMENT).fails().says('Destination already exists')
    expect_same_files(c.released(), before, 'released files')


@story.check('a student sees the released assignment, in the course and among all courses')
def _(c):
    for arguments in [], ['--course', '*']:
        outcome = c.ada.nbgrader('list', *arguments).succeeds()
        outcome.says(f'{c.course} {ASSIGNMENT}').does_not_say('already downloaded')


@story.check('students fetch exactly what was released')
def _(c):
    released = c.released()
    for student in c.students:
        student.nbgrader('fetch_assignment', ASSIGNMENT).succeeds()
        expect_same_files(files_under(student.desk / ASSIGNMENT), released, f'fetched by {student.name}')
    c.ada.nbgrader('list').says(f'{c.course} {ASSIGNMENT} (already downloaded)')


@story.check('fetching with --replace brings a lost file back and leaves the student’s work alone')
def _(c):
    folder = c.ada.desk / ASSIGNMENT
    (folder / 'notes.txt').write_text('my own notes')
    (folder / 'data' / 'table.bin').unlink()
    c.ada.nbgrader('fetch_assignment', ASSIGNMENT).fails().says('You already have a copy')
    c.ada.nbgrader('fetch_assignment', ASSIGNMENT, '--replace').succeeds()
    expect_same_files(files_under(folder), c.released() | {'notes.txt': b'my own notes'}, 'folder')


@story.check('somebody outside the course gets nothing')
def _(c):
    c.stranger.nbgrader('fetch_assignment', ASSIGNMENT).says('Permission denied')
    expect_same_files(files_under(c.stranger.desk / ASSIGNMENT), {}, 'fetched by a stranger')
    expect_equal(c.server.ask(c.path('assignment', ASSIGNMENT), c.stranger).status, 403, 'status')
    expect(c.course not in c.server.get('/courses', c.stranger)['courses'], 'the course is listed')


@story.check('somebody without a token gets nothing')
def _(c):
    nobody = c.person('nobody', token='')
    nobody.nbgrader('fetch_assignment', ASSIGNMENT).says('Failed to fetch assignment')
    expect_same_files(files_under(nobody.desk / ASSIGNMENT), {}, 'fetched without a token')
    status = c.server.ask(c.path('assignment', ASSIGNMENT)).status
    expect(status in (400, 401, 403), f'a request that names nobody was answered {status}')


@story.check('a student can neither release nor unrelease')
def _(c):
    before = c.released()
    homework.write_assignment(c.ada.desk / 'release' / ASSIGNMENT, note='forged')
    homework.write_assignment(c.ada.desk / 'release' / 'forged', note='forged')
    c.ada.nbgrader('release_assignment', ASSIGNMENT, '--force').says('Permission denied')
    c.ada.nbgrader('release_assignment', 'forged').says('Permission denied')
    c.ada.nbgrader('list', ASSIGNMENT, '--remove').says('Permission denied')
    expect_equal(c.server.get(c.path('assignments'), c.noether)['assignments'], [ASSIGNMENT], 'assignments')
    expect_same_files(c.released(), before, 'released files')
    shutil.rmtree(c.ada.desk / 'release')


@story.check('students submit, and the server holds what lay in their folders')
def _(c):
    for student in c.students:
        c.hand_in(student, homework.POOR_ANSWER)


@story.check('a strict submission without the notebook is refused before anything is sent')
def _(c):
    before = c.listed_submissions()
    desk = c.ada.new_desk('without-notebook')
    (desk / ASSIGNMENT).mkdir()
    (desk / ASSIGNMENT / 'essay.txt').write_text('no notebook')
    c.ada.nbgrader('submit', ASSIGNMENT, '--strict', at=desk).fails().says(f'{homework.NOTEBOOK}: MISSING')
    expect_equal(c.listed_submissions(), before, 'submissions')


@story.check('the instructor collects the submissions with their timestamps')
def _(c):
    c.noether.nbgrader('collect', ASSIGNMENT).succeeds().says('Processing 2 submissions')
    c.expect_collected(c.noether.desk, c.latest())


@story.check('students submit again, and their first submissions stay')
def _(c):
    first = list(c.submissions)
    c.hand_in(c.ada, homework.GOOD_ANSWER)
    c.hand_in(c.emil, homework.POOR_ANSWER + '  # still thinking')
    expect_equal([submission.student for submission in c.submissions], ['ada', c.emil.name] * 2, 'submissions')
    for submission in first:
        path = c.path('submission', ASSIGNMENT, submission.student)
        stored = c.server.files(path, c.noether, timestamp=submission.timestamp)
        expect_same_files(stored, submission.files, f'first submission of {submission.student}')


@story.check('a student sees their own submissions in the cache, the instructor everybody’s on the server')
def _(c):
    mine = c.ada.nbgrader('list', '--cached').succeeds()
    all_of_them = c.noether.nbgrader('list', '--inbound').succeeds()
    for submission in c.submissions:
        line = f'{c.course} {submission.student} {ASSIGNMENT} {submission.timestamp} (no feedback available)'
        all_of_them.says(line)
        if submission.student == 'ada':
            mine.says(line)
        else:
            mine.does_not_say(submission.timestamp)


@story.check('a student lists their own submissions on the server, and nobody else’s')
def _(c):
    mine = c.ada.nbgrader('list', '--inbound', '--student', 'ada').succeeds()
    # The plugin goes on after an error, with a line that also holds the timestamp.
    mine.does_not_say('ERROR')
    for submission in c.of(c.ada):
        mine.says(f'{c.course} ada {ASSIGNMENT} {submission.timestamp} (no feedback available)')
    refused = c.ada.nbgrader('list', '--inbound', '--student', c.emil.name).says('Permission denied')
    for submission in c.of(c.emil):
        refused.does_not_say(submission.timestamp)


@story.check('collecting again keeps what is there; with --update it takes the newer submissions')
def _(c):
    first = [c.of(student)[0] for student in c.students]
    c.noether.nbgrader('collect', ASSIGNMENT).succeeds().says('use --update to update')
    c.expect_collected(c.noether.desk, first)
    c.noether.nbgrader('collect', ASSIGNMENT, '--update').succeeds().says('Updating submission')
    c.expect_collected(c.noether.desk, c.latest())


@story.check('autograding runs the collected notebooks and gives the scores that they deserve')
def _(c):
    c.noether.nbgrader('autograde', ASSIGNMENT).succeeds()
    expect_equal(
        scores(c.noether.desk, ASSIGNMENT),
        {'ada': (homework.MAX_SCORE, homework.MAX_SCORE), c.emil.name: (3, homework.MAX_SCORE)},
        'scores',
    )


@story.check('released feedback belongs to the graded submission and to no other')
def _(c):
    c.noether.nbgrader('generate_feedback', ASSIGNMENT).succeeds()
    release_feedback(c)
    for student in c.students:
        expect_same_files(c.feedback_files(c.of(student)[0]), {}, f'feedback for {student.name}’s first submission')


def release_feedback(c):
    """The instructor releases what lies in their feedback folder; the server must then have it, byte for byte."""
    c.noether.nbgrader('release_feedback', ASSIGNMENT).succeeds().says('Feedback released')
    for submission in c.latest():
        folder = c.noether.desk / 'feedback' / submission.student / ASSIGNMENT
        pages = {path: content for path, content in files_under(folder).items() if path.endswith('.html')}
        expect_equal(list(pages), ['p1.html'], 'generated feedback')
        expect_same_files(c.feedback_files(submission), pages, f'feedback for {submission.student}')
        c.feedback[(submission.student, submission.timestamp)] = pages


@story.check('a student is told of new feedback and fetches it byte for byte')
def _(c):
    fetch_feedback(c)


def fetch_feedback(c):
    for student in c.students:
        newest = c.of(student)[-1]
        line = f'{student.name} {ASSIGNMENT} {newest.timestamp} '
        student.nbgrader('list', '--cached').says(line + '(feedback ready to be fetched)')
        student.nbgrader('fetch_feedback', ASSIGNMENT).succeeds()
        expect_same_files(
            files_under(student.desk / ASSIGNMENT / 'feedback' / newest.timestamp),
            c.feedback[(student.name, newest.timestamp)],
            f'feedback fetched by {student.name}',
        )
        student.nbgrader('list', '--cached').says(line + '(feedback already fetched)')


@story.check('released again, feedback replaces the earlier one')
def _(c):
    for submission in c.latest():
        page = c.noether.desk / 'feedback' / submission.student / ASSIGNMENT / 'p1.html'
        page.write_bytes(page.read_bytes() + '<!-- überarbeitet -->'.encode())
    release_feedback(c)
    fetch_feedback(c)


@story.check('a student can read neither submissions nor feedback of another student')
def _(c):
    timestamp = c.of(c.emil)[-1].timestamp
    for kind in 'submission', 'feedback', 'submissions':
        answer = c.server.ask(c.path(kind, ASSIGNMENT, c.emil.name), c.ada, timestamp=timestamp)
        expect_equal(answer.status, 403, f'status of {kind}')


@story.check('a forced re-release replaces the released files')
def _(c):
    shutil.rmtree(c.noether.desk / 'source' / ASSIGNMENT)
    homework.write_assignment(c.noether.desk / 'source' / ASSIGNMENT, note='Zweite Fassung\n')
    (c.noether.desk / 'source' / ASSIGNMENT / 'empty.txt').unlink()
    c.noether.nbgrader('generate_assignment', ASSIGNMENT, '--force').succeeds()
    c.noether.nbgrader('release_assignment', ASSIGNMENT, '--force').succeeds().says('Overwriting files')
    expect_same_files(c.released(), files_under(c.noether.desk / 'release' / ASSIGNMENT), 'released files')
    expect_equal(c.released()['notes.txt'], 'Zweite Fassung\n'.encode(), 'notes.txt')
    desk = c.emil.new_desk('second-version')
    c.emil.nbgrader('fetch_assignment', ASSIGNMENT, at=desk).succeeds()
    expect_same_files(files_under(desk / ASSIGNMENT), c.released(), 'fetched anew')


@story.check('a forced re-release keeps every submission and all feedback')
def _(c):
    c.expect_work_is_kept()


@story.check('after a forced re-release submissions are collected and feedback is fetched as before')
def _(c):
    c.expect_everything_can_be_had_again('after-force')


@story.check('an unreleased assignment is neither listed nor fetched nor submitted')
def _(c):
    c.noether.nbgrader('list', ASSIGNMENT, '--remove').succeeds().says(
        'Removing released assignments', f'{c.course} {ASSIGNMENT}'
    )
    expect_equal(c.server.get(c.path('assignments'), c.noether)['assignments'], [], 'assignments')
    for person in c.noether, c.emil:
        person.nbgrader('list').succeeds().does_not_say(f'{c.course} {ASSIGNMENT}')
    expect_equal(c.server.ask(c.path('assignment', ASSIGNMENT), c.emil).status, 404, 'status')
    desk = c.emil.new_desk('unreleased')
    c.emil.nbgrader('fetch_assignment', ASSIGNMENT, at=desk).says('Assignment not found')
    expect_same_files(files_under(desk / ASSIGNMENT), {}, 'fetched although unreleased')
    c.emil.nbgrader('submit', ASSIGNMENT).says('Assignment not found').does_not_say('Submitted as')


@story.check('released once more, the assignment has all its submissions and feedback')
def _(c):
    c.noether.nbgrader('release_assignment', ASSIGNMENT).succeeds().says('Successfully released')
    expect_same_files(c.released(), files_under(c.noether.desk / 'release' / ASSIGNMENT), 'released files')
    c.expect_work_is_kept()
    c.expect_everything_can_be_had_again('released-once-more')


@story.check('a submission after that joins the earlier ones')
def _(c):
    # A new version is fetched into the folder at hand; fetched feedback must not be handed in as if it were work.
    shutil.rmtree(c.ada.desk / ASSIGNMENT / 'feedback', ignore_errors=True)
    c.hand_in(c.ada, homework.GOOD_ANSWER + ' (third)')
    c.expect_work_is_kept()


@story.check('a graded student is removed with --force, and what they submitted can still be collected')
def _(c):
    c.noether.manages_course('remove_students', c.course, c.emil.name, '--force').succeeds()
    expect(c.emil.name not in students_in_gradebook(c.noether.desk), 'the student is in the gradebook')
    roster = c.server.get(c.path('students'), c.noether)['students']
    expect_equal([entry['username'] for entry in roster], ['ada'], 'students')
    expect_equal(c.server.ask(c.path('assignment', ASSIGNMENT), c.emil).status, 403, 'status for the removed student')
    desk = c.noether.new_desk('after-removal')
    c.noether.nbgrader('collect', ASSIGNMENT, at=desk).succeeds()
    c.expect_collected(desk, c.latest())


@story.check('an assignment may have spaces and umlauts in its name')
def _(c):
    name = 'Übung 2'
    homework.write_assignment(c.noether.desk / 'source' / name, note=name)
    c.noether.nbgrader('generate_assignment', name).succeeds()
    c.noether.nbgrader('release_assignment', name).succeeds()
    c.ada.nbgrader('list').says(f'{c.course} {name}')
    c.ada.nbgrader('fetch_assignment', name).succeeds()
    expect_same_files(files_under(c.ada.desk / name), files_under(c.noether.desk / 'release' / name), 'fetched')
