"""How the exchange is configured, and what happens before anything is asked of it."""

import logging
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from nbgrader.exchange import ExchangeError, ExchangeFactory
from traitlets.config import Config, LoggingConfigurable

from ngshare_exchange import ExchangeList
from ngshare_exchange.configure import EXCHANGES, configure
from world import logged

METHODS = {
    'fetch_assignment': 'FetchAssignment',
    'fetch_feedback': 'FetchFeedback',
    'release_assignment': 'ReleaseAssignment',
    'release_feedback': 'ReleaseFeedback',
    'list': 'List',
    'submit': 'Submit',
    'collect': 'Collect',
}


@pytest.fixture(autouse=True)
def _without_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(('NGSHARE_', 'JUPYTERHUB_', 'PROXY_PUBLIC_'))]:
        monkeypatch.delenv(name)


def built(config: Config, kind: str = 'list') -> Any:
    configure(config)
    factory = ExchangeFactory(parent=LoggingConfigurable(config=config))  # type: ignore[no-untyped-call]
    return getattr(factory, METHODS[kind])(config=config)


def test_every_part_of_the_exchange_is_ours() -> None:
    assert set(METHODS) | {'exchange'} == set(EXCHANGES)
    for kind in METHODS:
        assert type(built(Config(), kind)).__module__ == f'ngshare_exchange.{kind}'


@pytest.mark.parametrize('kind', sorted(METHODS))
def test_being_built_asks_nothing_of_anybody(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The tabs of JupyterLab build one without a course only to read a setting, and a raise would be a 500."""
    monkeypatch.setattr(socket, 'socket', lambda *arguments, **options: pytest.fail('it connects'))
    monkeypatch.chdir(tmp_path)
    exchange = built(Config(), kind)
    assert exchange.assignment_dir == '.'
    assert list(tmp_path.iterdir()) == []


def test_keywords_are_settings_and_those_that_nbgrader_misspells_do_no_harm(recwarn: pytest.WarningsRecorder) -> None:
    exchange = ExchangeList(config=Config(), cached=True, authentictor=None)
    assert exchange.cached
    assert list(recwarn) == []


def test_formgrader_is_shown_the_url_as_root() -> None:
    config = Config()
    assert built(config).root == ''
    config.Exchange.root = '/srv/nbgrader/exchange'
    config.Exchange.ngshare_url = 'http://hub/services/ngshare/'
    assert built(config).root == 'http://hub/services/ngshare'


def test_the_url_may_have_the_name_of_old() -> None:
    config = Config()
    config.Exchange._ngshare_url = 'http://hub/services/ngshare'
    assert built(config).root == 'http://hub/services/ngshare'


def test_settings_of_nbgraders_own_exchange_do_no_harm() -> None:
    config = Config()
    config.Exchange.root = '/srv/nbgrader/exchange'
    config.Exchange.path_includes_course = True
    config.Exchange.cache = '/tmp/cache'
    config.ExchangeSubmit.add_random_string = False
    config.ExchangeList.as_json = True
    with logged() as lines:
        for kind in METHODS:
            built(config, kind)
    assert lines == []


def test_without_a_url_the_first_request_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    config = Config()
    config.CourseDirectory.course_id = 'math101'
    with pytest.raises(ExchangeError, match=r'(?s)where the exchange server is.*NGSHARE_URL.*Exchange\.ngshare_url'):
        built(config).start()
    assert caplog.records[-1].levelno == logging.CRITICAL


def test_windows_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('sys.platform', 'win32')
    with pytest.raises(ExchangeError, match='not available on Windows'):
        built(Config()).start()
