"""What a person may do with what is kept of them: see it, put it right, pin it, say who may hear it.

What is about several people is nobody's alone: each of them may see it where they may hear it, narrow who hears it, and
have it forgotten; nobody may put words into a note about somebody else. All block for the disk and raise MemoryFault,
whose message is one plain sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime

from memory.commands import heard_by
from memory.entry import new_id
from memory.errors import EntryError
from memory.ledger import Item
from memory.memory import Memory, document_of_turn
from memory.types import HERS, Entry, Origin, Scope, StoredTurn

NOT_YOURS = "There is no such note about you."
NOT_AGREED = "You have not agreed to be remembered, so I keep nothing of you; `/consent` changes that."
_SHARED_BY_OTHERS = (
    "That note is about others as well, so you cannot do that alone; you can have it forgotten."
)


def entries(memory: Memory, person: str, day: date | None = None) -> list[Entry]:
    """Notes about somebody that they may hear and that still hold, newest first; ``day``: of what happened then."""
    may, gone = heard_by(person), memory.journal.superseded()
    found = [
        entry
        for entry in memory.journal.entries()
        if person in entry.scope.about and entry.id not in gone and may(entry.scope)
    ]
    if day is not None:
        found = [entry for entry in found if datetime.fromtimestamp(entry.at_s).date() == day]
    return found[::-1]


def entry(memory: Memory, person: str, entry_id: str) -> Entry:
    """One of them, superseded or not. Raises EntryError where it is not about them, or not for them."""
    try:
        found = memory.journal.read(entry_id)
    except EntryError as error:
        raise EntryError(NOT_YOURS) from error
    if person not in found.scope.about or not heard_by(person)(found.scope):
        raise EntryError(NOT_YOURS)
    return found


def versions(memory: Memory, person: str, entry_id: str) -> list[Entry]:
    """Every version of one of them, oldest first; before these, those of the notes whose place it has taken."""
    found = [entry(memory, person, entry_id)]
    for one in found:  # which grows
        seen = {other.id for other in found}
        for old in dict.fromkeys(one.supersedes):
            with suppress(EntryError):  # erased since, or not for them
                found += [entry(memory, person, old)] if old not in seen else []
    return [version for one in reversed(found) for version in memory.journal.versions(one.id)]


def add(memory: Memory, person: str, name: str, text: str, place: str, now_s: float) -> Entry:
    """A note of one's own, for oneself alone; ``name``: as it is shown."""
    scope = Scope(Origin.DIRECT, place, (person,), (person,))
    why = "They asked her to remember it."
    note = Entry(new_id(now_s), now_s, text, scope, salience=0.8, why=why, partners=(name,))
    kept = memory.keep_entry(note)
    if kept is None:
        raise EntryError(NOT_AGREED)
    return kept


def correct(memory: Memory, person: str, entry_id: str, text: str, now_s: float) -> Entry:
    """Put a note right that is about nobody else: a new one takes its place, and that of what it was made from.

    They have told it to her alone, whoever heard what it was before; ``share`` lets her bring it up.
    """
    before = _alone(memory, person, entry_id)
    if before.id in memory.journal.superseded():
        raise EntryError("Another note has taken the place of that one already: correct the newer one.")
    changed = replace(before, id=new_id(now_s), at_s=now_s, text=text, why="They put it right.", version=1)
    scope = Scope(Origin.DIRECT, before.scope.place, (person,), (person,))
    changed = replace(changed, scope=scope, commitments=(), sources=(), supersedes=(before.id,))
    with memory.lock:
        kept = memory.keep_entry(changed)
        if kept is None:
            raise EntryError(NOT_AGREED)
        if kept.id == before.id:  # it says the same
            return kept
        if before.id not in kept.supersedes:  # another note said the same already
            kept = _write(memory, replace(kept, supersedes=(*kept.supersedes, before.id)))
        _drop_lines(memory, person, before)
    return kept


def restore(memory: Memory, person: str, entry_id: str, version: int) -> Entry:
    """Make an earlier version of it the newest one."""
    _alone(memory, person, entry_id)
    with memory.lock:
        kept = memory.journal.restore(entry_id, version)
        memory.index_entry(kept)
    return kept


def pin(memory: Memory, person: str, entry_id: str, pinned: bool = True) -> Entry:
    """A pinned note does not grow old, and comes up before others."""
    return _write(memory, replace(_alone(memory, person, entry_id), pinned=pinned))


def keep_between_us(memory: Memory, person: str, entry_id: str) -> Entry:
    """Nobody hears it but those who were there when it was said."""
    found = entry(memory, person, entry_id)
    return _rescope(memory, found, replace(found.scope, private=True))


def share(memory: Memory, person: str, entry_id: str) -> Entry:
    """She may bring it up while they are there, whoever else listens."""
    found = _alone(memory, person, entry_id)
    origin = Origin.VOICE if found.scope.origin is Origin.DIRECT else found.scope.origin
    return _rescope(memory, found, replace(found.scope, private=False, origin=origin))


def _rescope(memory: Memory, found: Entry, scope: Scope) -> Entry:
    """What it was made from is told to the same people; what else was made from that, to no more of them."""
    with memory.lock:
        kept = _write(memory, replace(found, scope=scope))
        about = set(scope.about)
        turns = memory.turns.get(found.sources)
        ids = [
            turn.id for turn in (*turns, *_answers_to(memory, turns)) if about.issuperset(turn.scope.about)
        ]
        memory.turns.set_private(ids, scope.private)
        memory.recall.add([document_of_turn(turn) for turn in memory.turns.get(ids)])
        if scope.private:
            _keep_private(memory, kept, ids)
    return kept


def _answers_to(memory: Memory, turns: Sequence[StoredTurn]) -> list[StoredTurn]:
    """What she said after them in the same conversation may repeat them."""
    first: dict[str, int] = {}
    for turn in turns:
        first[turn.session] = min(first.get(turn.session, turn.id), turn.id)
    return [
        turn
        for session, number in first.items()
        for turn in memory.turns.of_session(session)
        if turn.speaker == HERS and turn.id > number
    ]


def _keep_private(memory: Memory, kept: Entry, turns: Sequence[int]) -> None:
    """All that was made from these turns, and from this note."""
    for other in memory.journal.entries():
        if other.id != kept.id and not other.scope.private and not set(turns).isdisjoint(other.sources):
            _write(memory, replace(other, scope=replace(other.scope, private=True)))
    sources = {kept.id, *turns}
    for lines_of in (memory.profile, memory.roster):
        lines_of.keep_private(lambda item: not sources.isdisjoint(item.sources))


def _drop_lines(memory: Memory, person: str, wrong: Entry) -> None:
    """What is known of them, or of her, from a note that was wrong, and from nothing else."""
    sources = {wrong.id, *wrong.sources}

    def rests(item: Item) -> bool:
        return person in item.scope.about and bool(item.sources) and sources.issuperset(item.sources)

    memory.profile.remove_where(rests)
    memory.roster.remove_where(rests)


def _write(memory: Memory, changed: Entry) -> Entry:
    with memory.lock:
        kept = memory.journal.write(changed)
        memory.index_entry(kept)
    return kept


def _alone(memory: Memory, person: str, entry_id: str) -> Entry:
    found = entry(memory, person, entry_id)
    if found.scope.about != (person,):
        raise EntryError(_SHARED_BY_OTHERS)
    return found


def lines(found: Sequence[Entry]) -> list[str]:
    """A line for each, as a person reads it."""
    return [f"{datetime.fromtimestamp(one.at_s):%d %B %Y}: {' '.join(one.text.split())}" for one in found]
