"""All that is kept, put together: what a host opens once, and whoever remembers asks."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from memory.adopting import adopt
from memory.consent import Consent, Purpose, agreed
from memory.database import NAME, Database, occupied
from memory.errors import StoreAway, StoreError
from memory.faces import Faces
from memory.forget import Forgetting, Place, Receipt, Wish
from memory.journal import Journal
from memory.ledger import Item
from memory.master import KeyPlace, derive, unlock
from memory.modes import Modes
from memory.people import People
from memory.ports import Embedder, PersonStore
from memory.posts import Posts
from memory.prints import Vector
from memory.profile import Profile
from memory.recall import Recall
from memory.rekeying import finish_rekey
from memory.roster import Roster
from memory.stores.address import EMBEDDED, parse_address
from memory.stores.choosing import open_store
from memory.stores.redis import RedisStore
from memory.tombstones import Tombstones, beside
from memory.turns import Turns
from memory.types import Document, Entry, StoredTurn
from memory.vault import Vault
from memory.voices import Voices

JOURNAL = "journal"  # in DATA_DIR
AT_ONCE = 1_000  # turns that a start has to index

log = logging.getLogger(__name__)


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
    voices: Voices
    faces: Faces
    people: People
    store: PersonStore  # where profile, roster and prints lie
    forgetting: Forgetting
    opened: ExitStack  # what ``close`` closes
    lock: threading.RLock  # held while something is kept, or forgotten

    _sweeping: threading.Thread | None = None

    def close(self) -> None:
        self.swept()
        self.opened.close()

    def may_remember(self, person: str) -> bool:
        return agreed(self.consent.decision(person, Purpose.REMEMBERING))

    def keep_voice(self, person: str, vector: Vector, encoder: str, name: str = "") -> bool:
        """See Voices.keep. Nobody is forgotten meanwhile."""
        with self.lock:
            return self.voices.keep(person, vector, encoder, time.time(), name)

    def recognised(self, person: str) -> None:
        """See Voices.recognised. Nobody is forgotten meanwhile."""
        with self.lock:
            self.voices.recognised(person, time.time())

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
            self.index_entry(kept)
            return kept

    def remove_entry(self, entry_id: str) -> bool:
        """Erase an entry with all its versions; whether there was one. What it superseded holds again."""
        with self.lock:
            self.recall.remove("entry", [entry_id])
            removed = self.journal.remove(entry_id)
            self._supersede()
            return removed

    def index(self, turns: Iterable[StoredTurn]) -> list[StoredTurn]:
        """Let turns be found, as far as they are still kept; which these are, as they are kept now."""
        with self.lock:  # nobody is forgotten meanwhile
            there = self.turns.get(turn.id for turn in turns)
            kept = [turn for turn in there if all(map(self.may_remember, turn.scope.about))]
            self.recall.add([document_of_turn(turn) for turn in kept])
            return kept

    def catch_up(self) -> None:
        """Take up what was edited by hand, and index what a crash has left out; the rest is there already."""
        self.take_up()
        indexed = self.recall.refs("turn")
        waiting = [number for number in self.turns.ids() if str(number) not in indexed]
        for at in range(0, len(waiting), AT_ONCE):
            self.index(self.turns.get(waiting[at : at + AT_ONCE]))
        with self.lock:
            entries = self.journal.entries()
            there = {entry.id for entry in entries}
            texts = self.recall.texts("entry")
            self.recall.remove("entry", [ref for ref in texts if ref not in there])
            self.recall.add([document_of(entry) for entry in entries if texts.get(entry.id) != entry.text])
            self._supersede()

    def take_up(self) -> list[Entry]:
        """Let what was edited by hand be found as it is now; which entries that are."""
        with self.lock:
            edited = self.journal.take_up()
            if edited:
                self._index_entries(edited)
            return edited

    def index_entry(self, entry: Entry) -> None:
        """Let an entry be found as it is now; whoever runs her may have written it about anybody."""
        with self.lock:
            self._index_entries([entry])

    def forget(self, wish: Wish) -> Receipt:
        """See Forgetting.forget_all. What nobody can open any more is swept away in a thread of its own; a start sweeps, too."""
        return self._forget([wish])[0]

    def forget_linked(self, person: str) -> Receipt:
        """Forget them under every id that is merged with this one (see People.merge); what went in all."""
        with self.lock:
            receipts = self._forget([Wish(one) for one in self.people.linked(person)])
        counts = sum((Counter(one.counts) for one in receipts), Counter[str]())
        return Receipt(person, dict(counts), any(one.waits for one in receipts))

    def _forget(self, wishes: Sequence[Wish]) -> list[Receipt]:
        with self.lock:
            receipts = self.forgetting.forget_all(wishes)
            self._supersede()
            if any(wish.whole for wish in wishes):
                self.swept()
                self._sweeping = threading.Thread(target=self._sweep, name="sweep")
                self._sweeping.start()
            return receipts

    def swept(self) -> None:
        """Wait until that is done."""
        if self._sweeping is not None:
            self._sweeping.join()

    def _sweep(self) -> None:
        try:
            self.recall.sweep()
            self.database.purge()
        except StoreError as error:  # the next start does it
            log.warning("not swept: %s", type(error).__name__)

    def expire(self, before_s: float) -> dict[str, int]:
        """Erase what was said and noted before this Unix time, but for what is pinned and what that rests on, and whom
        she has not met since; how much, by the place it was in. Cut short, it is done again the next time.
        """
        with self.lock:
            entries = self.journal.entries()
            pinned = [entry for entry in entries if entry.pinned]
            kept = {source for entry in pinned for source in (entry.id, *entry.sources)}

            def is_old(item: Item) -> bool:
                return item.at_s < before_s and kept.isdisjoint(item.sources)

            turns = [turn for turn in self.turns.before(before_s) if turn not in kept]
            old = [entry.id for entry in entries if entry.at_s < before_s and not entry.pinned]
            self.recall.remove("turn", map(str, turns))
            self.recall.remove("entry", old)
            counts = {
                "turns": self.turns.remove(turns),
                "journal": self.journal.remove_all(old),
                "profile": self.profile.remove_where(is_old),
                "roster": self.roster.remove_where(is_old) + self.roster.remove_unmet(before_s),
                "voices": self.voices.expire(time.time()),
                "faces": self.faces.expire(time.time()),
                "encounters": self.people.expire(before_s),
            }
            if any(counts.values()):
                _purge(self.database, self.store)
                self._supersede()
            return {name: count for name, count in counts.items() if count}

    def forget_again(self, known: set[str]) -> list[str]:
        """See Forgetting.again."""
        with self.lock:
            return self.forgetting.again(known)

    def _index_entries(self, entries: Iterable[Entry]) -> None:
        self.recall.add([document_of(entry) for entry in entries])
        self._supersede()

    def _supersede(self) -> None:
        """What an entry has taken the place of is not recalled while that entry is there; it can still be read.

        Nor are the turns that it was made from, but for those that the newer entry rests on as well.
        """
        entries = {entry.id: entry for entry in self.journal.entries(look=False)}
        gone: set[tuple[str, str]] = set()
        for entry in entries.values():
            for old in entry.supersedes:
                gone.add(("entry", old))
                if old in entries:
                    sources = set(entries[old].sources) - set(entry.sources)
                    gone |= {("turn", str(source)) for source in sources}
        self.recall.supersede(gone)


def open_memory(
    folder: Path,
    key: KeyPlace,
    *,
    encrypted: bool = True,
    occupy: bool = True,
    embedder: Embedder | None = None,
    store: str = EMBEDDED,
) -> Memory:
    """Open what is kept in ``folder``; what was cut short before is finished.

    ``encrypted``: of the journal's files; the rest is in any case. ``occupy``: be the only process that uses it.
    ``store``: where what is known of people lies, as STORE says. Raises StoreError, VaultError and Unreadable; nothing is overwritten then.
    """
    with ExitStack() as opened:
        if occupy:  # before anything: another process may be making the key just now
            opened.callback(occupied(folder).release)
        finish_rekey(folder, key, alone=occupy)
        master = unlock(key, folder)
        database = opened.enter_context(closing(Database(folder / NAME, derive(master, "database"))))
        vault = Vault(master, database)
        consent, posts, modes = Consent(database), Posts(database), Modes(database)
        if occupy and adopt(folder, database):
            consent, modes = Consent(database), Modes(database)
        turns = Turns(database, vault)
        journal = Journal(folder / JOURNAL, vault, encrypted=encrypted, notes=occupy)
        recall = Recall(database, vault, embedder)
        kept = open_store(parse_address(store), database, vault, alone=occupy)
        far = kept if isinstance(kept, RedisStore) else None
        if far is not None:
            opened.callback(far.close)
        profile, roster, lock = Profile(kept, vault), Roster(kept, vault), threading.RLock()
        voices, faces = _prints(kept, vault, consent, partial(_purge, database, kept))
        may_remember, read_anew = _allowing(consent, Purpose.REMEMBERING), None if occupy else consent.load
        people = People(kept, vault, faces, roster, journal, may_remember, lock, read_anew)
        opened.callback(people.close)
        stored: dict[str, Place] = {
            "profile": profile,
            "roster": roster,
            "voices": voices,
            "faces": faces,
            "encounters": people,
        }
        places: dict[str, Place] = {"turns": turns, "journal": journal, "index": recall, **stored}
        tombstones = Tombstones(database, vault, beside(key.file))
        forgetting = Forgetting(database, vault, tombstones, turns, journal, posts, places, far, stored)
        parts = (database, vault, consent, posts, modes, turns, journal, recall, profile, roster)
        memory = Memory(*parts, voices, faces, people, kept, forgetting, ExitStack(), lock)
        if occupy:
            if far is not None:
                far.open(memory.forget_again)
            if forgetting.finish():
                consent.load()
            recall.sweep()
            journal.convert()
            try:
                voices.expire(time.time())
                faces.expire(time.time())
            except StoreAway as error:
                log.warning("prints are gone through at the next start: %s", error)
        memory.opened = opened.pop_all()
        return memory


def _allowing(consent: Consent, purpose: Purpose) -> Callable[[str], bool]:
    return lambda person: agreed(consent.decision(person, purpose))


def _purge(database: Database, store: PersonStore) -> None:
    """Nothing of what was erased is left in a log, or in the files of a store elsewhere."""
    database.purge()
    if isinstance(store, RedisStore):
        try:
            store.purge()
        except StoreError as error:  # it is done when it can be
            log.warning("something that was erased has to wait: %s", error)


def _prints(
    store: PersonStore, vault: Vault, consent: Consent, purge: Callable[[], None]
) -> tuple[Voices, Faces]:
    """Each is there while its person allows it, asked at each use; a no erases it, and ``purge`` what was erased."""

    def erase(of: Voices | Faces, person: str) -> None:
        try:
            if of.remove_person(person):
                purge()
        except StoreAway as error:  # it waits, and goes before anything else
            log.warning("a print has to wait: %s", error)

    voices = Voices(store, vault, _allowing(consent, Purpose.VOICE))
    consent.erase_with(Purpose.VOICE, partial(erase, voices))
    faces = Faces(store, vault, _allowing(consent, Purpose.FACE))
    consent.erase_with(Purpose.FACE, partial(erase, faces))
    return voices, faces


def document_of_turn(turn: StoredTurn) -> Document:
    return Document("turn", str(turn.id), turn.text, turn.at_s, turn.name, turn.session, turn.scope)


def document_of(entry: Entry) -> Document:
    salience = 1.0 if entry.pinned else entry.salience
    return Document("entry", entry.id, entry.text, entry.at_s, "", entry.id, entry.scope, salience)
