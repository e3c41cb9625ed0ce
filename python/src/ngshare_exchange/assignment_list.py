"""What nbgrader's tab “Assignments” in JupyterLab would not show to the student who sits before it.

When a list fails with ExchangeError, the tab says that a directory does not exist. When a fetch fails it says nothing,
and lists again. But it does show the text of every other error of a list: so for the tab, and only there, lists fail
with an error of another kind, and with that of the fetch before them.
"""

from __future__ import annotations

from nbgrader.exchange import ExchangeFactory

from .exchange import Exchange, Failure, is_in_jupyter_server, wrapped


class ShownInTab(Exception):
    """Not an ExchangeError, see above."""

    def __str__(self) -> str:
        return wrapped(self.args[0])


_failed_fetches: list[Failure] = []


def is_asking(exchange: Exchange) -> bool:
    """In a Jupyter server, the tab alone makes an exchange out of nothing but the configuration."""
    return is_in_jupyter_server() and isinstance(exchange.parent, ExchangeFactory) and exchange.parent.parent is None


def remember_failed_fetch(exchange: Exchange, what: str, failure: Failure) -> None:
    if is_asking(exchange):
        _failed_fetches[:] = [Failure(f'{what} was not fetched.\n{failure.args[0]}')]


def failed_fetch_before(exchange: Exchange) -> Failure | None:
    """Once."""
    return _failed_fetches.pop() if _failed_fetches and is_asking(exchange) else None
