"""Directory trees over the first API: always whole, in JSON and base64."""

from __future__ import annotations

from collections.abc import Mapping

import requests

from .connection import failure_of
from .download import Arriving, ProgressMeter
from .fields import Fields
from .interface import File, Progress, ServerError, TreeSink
from .repeating import Patience
from .v1_download import JsonText, Span
from .v1_requests import OLD_BODY_BYTES, V1Requests
from .v1_upload import TreeForm


class V1Trees:
    def __init__(self, requests: V1Requests) -> None:
        self._requests = requests

    def send(self, path: str, form: TreeForm, *, is_repeatable: bool = False) -> Fields:
        listener = self._requests.connection.settings.progress
        done_bytes = 0

        def sent(count: int) -> None:
            nonlocal done_bytes
            done_bytes += count
            if listener is not None:
                listener(Progress('upload', done_bytes, form.size_bytes))

        return self._requests.ask('POST', path, body=form.body(sent), is_repeatable=is_repeatable)

    def refuse_what_is_too_large(self, form: TreeForm) -> None:
        if form.size_bytes <= OLD_BODY_BYTES // 2:
            return
        limits = self._requests.limits()
        size_bytes = sum(checksums.size_bytes for checksums in form.checksums.values())
        if limits.tree_bytes is not None and size_bytes > limits.tree_bytes:
            raise ServerError(
                f'The files have {size_bytes} bytes, and the server takes at most {limits.tree_bytes}',
                code='too-large',
                advice='Remove large files that do not belong to the assignment.',
            )

    def listed(self, path: str, query: Mapping[str, str] | None = None) -> tuple[File, ...]:
        """The files of a tree, without their contents and sizes."""
        answer = self._requests.ask('GET', path, query={'list_only': 'true', **(query or {})})
        return tuple(File(item.text('path'), None, item.text('checksum')) for item in answer.list_of_fields('files'))

    def download(self, path: str, query: Mapping[str, str], sink: TreeSink) -> tuple[File, ...]:
        with self._fetch(path, query) as text:
            contents = self._contents(text)
            files = tuple(contents)
            chosen_paths = set(sink.choose(files))
            chosen = [file for file in files if file.path in chosen_paths]
            for file in chosen:
                with sink.open(file) as target:
                    arriving = Arriving(file, target, ProgressMeter(None, None))
                    for piece in text.base64(contents[file]):
                        arriving.write(piece)
                    arriving.finish()
        return files

    def _fetch(self, path: str, query: Mapping[str, str]) -> JsonText:
        """Wholly, before the first file is looked at. An old server cannot go on where it broke off."""
        patience = Patience(self._requests.connection.settings.patience_s)
        while True:
            answer = self._requests.ask_streamed(path, query)
            meter = ProgressMeter(self._requests.connection.settings.progress, None)
            try:
                return JsonText(answer, meter.add)
            except requests.RequestException as error:
                if not patience.wait():
                    raise failure_of(error, answer.url) from error
            finally:
                answer.close()

    def _contents(self, text: JsonText) -> dict[File, Span]:
        answer = text.parse()
        if not isinstance(answer, dict) or not isinstance(answer.get('files'), list):
            raise ServerError('The answer of the server has no files', url=self._requests.url)
        contents: dict[str, tuple[File, Span]] = {}
        for item in answer['files']:
            parts = [item.get(name) if isinstance(item, dict) else None for name in ('path', 'checksum', 'content')]
            path, checksum, content = parts
            if not (isinstance(path, Span) and isinstance(checksum, Span) and isinstance(content, Span)):
                raise ServerError('The answer of the server has a file without path or content', url=self._requests.url)
            file = File(text.text(path), text.base64_size(content), text.text(checksum))
            if file.path in contents:
                self._requests.connection.notify(f'{file.path} is there twice; the second one is taken')
            contents[file.path] = (file, content)
        return dict(contents.values())
