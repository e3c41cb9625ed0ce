"""A course from its first assignment to its feedback, over the nbgrader API of March 2020, with the test data's people."""

from api_client import Client, must, tree
from checks import Story, expect, expect_equal, expect_same_files

RELEASED = {'ps1.ipynb': b'{"cells": []}', 'data/numbers.csv': b'1,2\n' * 5000, 'empty': b''}
FIRST = {'ps1.ipynb': b'my answer'}
SECOND = {'ps1.ipynb': 'my bessere Lösung'.encode(), 'notes/räw.txt': b'\0\xff'}
FEEDBACK = {'ps1.html': b'<p>well done</p>'}

story = Story('a course over the nbgrader API of March 2020')


class Course:
    def __init__(self, server):
        self.kevin, self.lawrence, self.abigail, self.stranger = (
            Client(server.url, name) for name in ('Kevin', 'Lawrence', 'Abigail', 'Mallory')
        )

    def submissions(self):
        return must(self.lawrence.get('submissions', 'course1', 'ps1', 'Lawrence'))['submissions']


def expect_refused(answer, message):
    expect_equal(answer, {'success': False, 'message': message}, 'answer')


@story.check('whom the server does not know it does not serve')
def _(course):
    expect_refused(course.stranger.get('courses'), 'Login required (User not found)')


@story.check('anyone creates a course, once, and teaches it alone')
def _(course):
    must(course.abigail.post('course', 'Ünterricht 1'))
    expect_refused(course.kevin.post('course', 'Ünterricht 1'), 'Course already exists')
    expect_equal(must(course.abigail.get('courses'))['courses'], ['course2', 'Ünterricht 1'], 'courses')
    must(course.abigail.post('assignment', 'Ünterricht 1', 'first', files=tree(RELEASED)))
    expect_refused(
        course.kevin.get('assignments', 'Ünterricht 1'), 'Permission denied (not related to course)'
    )


@story.check('an instructor releases an assignment, and students see it')
def _(course):
    must(course.kevin.post('assignment', 'course1', 'ps1', files=tree(RELEASED)))
    expect_refused(
        course.kevin.post('assignment', 'course1', 'ps1', files=tree(FIRST)), 'Assignment already exists'
    )
    expect_equal(
        must(course.lawrence.get('assignments', 'course1'))['assignments'], ['challenge', 'ps1'], 'assignments'
    )


@story.check('a student fetches it, byte by byte')
def _(course):
    expect_same_files(course.lawrence.files('assignment', 'course1', 'ps1'), RELEASED, 'what was fetched')
    listed = must(course.lawrence.get('assignment', 'course1', 'ps1', list_only='true'))['files']
    expect_equal(listed, [{'path': path} for path in RELEASED], 'the list')


@story.check('the student submits twice')
def _(course):
    for files in (FIRST, SECOND):
        expect_equal(
            course.lawrence.post('submission', 'course1', 'ps1', files=tree(files)), {'success': True}, 'answer'
        )
    expect_equal(len(course.submissions()), 2, 'submissions')


@story.check('a submission that nobody could unpack is refused whole')
def _(course):
    files = tree(SECOND | {'../escape': b''})
    expect_refused(course.lawrence.post('submission', 'course1', 'ps1', files=files), 'Illegal path')
    expect_refused(course.lawrence.post('submission', 'course1', 'ps1', files='[1]'), 'Incorrect request format')
    expect_equal(len(course.submissions()), 2, 'submissions')


@story.check('the instructor lists and collects')
def _(course):
    listed = must(course.kevin.get('submissions', 'course1', 'ps1'))['submissions']
    expect_equal([entry['student_id'] for entry in listed], ['Lawrence', 'Lawrence'], 'students')
    collected = must(course.kevin.get('submission', 'course1', 'ps1', 'Lawrence'))
    expect_equal(collected['timestamp'], listed[-1]['timestamp'], 'timestamp')
    expect_same_files(
        course.kevin.files('submission', 'course1', 'ps1', 'Lawrence'), SECOND, 'what was collected'
    )
    expect(listed[0]['timestamp'] < listed[1]['timestamp'], 'they came at the same time')


@story.check('the instructor returns feedback for each, and the student fetches it')
def _(course):
    first, second = (entry['timestamp'] for entry in course.submissions())
    path = ('feedback', 'course1', 'ps1', 'Lawrence')
    must(course.kevin.post(*path, timestamp=second, files=tree(FEEDBACK | {'draft': b''})))
    must(course.kevin.post(*path, timestamp=second, files=tree(FEEDBACK)))
    expect_same_files(course.lawrence.files(*path, timestamp=second), FEEDBACK, 'the feedback')
    expect_same_files(course.lawrence.files(*path, timestamp=first), {}, 'the feedback')
    expect_refused(
        course.lawrence.post(*path, timestamp=first, files=tree(FEEDBACK)),
        'Permission denied (not course instructor)',
    )
