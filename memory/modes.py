"""Which mode was chosen for a place. Without a choice there is none: whoever asks has a default."""

from __future__ import annotations

from memory.database import Database


class Modes:
    """By the place's key, and read from memory: only ``keep`` blocks, for a disk write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.execute("CREATE TABLE IF NOT EXISTS modes (place TEXT PRIMARY KEY, mode TEXT) WITHOUT ROWID")
        rows = database.execute("SELECT place, mode FROM modes")
        self._modes = {str(place): str(mode) for place, mode in rows}

    def of(self, place: str) -> str | None:
        """None: nobody has chosen one."""
        return self._modes.get(place)

    def keep(self, place: str, mode: str) -> None:
        """It counts at once, also where it cannot be written to disk. Raises StoreError."""
        self._modes[place] = mode
        self._database.execute("INSERT OR REPLACE INTO modes VALUES (?, ?)", place, mode)
