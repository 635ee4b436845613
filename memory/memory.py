"""All that is kept, put together: what a host opens once, and whoever remembers asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from memory.adopting import adopt
from memory.consent import Consent, Purpose, may_remember
from memory.database import NAME, Database
from memory.forget import Forgetting, Receipt
from memory.journal import Journal
from memory.master import KeyPlace, derive, unlock
from memory.modes import Modes
from memory.ports import Embedder
from memory.posts import Posts
from memory.profile import Profile
from memory.recall import Recall
from memory.rekeying import finish_rekey
from memory.roster import Roster
from memory.stores.embedded import EmbeddedStore
from memory.turns import Turns
from memory.types import Document, Entry, StoredTurn
from memory.vault import Vault

JOURNAL = "journal"  # in DATA_DIR


@dataclass(slots=True)
class Memory:
    """May be used from any thread; everything but ``consent`` and ``modes`` blocks for the disk."""

    database: Database
    vault: Vault
    consent: Consent
    posts: Posts
    modes: Modes
    turns: Turns
    journal: Journal
    recall: Recall
    profile: Profile
    roster: Roster
    forgetting: Forgetting
    lock: threading.RLock = field(
        default_factory=threading.RLock
    )  # held while something is kept, or forgotten

    def close(self) -> None:
        self.database.close()

    def may_remember(self, person: str) -> bool:
        return may_remember(self.consent.decision(person, Purpose.REMEMBERING))

    @contextmanager
    def allowed(self, people: Iterable[str], sources: Iterable[int | str] = ()) -> Iterator[bool]:
        """Whether something about these people may be kept. Nobody is forgotten before this is left.

        ``sources``: what it was made from. Where a turn of them is gone, somebody has been forgotten since, who may
        have agreed anew meanwhile.
        """
        with self.lock:
            turns = {source for source in sources if isinstance(source, int)}
            there = len(self.turns.get(turns)) == len(turns)
            yield there and all(map(self.may_remember, people))

    def keep_entry(self, entry: Entry, *, owners: bool = False) -> Entry | None:
        """Write a new entry, and let it take the place of what it supersedes.

        None where somebody has not agreed, or a turn that it was made from is gone. ``owners``: whoever runs her
        wrote it, about whomever.
        """
        with self.allowed(() if owners else entry.scope.about, entry.sources) as allowed:
            if not allowed:
                return None
            kept = self.journal.add(entry)
            self.recall.add([document_of(kept)])
            self._supersede(kept)
            return kept

    def remove_entry(self, entry_id: str) -> bool:
        """Erase an entry with all its versions; whether there was one."""
        self.recall.remove("entry", [entry_id])
        return self.journal.remove(entry_id)

    def index(self, turns: Iterable[StoredTurn]) -> list[StoredTurn]:
        """Let turns be found, as far as they are still kept; which these are, as they are kept now."""
        with self.lock:  # nobody is forgotten meanwhile
            there = self.turns.get(turn.id for turn in turns)
            agreed = [turn for turn in there if all(map(self.may_remember, turn.scope.about))]
            self.recall.add([document_of_turn(turn) for turn in agreed])
            return agreed

    def catch_up(self) -> None:
        """Take up what was edited by hand, and index what a crash has left out; the rest is there already."""
        for entry in self.journal.take_up():
            self.index_entry(entry)
        known = self.recall.refs("turn")
        last = 0
        while turns := self.turns.after(last):
            self.index([turn for turn in turns if str(turn.id) not in known])
            last = turns[-1].id
        entries = self.journal.entries()
        there = {entry.id for entry in entries}
        indexed = self.recall.refs("entry")
        self.recall.remove("entry", [ref for ref in indexed if ref not in there])
        self.recall.add([document_of(entry) for entry in entries if indexed.get(entry.id) != entry.text])
        for entry in entries:
            self._supersede(entry)

    def index_entry(self, entry: Entry) -> None:
        """Let an entry be found as it is now; whoever runs her may have written it about anybody."""
        with self.lock:
            self.recall.add([document_of(entry)])
            self._supersede(entry)

    def forget_person(self, person: str) -> Receipt:
        """See Forgetting.person."""
        with self.lock:
            return self.forgetting.person(person)

    def _supersede(self, entry: Entry) -> None:
        """What does not hold any more is not recalled any more; it can still be read."""
        if not entry.supersedes:
            return
        self.recall.supersede("entry", entry.supersedes)
        old = [one for one in self.journal.entries() if one.id in entry.supersedes]
        sources = {source for one in old for source in one.sources} - set(entry.sources)
        self.turns.supersede(sources)
        self.recall.supersede("turn", [str(source) for source in sources])


def open_memory(
    folder: Path,
    key: KeyPlace,
    *,
    encrypted: bool = True,
    occupy: bool = True,
    embedder: Embedder | None = None,
) -> Memory:
    """Open what is kept in ``folder``; what was cut short before is finished.

    ``encrypted``: of the journal's files; the rest is in any case. ``occupy``: be the only process that uses it.
    Raises StoreError and VaultError; nothing is overwritten then.
    """
    finish_rekey(folder, key)
    master = unlock(key, folder)
    database = Database(folder / NAME, derive(master, "database"), occupy=occupy)
    try:
        vault = Vault(master, database)
        consent, posts, modes = Consent(database), Posts(database), Modes(database)
        if occupy and adopt(folder, database):
            consent, modes = Consent(database), Modes(database)
        turns, journal = (
            Turns(database, vault),
            Journal(folder / JOURNAL, vault, encrypted=encrypted, notes=occupy),
        )
        store = EmbeddedStore(database)
        memory = Memory(
            database,
            vault,
            consent,
            posts,
            modes,
            turns,
            journal,
            Recall(database, vault, embedder),
            Profile(store, vault),
            Roster(store, vault),
            Forgetting(database, vault, turns, journal),
        )
        for name, forgets in _places(memory):
            memory.forgetting.add_place(name, forgets)
        if occupy:
            memory.forgetting.finish()
            journal.convert()
        return memory
    except BaseException:
        database.close()
        raise


def document_of_turn(turn: StoredTurn) -> Document:
    return Document("turn", str(turn.id), turn.text, turn.at_s, turn.name, turn.session, turn.scope)


def document_of(entry: Entry) -> Document:
    return Document(
        "entry", entry.id, entry.text, entry.at_s, "", entry.id, entry.scope, salience=entry.salience
    )


@dataclass(frozen=True, slots=True)
class _Place:
    remove: Callable[[str], int]

    def remove_person(self, person: str) -> int:
        return self.remove(person)


def _places(memory: Memory) -> list[tuple[str, _Place]]:
    return [
        ("index", _Place(memory.recall.remove_person)),
        ("profile", _Place(memory.profile.remove_person)),
        ("roster", _Place(memory.roster.remove)),
    ]
