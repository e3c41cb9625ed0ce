"""People whose commands run inside their notebook servers on a hub, with the token that the hub gave each of them."""

import re
import shlex
import time

from notebook_server import NotebookServer
from people import COMMAND_TIMEOUT_S, DEADLINE, Outcome, Person
from checks import transcript

# The hub's nbgrader_config.py says the rest. The story looks for assignments in the folder that it is at.
NBGRADER_CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = {course!r}
c.Exchange.path_includes_course = False
"""


class HubPerson(Person):
    def __init__(self, hub, name, folder, url, course, token=None):
        self._hub = hub
        self._withheld = [] if token is None else ['JUPYTERHUB_API_TOKEN']
        self._server = None
        super().__init__(name, folder, url, course, token=token)

    def configuration(self, url, course):
        return NBGRADER_CONFIG.format(course=course)

    @property
    def token(self):
        """What the hub gave to the notebook server."""
        return self.server.execute('import os; print(os.environ["JUPYTERHUB_API_TOKEN"], end="")')

    @token.setter
    def token(self, _):
        pass  # the hub's to say

    @property
    def server(self):
        if self._server is None:
            self._server = NotebookServer(self._hub, self.name)
        return self._server

    def run(self, *command, at=None):
        shown = shlex.join(map(str, command))
        transcript.append(f'{self.name}$ {shown}')
        timeout_s = max(1, min(COMMAND_TIMEOUT_S, DEADLINE - time.monotonic()))
        exit_code, printed = self.server.run(command, at or self.desk, timeout_s, self._withheld)
        text = re.sub(r'\x1b\[\d+m', '', printed)
        transcript.append(text + f'(exit {exit_code})')
        return Outcome(shown, exit_code, text)
