"""Her notes as somebody reads them in Discord: pages, days and suggestions. Pure; times in this machine's time zone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cogs.plain import plain
from memory.phrases import day_name
from memory.ranking import EVIDENCE
from memory.types import Entry, Hit

PAGE_CHARACTERS = 3_600  # of an embed's 4096
MOST_CHOICES = 25  # Discord's limit
CHOICE_CHARACTERS = 100  # likewise
MESSAGE_CHARACTERS = 2_000  # likewise
LINE_CHARACTERS = 160  # of what is shown on one line, before it is made plain
FITS = 0.1  # evidence below which something has nothing to do with what is looked for

_FOOTER = re.compile(r"(?:(?P<day>\d{4}-\d\d-\d\d), )?page (?P<number>\d{1,6}) of \d{1,6}")
_AGO = {"today": 0, "yesterday": 1}


@dataclass(frozen=True, slots=True)
class Where:
    """Which page is open: what its buttons go by, also after a restart."""

    day: date | None = None  # notes of this day alone
    number: int = 0  # the first is 0, and has the newest notes

    def footer(self, pages: int) -> str:
        day = f"{self.day:%Y-%m-%d}, " if self.day else ""
        return f"{day}page {self.number + 1} of {pages}"

    @classmethod
    def read(cls, footer: str) -> Where:
        """What ``footer`` wrote; the first page of all where it is something else."""
        match = _FOOTER.fullmatch(footer)
        if match is None:
            return cls()
        day = date.fromisoformat(match["day"]) if match["day"] else None
        return cls(day, max(0, int(match["number"]) - 1))


def day_of(text: str, today: date) -> date | None:
    """The day that is meant by "today", "yesterday" or a date such as 2026-11-27; None: none of these."""
    words = text.strip().casefold()
    if words in _AGO:
        return today - timedelta(days=_AGO[words])
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def happened(at_s: float) -> str:
    """E.g. "Friday, 27 November 2026, 14:05"; ``at_s``: Unix time."""
    at = datetime.fromtimestamp(at_s)
    return f"{day_name(at.date())} {at:%Y, %H:%M}"


def shown(text: str) -> str:
    """A note that looks the same in Discord, with its lines; at most twice as long."""
    return "\n".join(map(plain, text.splitlines()))


def shortened(text: str, most: int = LINE_CHARACTERS) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def pages(entries: Iterable[Entry], most: int = PAGE_CHARACTERS) -> list[str]:
    """Whole notes as far as they fit, in their order; a long one goes on over the page."""
    found: list[str] = []
    for entry in entries:
        for block in _blocks(entry, most):
            if found and len(found[-1]) + 2 + len(block) <= most:
                found[-1] += f"\n\n{block}"
            else:
                found.append(block)
    return found


def _blocks(entry: Entry, most: int) -> Iterator[str]:
    marks = (" · pinned" if entry.pinned else "") + (" · between us" if entry.scope.private else "")
    head = f"**{happened(entry.at_s)}**{marks}\n"
    for number, piece in enumerate(_pieces(entry.text, (most - len(head)) // 2)):
        yield (head if number == 0 else "") + shown(piece)


def _pieces(text: str, most: int) -> Iterator[str]:
    """Cut between words where that can be done."""
    while len(text) > most:
        cut = max(text.rfind(" ", 1, most), text.rfind("\n", 1, most))
        cut = cut if cut > 0 else most
        yield text[:cut]
        text = text[cut:].lstrip()
    if text:
        yield text


def within(lines: Sequence[str], most: int = MESSAGE_CHARACTERS) -> str:
    """As many whole lines, from the first, as fit."""
    text = ""
    for line in lines:
        longer = f"{text}\n{line}" if text else line
        if len(longer) > most:
            break
        text = longer
    return text


def day_choices(entries: Iterable[Entry], typed: str) -> list[tuple[str, str]]:
    """Days that have notes, in their order, as (what is shown, ISO date); those that ``typed`` fits."""
    days = Counter(datetime.fromtimestamp(entry.at_s).date() for entry in entries)
    named = [
        (f"{day_name(day)} {day.year} ({count} {'note' if count == 1 else 'notes'})", day.isoformat())
        for day, count in days.items()
    ]
    wanted = typed.strip().casefold()
    return [one for one in named if wanted in f"{one[1]} {one[0]}".casefold()][:MOST_CHOICES]


def entry_choices(entries: Iterable[Entry], typed: str) -> list[tuple[str, str]]:
    """Notes as (what is shown, id); those that ``typed`` fits."""
    wanted = typed.strip().casefold()
    return [
        (
            shortened(f"{datetime.fromtimestamp(entry.at_s):%Y-%m-%d}: {entry.text}", CHOICE_CHARACTERS),
            entry.id,
        )
        for entry in entries
        if wanted in f"{entry.id} {datetime.fromtimestamp(entry.at_s):%Y-%m-%d} {entry.text}".casefold()
    ][:MOST_CHOICES]


def fits(hit: Hit) -> bool:
    """Whether it has anything to do with what was looked for."""
    return sum(reason.points for reason in hit.reasons if reason.name in EVIDENCE) >= FITS


def hit_line(hit: Hit) -> str:
    """When it was, who said it, and what."""
    document = hit.document
    who = f"**{plain(document.speaker)}:**" if document.speaker else "**my note:**"
    day = f"{datetime.fromtimestamp(document.at_s):%Y-%m-%d}"
    return f"{day}, {who} {plain(shortened(document.text))}"


def version_lines(versions: Sequence[Entry], entry_id: str) -> list[str]:
    """The newest first; ``versions``: oldest first, of a note and of those whose place it has taken."""
    lines = []
    for one in reversed(versions):
        what = f"Version {one.version}" if one.id == entry_id else "Before that, in another note"
        lines.append(f"**{what}**, written {happened(one.written_s)}: {plain(shortened(one.text, 400))}")
    return lines
