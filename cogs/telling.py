"""Memories as lines of a prompt: when it was, who said it, what is still awaited. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence, Set
from datetime import date, datetime

from memory.phrases import MOST_CHARACTERS, day_name, quoted, when
from memory.plain_text import one_line, plain_name
from memory.promises import open_of
from memory.types import Document, Entry, Hit, Scope, Told


def lines_of(
    hits: Sequence[Hit], now_s: float, her_name: str, most_characters: int = MOST_CHARACTERS
) -> list[Told]:
    """One line for each that says something, the best first; of its words at most so many characters.

    Not her own answers: what a model made up once would come back as if it had happened. Nor bare questions.
    """
    told: list[Hit] = []
    for hit in hits:
        words = one_line(hit.document.text).casefold()
        if not _says_nothing(hit.document, her_name) and not any(_same(words, one.document) for one in told):
            told.append(hit)
    return [
        Told(_line(hit.document, now_s, most_characters), frozenset(hit.document.scope.about), hit)
        for hit in told
    ]


def commitments_of(
    entries: Iterable[Entry],
    people: Set[str],
    allowed: Callable[[Scope], bool],
    now_s: float,
    name_of: Callable[[str], str],
) -> list[Told]:
    """What those ``people`` have planned or promised and nobody has heard the end of; the next first.

    ``name_of`` a person id, HERS too.
    """
    today = datetime.fromtimestamp(now_s).date()
    told = []
    for one in open_of(entries, people, allowed, now_s):
        entry, promise = one.entry, one.commitment
        words = f"{plain_name(name_of(promise.who))}: {quoted(promise.text)}"
        text = f"{_due(promise.by, today)}{words} (from {when(entry.at_s, now_s)})"
        told.append(Told(text, frozenset(entry.scope.about)))
    return told


def _due(by: date | None, today: date) -> str:
    if by is None:
        return "Still open: "
    days = (by - today).days
    if days < 0:
        return f"It was due on {day_name(by)}, so she may ask how it went: "
    return "Today: " if days == 0 else f"On {day_name(by)}: "


def _says_nothing(document: Document, her_name: str) -> bool:
    asked = document.text.rstrip().endswith("?") and not re.search(r"[.!?…]\s", document.text)
    return document.kind == "turn" and (asked or document.speaker == her_name)


def _same(words: str, other: Document) -> bool:
    """An entry often quotes the turn that it was made from."""
    told = one_line(other.text).casefold()
    return words in told or told in words


def _line(document: Document, now_s: float, most: int) -> str:
    ago, text = when(document.at_s, now_s), quoted(document.text, most)
    if document.kind == "entry":
        return f"{ago}: {text}."
    return f"{ago} {plain_name(document.speaker)} said: {text}."
