"""What is to be stored elsewhere and waits in our own database, as the store does not answer; and where values lie.

Of each field what was written last: what was in between nobody would have seen. It is sealed as the database is.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from memory.database import Database


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits of one person."""

    removed: bool = False  # all that there was before goes
    values: Mapping[str, bytes | None] = field(default_factory=dict)

    @property
    def removes(self) -> bool:
        return self.removed or None in self.values.values()


class Queue:
    """May be used from any thread; what is put in is on the disk when the call returns. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.RLock()
        database.execute(
            "CREATE TABLE IF NOT EXISTS store_queue (id INTEGER PRIMARY KEY, person TEXT, field TEXT, value BLOB, "
            "removed INTEGER, UNIQUE (person, field, removed))"
        )
        rows = database.read("SELECT DISTINCT person FROM store_queue")
        self._people = {str(person) for (person,) in rows}

    @property
    def empty(self) -> bool:
        return not self._people

    def put(self, person: str, values: Mapping[str, bytes | None]) -> None:
        """Behind what waits already."""
        with self._lock:
            with self._database.transaction() as execute:
                for name, value in values.items():
                    execute(
                        "INSERT OR REPLACE INTO store_queue (person, field, value, removed) VALUES (?, ?, ?, 0)",
                        *(person, name, value),
                    )
            self._people.add(person)

    def remove(self, person: str) -> int:
        """All of a person goes, what waits of theirs among it; how much that was."""
        with self._lock:
            with self._database.transaction() as execute:
                count = len(
                    execute("DELETE FROM store_queue WHERE person = ? RETURNING value IS NULL", person)
                )
                execute("INSERT INTO store_queue (person, field, removed) VALUES (?, '', 1)", person)
            self._people.add(person)
            return count

    def of(self, person: str) -> Waiting | None:
        """None: nothing of theirs waits."""
        if person not in self._people:
            return None
        rows = self._database.read("SELECT field, value, removed FROM store_queue WHERE person = ?", person)
        values = {
            str(name): None if value is None else bytes(value) for name, value, gone in rows if not gone
        }
        return Waiting(any(gone for *_, gone in rows), values) if rows else None

    def people(self) -> list[str]:
        """Of whom something waits: first those of whom something goes, then in the order in which it was put in."""
        rows = self._database.read(
            "SELECT person FROM store_queue GROUP BY person ORDER BY max(value IS NULL) DESC, min(id)"
        )
        return [str(person) for (person,) in rows]

    def drop(self, person: str) -> None:
        """It is stored."""
        with self._lock:
            self._database.execute("DELETE FROM store_queue WHERE person = ?", person)
            self._people.discard(person)


class Whereabouts:
    """In which store the values of people lie, and what is still to be done there. Blocks. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.execute(
            "CREATE TABLE IF NOT EXISTS store_state (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID"
        )

    def get(self, name: str) -> str:
        rows = self._database.read("SELECT value FROM store_state WHERE name = ?", name)
        return str(rows[0][0]) if rows else ""

    def set(self, **values: str) -> None:
        """All of these at once."""
        with self._database.transaction() as execute:
            for name, value in values.items():
                execute("INSERT OR REPLACE INTO store_state VALUES (?, ?)", name, value)
