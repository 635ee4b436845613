"""How she sees a person, as that person may read it and put it right: every line with what it rests on.

What they put right is what they said, and told her alone. All block for the disk and raise MemoryFault, whose message is
one plain sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from memory.called import claimed
from memory.commands import heard_by
from memory.errors import EntryError, KeyGone, Unreadable
from memory.ledger import Item
from memory.memory import Memory
from memory.own import NOT_AGREED
from memory.roster import RECENT_FEELINGS, Acquaintance, Meetings, warmth_of
from memory.roster_update import ALIAS, FEELING, HISTORY, RELATIONSHIP
from memory.salience import is_order
from memory.types import Origin, Scope

FEELINGS = "feelings"  # the id of the line that sums up how she feels
LONGEST = {RELATIONSHIP: 113, ALIAS: 32, HISTORY: 160}  # characters of what somebody may put into a line
MOST_GROUNDS = 2  # that are shown of a line
NO_SUCH = "That line is not there any more."
_NOT_FEELINGS = "How I feel is not for others to word; you can only tell me that it is wrong."
_NOT_NOW = "That does not hold any more anyway; you can have it dropped."
_NO_WORDS = "There are no words in that, so nothing was changed."
_AN_ORDER = "That reads like an order to a machine, so I do not take it in."
_NOTHING = "There is nothing that you have put right and could be undone."
_BUILT_ON = "Something newer has come to rest on that since, so it cannot be undone any more."


@dataclass(frozen=True, slots=True)
class Ground:
    """Something a line rests on."""

    name: str  # who said it, as it was shown then; empty: a note of hers
    text: str
    at_s: float  # Unix time


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    section: str  # RELATIONSHIP, FEELING, ALIAS or HISTORY
    text: str  # of FEELING: why, most recent last
    at_s: float  # Unix time at which it came up
    until_s: float | None  # since when it does not hold any more
    grounds: tuple[Ground, ...]  # the first of them that the person may hear
    sources: int  # how much it rests on in all; 0: on what they put right themselves


@dataclass(frozen=True, slots=True)
class Regard:
    """How she sees a person, as far as they may hear it."""

    meetings: Meetings
    warmth: float | None  # −1 cold .. 1 warm; None: she has no feelings about them yet
    lines: tuple[Line, ...]  # what holds first; of that the newest


@dataclass(frozen=True, slots=True)
class Known:
    """A person she knows, as somebody else may hear of them."""

    name: str  # as it was shown last
    line: str  # empty: nothing that may be heard
    last_met_s: float | None
    hidden: int  # lines that may not be heard


def regard(memory: Memory, person: str) -> Regard:
    """Raises EntryError when they have not agreed to be remembered."""
    if not memory.may_remember(person):
        raise EntryError(NOT_AGREED)
    known, may = memory.roster.acquaintance(person), heard_by(person)
    feelings = _recent_feelings(known, may)
    lines = tuple(_line(memory, items, may) for items in _parts(known, may))
    return Regard(known.meetings, warmth_of(feelings), lines)


def everybody(memory: Memory, reader: str) -> list[Known]:
    """Whom she knows, as far as ``reader`` may hear it when alone with her; who was met last comes first."""
    found, may = [], heard_by(reader)
    for person in memory.roster.people():
        known = memory.roster.acquaintance(person)
        told = memory.roster.line(person, may)
        name = known.meetings.name
        line = told.text.removeprefix(f"{name or 'Someone'}: ") if told else ""
        hidden = sum(not may(item.scope) for item in _items(known))
        found.append(Known(name, line, known.meetings.last_met_s, hidden))
    return sorted(found, key=lambda one: (-(one.last_met_s or 0.0), one.name.casefold()))


def drop(memory: Memory, person: str, line_id: str, now_s: float) -> None:
    """A line is wrong: it goes; with FEELINGS all that tell how she feels."""
    known, may = memory.roster.acquaintance(person), heard_by(person)
    if line_id == FEELINGS:
        gone = [item.id for item in known.feelings if may(item.scope)]
    else:
        gone = [_item(known, may, line_id).id]
    if not gone:
        raise EntryError(NO_SUCH)
    _apply(memory, person, now_s, drop=gone)


def put_right(memory: Memory, person: str, name: str, line_id: str, text: str, now_s: float) -> None:
    """Their words take the place of a line; ``name``: as they are shown."""
    known, may = memory.roster.acquaintance(person), heard_by(person)
    if line_id == FEELINGS:
        raise EntryError(_NOT_FEELINGS)
    item = _item(known, may, line_id)
    if item.until_s is not None:
        raise EntryError(_NOT_NOW)
    if item.section == RELATIONSHIP:
        set_relationship(memory, person, text, now_s)
        return
    words = _usable(text, LONGEST[item.section])
    if item.section == ALIAS:
        _apply(memory, person, now_s, drop=[item.id], aliases=[_told(person, words)])
    else:  # both are kept with their dates, as whatever has changed
        said = {**_told(person, f"{name} said: {words}"), "salience": item.weight, "supersedes": [item.id]}
        _apply(memory, person, now_s, history=[said])


def set_relationship(memory: Memory, person: str, text: str, now_s: float) -> None:
    """What they are to her, in their words; what they say in passing does not take its place."""
    words = _usable(text, LONGEST[RELATIONSHIP])
    _apply(memory, person, now_s, relationship=_told(person, claimed(words)))


def undo(memory: Memory, person: str) -> None:
    """Take back what they have put right last. Raises EntryError where there is nothing, or it is too late."""
    with memory.allowed([person]) as allowed:
        if not allowed:
            raise EntryError(NOT_AGREED)
        number = next((one.id for one in memory.roster.history(person) if one.own and not one.undone_s), None)
        if number is None:
            raise EntryError(_NOTHING)
        try:
            memory.roster.undo(person, number)
        except EntryError as error:
            raise EntryError(_BUILT_ON) from error


def can_undo(memory: Memory, person: str) -> bool:
    """Whether they have put something right that has not been taken back."""
    return any(one.own and not one.undone_s for one in memory.roster.history(person))


def _apply(memory: Memory, person: str, now_s: float, **changes: object) -> None:
    update = {"person": person, "at_s": now_s, "own": True, **changes}
    with memory.allowed([person]) as allowed:
        if not allowed:
            raise EntryError(NOT_AGREED)
        memory.roster.apply(update)


def _told(person: str, text: str) -> dict[str, object]:
    return {"text": text, "scope": Scope(Origin.DIRECT, "", (person,), (person,))}


def _usable(text: str, longest: int) -> str:
    words = " ".join(text.split())
    if not any(character.isalnum() for character in words):
        raise EntryError(_NO_WORDS)
    if len(words) > longest:
        raise EntryError(f"That is too long for me to keep in mind: at most {longest} characters, please.")
    if is_order(words):
        raise EntryError(_AN_ORDER)
    return words


# What there is, and what it rests on


def _items(known: Acquaintance) -> Iterator[Item]:
    yield from [known.relationship] if known.relationship else []
    yield from (*known.feelings, *known.aliases, *known.history)


def _item(known: Acquaintance, may: Callable[[Scope], bool], line_id: str) -> Item:
    for item in _items(known):
        if item.id == line_id and may(item.scope):
            return item
    raise EntryError(NO_SUCH)


def _recent_feelings(known: Acquaintance, may: Callable[[Scope], bool]) -> list[Item]:
    return [item for item in known.feelings if may(item.scope)][-RECENT_FEELINGS:]


def _parts(known: Acquaintance, may: Callable[[Scope], bool]) -> Iterator[Sequence[Item]]:
    """The items of each line, in the order in which they are shown."""
    if known.relationship is not None and may(known.relationship.scope):
        yield [known.relationship]
    if feelings := _recent_feelings(known, may):
        yield feelings
    for item in (*reversed(known.aliases), *sorted(known.history, key=_newest_that_holds)):
        if may(item.scope):
            yield [item]


def _newest_that_holds(item: Item) -> tuple[bool, float]:
    return item.until_s is not None, -item.at_s


def _line(memory: Memory, items: Sequence[Item], may: Callable[[Scope], bool]) -> Line:
    sources = list(dict.fromkeys(source for item in reversed(items) for source in item.sources))
    grounds = _grounds(memory, sources, may)
    newest = items[-1]
    feeling = newest.section == FEELING
    text = ", ".join(dict.fromkeys(item.text for item in items)) if feeling else newest.text
    line_id = FEELINGS if feeling else newest.id
    return Line(
        line_id,
        newest.section,
        text,
        newest.at_s,
        newest.until_s,
        tuple(grounds)[:MOST_GROUNDS],
        len(sources),
    )


def _grounds(memory: Memory, sources: Sequence[int | str], may: Callable[[Scope], bool]) -> list[Ground]:
    """What of the sources is there and may be heard: what was said, and only without that her notes of it."""
    turns = memory.turns.get(source for source in sources if isinstance(source, int))
    said = [Ground(turn.name, turn.text, turn.at_s) for turn in turns if may(turn.scope)]
    if said:
        return said
    notes = []
    for source in sources:
        if isinstance(source, str):
            try:
                entry = memory.journal.read(source)
            except (EntryError, KeyGone, Unreadable):  # erased since
                continue
            if may(entry.scope):
                notes.append(Ground("", entry.text, entry.at_s))
    return notes
