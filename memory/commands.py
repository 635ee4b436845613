"""What can be done with what is kept, one small function each: for ``python -m memory``, and for slash commands.

All block for the disk and raise MemoryFault, whose message is one plain sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from memory.audience import Listeners, may_hear
from memory.entry import from_markdown, is_id, new_id, same, to_markdown
from memory.errors import EntryError
from memory.master import KeyPlace, source_of
from memory.memory import Memory
from memory.rekeying import rekey
from memory.types import Entry, Hit, Origin, Scope

MOST_WAITING = 200  # texts whose meaning is worked out before a search: about three seconds
SHORTEST_ID = 4  # characters of an id that may stand for all of it


@dataclass(frozen=True, slots=True)
class Checked:
    """What ``verify`` found."""

    entries: int
    versions: int
    turns: int
    problems: tuple[str, ...]  # one sentence each


@dataclass(frozen=True, slots=True)
class Stats:
    entries: int
    superseded: int
    versions: int
    commitments: int  # open ones
    turns: int
    people: int  # whose words are kept
    oldest_s: float | None  # Unix time of the first entry
    newest_s: float | None
    journal_bytes: int
    database_bytes: int
    encrypted: bool  # the journal's files; all else is in any case
    damaged: int


def entries(memory: Memory, about: str = "") -> list[Entry]:
    """The journal, oldest first; ``about``: of one person alone."""
    index_edits(memory)
    return [entry for entry in memory.journal.entries() if not about or about in entry.scope.about]


def find_id(memory: Memory, start: str) -> str:
    """The id that ``start`` is the beginning of. Raises EntryError when none is, or several are."""
    if is_id(start):
        return start
    ids = [entry.id for entry in memory.journal.entries() if entry.id.startswith(start)]
    if len(start) < SHORTEST_ID or not ids:
        raise EntryError("There is no such entry: `list` shows their ids.")
    if len(ids) > 1:
        raise EntryError(f"{len(ids)} entries begin with that: give more of the id.")
    return ids[0]


def show(memory: Memory, start: str) -> Entry:
    return memory.journal.read(find_id(memory, start))


def search(memory: Memory, query: str, person: str, now_s: float, most: int) -> Sequence[Hit]:
    """What she would recall for a person who is alone with her, best first."""
    index_edits(memory)
    memory.recall.embed_waiting(MOST_WAITING)
    return memory.recall.find(query, heard_by(person), now_s, most)


def heard_by(person: str) -> Callable[[Scope], bool]:
    """Whether somebody may hear a memory, when nobody else is there."""
    listeners = Listeners(frozenset({person}), place="")
    return lambda scope: may_hear(scope, listeners)


def scope_of(about: str, everybody: bool) -> Scope:
    """Of what the owner writes down by hand: ``about`` a person, who alone hears it, or meant for everybody.

    Raises EntryError when it is neither.
    """
    people = (about,) if about else ()
    if everybody:
        return Scope(Origin.OPEN, "", people, people)
    if not about:
        raise EntryError("Say who may hear it: --about PERSON (they alone), or --open (everybody).")
    return Scope(Origin.DIRECT, "", people, people)


def add(memory: Memory, text: str, scope: Scope, now_s: float) -> Entry:
    """A new entry; one that says the same already comes back in its place."""
    entry = Entry(new_id(now_s), now_s, text, scope, salience=0.7, why="written down by hand")
    kept = memory.keep_entry(entry, owners=True)
    if kept is None:
        raise EntryError("This may not be kept: somebody it is about has not agreed to be remembered.")
    return kept


def take_back(memory: Memory, entry_id: str, edited: str) -> Entry | None:
    """What an editor made of an entry, as its next version; None when it says the same.

    Raises EntryError when it cannot be understood. What was changed meanwhile stays among the versions.
    """
    before = memory.journal.read(entry_id)
    entry = from_markdown(edited, before)
    if same(entry, before):
        return None
    kept = memory.journal.write(entry)
    memory.index_entry(kept)
    return kept


def markdown(memory: Memory, entry_id: str) -> str:
    """An entry for an editor."""
    return to_markdown(memory.journal.read(entry_id))


def restore(memory: Memory, start: str, version: int) -> Entry:
    kept = memory.journal.restore(find_id(memory, start), version)
    memory.index_entry(kept)
    return kept


def remove(memory: Memory, start: str) -> str:
    """Erase an entry with all its versions; its id."""
    entry_id = find_id(memory, start)
    if not memory.remove_entry(entry_id):
        raise EntryError("There is no such entry: `list` shows their ids.")
    return entry_id


def history(memory: Memory, start: str) -> list[Entry]:
    """All versions of an entry that can be opened, oldest first. Raises EntryError when there is none."""
    versions = memory.journal.versions(find_id(memory, start))
    if not versions:
        raise EntryError("There is no such entry: `list` shows their ids.")
    return versions


def verify(memory: Memory) -> Checked:
    """Open everything."""
    problems = [f"The database is damaged: {line}" for line in memory.database.check()]
    problems += memory.journal.check()
    broken = memory.turns.damaged()
    if broken:
        problems.append(f"{len(broken)} turns cannot be opened: {_first(broken)}.")
    return Checked(len(memory.journal.entries()), _versions(memory), len(memory.turns), tuple(problems))


def stats(memory: Memory) -> Stats:
    found = memory.journal.entries()
    gone = memory.journal.superseded()
    return Stats(
        entries=len(found),
        superseded=sum(entry.id in gone for entry in found),
        versions=_versions(memory),
        commitments=sum(not one.done for entry in found if entry.id not in gone for one in entry.commitments),
        turns=len(memory.turns),
        people=len(memory.turns.people() | {person for entry in found for person in entry.scope.about}),
        oldest_s=found[0].at_s if found else None,
        newest_s=found[-1].at_s if found else None,
        journal_bytes=_bytes_in(memory.journal.folder),
        database_bytes=memory.database.path.stat().st_size,
        encrypted=memory.journal.encrypted,
        damaged=len(memory.journal.damaged()),
    )


def needs_passphrase(place: KeyPlace) -> bool:
    """Whether a new master key is made of a passphrase."""
    return source_of(place) == "passphrase"


def new_key(memory: Memory, place: KeyPlace, passphrase: str = "") -> None:
    """See ``rekey``."""
    rekey(memory.database.path.parent, place, memory.database, memory.vault, passphrase)


def index_edits(memory: Memory) -> list[Entry]:
    """Let what was edited by hand be found as it is now; which entries that are."""
    taken = memory.journal.take_up()
    for entry in taken:
        memory.index_entry(entry)
    return taken


def _versions(memory: Memory) -> int:
    return sum(len(memory.journal.versions(entry.id)) for entry in memory.journal.entries())


def _first(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids[:10])) + (" …" if len(ids) > 10 else "")


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
