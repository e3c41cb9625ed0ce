"""The nbgrader exchange over HTTP: releases, submissions and feedback through ngshare.

In nbgrader_config.py:

    import ngshare_exchange
    ngshare_exchange.configure(get_config(), 'https://hub.example.org/services/ngshare')

Importing this reads no variable and no file, and imports nbgrader only for the class that is asked for: nbgrader goes
on with its own exchange, as if nothing was configured, when its configuration cannot be imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .configure import configure, configureExchange

if TYPE_CHECKING:
    from .authenticator import NgshareAuthPlugin
    from .collect import ExchangeCollect
    from .exchange import Exchange
    from .fetch_assignment import ExchangeFetchAssignment
    from .fetch_feedback import ExchangeFetchFeedback
    from .list import ExchangeList
    from .release_assignment import ExchangeReleaseAssignment
    from .release_feedback import ExchangeReleaseFeedback
    from .submit import ExchangeSubmit

__all__ = [
    'Exchange',
    'ExchangeCollect',
    'ExchangeFetchAssignment',
    'ExchangeFetchFeedback',
    'ExchangeList',
    'ExchangeReleaseAssignment',
    'ExchangeReleaseFeedback',
    'ExchangeSubmit',
    'NgshareAuthPlugin',
    'configure',
    'configureExchange',
]

_modules = {
    'Exchange': 'exchange',
    'ExchangeCollect': 'collect',
    'ExchangeFetchAssignment': 'fetch_assignment',
    'ExchangeFetchFeedback': 'fetch_feedback',
    'ExchangeList': 'list',
    'ExchangeReleaseAssignment': 'release_assignment',
    'ExchangeReleaseFeedback': 'release_feedback',
    'ExchangeSubmit': 'submit',
    'NgshareAuthPlugin': 'authenticator',
}


def __getattr__(name: str) -> Any:
    if name == '__version__':
        return import_module('importlib.metadata').version('ngshare-exchange')
    if name in _modules:
        return getattr(import_module(f'{__name__}.{_modules[name]}'), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
