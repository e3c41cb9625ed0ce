"""Which API a server speaks: found out by asking for what is wanted, in the second API, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from .connection import Connection, Settings
from .interface import Server
from .v1 import V1Server, old_server_lacks
from .v2 import V2Server
from .v2_requests import NotV2

_old_servers: set[str] = set()
"""URLs of servers that have answered in v1, for as long as the process lives."""


def connect(
    url: str | None = None,
    settings: Settings | None = None,
    environment: Mapping[str, str] | None = None,
) -> Server:
    """Makes no request yet. `url`: None: see `find_url`. `settings.notify` hears of an old server."""
    return cast(Server, _ServerOfEitherKind(Connection(url, settings, environment)))


class _ServerOfEitherKind:
    """Passes every call on: to v2, and from the moment that the server turns out to be an old one, to v1."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._v2: Server = V2Server(connection)
        self._v1: Server = V1Server(connection, on_answer=self._remember)

    def __getattr__(self, name: str) -> Any:
        if name.startswith('_'):
            raise AttributeError(name)
        if self._connection.url in _old_servers:
            return getattr(self._v1, name)
        of_v2 = getattr(self._v2, name)
        if not callable(of_v2):
            return of_v2

        def call(*arguments: Any, **named: Any) -> Any:
            try:
                return of_v2(*arguments, **named)
            except NotV2:
                return getattr(self._v1, name)(*arguments, **named)

        return call

    def _remember(self) -> None:
        """What answers is an ngshare, if an old one, and not some web page."""
        if self._connection.url in _old_servers:
            return
        _old_servers.add(self._connection.url)
        sentences = ' '.join(old_server_lacks)
        self._connection.notify(f'{self._connection.url} is an old exchange server. {sentences}')
