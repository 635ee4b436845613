"""What came to her mind for her last reply in each place: in RAM, by its number alone, with no word of it.

Its words are read anew when somebody asks, so that what was erased, changed or kept private since is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from cogs.conversations import Closed, Forgotten, Told
from cogs.journal_pages import happened, shortened
from cogs.note_page import reason, typed
from cogs.plain import plain
from memory.errors import EntryError, KeyGone
from memory.memory import Memory, document_of, document_of_turn
from memory.types import Document, Entry, Hit, Origin, Reason, Scope, StoredTurn
from persona_core.events import Said

MOST_SOURCES = 3  # turns behind a note that are shown
LEAST = 0.005  # points; a smaller part of a score would be shown as 0.00

_ORIGINS = {
    Origin.DIRECT: "told to me alone",
    Origin.VOICE: "said in a call",
    Origin.TEXT: "written",
    Origin.OPEN: "meant for everybody",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that was recalled."""

    kind: Literal["turn", "entry"]
    ref: str
    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """What a reply rested on."""

    to: frozenset[str]  # ids of those whom she answered
    about: frozenset[str]  # ids of all whose words it may rest on
    known: frozenset[str]  # ids of those of whom she knew something
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Recollected:
    """A cause, as it is kept now."""

    cause: Cause
    document: Document
    entry: Entry | None  # if it is one
    sources: tuple[StoredTurn, ...] = ()  # what an entry was made from, as far as it may be told


class Whys:
    """``on_event`` is called on the event loop, as everything else here."""

    def __init__(self) -> None:
        self._last: dict[str, Why] = {}  # by the place's key; the latest reply is last

    def on_event(self, key: str, event: Told) -> None:
        match event:
            case Said(answers=answers, about=about, mind=mind):
                causes = tuple(map(_cause, (*mind.note.hits, *mind.knows.hits)))
                self._last.pop(key, None)
                people = frozenset(line.person.id for line in answers)
                self._last[key] = Why(people, about | mind.about | people, mind.knows.about, causes)
            case Closed():
                self._last.pop(key, None)
            case Forgotten(person_id):
                self.drop(person_id)

    def drop(self, person_id: str | None) -> None:
        """All that concerns a person, or anybody (None)."""
        kept = {key: why for key, why in self._last.items() if person_id and person_id not in why.about}
        self._last = kept

    def in_place(self, key: str) -> Why | None:
        return self._last.get(key)

    def to_person(self, person_id: str) -> Why | None:
        """Of her last reply to somebody, wherever that was."""
        return next((why for why in reversed(self._last.values()) if person_id in why.to), None)


def recollected(memory: Memory, why: Why, may: Callable[[Scope], bool]) -> list[Recollected]:
    """What of it is still kept and may be told. Blocks; raises StoreError."""
    found = []
    for cause in why.causes:
        one = _turn(memory, cause) if cause.kind == "turn" else _entry(memory, cause, may)
        if one is not None and may(one.document.scope):
            found.append(one)
    return found


def described(one: Recollected, places: dict[str, str], person: str) -> str:
    """What it is, where it comes from, and why it came up, as ``person`` reads it; ``places``: what they are called, by their keys."""
    document, scope = one.document, one.document.scope
    who = f"{plain(document.speaker)} said" if document.speaker else "my note"
    lines = [f"**{happened(document.at_s)}, {who}:** {plain(shortened(document.text, 300))}"]
    counted = [reason for reason in one.cause.reasons if abs(reason.points) >= LEAST]
    parts = ", ".join(f"{reason.name} {reason.points:+.2f}" for reason in counted)
    lines.append(f"Score {one.cause.score:.2f}: {parts}")
    if one.entry is None:
        lines.append(f"Source: {_from(scope, places)}")
    else:
        why = f" ({plain(shortened(reason(one.entry, person)))})" if one.entry.why else ""
        source = _ORIGINS[Origin.DIRECT] if typed(one.entry) else _from(scope, places)
        lines.append(f"Source: a note, {source}{why}")
        lines += [f"made from {plain(turn.name)}: {plain(shortened(turn.text, 100))}" for turn in one.sources]
    return "\n".join(lines)


def keys_of(found: Sequence[Recollected]) -> set[str]:
    """Of the places that may be named."""
    scopes = [one.document.scope for one in found]
    return {scope.place for scope in scopes if scope.origin in (Origin.VOICE, Origin.TEXT)}


def _cause(hit: Hit) -> Cause:
    return Cause(hit.document.kind, hit.document.ref, hit.score, hit.reasons)


def _from(scope: Scope, places: dict[str, str]) -> str:
    where = f" in {places[scope.place]}" if scope.place in places else ""
    return f"{_ORIGINS[scope.origin]}{where}"


def _turn(memory: Memory, cause: Cause) -> Recollected | None:
    turns = memory.turns.get([int(cause.ref)])
    return Recollected(cause, document_of_turn(turns[0]), None) if turns else None


def _entry(memory: Memory, cause: Cause, may: Callable[[Scope], bool]) -> Recollected | None:
    try:
        entry = memory.journal.read(cause.ref)
    except (EntryError, KeyGone):
        return None
    turns = [turn for turn in memory.turns.get(entry.sources) if may(turn.scope)][:MOST_SOURCES]
    return Recollected(cause, document_of(entry), entry, tuple(turns))
