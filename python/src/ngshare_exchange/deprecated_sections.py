"""Sections of the configuration whose names nbgrader gave up."""

from __future__ import annotations

import logging
from typing import Any

from traitlets.config import Config


def merge_section(config: Config, old: str, new: str, log: logging.Logger | logging.LoggerAdapter[Any]) -> None:
    """What the old section says counts for the new one, with a warning."""
    if old not in config:
        return
    settings = '\n'.join(f'{old}.{key} = {value!r}' for key, value in config[old].items())
    log.warning('Use %s in config, not %s. Outdated config:\n%s', new, old, settings)
    config[new].merge(config[old])
    del config[old]
