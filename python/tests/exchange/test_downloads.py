"""What a server names is not believed before it is looked at."""

import hashlib
from pathlib import Path

import pytest

from ngshare_exchange.downloads import Download
from ngshare_exchange.server.interface import File
from ngshare_exchange.trees.selection import Reason, Rules
from ngshare_exchange.trees.writing import WritingError, replacing


def file(path: str, content: bytes = b'x') -> File:
    return File(path, len(content), hashlib.md5(content).hexdigest(), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize('path', ['../x', '/etc/passwd', 'a/../../x', '', 'a//b'])
def test_paths_that_lead_elsewhere_are_refused_before_anything_travels(tmp_path: Path, path: str) -> None:
    with pytest.raises(WritingError, match='not a path inside'), replacing(tmp_path / 'ps1') as tree:
        Download(tree, rules=Rules()).choose([file('good'), file(path)])
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WritingError, match='names a file twice'), replacing(tmp_path / 'ps1') as tree:
        Download(tree, rules=Rules()).choose([file('a'), file('a', b'y')])


def test_what_is_here_with_the_same_bytes_does_not_travel(tmp_path: Path) -> None:
    (tmp_path / 'here').mkdir()
    (tmp_path / 'here' / 'same').write_bytes(b'x')
    (tmp_path / 'here' / 'other').write_bytes(b'y')
    with replacing(tmp_path / 'ps1') as tree:
        sink = Download(tree, rules=Rules(), here=tmp_path / 'here')
        assert sink.choose([file('same'), file('other'), file('new')]) == ['other', 'new']
    assert (tmp_path / 'ps1' / 'same').read_bytes() == b'x'


def test_what_the_rules_leave_out_does_not_travel_and_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, Reason]] = []
    rules = Rules(ignore=['feedback', '*.pyc'], include=['*.ipynb', '*.csv'], max_file_size=3)
    with replacing(tmp_path / 'ps1') as tree:
        sink = Download(tree, rules=rules, tell_left_out=lambda *one: told.append(one))
        chosen = sink.choose(
            [file('p1.ipynb'), file('feedback/x/p1.html'), file('a/b.pyc'), file('notes.txt'), file('x.csv', b'1234')]
        )
    assert chosen == ['p1.ipynb']
    assert told == [
        ('feedback/x/p1.html', Reason.IGNORED),
        ('a/b.pyc', Reason.IGNORED),
        ('notes.txt', Reason.NOT_INCLUDED),
        ('x.csv', Reason.TOO_LARGE),
    ]


def test_what_arrives_damaged_is_not_kept(tmp_path: Path) -> None:
    with (
        pytest.raises(WritingError, match="'a' is damaged"),
        replacing(tmp_path / 'ps1') as tree,
        Download(tree, rules=Rules()).open(file('a')) as target,
    ):
        target.write(b'y')
    assert list(tmp_path.iterdir()) == []
