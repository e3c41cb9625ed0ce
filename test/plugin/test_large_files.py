"""A data file of 50 MB: it is streamed, checked, shown on its way, and travels once."""

import random
import re
import sys
import time

import pytest
from classroom import ASSIGNMENT, files_under, notebook

SIZE = 50_000_000
# What a command may take above one that transfers nothing.
MEMORY = 60_000_000

MEASURED = """
import resource, sys
from nbgrader.apps.nbgraderapp import main
sys.argv = ['nbgrader', *sys.argv[1:]]
try:
    main()
finally:
    print('PEAK', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def peak_bytes(person, *arguments):
    outcome = person.run(sys.executable, '-c', MEASURED, *arguments).succeeds()
    return int(outcome.printed.rsplit('PEAK', 1)[1])


@pytest.fixture
def data():
    return random.Random(5).randbytes(SIZE)


def test_a_large_file_makes_the_whole_way_in_little_memory_and_travels_once(a_class, data):
    a_class.release({'p1.ipynb': notebook('x'), 'data/large.bin': data})
    idle = peak_bytes(a_class.ada, 'list')

    fetching = peak_bytes(a_class.ada, 'fetch_assignment', ASSIGNMENT)
    folder = a_class.ada.desk / ASSIGNMENT
    assert (folder / 'data/large.bin').read_bytes() == data
    assert fetching - idle < MEMORY

    # The data file came from the server: only the answer travels.
    (folder / 'p1.ipynb').write_bytes(notebook('answer'))
    passed = a_class.proxy.recorded(lambda: a_class.hand_in(a_class.ada))
    assert sum(request.body_bytes + request.answer_bytes for request in passed) < 100_000

    # So does a file of her own, once it is there.
    own = data[: SIZE // 2]
    (folder / 'own.bin').write_bytes(own)
    before = len(a_class.proxy.requests)
    submitting = peak_bytes(a_class.ada, 'submit', ASSIGNMENT)
    assert submitting - idle < MEMORY
    sent = sum(request.body_bytes for request in a_class.proxy.requests[before:])
    assert len(own) <= sent < len(own) + 100_000
    passed = a_class.proxy.recorded(lambda: a_class.hand_in(a_class.ada, {'p1.ipynb': notebook('better')}))
    assert sum(request.body_bytes + request.answer_bytes for request in passed) < 100_000

    collecting = peak_bytes(a_class.noether, 'collect', ASSIGNMENT)
    collected = files_under(a_class.noether.desk / 'submitted' / 'ada' / ASSIGNMENT)
    del collected['timestamp.txt']
    assert collected == files_under(folder)
    assert collecting - idle < MEMORY


def test_a_large_upload_that_breaks_off_fails_or_goes_on_and_is_stored_once(a_class, data):
    a_class.release()
    folder = a_class.fetch(a_class.ada)
    (folder / 'own.bin').write_bytes(data)
    a_class.proxy.loses_the_answer('PUT', '/uploads/', times=1)
    timestamp = a_class.hand_in(a_class.ada)
    assert a_class.submissions() == [('ada', timestamp)]


def test_a_transfer_that_takes_long_tells_how_far_it_is(a_class):
    def slow_down(piece):
        time.sleep(len(piece) / 1_500_000)
        return piece

    a_class.release({'p1.ipynb': notebook('x'), 'large.bin': random.Random(6).randbytes(6_000_000)})
    a_class.proxy.alters_the_answer('GET', '/files|/archive', slow_down)
    outcome = a_class.ada.nbgrader('fetch_assignment', ASSIGNMENT).succeeds()
    assert re.search(r'Received \d\.\d of 6\.0 MB \(\d+ %\)', outcome.printed)
