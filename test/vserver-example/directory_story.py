"""A class of two on nbgrader's directory exchange, whose directory is a vserver. What should be on its disk, is."""


from checks import Story, expect, expect_equal, expect_same_files
from directory_exchange import ROOT, DirectoryExchange, ExchangeError
from remote_files import CallFailed, RemoteFiles

NOTEBOOK = '{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}\n'.encode()
DATA = bytes(range(256)) * 600
RELEASED = {'ps1.ipynb': NOTEBOOK, 'data/räw numbers.bin': DATA, 'data/empty': b''}

story = Story('nbgrader\'s directory exchange over the file calls of vserver')


class Classroom:
    def __init__(self, server):
        self.files = RemoteFiles(server.url)
        self.exchange = DirectoryExchange(self.files, 'course101')
        self.root = server.root

    def on_disk(self, path):
        """{relative path: bytes} of a folder of the vserver, read without it."""
        folder = self.root / path.lstrip('/')
        return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob('*') if file.is_file()}

    def mode(self, path):
        return oct((self.root / path.lstrip('/')).stat().st_mode & 0o7777)

    def write_work(self, student, answer):
        self.files.write(f'/home/{student}/ps1/ps1.ipynb', answer)


def refusal(step, *arguments, **options):
    try:
        step(*arguments, **options)
    except ExchangeError as error:
        return str(error)
    raise AssertionError('it was not refused')


def without_records(files):
    return {path: content for path, content in files.items() if path not in ('timestamp.txt', 'submission_secret.txt')}


@story.check('an instructor writes an assignment, and it is on the disk')
def _(room):
    folder = '/courses/course101/release/ps1'
    room.files.makedirs(f'{folder}/data')
    room.files.makedirs(f'{folder}/.ipynb_checkpoints')
    room.files.write(f'{folder}/.ipynb_checkpoints/ps1.ipynb', b'old')
    for path, content in RELEASED.items():
        expect_equal(room.files.write(f'{folder}/{path}', content), len(content), f'length of {path}')
    expect_same_files(
        room.on_disk(folder), RELEASED | {'.ipynb_checkpoints/ps1.ipynb': b'old'}, 'the course directory'
    )


@story.check('what was never written cannot be released')
def _(room):
    expect('there are: /courses/course101/release/ps1' in refusal(room.exchange.release, 'ps2'), 'no suggestion')


@story.check('the instructor releases it, without what is ignored, for everyone to read')
def _(room):
    room.exchange.release('ps1')
    released = f'{ROOT}/course101/outbound/ps1'
    expect_same_files(room.on_disk(released), RELEASED, 'the release')
    expect_equal(room.mode(ROOT), '0o777', 'mode of the exchange')
    expect_equal(room.mode(f'{ROOT}/course101/inbound'), '0o2733', 'mode of the drop box')
    expect_equal(room.mode(f'{released}/data'), '0o755', 'mode of a released folder')
    expect_equal(room.mode(f'{released}/ps1.ipynb'), '0o644', 'mode of a released file')


@story.check('it is released once, or by force')
def _(room):
    expect('--force' in refusal(room.exchange.release, 'ps1'), 'no hint at --force')
    room.files.write(f'{ROOT}/course101/outbound/ps1/stale', b'stale')
    room.exchange.release('ps1', force=True)
    expect_same_files(room.on_disk(f'{ROOT}/course101/outbound/ps1'), RELEASED, 'the second release')


@story.check('two students fetch it')
def _(room):
    for student in ('lawrence', 'eric'):
        room.files.makedirs(f'/home/{student}')
        room.exchange.fetch(student, 'ps1')
        expect_same_files(room.on_disk(f'/home/{student}/ps1'), RELEASED, f'what {student} fetched')
    expect('already have a copy' in refusal(room.exchange.fetch, 'eric', 'ps1'), 'fetched twice')


@story.check('a student who lost files gets those back, and keeps the work')
def _(room):
    room.write_work('lawrence', b'my work')
    room.files.rmtree('/home/lawrence/ps1/data')
    room.exchange.fetch('lawrence', 'ps1', replace_missing_files=True)
    expect_same_files(room.on_disk('/home/lawrence/ps1'), RELEASED | {'ps1.ipynb': b'my work'}, 'the work')


@story.check('nothing is collected before anyone submits')
def _(room):
    expect_equal(room.exchange.collect('ps1'), [], 'students')


@story.check('both submit, one of them twice')
def _(room):
    expect_equal(room.exchange.submit('lawrence', 'ps1', '2026-11-23 10:00:00.000000 UTC'), [], 'missing')
    room.write_work('lawrence', b'better')
    room.exchange.submit('lawrence', 'ps1', '2026-11-23 11:00:00.000000 UTC')
    room.files.write('/home/eric/ps1/other.ipynb', NOTEBOOK)
    room.exchange.submit('eric', 'ps1', '2026-11-23 10:30:00.000000 UTC')
    inbound = room.files.listdir(f'{ROOT}/course101/inbound')
    expect_equal(len(inbound), 3, 'submissions')
    for name in inbound:
        expect_equal(room.mode(f'{ROOT}/course101/inbound/{name}'), '0o777', f'mode of {name}')
    cached = room.files.glob('/home/lawrence/.local/share/jupyter/nbgrader_cache/course101/lawrence+ps1+*')
    expect_equal(len(cached), 2, 'submissions in the cache')


@story.check('the instructor collects the latest of each')
def _(room):
    expect_equal(room.exchange.collect('ps1'), ['eric', 'lawrence'], 'students')
    collected = room.on_disk('/courses/course101/submitted/lawrence/ps1')
    expect_same_files(without_records(collected), RELEASED | {'ps1.ipynb': b'better'}, 'the collected work')
    expect_equal(collected['timestamp.txt'], b'2026-11-23 11:00:00.000000 UTC', 'timestamp')
    theirs = without_records(room.on_disk('/courses/course101/submitted/eric/ps1'))
    expect_same_files(theirs, RELEASED | {'other.ipynb': NOTEBOOK}, 'the collected work')


@story.check('what has been collected is collected again only if it is newer')
def _(room):
    expect_equal(room.exchange.collect('ps1', update=True), [], 'students')
    room.write_work('eric', b'late')
    missing = room.exchange.submit('eric', 'ps1', '2026-11-23 12:00:00.000000 UTC')
    expect_equal(missing, [], 'missing')
    expect_equal(room.exchange.collect('ps1'), [], 'students without --update')
    expect_equal(room.exchange.collect('ps1', update=True), ['eric'], 'students')
    collected = room.on_disk('/courses/course101/submitted/eric/ps1')
    expect_equal(collected['ps1.ipynb'], b'late', 'the notebook')


@story.check('nothing leads out of the root of the vserver')
def _(room):
    (room.root / 'escape').symlink_to('/etc')
    try:
        for pathname in ('/escape/passwd', '/../../../../../../etc/passwd', '//etc/passwd'):
            expect(not room.files.exists(pathname), f'{pathname} exists')
            try:
                room.files.read(pathname)
            except CallFailed:
                continue
            raise AssertionError(f'{pathname} was read')
    finally:
        (room.root / 'escape').unlink()
