"""The assignment of the story: a notebook that is really graded, with files that text tools like to damage."""

import json
import random
from pathlib import Path

NOTEBOOK = 'p1.ipynb'
MAX_SCORE = 5

BINARY_TABLE = bytes(range(256)) * 4 + b'\r\n\n\r\x00\xff\xfe'

# The second test opens a nested data file: autograding gives its points only if that file made the whole journey.
_SOURCE_CELLS = [
    ('markdown', 'intro', 'Übung 1: Quadrate – naïve Lösungen sind erlaubt. 数学 ∑', {}),
    (
        'code',
        'square',
        'def square(x):\n    ### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION',
        {'solution': True},
    ),
    (
        'code',
        'test_square',
        'assert square(3) == 9\n### BEGIN HIDDEN TESTS\nassert square(-4) == 16\n### END HIDDEN TESTS',
        {'grade': True, 'locked': True, 'points': 2},
    ),
    (
        'code',
        'test_table',
        f"with open('data/table.bin', 'rb') as table:\n    assert len(table.read()) == {len(BINARY_TABLE)}",
        {'grade': True, 'locked': True, 'points': 3},
    ),
]

GOOD_ANSWER = 'def square(x):\n    return x ** 2  # ✓'
# Passes the visible test and fails the hidden one.
POOR_ANSWER = 'def square(x):\n    return 3 * x'


def write_assignment(folder, note):
    """The instructor's source version; `note` is what a later version of the same assignment changes."""
    folder = Path(folder)
    files = {
        NOTEBOOK: _json_bytes(_notebook()),
        'data/table.bin': BINARY_TABLE,
        # Large enough to arrive at the server in many pieces.
        'data/deep/er/noise.bin': random.Random(1).randbytes(1_500_000),
        'data/größe.txt': 'Größe;naïve;数学\r\n1;2;3'.encode(),
        'empty.txt': b'',
        'notes.txt': note.encode(),
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def answer(folder, source):
    """What a student does: writes an answer into the notebook and leaves a file of their own beside it."""
    path = Path(folder) / NOTEBOOK
    notebook = json.loads(path.read_bytes())
    for cell in notebook['cells']:
        if cell['metadata'].get('nbgrader', {}).get('grade_id') == 'square':
            cell['source'] = source
    path.write_bytes(_json_bytes(notebook))
    scratch = Path(folder) / 'work' / 'Überlegung.txt'
    scratch.parent.mkdir(exist_ok=True)
    scratch.write_text(source)


def _notebook():
    cells = []
    for kind, grade_id, source, settings in _SOURCE_CELLS:
        nbgrader = {'grade': False, 'solution': False, 'locked': kind == 'markdown', 'task': False, 'schema_version': 3}
        cell = {
            'cell_type': kind,
            'metadata': {'nbgrader': nbgrader | {'grade_id': grade_id} | settings},
            'source': source,
        }
        if kind == 'code':
            cell |= {'execution_count': None, 'outputs': []}
        cells.append(cell)
    kernel = {'name': 'python3', 'display_name': 'Python 3', 'language': 'python'}
    return {'cells': cells, 'metadata': {'kernelspec': kernel}, 'nbformat': 4, 'nbformat_minor': 4}


def _json_bytes(value):
    return json.dumps(value, ensure_ascii=False, indent=1).encode()
