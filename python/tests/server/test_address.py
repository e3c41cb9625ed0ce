"""Where the server is, and who asks it."""

from pathlib import Path

import pytest

from ngshare_exchange.server.address import Identity, find_identity, find_url
from ngshare_exchange.server.interface import ServerError, format_timestamp, parse_timestamp

KUBERNETES = {'PROXY_PUBLIC_SERVICE_HOST': '10.0.0.1'}
HUB = {'JUPYTERHUB_PUBLIC_HUB_URL': 'https://hub.example.org/jupyter/hub/'}


def test_the_configuration_comes_first_then_the_variable_then_guesses() -> None:
    everything = {'NGSHARE_URL': 'http://variable/api', **KUBERNETES, **HUB}
    assert find_url('http://configured/api', everything) == 'http://configured/api'
    assert find_url(None, everything) == 'http://variable/api'
    assert find_url('', {**everything, 'NGSHARE_URL': ''}) == 'http://proxy-public/services/ngshare'
    assert find_url(None, HUB) == 'https://hub.example.org/jupyter/services/ngshare'


def test_on_kubernetes_the_path_of_the_hub_is_heeded() -> None:
    environment = {**KUBERNETES, 'JUPYTERHUB_BASE_URL': '/jupyter/'}
    assert find_url(None, environment) == 'http://proxy-public/jupyter/services/ngshare'


def test_a_slash_at_the_end_makes_no_difference() -> None:
    assert find_url(' https://hub/services/ngshare/ ', {}) == 'https://hub/services/ngshare'


def test_who_gives_no_url_is_told_how() -> None:
    with pytest.raises(ServerError, match='NGSHARE_URL'):
        find_url(None, {})


@pytest.mark.parametrize('url', ['hub/services/ngshare', 'file:///etc/passwd', 'https:///api'])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ServerError, match='It looks like https://'):
        find_url(url, {})


def test_what_is_said_for_ngshare_comes_before_what_the_hub_says(tmp_path: Path) -> None:
    file = tmp_path / 'token'
    file.write_text('from-file\n')
    hub = {'JUPYTERHUB_API_TOKEN': 'of-hub'}
    assert find_identity(hub) == Identity(token='of-hub')
    assert find_identity({**hub, 'NGSHARE_USER': 'kevin'}) == Identity(user='kevin')
    assert find_identity({**hub, 'NGSHARE_USER': 'kevin', 'NGSHARE_TOKEN_FILE': str(file)}) == Identity('from-file')
    assert find_identity({**hub, 'NGSHARE_TOKEN_FILE': str(file), 'NGSHARE_TOKEN': 'own'}) == Identity('own')
    assert find_identity({**hub, 'NGSHARE_TOKEN': 'own'}, user='kevin') == Identity(user='kevin')
    assert find_identity({}) == Identity()


def test_a_token_file_that_is_not_there_or_empty_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match='cannot be read'):
        find_identity({}, token_file=tmp_path / 'none')
    (tmp_path / 'empty').touch()
    with pytest.raises(ServerError, match='is empty'):
        find_identity({}, token_file=tmp_path / 'empty')


def test_timestamps_of_all_exchanges_are_the_same_moment() -> None:
    text = '2026-11-22 19:43:50.238451'
    forms = [
        text,
        f'{text} UTC',
        f'{text} ',
        f'{text}Z',
        '2026-11-22T19:43:50.238451',
        '2026-11-22 20:43:50.238451+01:00',
    ]
    assert {format_timestamp(parse_timestamp(form)) for form in forms} == {text}
