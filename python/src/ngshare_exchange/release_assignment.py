"""`nbgrader release_assignment`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.exchange import abc
from traitlets.config import Config

from .deprecated_sections import merge_section
from .exchange import Exchange, local_files
from .server.interface import AlreadyExists


class ExchangeReleaseAssignment(Exchange, abc.ExchangeReleaseAssignment):
    def _load_config(self, cfg: Config, *arguments: Any, **options: Any) -> None:
        merge_section(cfg, 'ExchangeRelease', 'ExchangeReleaseAssignment', self.log)
        super()._load_config(cfg, *arguments, **options)

    def init_src(self) -> None:
        coursedir, assignment = self.directory, self.assignment_id
        self.check_name('assignment', assignment)
        self.source = Path(coursedir.format_path(coursedir.release_directory, '.', assignment))
        if self.source.is_dir():
            return
        unprepared = Path(coursedir.format_path(coursedir.source_directory, '.', assignment))
        if unprepared.is_dir():
            self.fail(
                f"Assignment found in '{unprepared}' but not '{self.source}', run `nbgrader generate_assignment` first."
            )
        siblings = self.source.parent.iterdir() if self.source.parent.is_dir() else ()
        self.fail_not_found(str(self.source), [one.name for one in siblings if one.is_dir()], assignment)

    def init_dest(self) -> None:
        self.require_course()

    def copy_files(self) -> None:
        course, assignment = self.course_id, self.assignment_id
        files = local_files(self.select_files(self.source))
        self.check_limits(files)
        self.log.info('Source: %s', self.source)
        self.log.info('Destination: %s', self.server.url)
        if self.force:
            self.log.info('Overwriting files: %s %s', course, assignment)
        try:
            release = self.server.release(
                course,
                assignment,
                files,
                overwrite=self.force,
                even_if_submissions_are_lost=self.even_if_submissions_are_lost,
            )
        except AlreadyExists as error:
            self.log.debug('%s', error)
            self.fail(f'Destination already exists, add --force to overwrite: {course} {assignment}')
        version = f' (version {release.version})' if (release.version or 1) > 1 else ''
        self.log.info('Released as: %s %s%s', course, assignment, version)
