"""Memories as lines of a prompt: when it was, who said it, what is still awaited. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence, Set
from datetime import date, datetime

from memory.types import Document, Entry, Hit, Scope, Told
from persona_core.thinking.frame import one_line, plain_name

MOST_CHARACTERS = 240  # of one memory
_MARKS = str.maketrans('“”„‟«»"()（）[]', "'''''''––––––")
PAST_DAYS = 30  # that something planned is asked about


def when(at_s: float, now_s: float) -> str:
    """How long ago that was, as people say it; both are Unix times."""
    now, then = datetime.fromtimestamp(now_s), datetime.fromtimestamp(at_s)
    days = (now.date() - then.date()).days
    if days <= 0:
        return "earlier today"
    if days == 1:
        return "yesterday"
    if days < 7:
        return f"last {then:%A}"
    if days < 60:
        return f"{round(days / 7)} weeks ago" if days > 10 else "a week ago"
    return f"in {then:%B}" if days < 300 else f"in {then:%B %Y}"


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
    found: list[tuple[date, Told]] = []
    entries = list(entries)
    gone = {old for entry in entries for old in entry.supersedes}
    for entry in entries:
        if entry.id in gone or people.isdisjoint(entry.scope.about) or not allowed(entry.scope):
            continue
        for one in entry.commitments:
            said = datetime.fromtimestamp(entry.at_s).date()
            due = one.by or said
            if one.done or (today - due).days > PAST_DAYS:
                continue
            words = f"{plain_name(name_of(one.who))}: {_quoted(one.text)}"
            text = f"{_due(one.by, today)}{words} (from {when(entry.at_s, now_s)})"
            found.append((due, Told(text, frozenset(entry.scope.about))))
    return [line for _, line in sorted(found, key=lambda pair: abs((pair[0] - today).days))]


def day_name(day: date) -> str:
    """E.g. "Friday, 27 November"."""
    return f"{day:%A}, {day.day} {day:%B}"


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
    ago, text = when(document.at_s, now_s), _quoted(document.text, most)
    if document.kind == "entry":
        return f"{ago}: {text}."
    return f"{ago} {plain_name(document.speaker)} said: {text}."


def _quoted(text: str, most: int = MOST_CHARACTERS) -> str:
    """In quotation marks that end where it ends: nobody's words pass for more of what she remembers."""
    return f"“{_short(text, most).translate(_MARKS)}”"


def _short(text: str, most: int) -> str:
    line = one_line(text)
    return (line if len(line) <= most else line[:most].rsplit(" ", 1)[0] + "…").rstrip(".")
