"""The command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ..server.interface import Member, Role, ServerError
from .terminal import Terminal

FAILURE = 255
"""Where something was not done, be it one student of many."""

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    parser = make_parser()
    chosen = parser.parse_args(arguments)
    if chosen.subcommand is None:
        parser.print_help()
        sys.exit(0)
    terminal = Terminal()
    try:
        run(chosen, terminal)
    except ServerError as error:
        terminal.fail(str(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(FAILURE if terminal.failures else 0)


def run(chosen: argparse.Namespace, terminal: Terminal) -> None:
    # Takes a second: it brings nbgrader along, which those who only ask for help need not wait for.
    from .roster import Roster
    from .site import open_site

    site = open_site()
    wants_gradebook = chosen.subcommand.startswith(('add_student', 'remove_student')) and not chosen.no_gb
    roster = Roster(chosen.course_id, site.server, site.gradebook if wants_gradebook else None, terminal)
    match chosen.subcommand:
        case 'create_course':
            roster.create(chosen.instructors)
        case 'add_instructor':
            roster.add_instructor(_member(chosen, chosen.instructor_id, 'instructor'))
        case 'remove_instructor':
            roster.remove_instructor(chosen.instructor_id)
        case 'add_student':
            roster.add_student(_member(chosen, chosen.student_id, 'student'))
        case 'add_students':
            roster.add_students(Path(chosen.csv_file))
        case 'remove_students':
            roster.remove_students(chosen.students, even_with_grades=chosen.force)


def _member(chosen: argparse.Namespace, user: str, role: Role) -> Member:
    return Member(user, role, chosen.first_name, chosen.last_name, chosen.email)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='ngshare-course-management',
        description='Courses and who is in them, on the exchange server and in the gradebook of this folder.',
        epilog='A name that begins with - comes after --, as in: add_student course1 -- -name',
    )
    subcommands = parser.add_subparsers(dest='subcommand', metavar='COMMAND')

    def subcommand(name: str, text: str) -> argparse.ArgumentParser:
        one = subcommands.add_parser(name, help=text, description=f'{text}.')
        one.add_argument('course_id', metavar='COURSE_ID', help='the course')
        return one

    def details(one: argparse.ArgumentParser) -> None:
        one.add_argument('-f', '--first_name', help='first name; without it, the one that is known stays')
        one.add_argument('-l', '--last_name', help='last name, likewise')
        one.add_argument('-e', '--email', help='email address, likewise')

    def no_gradebook(one: argparse.ArgumentParser) -> None:
        one.add_argument('--no-gb', action='store_true', help='leave the gradebook alone')

    one = subcommand('create_course', 'Create a course')
    one.add_argument('instructors', metavar='INSTRUCTOR', nargs='*', help='user names of those who teach it')

    one = subcommand('add_instructor', 'Add an instructor to a course, or change their details')
    one.add_argument('instructor_id', metavar='INSTRUCTOR_ID', help='user name')
    details(one)

    one = subcommand('remove_instructor', 'Remove an instructor from a course')
    one.add_argument('instructor_id', metavar='INSTRUCTOR_ID', help='user name')

    one = subcommand('add_student', 'Add a student to a course, or change their details')
    one.add_argument('student_id', metavar='STUDENT_ID', help='user name')
    details(one)
    no_gradebook(one)

    one = subcommand('add_students', 'Add the students of a CSV file to a course, or change their details')
    one.add_argument(
        'csv_file',
        metavar='CSV_FILE',
        help='its first line has student_id,first_name,last_name,email, in any order; each other line is a student',
    )
    no_gradebook(one)

    one = subcommand('remove_students', 'Remove students from a course. Their submissions stay on the server')
    one.add_argument('students', metavar='STUDENT', nargs='+', help='user names')
    no_gradebook(one)
    one.add_argument('--force', action='store_true', help='remove them from the gradebook along with their grades')
    return parser
