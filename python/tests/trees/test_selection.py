"""Which files of a folder go to the server."""

import os
from pathlib import Path
from typing import Any

import pytest

from ngshare_exchange.trees.selection import Reason, Rules, Selection, SelectionError, select_files

NBGRADERS = Rules(ignore=['.ipynb_checkpoints', '*.pyc', '__pycache__', 'feedback'])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / 'ps1'
    root.mkdir()
    return root


def put(folder: Path, path: str, content: str = 'x') -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def paths(selection: Selection) -> list[str]:
    return [file.path for file in selection.files]


def reasons(selection: Selection) -> dict[str, Reason]:
    return {one.path: one.reason for one in selection.left_out}


def test_all_files_go_with_their_paths_from_the_root(folder: Path) -> None:
    put(folder, 'p1.ipynb', '12345')
    put(folder, 'data/2026/x.csv')
    put(folder, '.hidden')
    selection = select_files(folder, NBGRADERS)
    assert paths(selection) == ['.hidden', 'data/2026/x.csv', 'p1.ipynb']
    assert selection.files[2].size == 5
    assert selection.size == 7
    assert selection.left_out == ()


def test_a_folder_named_like_the_assignment_keeps_its_place(folder: Path) -> None:
    put(folder, 'p1.ipynb', 'outer')
    put(folder, 'ps1/p1.ipynb', 'inner')
    assert paths(select_files(folder, NBGRADERS)) == ['p1.ipynb', 'ps1/p1.ipynb']


def test_what_is_ignored_stays_behind_files_and_whole_folders_at_any_depth(folder: Path) -> None:
    put(folder, 'p1.ipynb')
    put(folder, 'old.pyc')
    put(folder, '.ipynb_checkpoints/p1-checkpoint.ipynb')
    put(folder, 'src/__pycache__/deep/er.bin')
    put(folder, 'feedback/2026-11-22 20:05:47.685030/p1.html')
    selection = select_files(folder, NBGRADERS)
    assert paths(selection) == ['p1.ipynb']
    assert reasons(selection) == dict.fromkeys(
        ['.ipynb_checkpoints', 'feedback', 'old.pyc', 'src/__pycache__'], Reason.IGNORED
    )
    assert all(one.reason.is_expected for one in selection.left_out)


def test_only_included_files_go_out_of_every_folder(folder: Path) -> None:
    put(folder, 'p1.ipynb')
    put(folder, 'notes.txt')
    put(folder, 'more/p2.ipynb')
    selection = select_files(folder, Rules(include=['*.ipynb']))
    assert paths(selection) == ['more/p2.ipynb', 'p1.ipynb']
    assert reasons(selection) == {'notes.txt': Reason.NOT_INCLUDED}


def test_a_file_above_the_limit_stays_behind_with_a_warning(folder: Path) -> None:
    put(folder, 'exact', 'x' * 1000)
    put(folder, 'more', 'x' * 1001)
    selection = select_files(folder, Rules(max_file_size=1000))
    assert paths(selection) == ['exact']
    assert reasons(selection) == {'more': Reason.TOO_LARGE}
    assert not selection.left_out[0].reason.is_expected


def test_too_much_in_all_is_refused_and_the_largest_files_are_named(folder: Path) -> None:
    put(folder, 'large.csv', 'x' * 900)
    put(folder, 'small.csv', 'x' * 101)
    with pytest.raises(SelectionError, match=r'1001 bytes.*1000.*large\.csv \(900 bytes\)'):
        select_files(folder, Rules(max_dir_size=1000))


def test_what_stays_behind_does_not_count(folder: Path) -> None:
    put(folder, 'feedback/large.html', 'x' * 5000)
    put(folder, 'p1.ipynb')
    assert paths(select_files(folder, Rules(ignore=['feedback'], max_dir_size=1000))) == ['p1.ipynb']


def test_links_within_the_folder_go_as_what_they_lead_to(folder: Path) -> None:
    put(folder, 'data/x.csv', '123')
    (folder / 'link.csv').symlink_to('data/x.csv')
    (folder / 'same').symlink_to('data', target_is_directory=True)
    selection = select_files(folder, NBGRADERS)
    assert paths(selection) == ['data/x.csv', 'link.csv', 'same/x.csv']
    assert {file.size for file in selection.files} == {3}


def test_links_that_lead_out_or_nowhere_or_round_stay_behind_with_a_warning(folder: Path) -> None:
    put(folder, 'p1.ipynb')
    put(folder.parent, 'secret')
    (folder / 'out').symlink_to(folder.parent / 'secret')
    (folder / 'up').symlink_to(folder.parent)
    (folder / 'nowhere').symlink_to('no such file')
    (folder / 'circle').symlink_to('circle')
    (folder / 'deep').mkdir()
    (folder / 'deep' / 'round').symlink_to(folder)
    selection = select_files(folder, NBGRADERS)
    assert paths(selection) == ['p1.ipynb']
    assert reasons(selection) == {
        'circle': Reason.LINK_DANGLING,
        'deep/round': Reason.LINK_LOOP,
        'nowhere': Reason.LINK_DANGLING,
        'out': Reason.LINK_OUTSIDE,
        'up': Reason.LINK_OUTSIDE,
    }
    assert not any(one.reason.is_expected for one in selection.left_out)


def test_a_folder_that_is_itself_a_link_is_no_trouble(folder: Path, tmp_path: Path) -> None:
    put(folder, 'data/x.csv')
    (folder / 'link.csv').symlink_to(folder / 'data' / 'x.csv')
    (tmp_path / 'shortcut').symlink_to(folder)
    assert paths(select_files(tmp_path / 'shortcut', NBGRADERS)) == ['data/x.csv', 'link.csv']


def test_pipes_stay_behind_and_nothing_hangs(folder: Path) -> None:
    put(folder, 'p1.ipynb')
    os.mkfifo(folder / 'pipe')
    selection = select_files(folder, NBGRADERS)
    assert paths(selection) == ['p1.ipynb']
    assert reasons(selection) == {'pipe': Reason.NOT_A_FILE}


def test_files_remember_whether_they_are_executable(folder: Path) -> None:
    put(folder, 'run.sh').chmod(0o755)
    put(folder, 'text').chmod(0o644)
    assert [file.executable for file in select_files(folder, NBGRADERS).files] == [True, False]


def test_empty_folders_are_told_about(folder: Path) -> None:
    (folder / 'figures').mkdir()
    assert reasons(select_files(folder, NBGRADERS)) == {'figures': Reason.EMPTY_FOLDER}


def test_an_unreadable_file_is_an_error_that_names_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, 'p1.ipynb')
    locked = put(folder, 'locked.csv')
    locked.chmod(0)
    if os.access(locked, os.R_OK):  # root may read everything, so the system's refusal is made by hand
        opened = Path.open

        def refuse(path: Path, *options: Any) -> Any:
            if path.name == 'locked.csv':
                raise PermissionError(13, 'Permission denied')
            return opened(path, *options)

        monkeypatch.setattr(Path, 'open', refuse)
    with pytest.raises(SelectionError, match=r"'.*locked\.csv' cannot be read: Permission denied"):
        select_files(folder, NBGRADERS)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SelectionError, match='cannot be read: No such file or directory'):
        select_files(tmp_path / 'none', NBGRADERS)


def test_a_name_that_is_not_utf8_is_refused_in_words(folder: Path) -> None:
    with open(os.fsencode(folder) + b'/caf\xe9.txt', 'wb'):  # noqa: PTH123 (a name in bytes)
        pass
    with pytest.raises(SelectionError, match=r"'caf\\xe9\.txt' is not UTF-8.*Rename it"):
        select_files(folder, NBGRADERS)


def test_a_name_with_control_characters_is_refused_in_words(folder: Path) -> None:
    put(folder, 'two\nlines')
    with pytest.raises(SelectionError, match=r"'two\\nlines' has control characters"):
        select_files(folder, NBGRADERS)


def test_names_that_are_ignored_may_be_anything(folder: Path) -> None:
    put(folder, 'two\nlines.pyc')
    assert paths(select_files(folder, NBGRADERS)) == []
