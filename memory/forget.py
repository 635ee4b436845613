"""Forgetting a person: everywhere, in any case, also when it is cut short.

First a tombstone, on disk; then their key is destroyed, so that nothing of theirs can be opened any more; then what is
left is erased, step by step. Each step may be done again, so that what a crash has left is finished at the next start.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from memory.consent import Purpose
from memory.database import Database
from memory.errors import EntryError
from memory.journal import Journal
from memory.turns import Turns
from memory.types import HERS
from memory.vault import Vault

Erase = Callable[[str], int]  # all that holds a person's words, or is about them; how much that was


@dataclass(frozen=True, slots=True)
class Receipt:
    """What went, by the name of the place it was in."""

    person: str
    counts: dict[str, int]


class Forgetting:
    """May be used from any thread; blocks. Raises StoreError."""

    def __init__(
        self, database: Database, vault: Vault, turns: Turns, journal: Journal, places: Mapping[str, Erase]
    ) -> None:
        """``places``: where something of people is kept, by their name on the receipt."""
        self._database = database
        self._vault = vault
        self._turns = turns
        self._journal = journal
        self._places = places
        database.execute(
            "CREATE TABLE IF NOT EXISTS tombstones (id INTEGER PRIMARY KEY, person TEXT, at_s REAL, again TEXT, "
            "finished_s REAL)"
        )

    def person(self, person: str) -> Receipt:
        """Forget somebody. What others said and wrote alone stays, and is thought about anew.

        Raises EntryError when it is nobody: without her own key nothing of hers would open any more.
        """
        if person == HERS:
            raise EntryError("Nobody is named, so nothing was erased: say who is to be forgotten.")
        again = json.dumps(sorted(self._shared_sources(person)))
        rows = self._database.execute(
            "INSERT INTO tombstones (person, at_s, again) VALUES (?, ?, ?) RETURNING id",
            *(person, time.time(), again),
        )
        return self._bury(int(rows[0][0]), person, again)

    def finish(self) -> int:
        """Finish what was cut short, be it before the tombstone was written; how many people that was about."""
        begun = self._database.execute("SELECT id, person, again FROM tombstones WHERE finished_s IS NULL")
        for number, person, again in begun:
            self._bury(int(number), str(person), str(again))
        refused = self._database.execute(
            "SELECT person FROM consent WHERE purpose = ? AND NOT allowed AND NOT EXISTS (SELECT 1 FROM tombstones "
            "WHERE tombstones.person = consent.person AND tombstones.at_s >= coalesce(consent.at_s, 0))",
            Purpose.REMEMBERING.value,
        )
        for (person,) in refused:
            self.person(str(person))
        return len(begun) + len(refused)

    def _bury(self, tombstone: int, person: str, again: str) -> Receipt:
        self._vault.destroy(person)
        counts = {name: erase(person) for name, erase in self._places.items()}
        self._turns.set_reflected(json.loads(again), reflected=False)  # those that are left
        self._database.purge()
        self._database.execute("UPDATE tombstones SET finished_s = ? WHERE id = ?", time.time(), tombstone)
        return Receipt(person, counts)

    def _shared_sources(self, person: str) -> set[int]:
        """Turns that entries about this person and others were made from."""
        entries = [entry for entry in self._journal.entries() if person in entry.scope.about]
        return {source for entry in entries for source in entry.sources if len(entry.scope.about) > 1}
