"""Named checks that run in order and read like a specification."""

import time
import traceback

# What the commands of the running check printed; shown only when it fails, because a client that exits 0 on failure
# leaves its reason nowhere else.
transcript = []


class Report:
    """Counts checks and prints one line for each."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def tell(self, story, world):
        """Runs every check of a story. A failed check does not stop the later ones: each asks for itself."""
        print(f'\n{story.title}')
        for sentence, step in story.steps:
            transcript.clear()
            started = time.monotonic()
            try:
                step(world)
            except Exception as error:
                self.failed += 1
                print(f'  FAILED  {sentence}')
                print(_indented(_reason(error)))
                print(_indented('\n'.join(transcript)), flush=True)
            else:
                self.passed += 1
                print(f'  ok      {sentence} ({time.monotonic() - started:.1f} s)', flush=True)

    def close(self):
        print(f'\n{self.passed} passed, {self.failed} failed', flush=True)
        return 1 if self.failed else 0


class Story:
    """A list of checks on one world, in the order in which they are written."""

    def __init__(self, title):
        self.title = title
        self.steps = []

    def check(self, sentence):
        def register(step):
            self.steps.append((sentence, step))
            return step

        return register


def expect(condition, complaint):
    if not condition:
        raise AssertionError(complaint)


def expect_equal(actual, expected, subject):
    expect(actual == expected, f'{subject}:\n  expected {expected!r}\n  but got  {actual!r}')


def expect_same_files(actual, expected, subject):
    """Compares two folders given as {relative path: bytes}, naming what differs instead of dumping it."""
    differences = [f'missing {path}' for path in sorted(expected.keys() - actual.keys())]
    differences += [f'unexpected {path}' for path in sorted(actual.keys() - expected.keys())]
    differences += [
        f'different {path}: expected {len(expected[path])} bytes, got {len(actual[path])}'
        for path in sorted(actual.keys() & expected.keys())
        if actual[path] != expected[path]
    ]
    expect(not differences, f'{subject}: ' + '; '.join(differences))


def _reason(error):
    if isinstance(error, AssertionError):
        return str(error)
    return ''.join(traceback.format_exception(error))


def _indented(text):
    return '\n'.join('          ' + line for line in text.splitlines())
