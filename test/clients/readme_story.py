"""The README's section "Try it with nbgrader": its shell blocks are run as they stand there."""

import re

from checks import Story, expect
from people import person_environment, run
from server import REPOSITORY

story = Story('The README')

HEADING = 'Try it with nbgrader'
DOCUMENTED_URL = 'http://127.0.0.1:12121'
INSTALLATION_TIMEOUT_S = 400  # nbgrader, with JupyterLab and all that belongs to it


class Reader:
    def __init__(self, folder, server, readme):
        self.home = folder / 'reader'
        self.home.mkdir()
        self.server = server
        self.readme = readme


def shell_blocks(markdown, heading):
    """The fenced sh blocks below a heading, up to the next heading of the same or a higher level."""
    blocks = []
    level = None
    block = None
    for line in markdown.splitlines():
        if block is not None:
            if line == '```':
                blocks.append('\n'.join(block))
                block = None
            else:
                block.append(line)
        elif title := re.fullmatch(r'(#+) +(.*?) *', line):
            if level is None and title[2] == heading:
                level = len(title[1])
            elif level is not None and len(title[1]) <= level:
                break
        elif level is not None and line in ('```sh', '```bash'):
            block = []
    return blocks


@story.check(f'the commands of “{HEADING}” work as they are written')
def _(c):
    blocks = shell_blocks(c.readme.read_text(), HEADING)
    expect(blocks, f'{c.readme} has no shell commands below “{HEADING}”')
    script = '\n'.join(blocks)
    expect(DOCUMENTED_URL in script, f'the commands do not name {DOCUMENTED_URL}, where `npm start` listens')
    # Only the port differs from what readers do: theirs may be in use on this machine.
    script = script.replace(DOCUMENTED_URL, c.server.url.removesuffix('/api'))
    environment = person_environment(c.home) | {'TMPDIR': str(c.home)}
    run(['bash', '-euxo', 'pipefail', '-c', script], REPOSITORY, environment, 'reader', timeout_s=INSTALLATION_TIMEOUT_S).succeeds()
