"""ngshare-course-management: who belongs to a course, on the server and in the instructor's gradebook."""

from checks import Story, expect, expect_equal
from gradebook import students_in_gradebook
from people import Person

story = Story('The roster, kept with ngshare-course-management')


class Roster:
    def __init__(self, folder, server, course, admin_name, new_person=Person):
        self.server = server
        self.course = course
        self.admin, self.noether, self.cantor, self.emmy = (
            new_person(name, folder, server.url, course) for name in (admin_name, 'noether', 'cantor', 'emmy')
        )

    def instructors(self):
        return _by_name(self.server.get(f'/instructors/{self.course}', self.admin)['instructors'])

    def students(self):
        return _by_name(self.server.get(f'/students/{self.course}', self.admin)['students'])


def _by_name(members):
    return {member['username']: (member['first_name'], member['last_name'], member['email']) for member in members}


@story.check('an admin creates a course with its instructors')
def _(c):
    c.admin.manages_course('create_course', c.course, 'noether').succeeds().says('Successfully created')
    expect(c.course in c.server.get('/courses', c.noether)['courses'], 'the course is not among the instructor’s')
    expect_equal(list(c.instructors()), ['noether'], 'instructors')
    expect_equal(c.students(), {}, 'students')


@story.check('a course cannot be created twice, and the first one stays as it is')
def _(c):
    c.admin.manages_course('create_course', c.course, 'cantor').fails().says('Course already exists')
    expect_equal(list(c.instructors()), ['noether'], 'instructors')


@story.check('somebody who is not an admin cannot create a course')
def _(c):
    other = f'{c.course}-private'
    c.noether.manages_course('create_course', other, 'noether').fails().says('Permission denied')
    expect(other not in c.server.get('/courses', c.admin)['courses'], 'the course exists')


@story.check('an admin adds an instructor with name and address')
def _(c):
    c.admin.manages_course(
        'add_instructor', c.course, 'cantor', '-f', 'Georg', '-l', 'Cantør', '-e', 'cantor@example.edu'
    ).succeeds()
    expect_equal(c.instructors().get('cantor'), ('Georg', 'Cantør', 'cantor@example.edu'), 'cantor')


# The plugin leaves out what is not given, and the server insists on all three.
@story.check('an instructor without a name is refused and not added')
def _(c):
    c.admin.manages_course('add_instructor', c.course, 'weyl').fails().says('Please supply first name')
    expect_equal(list(c.instructors()), ['noether', 'cantor'], 'instructors')


@story.check('an instructor changes their own name, but not another instructor’s')
def _(c):
    name = ('-f', 'Emmy', '-l', 'Noether', '-e', 'noether@example.edu')
    c.noether.manages_course('add_instructor', c.course, 'noether', *name).succeeds()
    c.noether.manages_course('add_instructor', c.course, 'cantor', *name).fails().says('Permission denied')
    expect_equal(
        c.instructors(),
        {
            'noether': ('Emmy', 'Noether', 'noether@example.edu'),
            'cantor': ('Georg', 'Cantør', 'cantor@example.edu'),
        },
        'instructors',
    )


@story.check('an instructor cannot remove an instructor; an admin can')
def _(c):
    c.noether.manages_course('remove_instructor', c.course, 'cantor').fails().says('Permission denied')
    expect_equal(list(c.instructors()), ['noether', 'cantor'], 'instructors')
    c.admin.manages_course('remove_instructor', c.course, 'cantor').succeeds()
    expect_equal(list(c.instructors()), ['noether'], 'instructors')
    c.admin.manages_course('remove_instructor', c.course, 'cantor').fails().says('Instructor not found')


@story.check('an instructor adds a student to the course and to the gradebook')
def _(c):
    c.noether.manages_course(
        'add_student', c.course, 'emmy', '-f', 'Emmy', '-l', 'Müller', '-e', 'emmy@example.edu'
    ).succeeds()
    expect_equal(c.students(), {'emmy': ('Emmy', 'Müller', 'emmy@example.edu')}, 'students')
    expect_equal(students_in_gradebook(c.noether.desk), {'emmy': ('Emmy', 'Müller', 'emmy@example.edu')}, 'gradebook')


@story.check('with --no-gb a student is added to the course only')
def _(c):
    c.noether.manages_course('add_student', c.course, 'emil', '-f', 'Emil', '--no-gb').succeeds()
    expect_equal(c.students().get('emil'), ('Emil', '', ''), 'emil')
    expect('emil' not in students_in_gradebook(c.noether.desk), 'emil is in the gradebook')


@story.check('adding a student again corrects name and address')
def _(c):
    name = ('Emmy', 'Müller-Öz', 'e.mueller@example.edu')
    c.noether.manages_course('add_student', c.course, 'emmy', '-f', name[0], '-l', name[1], '-e', name[2]).succeeds()
    expect_equal(c.students().get('emmy'), name, 'emmy on the server')
    expect_equal(students_in_gradebook(c.noether.desk).get('emmy'), name, 'emmy in the gradebook')


@story.check('an instructor of the course cannot become its student')
def _(c):
    outcome = c.noether.manages_course('add_student', c.course, 'noether', '--no-gb')
    outcome.fails().says('Cannot add instructor as student')
    expect_equal(sorted(c.students()), ['emil', 'emmy'], 'students')


@story.check('a student cannot change the roster')
def _(c):
    c.emmy.manages_course('add_student', c.course, 'friend', '--no-gb').fails().says('Permission denied')
    c.emmy.manages_course('remove_students', c.course, 'emil', '--no-gb').fails().says('Permission denied')
    expect_equal(sorted(c.students()), ['emil', 'emmy'], 'students')


@story.check('a CSV file adds its students to course and gradebook and names the row that is refused')
def _(c):
    (c.noether.desk / 'class.csv').write_text(
        'student_id,first_name,last_name,email\n'
        'ada,Ada,"Lovelace, née Byron",ada@example.edu\n'
        'noether,Emmy,Noether,noether@example.edu\n'
        'ümit,Ümit,Yılmaz,\n'
    )
    outcome = c.noether.manages_course('add_students', c.course, 'class.csv')
    outcome.says('ada was successfully added', 'ümit was successfully added')
    outcome.says('error adding noether', 'Cannot add instructor as student')
    expected = {'ada': ('Ada', 'Lovelace, née Byron', 'ada@example.edu'), 'ümit': ('Ümit', 'Yılmaz', '')}
    students = c.students()
    expect_equal({name: students.get(name) for name in expected}, expected, 'students of the file')
    expect_equal(sorted(students), ['ada', 'emil', 'emmy', 'ümit'], 'students')
    expect_equal(sorted(students_in_gradebook(c.noether.desk)), ['ada', 'emmy', 'ümit'], 'gradebook')


@story.check('with --no-gb a CSV file leaves the gradebook alone')
def _(c):
    (c.noether.desk / 'late.csv').write_text(
        'email,student_id,last_name,first_name\nsofia@example.edu,sofia,Kowalewskaja,Sofja\n'
    )
    c.noether.manages_course('add_students', c.course, 'late.csv', '--no-gb').succeeds()
    expect_equal(c.students().get('sofia'), ('Sofja', 'Kowalewskaja', 'sofia@example.edu'), 'sofia')
    expect('sofia' not in students_in_gradebook(c.noether.desk), 'sofia is in the gradebook')


@story.check('several students are removed from course and gradebook at once')
def _(c):
    c.noether.manages_course('remove_students', c.course, 'ada', 'ümit').succeeds()
    expect_equal(sorted(c.students()), ['emil', 'emmy', 'sofia'], 'students')
    expect_equal(sorted(students_in_gradebook(c.noether.desk)), ['emmy'], 'gradebook')


@story.check('with --no-gb a removed student stays in the gradebook')
def _(c):
    c.noether.manages_course('remove_students', c.course, 'emmy', '--no-gb').succeeds()
    expect_equal(sorted(c.students()), ['emil', 'sofia'], 'students')
    expect_equal(sorted(students_in_gradebook(c.noether.desk)), ['emmy'], 'gradebook')


@story.check('a student who is not in the course cannot be removed from it')
def _(c):
    c.noether.manages_course('remove_students', c.course, 'emmy', '--no-gb').fails().says('Student not found')
    expect_equal(sorted(c.students()), ['emil', 'sofia'], 'students')
