"""
Drives the installed nbgrader 0.9.6 and ngshare_exchange 0.5.3 against an ngshare server and checks, on disk and by
asking the server itself, that every command did its work: the plugin exits with 0 on many failures.

    .venv/nbgrader/bin/python test/clients/cycle.py          everything, against servers of its own
    … --only exchange                                        one part: roster, exchange or readme
    … --url https://hub.example.edu/services/ngshare         a running server that takes a user name as token
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from checks import Report
from exchange_story import Classroom, story as exchange_story
from readme_story import Reader, story as readme_story
from roster_story import Roster, story as roster_story
from server import REPOSITORY, OwnServer, Server


def main():
    options = parse_arguments()
    # Otherwise a cancelled CI job leaves the server and the folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix='ngshare-clients-')).resolve()
    report = Report()
    try:
        for part in options.only or PARTS:
            (folder / part).mkdir()
            PARTS[part](folder / part, report, options)
    finally:
        if options.keep:
            print(f'\nKept {folder}')
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return report.close()


def tell_roster(folder, report, options):
    with server_under_test(folder, report, options) as server:
        report.tell(roster_story, Roster(folder, server, course_name('algebra', options), options.admin))


def tell_exchange(folder, report, options):
    with server_under_test(folder, report, options) as server:
        report.tell(exchange_story, Classroom(folder, server, course_name('math101', options), options.admin))


def tell_readme(folder, report, options):
    if options.url:
        print('\nSkipped the README: its course is in the test data of a stand-alone server.')
        return
    with server_under_test(folder, report, options, program='vngshare') as server:
        report.tell(readme_story, Reader(folder, server, options.readme))


PARTS = {'roster': tell_roster, 'exchange': tell_exchange, 'readme': tell_readme}


@contextmanager
def server_under_test(folder, report, options, program='ngshare'):
    """The server that was asked for; what an own one logged is shown when a check failed."""
    if options.url:
        yield Server(options.url, send_token=True)
        return
    server = OwnServer(folder / 'server', program)
    failed_before = report.failed
    try:
        yield server
    finally:
        server.stop()
        if report.failed > failed_before:
            print(f'\nThe end of the server’s log:\n{server.end_of_log()}')


def course_name(name, options):
    """On a server that lives on, each run needs a course of its own."""
    return f'{name}-{int(time.time())}' if options.url else name


def parse_arguments():
    parser = argparse.ArgumentParser(description='The real nbgrader commands against an ngshare server.')
    parser.add_argument('--url', help='the exchange of a running server, instead of starting one')
    parser.add_argument('--admin', default='root', help='an admin of the server behind --url (default: root)')
    parser.add_argument('--only', action='append', choices=PARTS, help='run this part; may be repeated')
    parser.add_argument('--readme', type=Path, default=REPOSITORY / 'README.md', help='the README to try out')
    parser.add_argument('--keep', action='store_true', help='keep the folder that everybody worked in')
    return parser.parse_args()


if __name__ == '__main__':
    sys.exit(main())
