"""docs/plugin.md says what the program does."""

import inspect
import json
import re
from pathlib import Path

from traitlets.config import Config, Configurable

import ngshare_exchange
from ngshare_exchange.configure import configure
from running_server import REPOSITORY

PAGE = (REPOSITORY / 'docs' / 'plugin.md').read_text()
SOURCE = Path(inspect.getfile(ngshare_exchange)).parent


def own_settings() -> list[str]:
    """A row for each, as the page has it."""
    classes = [getattr(ngshare_exchange, name) for name in ngshare_exchange.__all__]
    rows = set()
    for one in classes:
        if not (isinstance(one, type) and issubclass(one, Configurable)):
            continue
        for name, trait in one.class_traits(config=True).items():
            where = trait.this_class
            if where is not None and where.__module__.startswith('ngshare_exchange.'):
                default = '' if trait.default_value == '' else f'`{trait.default_value}`'
                rows.add(f'| `{where.__name__}.{name}` | {default} | {trait.help} |')
    return sorted(rows)


def test_every_setting_is_listed_with_its_default_and_meaning() -> None:
    assert re.findall(r'^\| `Exchange\w*\.\w+` \|.*$', PAGE, re.MULTILINE) == own_settings()


def test_every_variable_that_is_read_is_listed() -> None:
    code = '\n'.join(file.read_text() for file in SOURCE.rglob('*.py'))
    read = set(re.findall(r'\b(?:NGSHARE|JUPYTERHUB|PROXY)_[A-Z_]+\b', code))
    listed = set(re.findall(r'^\| `([A-Z_]+)` \|', PAGE, re.MULTILINE))
    assert read <= listed
    assert listed - read <= {'REQUESTS_CA_BUNDLE'}


def test_the_configuration_as_json_is_what_one_line_makes() -> None:
    [block] = re.findall(r'```json\n(.*?)```', PAGE, re.DOTALL)
    config = Config()
    configure(config, 'https://hub.example.org/services/ngshare')
    assert json.loads(block) == config


def test_messages_that_are_explained_are_said() -> None:
    """Those of ours: each in so many words in the source."""
    code = '\n'.join(file.read_text() for file in SOURCE.rglob('*.py'))
    table = PAGE[PAGE.index('## Trouble') :]
    cells = re.findall(r'^\| (`.*?) \|', table, re.MULTILINE)
    shown = [message for cell in cells for message in re.findall(r'`([^`]*)`', cell)]
    assert len(shown) > 8
    of_nbgrader = {'Unwritable directory …/exchange'}
    for message in set(shown) - of_nbgrader:
        for part in re.split(r'[…]', message):
            words = part.strip(" ':")
            assert words in code, words
