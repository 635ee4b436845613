"""What she wanted to keep of people who agreed to be remembered. Erased when they change their mind."""

from __future__ import annotations

import time
from collections.abc import Sequence

from memory.database import Database
from memory.vault import Vault


class Keepsakes:
    """Blocks for a disk write: call it off the event loop."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        database.execute(
            "CREATE TABLE IF NOT EXISTS keepsakes (person TEXT, sealed BLOB, salience REAL, at_s REAL)"
        )

    def keep(self, person_ids: Sequence[str], text: str, salience: float) -> None:
        """Keep ``text`` as being about each of these people; ``salience`` is 0..1."""
        now = time.time()
        sealed = self._vault.seal(text)
        rows = [(person, sealed, salience, now) for person in person_ids]
        self._database.write_many("INSERT INTO keepsakes VALUES (?, ?, ?, ?)", rows)

    def of(self, person_id: str) -> list[str]:
        """Oldest first."""
        rows = self._database.execute(
            "SELECT sealed FROM keepsakes WHERE person = ? ORDER BY at_s", person_id
        )
        return [self._vault.open(sealed) for (sealed,) in rows if isinstance(sealed, bytes)]

    def forget(self, person_id: str) -> int:
        """Erase all that is about a person; how many there were.

        What was about others as well goes for them too: it may hold this person's words.
        """
        shared = "SELECT sealed FROM keepsakes WHERE person = ?"
        rows = self._database.execute(
            f"DELETE FROM keepsakes WHERE sealed IN ({shared}) RETURNING person", person_id
        )
        return sum(person == person_id for (person,) in rows)
