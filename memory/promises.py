"""What people have planned or promised, and nobody has heard the end of. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from datetime import date, datetime

from memory.types import Commitment, Entry, Scope

PAST_DAYS = 30  # that something planned is asked about


@dataclass(frozen=True, slots=True)
class Open:
    entry: Entry  # that tells of it
    commitment: Commitment
    due: date  # when it is due or, where that was not said, when it was said


def open_of(
    entries: Iterable[Entry], people: Set[str], allowed: Callable[[Scope], bool], now_s: float
) -> list[Open]:
    """Of entries about any of those ``people`` that still hold and may be heard; the next first."""
    today = datetime.fromtimestamp(now_s).date()
    found = []
    entries = list(entries)
    gone = {old for entry in entries for old in entry.supersedes}
    for entry in entries:
        if entry.id in gone or people.isdisjoint(entry.scope.about) or not allowed(entry.scope):
            continue
        for one in entry.commitments:
            due = one.by or datetime.fromtimestamp(entry.at_s).date()
            if not one.done and (today - due).days <= PAST_DAYS:
                found.append(Open(entry, one, due))
    return sorted(found, key=lambda one: abs((one.due - today).days))
