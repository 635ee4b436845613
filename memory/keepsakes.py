"""What she wanted to keep of people who agreed to be remembered. Erased when they change their mind."""

from __future__ import annotations

import time
from collections.abc import Sequence

from memory.database import Database


class Keepsakes:
    """Blocks for a disk write: call it off the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.execute(
            "CREATE TABLE IF NOT EXISTS keepsakes (person TEXT, text TEXT, salience REAL, at_s REAL)"
        )

    def keep(self, person_ids: Sequence[str], text: str, salience: float) -> None:
        """Keep ``text`` as being about each of these people; ``salience`` is 0..1."""
        now = time.time()
        rows = [(person, text, salience, now) for person in person_ids]
        self._database.write_many("INSERT INTO keepsakes VALUES (?, ?, ?, ?)", rows)

    def of(self, person_id: str) -> list[str]:
        """Oldest first."""
        rows = self._database.execute("SELECT text FROM keepsakes WHERE person = ? ORDER BY at_s", person_id)
        return [str(text) for (text,) in rows]

    def forget(self, person_id: str) -> int:
        """Erase all that is about a person; how many there were.

        What was about others as well goes for them too: it may hold this person's words.
        """
        shared = "SELECT text, at_s FROM keepsakes WHERE person = ?"
        rows = self._database.execute(
            f"DELETE FROM keepsakes WHERE (text, at_s) IN ({shared}) RETURNING person", person_id
        )
        return sum(person == person_id for (person,) in rows)
