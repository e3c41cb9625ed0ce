"""What the command says: good news to the standard output, all else to standard error, in colours for people."""

import os
import sys
from typing import TextIO

_RED, _GREEN, _YELLOW = 31, 32, 33


class Terminal:
    """`failures`: how often it had to say that something was not done."""

    def __init__(self) -> None:
        self.failures = 0

    def done(self, message: str) -> None:
        _write(sys.stdout, _GREEN, message)

    def warn(self, message: str) -> None:
        _write(sys.stderr, _YELLOW, message)

    def fail(self, message: str) -> None:
        self.failures += 1
        _write(sys.stderr, _RED, message)


def _write(stream: TextIO, colour: int, message: str) -> None:
    has_colours = stream.isatty() and not os.environ.get('NO_COLOR')
    stream.write(f'\033[{colour}m{message}\033[0m\n' if has_colours else f'{message}\n')
    stream.flush()
