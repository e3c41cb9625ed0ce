"""Writing a directory tree so that nobody ever finds half of it."""

import contextlib
import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ngshare_exchange.trees import writing
from ngshare_exchange.trees.writing import (
    ABANDONED_AFTER_SECONDS,
    Checksums,
    StagedTree,
    WritingError,
    adding,
    contained,
    has_bytes,
    recover,
    replacing,
)


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / 'submitted' / 'alice' / 'ps1'


@contextlib.contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def content(folder: Path) -> dict[str, str]:
    return {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob('*') if file.is_file()}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write(tree: StagedTree, files: dict[str, str]) -> None:
    for path, text in files.items():
        tree.write_text(path, text)


def replace(destination: Path, files: dict[str, str], *, groupshared: bool = False) -> None:
    with replacing(destination, groupshared=groupshared) as tree:
        write(tree, files)


def cut(tree: StagedTree, files: dict[str, str]) -> None:
    write(tree, files)
    raise ConnectionError


def nothing_is_left_beside(destination: Path) -> bool:
    return [one.name for one in destination.parent.iterdir()] == [destination.name]


class TestReplacing:
    def test_a_tree_is_written_with_all_folders_above_it(self, destination: Path) -> None:
        replace(destination, {'p1.ipynb': 'one', 'data/x.csv': '1,2'})
        assert content(destination) == {'p1.ipynb': 'one', 'data/x.csv': '1,2'}
        assert nothing_is_left_beside(destination)

    def test_an_empty_tree_is_an_empty_folder(self, destination: Path) -> None:
        replace(destination, {})
        assert list(destination.iterdir()) == []

    @pytest.mark.parametrize('in_one_step', [True, False])
    def test_a_new_tree_takes_the_place_of_all_of_the_old_one(
        self, destination: Path, monkeypatch: pytest.MonkeyPatch, in_one_step: bool
    ) -> None:
        if not in_one_step:
            monkeypatch.setattr(writing, '_exchange', lambda one, other: False)
        replace(destination, {'p1.ipynb': 'one', 'gone.txt': ''})
        replace(destination, {'p1.ipynb': 'two'})
        assert content(destination) == {'p1.ipynb': 'two'}
        assert nothing_is_left_beside(destination)

    def test_the_old_tree_is_there_until_the_new_one_is_complete(self, destination: Path) -> None:
        replace(destination, {'p1.ipynb': 'one'})
        with replacing(destination) as tree:
            tree.write_text('p1.ipynb', 'two')
            assert content(destination) == {'p1.ipynb': 'one'}

    def test_after_an_error_the_old_tree_is_there_and_nothing_else(self, destination: Path) -> None:
        replace(destination, {'p1.ipynb': 'one'})
        with pytest.raises(ConnectionError), replacing(destination) as tree:
            cut(tree, {'p1.ipynb': 'two'})
        assert content(destination) == {'p1.ipynb': 'one'}
        assert nothing_is_left_beside(destination)

    def test_when_the_new_tree_cannot_move_in_the_old_one_moves_back(
        self, destination: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writing, '_exchange', lambda one, other: False)
        replace(destination, {'p1.ipynb': 'one'})
        rename = Path.rename

        def refuse(path: Path, target: Path) -> Path:
            if path.name.startswith('.ngshare-new-'):
                raise PermissionError
            return rename(path, target)

        monkeypatch.setattr(Path, 'rename', refuse)
        with pytest.raises(PermissionError):
            replace(destination, {'p1.ipynb': 'two'})
        assert content(destination) == {'p1.ipynb': 'one'}

    def test_a_file_in_the_place_of_the_folder_is_left_alone(self, destination: Path) -> None:
        destination.parent.mkdir(parents=True)
        destination.write_text('mine')
        with pytest.raises(WritingError, match='in the way'):
            replace(destination, {'p1.ipynb': 'one'})
        assert destination.read_text() == 'mine'

    def test_what_a_link_leads_to_is_left_alone(self, destination: Path, tmp_path: Path) -> None:
        (tmp_path / 'elsewhere').mkdir()
        (tmp_path / 'elsewhere' / 'mine').write_text('mine')
        destination.parent.mkdir(parents=True)
        destination.symlink_to(tmp_path / 'elsewhere')
        replace(destination, {'p1.ipynb': 'one'})
        assert content(destination) == {'p1.ipynb': 'one'}
        assert content(tmp_path / 'elsewhere') == {'mine': 'mine'}

    @pytest.mark.parametrize('length', [1, 255])
    def test_names_of_any_length_can_be_replaced(self, tmp_path: Path, length: int) -> None:
        destination = tmp_path / ('x' * length)
        replace(destination, {'f': 'one'})
        replace(destination, {'f': 'two'})
        assert content(destination) == {'f': 'two'}


class TestKilled:
    """A process that is killed leaves the old tree or the new one, whole."""

    SCRIPT = """
import os, signal, sys
from pathlib import Path
from ngshare_exchange.trees import writing

moment, destination = sys.argv[1], Path(sys.argv[2])
if moment.startswith('renames'):
    writing._exchange = lambda one, other: False
steps = 0

def stop_before(wanted, rename):
    def instead(*arguments):
        global steps
        steps += 1
        if steps == wanted:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(*arguments)
    return instead

if moment == 'exchange':
    writing._exchange = stop_before(1, writing._exchange)
elif moment == 'clean-up':
    writing._remove = stop_before(1, writing._remove)
elif moment != 'download':
    Path.rename = stop_before(int(moment[-1]), Path.rename)
with writing.replacing(destination) as tree:
    for name in ('a', 'b', 'c/d'):
        tree.write_text(name, 'new')
        if moment == 'download' and name == 'b':
            os.kill(os.getpid(), signal.SIGKILL)
"""

    @pytest.mark.parametrize('moment', ['download', 'exchange', 'clean-up', 'renames 1', 'renames 2'])
    def test_at_any_moment(self, destination: Path, moment: str) -> None:
        old, new = dict.fromkeys(('a', 'b', 'e'), 'old'), dict.fromkeys(('a', 'b', 'c/d'), 'new')
        replace(destination, old)
        source = str(Path(writing.__file__).parents[2])
        killed = subprocess.run(
            [sys.executable, '-c', self.SCRIPT, moment, str(destination)],
            env=os.environ | {'PYTHONPATH': source},
            timeout=60,
        )
        assert killed.returncode == -signal.SIGKILL
        recover(destination)
        assert content(destination) in (old, new)
        replace(destination, new)
        assert content(destination) == new

    def test_what_is_left_over_is_cleared_away_when_it_is_surely_abandoned(self, destination: Path) -> None:
        destination.parent.mkdir(parents=True)
        leftover = destination.parent / writing._name_beside(destination, 'new').name
        leftover.mkdir()
        replace(destination, {'f': 'one'})
        assert leftover.is_dir(), 'somebody else may be writing there now'
        before = time.time() - ABANDONED_AFTER_SECONDS - 1
        os.utime(leftover, (before, before))
        replace(destination, {'f': 'two'})
        assert nothing_is_left_beside(destination)


class TestAdding:
    def test_files_come_to_those_that_are_there(self, destination: Path) -> None:
        replace(destination, {'p1.ipynb': 'my work', 'notes.txt': 'mine'})
        with adding(destination) as tree:
            write(tree, {'p1.ipynb': 'released', 'data/x.csv': '1,2'})
        assert content(destination) == {'p1.ipynb': 'my work', 'notes.txt': 'mine', 'data/x.csv': '1,2'}
        assert nothing_is_left_beside(destination)

    def test_files_are_replaced_only_when_that_is_said(self, destination: Path) -> None:
        replace(destination, {'p1.html': 'old', 'mine.txt': 'mine'})
        with adding(destination, overwrite=True) as tree:
            tree.write_text('p1.html', 'new')
        assert content(destination) == {'p1.html': 'new', 'mine.txt': 'mine'}

    def test_a_folder_that_is_not_there_is_made(self, destination: Path) -> None:
        with adding(destination) as tree:
            tree.write_text('a/b', 'one')
        assert content(destination) == {'a/b': 'one'}

    def test_after_an_error_nothing_was_added(self, destination: Path) -> None:
        replace(destination, {'p1.ipynb': 'my work'})
        with pytest.raises(ConnectionError), adding(destination) as tree:
            cut(tree, {'data/x.csv': '1,2'})
        assert content(destination) == {'p1.ipynb': 'my work'}
        assert nothing_is_left_beside(destination)

    def test_nothing_is_written_through_a_link_that_leads_out(self, destination: Path, tmp_path: Path) -> None:
        (tmp_path / 'elsewhere').mkdir()
        destination.mkdir(parents=True)
        (destination / 'data').symlink_to(tmp_path / 'elsewhere')
        with pytest.raises(WritingError, match='a link leads there'), adding(destination) as tree:
            tree.write_text('data/x.csv', '1,2')
        assert content(tmp_path / 'elsewhere') == {}

    def test_a_link_in_the_place_of_a_file_is_replaced_not_followed(self, destination: Path, tmp_path: Path) -> None:
        (tmp_path / 'mine').write_text('mine')
        destination.mkdir(parents=True)
        (destination / 'p1.html').symlink_to(tmp_path / 'mine')
        with adding(destination, overwrite=True) as tree:
            tree.write_text('p1.html', 'new')
        assert (tmp_path / 'mine').read_text() == 'mine'
        assert (destination / 'p1.html').read_text() == 'new'

    @pytest.mark.parametrize('there', ['p1.ipynb/mine', 'data'])
    def test_what_is_in_the_way_is_named_and_stays(self, destination: Path, there: str) -> None:
        replace(destination, {there: 'mine'})
        with pytest.raises(WritingError, match='in the way'), adding(destination, overwrite=True) as tree:
            write(tree, {'p1.ipynb': 'one', 'data/x.csv': '1,2'})
        assert content(destination)[there] == 'mine'


class TestPathsFromTheServer:
    @pytest.mark.parametrize(
        'path', ['', '/', '/etc/passwd', '..', '../x', 'a/../../x', 'a/..', './a', 'a//b', 'a/', 'a\0b']
    )
    def test_a_path_that_leads_elsewhere_is_refused(self, destination: Path, path: str) -> None:
        with pytest.raises(WritingError, match='not a path inside'):
            contained(destination, path)
        with pytest.raises(WritingError), replacing(destination) as tree:
            tree.write_text(path, 'x')
        assert not destination.exists()

    @pytest.mark.parametrize('path', ['...', '..a', 'a\\b', '~', 'C:', ' ', 'ü/-x'])
    def test_odd_names_are_just_names(self, destination: Path, path: str) -> None:
        replace(destination, {path: 'x'})
        assert content(destination) == {path: 'x'}

    @pytest.mark.parametrize('order', [('a', 'a/b'), ('a/b', 'a')])
    def test_a_path_cannot_be_a_file_and_a_folder(self, destination: Path, order: tuple[str, str]) -> None:
        with pytest.raises(WritingError):
            replace(destination, dict.fromkeys(order, 'x'))


class TestChecksums:
    TEXT = b'1,2\n'
    SHA256 = hashlib.sha256(TEXT).hexdigest()
    MD5 = hashlib.md5(TEXT).hexdigest()

    @pytest.mark.parametrize(
        'expected', [Checksums(), Checksums(4, SHA256, MD5), Checksums(sha256=SHA256), Checksums(4, md5=MD5)]
    )
    def test_what_is_right_is_written(self, destination: Path, expected: Checksums) -> None:
        with replacing(destination) as tree, tree.open('x.csv', checksums=expected) as file:
            file.write(self.TEXT)
        assert (destination / 'x.csv').read_bytes() == self.TEXT

    @pytest.mark.parametrize('expected', [Checksums(size=5), Checksums(4, sha256=64 * '0'), Checksums(md5=32 * '0')])
    def test_what_arrives_damaged_is_not_kept(self, destination: Path, expected: Checksums) -> None:
        with (
            pytest.raises(WritingError, match=r"'x\.csv' is damaged \(.* instead of "),
            replacing(destination) as tree,
            tree.open('x.csv', checksums=expected) as file,
        ):
            file.write(self.TEXT)
        assert not destination.exists()

    def test_files_that_are_here_already_are_recognised(self, tmp_path: Path) -> None:
        file = tmp_path / 'x.csv'
        file.write_bytes(self.TEXT)
        assert has_bytes(file, Checksums(4, self.SHA256))
        assert has_bytes(file, Checksums(md5=self.MD5))
        assert not has_bytes(file, Checksums(4, 64 * '0'))
        assert not has_bytes(file, Checksums(5, self.SHA256))
        assert not has_bytes(file, Checksums(size=4)), 'a size alone says nothing'
        assert not has_bytes(tmp_path / 'none', Checksums(4, self.SHA256))
        assert not has_bytes(tmp_path, Checksums(4, self.SHA256))


class TestModes:
    def test_modes_follow_the_umask(self, destination: Path) -> None:
        with umask(0o022), replacing(destination) as tree:
            tree.write_text('data/x.csv', '')
        assert (mode(destination), mode(destination / 'data')) == (0o755, 0o755)
        assert mode(destination / 'data' / 'x.csv') == 0o644

    @pytest.mark.parametrize(('mask', 'expected'), [(0o022, 0o755), (0o077, 0o700)])
    def test_executable_files_are_executable_for_all_who_may_read_them(
        self, destination: Path, mask: int, expected: int
    ) -> None:
        with umask(mask), replacing(destination) as tree, tree.open('run.sh', executable=True):
            pass
        assert mode(destination / 'run.sh') == expected

    def test_groupshared_files_and_folders_can_be_changed_by_the_group(self, destination: Path) -> None:
        with umask(0o077), replacing(destination, groupshared=True) as tree:
            tree.write_text('data/x.csv', '')
            with tree.open('run.sh', executable=True):
                pass
        assert mode(destination / 'data' / 'x.csv') == 0o660
        assert mode(destination / 'run.sh') == 0o760
        for folder in (destination, destination / 'data', destination.parent):
            assert mode(folder) == 0o2770
