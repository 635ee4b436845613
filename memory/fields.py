"""Fields that people write by hand, read from text. Pure; every complaint is one plain sentence without their words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import yaml

from memory.errors import EntryError

MOST_LIST = 1000  # items of a list
MOST_WORDS = 1000  # characters of one value
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ufeff]"
)  # none that Markdown needs, some break YAML
_PARSER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml's is ten times as fast
_MOST_DEEP = 8  # the deepest that is used: a mapping in a list in a mapping
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0", ""}


def clean(text: str) -> str:
    """Without what no file can hold, and without blank space around it."""
    if text.isprintable():
        return text.strip()
    plain = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    return _CONTROL.sub("", plain).strip()


def read_fields(source: str) -> dict[str, Any]:
    """YAML as strings, lists and dicts, by the parser's events: whatever stands there, this ends soon and well.

    Raises EntryError. The first line of ``source`` counts as the second: a line of dashes stands above it.
    """
    tree: list[Any] = []
    open_now: list[list[Any]] = [
        tree
    ]  # each a list of what it holds; of a mapping: names and values by turns
    try:
        for event in yaml.parse(source, _PARSER):
            if isinstance(event, yaml.ScalarEvent):
                open_now[-1].append(event.value)
            elif isinstance(event, yaml.CollectionStartEvent):
                if len(open_now) > _MOST_DEEP:
                    raise EntryError("The front matter is nested too deeply.")
                open_now.append(_Pairs() if isinstance(event, yaml.MappingStartEvent) else [])
            elif isinstance(event, yaml.CollectionEndEvent):
                whole = open_now.pop()
                open_now[-1].append(_mapping(whole) if isinstance(whole, _Pairs) else whole)
            elif isinstance(event, yaml.AliasEvent):
                raise EntryError("The front matter should hold no references (&, *).")
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 2
        raise EntryError(f"The front matter cannot be read: look at line {line} of the file.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise EntryError("The front matter cannot be read as YAML.") from error
    if tree in ([], [""]):
        return {}
    if len(tree) != 1 or not isinstance(tree[0], dict):
        raise EntryError("The front matter should hold lines of the form `name: value`.")
    return tree[0]


class _Pairs(list[Any]):
    """What a mapping holds, while it is being read."""


def _mapping(pairs: _Pairs) -> dict[str, Any]:
    names, values = pairs[::2], pairs[1::2]
    if not all(isinstance(name, str) for name in names):
        raise EntryError("The front matter should hold lines of the form `name: value`.")
    return dict(zip(names, values, strict=True))


class Fields:
    """Named values, each a string, a list or a mapping. Every method raises EntryError.

    ``whole``: what they belong to, as the sentences name it, e.g. "The entry".
    """

    def __init__(self, whole: str, values: Mapping[str, Any]) -> None:
        self.whole = whole
        self._values = values

    def text(self, name: str, default: str | None = None) -> str:
        """``default`` None: it has to be there."""
        value = self._values.get(name, default)
        if value is None:
            raise EntryError(f"{self.whole} has no {name}.")
        if not isinstance(value, str):
            raise EntryError(f"{self.whole}'s {name} should be plain text.")
        if len(value) > MOST_WORDS:
            raise EntryError(f"{self.whole}'s {name} is longer than {MOST_WORDS} characters.")
        return clean(value)

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, str(default)).lower()
        if value not in _TRUE | _FALSE:
            raise EntryError(f"{self.whole}'s {name} should be true or false.")
        return value in _TRUE

    def number(self, name: str, default: float) -> float:
        """From 0 to 1."""
        try:
            value = float(self.text(name, str(default)))
        except ValueError:
            value = math.nan
        if not 0 <= value <= 1:
            raise EntryError(f"{self.whole}'s {name} should be a number from 0 to 1.")
        return round(value, 3)

    def count(self, name: str, default: int) -> int:
        return self._whole_number(name, self.text(name, str(default)))

    def counts(self, name: str) -> tuple[int, ...]:
        return tuple(self._whole_number(name, one) for one in self.words(name))

    def words(self, name: str, default: Iterable[str] = ()) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one, or of those between its commas."""
        if name not in self._values:
            return tuple(default)
        value = self._values[name]
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise EntryError(f"{self.whole}'s {name} should be a list, e.g. [one, two].")
        if len(items) > MOST_LIST or any(len(item) > MOST_WORDS for item in items):
            raise EntryError(f"{self.whole}'s {name} is too long.")
        return tuple(dict.fromkeys(plain for item in items if (plain := clean(item))))

    def rows(self, name: str) -> list[Fields] | None:
        """A list of mappings, or of texts, which count as ``{text: …}``; None where it is not there."""
        if name not in self._values:
            return None
        items = self._values[name] or []
        if not isinstance(items, list) or len(items) > MOST_LIST:
            raise EntryError(f"{self.whole}'s {name} should be a list.")
        rows = [{"text": item} if isinstance(item, str) else item for item in items]
        if not all(isinstance(row, dict) for row in rows):
            raise EntryError(f"{self.whole}'s {name} should each have a text.")
        one = name.removesuffix("s").capitalize()
        return [Fields(f"{one} {at}", row) for at, row in enumerate(rows, 1)]

    def moment(self, name: str, default: float | None = None) -> float:
        """Unix time. What names no time zone is this machine's."""
        value = self.text(name, "" if default is not None else None)
        if not value and default is not None:
            return default
        try:
            return datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError, OSError) as error:
            raise EntryError(
                f"{self.whole}'s {name} should be a time such as 2026-11-27T19:03:12+01:00."
            ) from error

    def day(self, name: str) -> date | None:
        value = self.text(name, "")
        if value in ("", "null", "~"):
            return None
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise EntryError(f"{self.whole}'s {name} should be a date such as 2026-11-27.") from error

    def _whole_number(self, name: str, value: str) -> int:
        if not value.isascii() or not value.isdecimal() or len(value) > 15:
            raise EntryError(f"{self.whole}'s {name} should be whole numbers.")
        return int(value)
