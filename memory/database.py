"""One SQLite file for what must survive a crash. Every change is on disk when its call returns."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

Value = str | int | float | bytes | None
BUSY_S = 10.0  # another process (a second bot, a tool) may hold the file so long

NAME = "kith.sqlite3"  # in DATA_DIR


class Database:
    """May be used from any thread. Raises sqlite3.Error, and OSError when its folder cannot be made."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # what people decided is nobody else's business
        self._lock = threading.Lock()
        # isolation_level=None: each statement is its own transaction
        self._connection = sqlite3.connect(path, BUSY_S, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")  # with WAL: fsync at every commit
        self._connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten

    def execute(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def write_many(self, sql: str, rows: Sequence[tuple[Value, ...]]) -> None:
        """The same statement for every row; all of them or none."""
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                self._connection.executemany(sql, rows)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            self._connection.close()
