"""What earlier versions kept, in a plain file: taken over once, then erased."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from memory.database import Database
from memory.errors import StoreError

OLD_NAME = "kith.sqlite3"  # in DATA_DIR
_TABLES = {
    "consent": "person, purpose, allowed, at_s, how",
    "posts": "person, channel, post",
    "modes": "place, mode",
}


def adopt(folder: Path, database: Database) -> bool:
    """Take over decisions, posts and modes from before; whether there were any. Raises StoreError.

    What is there already counts: a crash in the middle is done again.
    """
    old = folder / OLD_NAME
    if not old.exists():
        return False
    try:
        with closing(sqlite3.connect(old)) as before:
            there = {row[0] for row in before.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table, columns in _TABLES.items():
                if table not in there:
                    continue
                marks = ", ".join("?" * (columns.count(",") + 1))
                rows = before.execute(f"SELECT {columns} FROM {table}").fetchall()
                database.write_many(f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})", rows)
    except sqlite3.Error as error:
        raise StoreError(
            f"{old}, from an earlier version, cannot be read: move it away, and everybody is asked anew."
        ) from error
    for path in (old, *(old.with_name(OLD_NAME + end) for end in ("-wal", "-shm"))):
        path.unlink(missing_ok=True)
    return True
