"""Roles that come from groups of the hub: nobody keeps a roster."""

from checks import Story, expect_equal, expect_same_files
from homework import write_assignment
from people import files_under

story = Story('Roles from groups of the hub')

ASSIGNMENT = 'ps1'


class GroupClass:
    """lise is in the group of the instructors of `physics`, otto in that of its students."""

    def __init__(self, hub, server, new_person):
        self.hub = hub
        self.server = server
        self.lise, self.otto, self.stranger = (
            new_person(name, hub.homes, server.url, 'physics') for name in ('lise', 'otto', 'mallory')
        )
        for person, group in (self.lise, 'formgrade-physics'), (self.otto, 'nbgrader-physics'):
            hub.ask('POST', f'/hub/api/users/{person.name}')
            hub.ask('POST', f'/hub/api/groups/{group}')
            hub.ask('POST', f'/hub/api/groups/{group}/users', {'users': [person.name]})


@story.check('an instructor releases to a course that nobody had to create')
def _(c):
    write_assignment(c.lise.desk / 'source' / ASSIGNMENT, note='')
    c.lise.nbgrader('generate_assignment', ASSIGNMENT).succeeds()
    c.lise.nbgrader('release_assignment', ASSIGNMENT).succeeds().says('Successfully released')


@story.check('a student of the group sees the course and fetches what was released')
def _(c):
    expect_equal(c.server.get('/courses', c.otto)['courses'], ['physics'], 'courses')
    c.otto.nbgrader('fetch_assignment', ASSIGNMENT).succeeds()
    expect_same_files(
        files_under(c.otto.desk / ASSIGNMENT), files_under(c.lise.desk / 'release' / ASSIGNMENT), 'fetched files'
    )


@story.check('a student can neither release nor see what others handed in')
def _(c):
    c.otto.nbgrader('submit', ASSIGNMENT).succeeds().says('Submitted as')
    expect_equal(c.server.ask(f'/submissions/physics/{ASSIGNMENT}', c.otto).status, 403, 'status')
    expect_equal(len(c.server.get(f'/submissions/physics/{ASSIGNMENT}', c.lise)['submissions']), 1, 'submissions')


@story.check('somebody in neither group gets nothing')
def _(c):
    c.stranger.nbgrader('fetch_assignment', ASSIGNMENT).says('Permission denied')
    expect_equal(c.server.get('/courses', c.stranger)['courses'], [], 'courses')
