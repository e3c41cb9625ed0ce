"""The exchange, selected in nbgrader's configuration."""

import json
from pathlib import Path

import pytest
from nbgrader.apps import NbGrader
from nbgrader.exchange import ExchangeFactory
from traitlets.config import Config

import ngshare_exchange
from ngshare_exchange.configure import EXCHANGES

URL = 'https://hub.example.org/services/ngshare'


def configuration_of(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Config:
    """What nbgrader makes of an nbgrader_config.py."""
    (folder / 'nbgrader_config.py').write_text(text)
    monkeypatch.chdir(folder)
    monkeypatch.setenv('JUPYTER_NO_CONFIG', '1')
    app = NbGrader()
    app.initialize([])
    return app.config


@pytest.mark.parametrize(
    'call',
    [
        f'ngshare_exchange.configure(get_config(), {URL!r})',
        f'ngshare_exchange.configureExchange(get_config(), {URL!r})',
        f'ngshare_exchange.configureExchange(get_config(), ngshare_url={URL!r})',
    ],
)
def test_one_line_in_the_configuration_selects_all_eight_classes_and_the_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    config = configuration_of(tmp_path, monkeypatch, f'import ngshare_exchange\n{call}\n')
    assert set(config.ExchangeFactory) == set(ExchangeFactory.class_trait_names(config=True))
    assert config.Authenticator.plugin_class == 'ngshare_exchange.NgshareAuthPlugin'
    assert config.Exchange.ngshare_url == URL


def test_the_configuration_can_be_written_as_json() -> None:
    """As the formgrader does to show it."""
    config = Config()
    ngshare_exchange.configure(config, URL)
    assert Config(json.loads(json.dumps(config))) == config


def test_without_a_url_none_is_set() -> None:
    config = Config()
    ngshare_exchange.configure(config)
    assert 'Exchange' not in config


def test_an_authenticator_that_is_configured_already_stays() -> None:
    config = Config()
    config.Authenticator.plugin_class = 'nbgrader.auth.JupyterHubAuthPlugin'
    ngshare_exchange.configure(config)
    assert config.Authenticator.plugin_class == 'nbgrader.auth.JupyterHubAuthPlugin'


def test_the_url_may_be_where_it_was_in_earlier_configurations() -> None:
    config = Config()
    ngshare_exchange.configure(config)
    config.Exchange._ngshare_url = URL
    assert ngshare_exchange.ExchangeList(config=config).root == URL


def test_each_class_that_is_selected_is_one_that_can_be_imported() -> None:
    assert {*EXCHANGES.values(), 'NgshareAuthPlugin'} <= set(ngshare_exchange.__all__)
