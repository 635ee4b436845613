"""What can be done with what is kept, one small function each: for ``python -m memory``, and for slash commands.

All block for the disk and raise MemoryFault, whose message is one plain sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from memory.audience import Listeners, allowed
from memory.entry import from_markdown, is_id, new_id, refused, same, to_markdown
from memory.errors import EntryError, KeyGone
from memory.journal_files import VERSIONS
from memory.master import KeyPlace, source_of
from memory.memory import Memory
from memory.rekeying import rekey
from memory.types import Entry, Hit, Origin, Scope

MOST_WAITING = 200  # texts whose meaning is worked out before a search: about three seconds
SHORTEST_ID = 4  # characters of an id that may stand for all of it
_NO_SUCH = "There is no such entry: `list` shows their ids."


@dataclass(frozen=True, slots=True)
class Checked:
    """What ``verify`` found."""

    entries: int = 0
    versions: int = 0
    turns: int = 0
    people: int = 0  # of whom she knows something
    problems: tuple[str, ...] = ()  # one sentence each


@dataclass(frozen=True, slots=True)
class Stats:
    entries: int = 0
    superseded: int = 0
    versions: int = 0
    commitments: int = 0  # open ones
    turns: int = 0
    people: int = 0  # whose words are kept
    oldest_s: float | None = None  # Unix time of the first entry
    newest_s: float | None = None
    journal_bytes: int = 0
    database_bytes: int = 0
    encrypted: bool = True  # the journal's files; all else is in any case
    damaged: int = 0


def entries(memory: Memory, about: str | None = None) -> list[Entry]:
    """The journal, oldest first; ``about``: of one person alone."""
    memory.take_up()
    return [entry for entry in memory.journal.entries() if about is None or about in entry.scope.about]


def find_id(memory: Memory, start: str) -> str:
    """The id that ``start`` is the beginning of. Raises EntryError when none is, or several are."""
    if is_id(start):
        return start
    if len(start) < SHORTEST_ID:
        raise EntryError(f"Give at least {SHORTEST_ID} characters of the id, which `list` shows.")
    ids = [entry.id for entry in memory.journal.entries() if entry.id.startswith(start)]
    if not ids:
        raise EntryError(_NO_SUCH)
    if len(ids) > 1:
        raise EntryError(f"{len(ids)} entries begin with that: give more of the id.")
    return ids[0]


def show(memory: Memory, start: str) -> Entry:
    return memory.journal.read(find_id(memory, start))


def search(memory: Memory, query: str, person: str, now_s: float, most: int) -> Sequence[Hit]:
    """What she would recall for a person who is alone with her, best first."""
    memory.take_up()
    memory.recall.embed_waiting(MOST_WAITING)
    return memory.recall.find(query, heard_by(person), now_s, most)


def heard_by(person: str) -> Callable[[Scope], bool]:
    """Whether somebody may hear a memory, when nobody else is there."""
    return allowed(Listeners(frozenset({person}), place=""))


def scope_of(about: str | None, everybody: bool) -> Scope:
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
    return keep(memory, Entry(new_id(now_s), now_s, text, scope, salience=0.7, why="written down by hand"))


def keep(memory: Memory, entry: Entry) -> Entry:
    """What the owner wrote down or brought in, about whomever; see ``add``."""
    kept = memory.keep_entry(entry, owners=True)
    assert kept is not None  # it rests on no turn that could be gone
    return kept


def take_back(memory: Memory, entry_id: str, edited: str) -> Entry | None:
    """What an editor made of an entry, as its next version; None when it says the same.

    Raises EntryError when it cannot be understood or changes what has to stay, KeyGone when somebody it is about has
    been forgotten meanwhile. What was changed meanwhile stays among the versions.
    """
    try:
        before = memory.journal.read(entry_id)
    except EntryError as error:
        raise KeyGone(
            "The entry has been erased meanwhile, so what was written of it has been, too."
        ) from error
    entry = from_markdown(edited, before)
    if stay := refused(edited, before):
        raise EntryError(
            f"{', '.join(stay)} cannot be changed: where an entry comes from and who may hear it stay as they are. "
            f"Put it back, or write a new entry with `add`."
        )
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
        raise EntryError(_NO_SUCH)
    return entry_id


def history(memory: Memory, start: str) -> list[Entry]:
    """All versions of an entry that can be opened, oldest first. Raises EntryError when there is none."""
    versions = memory.journal.versions(find_id(memory, start))
    if not versions:
        raise EntryError(_NO_SUCH)
    return versions


def verify(memory: Memory) -> Checked:
    """Open everything."""
    problems = [f"The database is damaged: {line}" for line in memory.database.check()]
    problems += memory.journal.check()
    broken = memory.turns.damaged()
    if broken:
        problems.append(f"{len(broken)} turns cannot be opened: {_first(broken)}.")
    people = memory.roster.people()
    broken_people = [f"What is known of {person}" for person in people if memory.roster.damaged(person)]
    hers = ["Her profile"] if memory.profile.damaged else []
    problems += [f"{what} is damaged and cannot be opened." for what in (*broken_people, *hers)]
    if count := memory.people.damaged():
        problems.append(f"{count} pieces of encounters are damaged and cannot be opened.")
    if count := memory.recall.damaged():
        problems.append(f"{count} pieces of the index are damaged; they are made anew at the next start.")
    counted = len(memory.journal.entries()), _versions(memory), len(memory.turns), len(people)
    return Checked(*counted, tuple(problems))


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


def _versions(memory: Memory) -> int:
    """Told by the names of their files."""
    files = (memory.journal.folder / VERSIONS).glob("*/*.md*")
    return len({tuple(path.name.split(".")[:2]) for path in files})


def _first(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids[:10])) + (" …" if len(ids) > 10 else "")


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
