"""People at their keyboards: each has a home of their own and runs the installed commands under their own name."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from checks import expect, transcript

COMMAND_TIMEOUT_S = 120
# All commands together; a hanging server must not keep a CI job busy for its full allowance.
DEADLINE = time.monotonic() + 20 * 60

NBGRADER_CONFIG = """\
from ngshare_exchange import configureExchange

c = get_config()
configureExchange(c, {url!r})
c.CourseDirectory.course_id = {course!r}
"""


class Outcome:
    """What a finished command left behind: its exit code and everything that it printed, without colours."""

    def __init__(self, command, exit_code, printed):
        self.command = command
        self.exit_code = exit_code
        self.printed = printed

    def says(self, *texts):
        for text in texts:
            expect(text in self.printed, f'`{self.command}` should have printed {text!r}')
        return self

    def does_not_say(self, text):
        expect(text not in self.printed, f'`{self.command}` should not have printed {text!r}')
        return self

    def succeeds(self):
        expect(self.exit_code == 0, f'`{self.command}` exited with {self.exit_code}')
        return self

    def fails(self):
        expect(self.exit_code != 0, f'`{self.command}` exited with 0 although it had to fail')
        return self


class Person:
    def __init__(self, name, folder, url, course, token=None):
        self.name = name
        self.token = name if token is None else token
        self.home = Path(folder) / name
        self._config = self.configuration(url, course)
        self.desk = self.new_desk('desk')

    def configuration(self, url, course):
        """What nbgrader has to be told at every desk."""
        return NBGRADER_CONFIG.format(url=url, course=course)

    def new_desk(self, name):
        """A folder to work in that holds nothing but the nbgrader configuration."""
        desk = self.home / name
        desk.mkdir(parents=True)
        (desk / 'nbgrader_config.py').write_text(self._config)
        return desk

    def nbgrader(self, *arguments, at=None):
        return self.run('nbgrader', *arguments, at=at)

    def manages_course(self, *arguments):
        return self.run('ngshare-course-management', *arguments)

    def environment(self):
        """The variables that this person's commands see."""
        return person_environment(self.home, self.name, self.token)

    def run(self, *command, at=None):
        """Runs an installed command at a desk and waits for its end."""
        return run(command, at or self.desk, self.environment(), self.name)


def person_environment(home, name=None, token=None):
    """
    The variables that the commands need and nothing of the caller's: neither somebody's own nbgrader configuration,
    nor a proxy, nor a Kubernetes variable that makes the plugin look elsewhere may decide what is tested.
    """
    environment = {
        'PATH': os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']]),
        'HOME': str(home),
        'JUPYTER_CONFIG_DIR': str(Path(home) / 'jupyter-config'),
        'JUPYTER_DATA_DIR': str(Path(home) / 'jupyter-data'),
        'IPYTHONDIR': str(Path(home) / 'ipython'),
        'LC_ALL': 'C.UTF-8',
        'PYTHONUTF8': '1',
    }
    if name is not None:
        environment['JUPYTERHUB_USER'] = name
    if token:
        environment['JUPYTERHUB_API_TOKEN'] = token
    return environment


def run(command, folder, environment, caller, timeout_s=COMMAND_TIMEOUT_S):
    """Runs a command in a process group of its own, so that a timeout also ends the kernels that it started."""
    shown = shlex.join(map(str, command))
    transcript.append(f'{caller}$ {shown}')
    process = subprocess.Popen(
        list(map(str, command)),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=max(1, min(timeout_s, DEADLINE - time.monotonic())))
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        printed, _ = process.communicate()
        transcript.append(printed.decode(errors='replace'))
        raise
    text = re.sub(r'\x1b\[\d+m', '', printed.decode(errors='replace'))
    transcript.append(text + f'(exit {process.returncode})')
    return Outcome(shown, process.returncode, text)


def files_under(folder):
    """Every file below a folder as {relative path: bytes}; {} when there is no such folder."""
    folder = Path(folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob('*') if path.is_file()}
