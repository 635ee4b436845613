"""Forgetting a person: everywhere, in any case, also when it is cut short.

First a tombstone, on disk; then their key is destroyed, so that nothing of theirs can be opened any more; then what is
left is erased, step by step. Each step may be done again, so that what a crash has left is finished at the next start.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Protocol

from memory.database import Database
from memory.journal import Journal
from memory.turns import Turns
from memory.vault import Vault


class Forgets(Protocol):
    """A place where something of people is kept."""

    def remove_person(self, person: str) -> int:
        """Erase all that holds a person's words, or is about them; how much that was."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What went, by the name of the place it was in."""

    person: str
    counts: dict[str, int]


class Forgetting:
    """May be used from any thread; blocks. Raises StoreError."""

    def __init__(self, database: Database, vault: Vault, turns: Turns, journal: Journal) -> None:
        self._database = database
        self._vault = vault
        self._turns = turns
        self._journal = journal
        self._places: dict[str, Forgets] = {}
        database.execute(
            "CREATE TABLE IF NOT EXISTS tombstones (id INTEGER PRIMARY KEY, person TEXT, at_s REAL, again TEXT, "
            "finished_s REAL)"
        )

    def add_place(self, name: str, place: Forgets) -> None:
        """``place`` is gone through as well; ``name`` as it stands on the receipt."""
        self._places[name] = place

    def person(self, person: str) -> Receipt:
        """Forget somebody. What others said and wrote alone stays, and is thought about anew."""
        again = json.dumps(sorted(self._shared_sources(person)))
        rows = self._database.execute(
            "INSERT INTO tombstones (person, at_s, again) VALUES (?, ?, ?) RETURNING id",
            *(person, time.time(), again),
        )
        return self._bury(int(rows[0][0]), person, again)

    def finish(self) -> int:
        """Finish what was cut short; how many people that was about."""
        rows = self._database.execute("SELECT id, person, again FROM tombstones WHERE finished_s IS NULL")
        for number, person, again in rows:
            self._bury(int(number), str(person), str(again))
        return len(rows)

    def _bury(self, tombstone: int, person: str, again: str) -> Receipt:
        self._vault.destroy(person)
        counts = self._erase(person)
        self._turns.set_reflected(json.loads(again), reflected=False)  # those that are left
        self._database.purge()
        self._database.execute("UPDATE tombstones SET finished_s = ? WHERE id = ?", time.time(), tombstone)
        return Receipt(person, counts)

    def _erase(self, person: str) -> dict[str, int]:
        counts = {"turns": len(self._turns.remove_person(person))}
        counts["journal"] = self._journal.remove_person(person)
        for name, place in self._places.items():
            counts[name] = place.remove_person(person)
        return counts

    def _shared_sources(self, person: str) -> set[int]:
        """Turns that entries about this person and others were made from."""
        entries = [entry for entry in self._journal.entries() if person in entry.scope.about]
        return {source for entry in entries for source in entry.sources if len(entry.scope.about) > 1}
