"""Random requests, made from the OpenAPI document, to the built stand-alone server, by all kinds of people.

    test/schemathesis/run.sh [--seed N] [--examples N] [--person NAME]

Passes when no answer is outside of the document, and every operation was answered with what it is there for at least once.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

# Behind this folder, where it is found: who starts the server, as in the tests of clients.
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / 'clients'))

from class_at_work import ADMIN, INSTRUCTOR, STUDENT, Server, a_class_at_work  # noqa: E402

HERE = Path(__file__).resolve().parent

# Left out, of all that there are:
# - ignored_auth, missing_required_header, object_level_authorization: a stand-alone server believes whoever asks.
#   test/v2/permissions.test.ts asks every operation on a hub: without a token, with a bad one, and as other people.
# - positive_data_acceptance: what is right by the document may still be refused, as a course that is not there is. That
#   each operation also says yes is checked below.
CHECKS = [
    'not_a_server_error',
    'status_code_conformance',
    'content_type_conformance',
    'response_headers_conformance',
    'response_schema_conformance',
    'negative_data_rejection',
    'unsupported_method',
    'allow_header_conformance',
    'use_after_free',
    'ensure_resource_availability',
]

# Parameters, and which of the values that are there they mostly have.
PLACES = {
    'path.course': 'course',
    'path.assignment': 'assignment',
    'path.user': 'user',
    'path.submission': 'submission',
    'path.version': 'version',
    'path.sha256': 'sha256',
    'query.course': 'course',
    'query.assignment': 'assignment',
    'query.student': 'user',
    'query.path': 'path',
    'query.cursor': 'cursor',
    'body.assignment': 'assignment',
    'body.files[*].sha256': 'sha256',
}

# What is deleted is something else than what all others ask for.
SPARE = {
    'hideCourse': {'path.course': 'spareCourse'},
    'hideAssignment': {'path.course': 'course', 'path.assignment': 'spareAssignment'},
    'removeMember': {'path.course': 'course', 'path.user': 'spareUser'},
}

# The rest, and what schemathesis calls coverage, is anything that the document allows.
PROBABILITY = 0.95

# What has more than 16 KiB is no request any more, whatever it says: 431.
REJECTIONS = ['400', '401', '403', '404', '405', '409', '413', '415', '422', '431']


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seed', type=int, default=20261123)
    parser.add_argument('--examples', type=int, default=30, help='for each operation, phase and person')
    parser.add_argument('--person', choices=[ADMIN, INSTRUCTOR, STUDENT])
    options = parser.parse_args()
    people = [options.person] if options.person else [STUDENT, INSTRUCTOR, ADMIN]
    print(f'seed {options.seed}; to repeat: test/schemathesis/run.sh --seed {options.seed}', flush=True)
    folder = Path(tempfile.mkdtemp(prefix='ngshare-schemathesis-'))
    try:
        return run(folder, people, options)
    finally:
        shutil.rmtree(folder)


def run(folder, people, options):
    tally, answers = Tally(), {}
    for person in people:
        print(f'\nas {person}', flush=True)
        place = folder / person
        server = Server(place)
        try:
            ask_as(person, server, place, options, tally)
            tally.check(server.is_alive(), 'the server still runs', server.end_of_log())
        finally:
            server.stop()
        errors = [line for line in server.log.read_text(errors='replace').splitlines() if '"level":50' in line]
        tally.check(not errors, 'the server has logged no error', '\n'.join(errors[:5]))
        for operation, counts in json.loads((place / 'answers.json').read_text()).items():
            answers.setdefault(operation, Counter()).update(counts)
    print('\nanswers with 2xx or 3xx, of all')
    yes, asked = 0, 0
    for operation, counts in sorted(answers.items()):
        said_yes = sum(count for status, count in counts.items() if status[0] in '23')
        print(f'{said_yes:6} of {sum(counts.values()):6}  {operation}')
        yes, asked = yes + said_yes, asked + sum(counts.values())
        if options.person is None:
            tally.check(said_yes > 0, f'{operation} was done at least once', json.dumps(counts))
    print(f'{yes:6} of {asked:6}  together')
    print(f'{tally.passed} passed, {tally.failed} failed', flush=True)
    return 1 if tally.failed else 0


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, condition, sentence, complaint=''):
        if condition:
            self.passed += 1
            return
        self.failed += 1
        print(f'FAILED  {sentence}')
        print('\n'.join(f'        {line[:400]}' for line in complaint.splitlines()), flush=True)


def ask_as(person, server, folder, options, tally):
    """Asks everything as that person."""
    config, report = folder / 'schemathesis.toml', folder / 'report.json'
    config.write_text(configuration(a_class_at_work(server)))
    command = [Path(sys.executable).with_name('schemathesis'), '--config-file', config, '--no-color', 'run']
    command += [f'{server.url}/openapi.json', '--origin', server.url.removesuffix('/api/v2')]
    command += ['--checks', ','.join(CHECKS), '--seed', options.seed, '--max-examples', options.examples]
    command += ['--no-shrink', '--generation-database', 'none', '--workers', 1]
    command += ['--report', 'json', '--report-json-path', report]
    environment = os.environ | {'NGSHARE_PERSON': person, 'NGSHARE_ANSWERS': str(folder / 'answers.json')}
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors='replace',
    )
    if not report.exists():
        raise SystemExit(f'schemathesis has not run:\n{done.stdout}')
    found = json.loads(report.read_text())
    print(f'{found["test_cases"]["generated"]} requests in {found["running_time"]:.0f} s', flush=True)
    faulty = {operation for failure in found['failures'] for operation in failure['operations']}
    tally.passed += found['operations']['tested'] - len(faulty)
    tally.failed += len(faulty)
    tally.check(found['operations']['tested'] == found['operations']['total'] > 30, 'every operation was asked')
    tally.check(done.returncode == 0 and found['complete'], 'no answer is outside of the document', done.stdout)


def configuration(values):
    """What schemathesis.toml says."""
    lines = [f'hooks = {json.dumps(str(HERE / "hooks.py"))}', 'continue-on-failure = true']
    # Otherwise it sends tokens, and complains that a stand-alone server does without.
    lines += ['[generation]', 'with-security-parameters = false']
    lines += ['[checks.negative_data_rejection]', f'expected-statuses = {json.dumps(REJECTIONS)}']
    lines += ['[dictionaries]']
    lines += [f'{name} = {{ values = {json.dumps(those)} }}' for name, those in values.items()]
    lines += ['[parameters]', *bindings(PLACES)]
    for operation, places in SPARE.items():
        lines += ['[[operations]]', f'include-operation-id = "{operation}"', '[operations.parameters]']
        lines += bindings(places)
    return '\n'.join([*lines, ''])


def bindings(places):
    return [f'"{place}" = {{ dictionary = "{name}", probability = {PROBABILITY} }}' for place, name in places.items()]


if __name__ == '__main__':
    sys.exit(main())
