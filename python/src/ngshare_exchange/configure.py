"""Selects the exchange in nbgrader's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traitlets.config import Config

EXCHANGES = {
    'exchange': 'Exchange',
    'fetch_assignment': 'ExchangeFetchAssignment',
    'fetch_feedback': 'ExchangeFetchFeedback',
    'release_assignment': 'ExchangeReleaseAssignment',
    'release_feedback': 'ExchangeReleaseFeedback',
    'list': 'ExchangeList',
    'submit': 'ExchangeSubmit',
    'collect': 'ExchangeCollect',
}
"""The traits of nbgrader's `ExchangeFactory`, and our class for each. One left out stays with the shared directory."""


def configure(c: Config, url: str | None = None) -> None:
    """`c`: what `get_config()` gives in nbgrader_config.py. `url`: of the server; None: see `find_url`.

    Everything is set by name, so that the configuration can be written as JSON. An authenticator plugin that is
    configured already stays.
    """
    for trait, name in EXCHANGES.items():
        c.ExchangeFactory[trait] = f'ngshare_exchange.{name}'
    c.Authenticator.setdefault('plugin_class', 'ngshare_exchange.NgshareAuthPlugin')
    if url:
        c.Exchange.ngshare_url = url


def configureExchange(c: Config, ngshare_url: str | None = None) -> None:
    """`configure`, by the name that it had in ngshare_exchange 0.5."""
    configure(c, ngshare_url)
