"""JSON of the server, read with care: what is not as it must be is a ServerError, never a KeyError."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from .interface import ServerError


class Fields:
    """The members of a JSON object. `url`: where it came from."""

    def __init__(self, value: Any, url: str) -> None:
        self._url = url
        if not isinstance(value, dict):
            raise self._misread('an object', value)
        self._value = value

    def text(self, name: str) -> str:
        value = self._value.get(name)
        if not isinstance(value, str):
            raise self._misread(f'text as {name}', value)
        return value

    def text_or_none(self, name: str) -> str | None:
        return None if self._value.get(name) is None else self.text(name)

    def integer(self, name: str) -> int:
        value = self._value.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._misread(f'a number as {name}', value)
        return value

    def integer_or_none(self, name: str) -> int | None:
        return None if self._value.get(name) is None else self.integer(name)

    def flag(self, name: str) -> bool:
        value = self._value.get(name)
        if not isinstance(value, bool):
            raise self._misread(f'true or false as {name}', value)
        return value

    def moment(self, name: str) -> datetime:
        """RFC 3339 in UTC, as v2 writes it."""
        text = self.text(name)
        try:
            return datetime.strptime(text, '%Y-%m-%dT%H:%M:%S.%fZ').replace(tzinfo=timezone.utc)
        except ValueError:
            raise self._misread(f'a moment as {name}', text) from None

    def fields(self, name: str) -> Fields:
        return Fields(self._value.get(name), self._url)

    def fields_or_none(self, name: str) -> Fields | None:
        return None if self._value.get(name) is None else self.fields(name)

    def list_of_fields(self, name: str) -> list[Fields]:
        return [Fields(item, self._url) for item in self._list(name)]

    def texts(self, name: str) -> tuple[str, ...]:
        items = self._list(name)
        if not all(isinstance(item, str) for item in items):
            raise self._misread(f'texts as {name}', items)
        return tuple(items)

    def all(self) -> dict[str, object]:
        return dict(self._value)

    def _list(self, name: str) -> list[Any]:
        value = self._value.get(name)
        if not isinstance(value, list):
            raise self._misread(f'a list as {name}', value)
        return value

    def _misread(self, wanted: str, value: object) -> ServerError:
        came = repr(value)
        shown = came if len(came) <= 60 else f'{came[:60]}…'
        return ServerError(
            f'The answer of the server cannot be understood: it should have {wanted}, and has {shown}',
            url=self._url,
            advice='Is this the URL of ngshare, and are plugin and server of versions that fit?',
        )
