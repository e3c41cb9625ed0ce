"""`nbgrader fetch_assignment`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbgrader.exchange import abc
from traitlets.config import Config

from .assignment_list import remember_failed_fetch
from .deprecated_sections import merge_section
from .downloads import Download
from .exchange import Exchange, Failure
from .fetched import FetchedRelease, digest_of
from .server.interface import Assignment, File
from .trees.writing import WritingError, adding, contained


class ExchangeFetchAssignment(Exchange, abc.ExchangeFetchAssignment):
    def _load_config(self, cfg: Config, *arguments: Any, **options: Any) -> None:
        merge_section(cfg, 'ExchangeFetch', 'ExchangeFetchAssignment', self.log)
        super()._load_config(cfg, *arguments, **options)

    def start(self) -> Any:
        try:
            return super().start()
        except Failure as failure:
            remember_failed_fetch(self, f'The assignment {self.assignment_id}', failure)
            raise

    def init_src(self) -> None:
        sought = self.assignment_id
        self.check_name('assignment', sought)
        found: Sequence[Assignment] = ()
        if self.course_id == '*':
            found = self.server.assignments(None, sought, with_notebooks=False)
            self.choose_course((one.course for one in found), f"an assignment '{sought}'")
        self.require_course()
        self.require_access()
        found = found or self.server.assignments(self.course_id, sought, with_notebooks=False)
        released = [one for one in found if one.course == self.course_id and one.assignment == sought]
        if not released:
            others = self.server.assignments(self.course_id, with_notebooks=False)
            place = f'{self.server.url} ({self.course_id} {sought})'
            self.fail_not_found(place, [one.assignment for one in others], sought)
        self.release = released[0].release

    def init_dest(self) -> None:
        self.folder = self.local_folder(self.course_id, self.assignment_id)
        self.is_there = self.folder.is_dir()
        if self.is_there and not self.replace_missing_files:
            self.fail(
                f'You already have a copy of the assignment in this directory: {self._shown_folder}'
                f'{self._remark_on_newer_release()}'
            )

    def copy_files(self) -> None:
        self.log.info('Source: %s', self.server.url)
        self.log.info('Destination: %s', self.folder)
        with adding(self.folder) as tree:
            # The limits on size are for what is sent: what was released, students can have.
            rules = replace(self.rules, include=('*',), max_file_size=None)
            sink = Download(tree, rules=rules, is_wanted=self._is_missing, tell_left_out=self.tell_left_out)
            files = self.server.download_release(self.course_id, self.assignment_id, sink, version=self.release.version)
            if self.is_there:
                for path in sorted(tree.paths):
                    self.log.warning("Replacing missing file '%s'", path)
        self._remember(files)
        self.log.info('Fetched as: %s %s', self.course_id, self.assignment_id)

    @property
    def _shown_folder(self) -> Path:
        return self.folder.relative_to(self.assignments_folder)

    def _is_missing(self, file: File) -> bool:
        return not contained(self.folder, file.path).exists()

    def _remark_on_newer_release(self) -> str:
        fetched = self.fetched_releases.find(self.folder)
        if fetched is None:
            return ''
        if fetched.course != self.course_id:
            return (
                f"\nIt was fetched from the course '{fetched.course}'. Say Exchange.path_includes_course = "
                'True in the configuration, so that courses have folders of their own.'
            )
        if fetched.version is None or (self.release.version or 0) <= fetched.version:
            return ''
        return (
            f'\nA newer release is available: version {self.release.version}, and you have version '
            f'{fetched.version}. To get it, rename your folder and fetch again; '
            'with --replace only files that are missing in your folder are fetched.'
        )

    def _remember(self, files: Sequence[File]) -> None:
        """Where files were only added, the folder stays one of the release that it was fetched from."""
        if self.is_there:
            return
        release = FetchedRelease(self.course_id, self.assignment_id, self.release.version, digest_of(files))
        try:
            self.fetched_releases.remember(self.folder, release)
        except (OSError, WritingError) as error:
            self.log.warning('Not remembered which release this is, since the cache cannot be written: %s', error)
