"""
The nbgrader commands without a process of their own: the same classes, arguments, configuration, messages
and exit codes, and none of the seconds that Python takes to import nbgrader.
"""

import contextlib
import io
import os
import re
import shlex
import sys
import traceback
from pathlib import Path

from checks import transcript
from jupyter_core.application import NoStart
from nbgrader.apps import NbGraderApp
from people import Outcome


class PrintedOutcome(Outcome):
    """With what the command wrote to stdout apart."""

    def __init__(self, command, exit_code, printed, stdout):
        super().__init__(command, exit_code, printed)
        self.stdout = stdout


@contextlib.contextmanager
def being(environment, folder):
    """Everything that a process has of its own is that of another, for a while."""
    outside = dict(os.environ), Path.cwd(), list(sys.path)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(outside[0])
        os.chdir(outside[1])
        sys.path[:] = outside[2]


def run_nbgrader(arguments, folder, environment, caller):
    """Runs `nbgrader ARGUMENTS` at a folder, as the one whose environment it is."""
    shown = shlex.join(['nbgrader', *arguments])
    transcript.append(f'{caller}$ {shown}')
    stdout, both = io.StringIO(), io.StringIO()
    with (
        being(environment, folder),
        contextlib.redirect_stdout(_Tee(stdout, both)),
        contextlib.redirect_stderr(both),
    ):
        exit_code = _exit_code_of(arguments)
    printed = re.sub(r'\x1b\[\d+m', '', both.getvalue())
    transcript.append(f'{printed}(exit {exit_code})')
    return PrintedOutcome(shown, exit_code, printed, stdout.getvalue())


def _exit_code_of(arguments):
    app_class, _ = NbGraderApp.subcommands[arguments[0]]
    app_class.clear_instance()
    app = app_class.instance()
    try:
        app.initialize(list(arguments[1:]))
        app.start()
    except SystemExit as exit_:
        return exit_.code or 0
    except NoStart:
        return 0  # a subcommand has done it
    except Exception:
        # As the interpreter does with what nobody caught.
        traceback.print_exc()
        return 1
    finally:
        app.reset()
    return 0


class _Tee(io.TextIOBase):
    def __init__(self, *outputs):
        self._outputs = outputs

    def write(self, text):
        for output in self._outputs:
            output.write(text)
        return len(text)
