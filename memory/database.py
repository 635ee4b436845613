"""One encrypted SQLite file (SQLCipher) for what must survive a crash.

Every change is on disk when its call returns. Two connections: whoever searches does not make a turn wait that is
being written down.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlite
from filelock import FileLock, Timeout

from memory.errors import StoreError

Value = str | int | float | bytes | None
Row = tuple[Any, ...]  # as wide as the statement asks for
Execute = Callable[..., list[Row]]

THOSE = "(SELECT value FROM json_each(?))"  # stands for as many values as ``listed`` is given
BUSY_S = 10.0  # another connection may hold the file so long
CHECKPOINT_PAGES = 1000  # in the log beside the file, which then go into it; SQLite's default
STATEMENTS = 1024  # that need not be worked out again: there are some for each person
NAME = "memory.sqlite3"  # in DATA_DIR
CACHE_KIB = 131_072  # of whoever writes: else pages are sealed again and again while much is erased
LOCK = "in-use.lock"  # beside it: held by the one process that writes


class Database:
    """May be used from any thread. Raises StoreError."""

    def __init__(self, path: Path, key: bytes) -> None:
        """``key``: 32 bytes."""
        self.path = path
        self._writing, self._reading = threading.RLock(), threading.Lock()
        self._hasting = threading.Lock()  # taken before the others
        with _plainly(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)  # what people decided is nobody else's business
            self._open(key)

    def execute(self, sql: str, *values: Value) -> list[Row]:
        with self._writing, _plainly(self.path):
            return self._writer.execute(sql, values).fetchall()  # type: ignore[no-any-return]

    def read(self, sql: str, *values: Value) -> list[Row]:
        """Like ``execute``, for what changes nothing; nobody who writes waits for it."""
        with self._reading, _plainly(self.path):
            return self._reader.execute(sql, values).fetchall()  # type: ignore[no-any-return]

    @contextmanager
    def reading(self) -> Generator[Execute, None, None]:
        """All that is read with what this gives is as of one moment, tables that are dropped meanwhile among it. Quicker,
        too, where it is much.
        """
        with self._reading, _plainly(self.path):
            self._reader.execute("BEGIN")
            try:
                yield lambda sql, *values: self._reader.execute(sql, values).fetchall()
            finally:
                self._reader.execute("COMMIT")

    def write_many(self, sql: str, rows: Sequence[tuple[Value, ...]]) -> None:
        """The same statement for every row; all of them or none."""
        with self.transaction() as execute:
            for row in rows:
                execute(sql, *row)

    @contextmanager
    def transaction(self, *, lasting: bool = True) -> Generator[Execute, None, None]:
        """All that is executed with what this gives, or nothing.

        ``lasting`` False: a power cut may take it back until the next one that lasts, or ``purge``, which has to follow:
        until then the log beside the file grows. For what is then done again: it does not wait for the disk. Of several
        such only one at a time is in others' way.
        """
        with (
            nullcontext() if lasting else self._hasting,
            self._writing,
            _plainly(self.path),
            nullcontext() if lasting else self._hasty(),
        ):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield lambda sql, *values: self._writer.execute(sql, values).fetchall()
            except BaseException:
                if self._writer.in_transaction:  # a full disk has ended it already
                    self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    @contextmanager
    def _hasty(self) -> Iterator[None]:
        self._writer.execute("PRAGMA synchronous = NORMAL")
        self._writer.execute("PRAGMA wal_autocheckpoint = 0")  # which waits for the disk as well
        try:
            yield
        finally:
            self._writer.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else writes meanwhile. Not inside a transaction, which may yet be taken back."""
        with self._writing:
            if self._writer.in_transaction:
                raise RuntimeError("this has to be done before the transaction")
            yield

    def purge(self) -> None:
        """Leave nothing of what was deleted in the log beside the file. Raises StoreError where another process
        reads so long that it cannot be emptied.
        """
        with self._writing, self._reading, _plainly(self.path):  # nobody reads: else the log is kept for them
            rows = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._writer.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        if rows[0][0]:
            raise StoreError(_sentence("busy", self.path))

    def check(self) -> list[str]:
        """What is damaged, in SQLite's words; empty when all is well. Reads the whole file."""
        with (
            self._writing,
            _plainly(self.path),
        ):  # whoever only reads may not know yet how the index of words looks now
            if broken := [str(row[0]) for row in self._writer.execute("PRAGMA cipher_integrity_check")]:
                return broken
            found = [str(row[0]) for row in self._writer.execute("PRAGMA integrity_check")]
        return [line for line in found if line != "ok"]

    def rekey(self, key: bytes) -> None:
        """Encrypt the whole file with another key; all of it or nothing."""
        with self._writing, self._reading, _plainly(self.path):
            self._reader.close()
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._writer.execute("PRAGMA journal_mode = DELETE")
            self._writer.execute(f"PRAGMA rekey = \"x'{key.hex()}'\"")
            self._writer.close()
            self._open(key)

    def _open(self, key: bytes) -> None:
        self._writer, self._reader = _connect(self.path, key), _connect(self.path, key)
        self._writer.execute(f"PRAGMA cache_size = -{CACHE_KIB}")

    def close(self) -> None:
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()


def listed(values: Iterable[int | str]) -> str:
    """Any number of values as one, for THOSE: much quicker than a statement for each."""
    return json.dumps(list(values))


def occupied(folder: Path) -> FileLock:
    """Be the only process that writes in ``folder``, until this is released; from any thread.

    Raises StoreError when another one is.
    """
    lock = FileLock(folder / LOCK, thread_local=False)
    with _plainly(folder / NAME):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise StoreError(
                f"Another Kith is using {folder}: stop it first, or set another DATA_DIR."
            ) from error
    return lock


def _connect(path: Path, key: bytes) -> Any:
    # isolation_level=None: each statement is its own transaction
    connection = sqlite.connect(
        path, BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS
    )
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")  # what goes wrong is raised
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master")  # fails unless the key is right
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # with WAL: fsync at every commit
        connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
        connection.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    """What SQLite and the system complain about, as one sentence."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"DATA_DIR cannot be written: {path.parent} ({error.strerror}).") from error
    except sqlite.Error as error:
        raise StoreError(_sentence(str(error), path)) from error


def _sentence(complaint: str, path: Path) -> str:
    if "full" in complaint:
        return f"The disk with {path.parent} is full, so nothing new can be kept; make room."
    if "malformed" in complaint or "not a database" in complaint or "hmac" in complaint:
        return f"{path} is damaged; put a backup back, or move the file away to begin anew."
    if "locked" in complaint or "busy" in complaint:
        return f"{path} is in use by something else; try again in a moment."
    return f"What is kept in {path} cannot be used just now."
