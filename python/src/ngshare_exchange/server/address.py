"""Where the server is, and who asks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from .interface import ServerError


def find_url(configured: str | None, environment: Mapping[str, str]) -> str:
    """The configured URL, or else what the environment says or lets us guess; without a slash at its end."""
    candidates = (
        configured,
        environment.get('NGSHARE_URL'),
        _service_on_kubernetes(environment),
        _service_of_public_hub(environment),
    )
    url = next((candidate.strip() for candidate in candidates if candidate and candidate.strip()), None)
    if url is None:
        raise ServerError(
            'Nobody says where the exchange server is',
            advice='Set the environment variable NGSHARE_URL, or c.Exchange.ngshare_url in nbgrader_config.py.',
        )
    parts = urlsplit(url)
    if parts.scheme not in ('http', 'https') or not parts.hostname:
        raise ServerError(
            'The URL of the exchange server is none',
            url=without_credentials(url),
            advice='It looks like https://hub.example.org/services/ngshare.',
        )
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip('/'), '', ''))


def _service_on_kubernetes(environment: Mapping[str, str]) -> str | None:
    """Zero to JupyterHub calls the proxy so, and tells every pod of its namespace of it."""
    if not environment.get('PROXY_PUBLIC_SERVICE_HOST'):
        return None
    return f'http://proxy-public{_base_path(environment)}services/ngshare'


def _service_of_public_hub(environment: Mapping[str, str]) -> str | None:
    """JupyterHub tells notebook servers its own public address, where its administrator has told it that."""
    hub = environment.get('JUPYTERHUB_PUBLIC_HUB_URL')
    if not hub:
        return None
    return hub.rstrip('/').removesuffix('/hub') + '/services/ngshare'


def _base_path(environment: Mapping[str, str]) -> str:
    path = environment.get('JUPYTERHUB_BASE_URL', '/').strip('/')
    return f'/{path}/' if path else '/'


def without_credentials(url: str) -> str:
    """For messages and logs: no password, no query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition('@')[2], parts.path, '', ''))


@dataclass(frozen=True)
class Identity:
    """Either a token, or the name that a stand-alone server believes, or neither."""

    token: str | None = None
    user: str | None = None

    def __repr__(self) -> str:
        return f'Identity(token={"…" if self.token else None}, user={self.user!r})'


def find_identity(
    environment: Mapping[str, str], *, user: str | None = None, token_file: Path | None = None
) -> Identity:
    """Read anew for each request: tokens are replaced while notebook servers run.

    What is said on purpose for this service comes before what the hub tells every notebook server.
    """
    if token_file is not None:
        return _with_token(_token_in(token_file))
    if user:
        return Identity(user=user)
    if token := environment.get('NGSHARE_TOKEN', '').strip():
        return _with_token(token)
    if named := environment.get('NGSHARE_TOKEN_FILE'):
        return _with_token(_token_in(Path(named)))
    if name := environment.get('NGSHARE_USER'):
        return Identity(user=name)
    if token := environment.get('JUPYTERHUB_API_TOKEN', '').strip():
        return _with_token(token)
    return Identity()


def _with_token(token: str) -> Identity:
    """What would not fit into a header is refused here, where nothing shows it."""
    if re.fullmatch('[!-~]+', token) is None:
        raise ServerError('The token has characters that no token has', advice='Copy it again, in one line.')
    return Identity(token=token)


def _token_in(file: Path) -> str:
    try:
        token = file.read_text(encoding='utf-8').strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ServerError(
            f'The file of the token cannot be read: {error}', advice='Look at NGSHARE_TOKEN_FILE.'
        ) from error
    if not token:
        raise ServerError(f'The file of the token is empty: {file}', advice='Look at NGSHARE_TOKEN_FILE.')
    return token
