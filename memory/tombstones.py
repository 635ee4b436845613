"""What is to be forgotten, written down before anything is erased: in the database, and outside the data folder.

From the database a crash in the middle is finished at the next start. From the file beside the key a backup that is put
back learns what has been forgotten since it was made. Neither holds a word: ids and times, sealed.
"""

from __future__ import annotations

import logging
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from memory.database import Database
from memory.errors import StoreError, Unreadable
from memory.rekeying import OLD
from memory.syncing import sync_folder
from memory.vault import Vault

SUFFIX = ".forgotten"  # behind the name of the key file
EVERYBODY = "*"  # in place of a person
_CONTEXT = "tombstone"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One act of forgetting. All that it says may be done again."""

    uid: str
    at_s: float  # Unix time
    person: str  # whose; EVERYBODY
    whole: bool = True  # all that is kept of them; else just these:
    turns: tuple[int, ...] = ()
    entries: tuple[str, ...] = ()
    again: tuple[int, ...] = ()  # turns that stay, to be thought about anew
    posts: tuple[str, ...] | None = ()  # hers in Discord that go as well; None: all that hold their words
    times: tuple[float, ...] = ()  # when these turns were said (Unix time)
    since_s: float | None = None  # all that was said from then on goes


_FORM = TypeAdapter(Tombstone)
_AGAIN = TypeAdapter(tuple[int, ...])


def beside(key_file: Path) -> Path:
    """Where they lie outside the data folder; of a key that another one has taken the place of, beside that one."""
    return key_file.with_name(re.sub(rf"{re.escape(OLD)}[\d-]+$", "", key_file.name) + SUFFIX)


class Tombstones:
    """From any thread; blocks for a disk write. Raises StoreError."""

    def __init__(self, database: Database, vault: Vault, beside: Path) -> None:
        """``beside``: the file outside the data folder. Several data folders may share it."""
        self._database = database
        self._vault = vault
        self._beside = beside
        with database.transaction() as execute:
            execute(
                "CREATE TABLE IF NOT EXISTS tombstones (id INTEGER PRIMARY KEY, person TEXT, at_s REAL, again TEXT, "
                "finished_s REAL)"
            )
            there = {row[1] for row in execute("PRAGMA table_info(tombstones)")}
            for column, kind in (("uid", "TEXT"), ("whole", "INTEGER DEFAULT 1"), ("content", "TEXT")):
                if column not in there:  # made by an earlier version
                    execute(f"ALTER TABLE tombstones ADD COLUMN {column} {kind}")
            execute("UPDATE tombstones SET uid = 'old-' || id WHERE uid IS NULL")

    def put(self, tombstone: Tombstone) -> None:
        """Durably, in both places. Where the one outside cannot be written, the next start tries again."""
        self._append([tombstone])
        self._insert(tombstone)

    def finish(self, tombstone: Tombstone) -> None:
        """All that it says is done."""
        self._database.execute(
            "UPDATE tombstones SET finished_s = ? WHERE uid = ?", time.time(), tombstone.uid
        )

    def unfinished(self) -> list[Tombstone]:
        """Those that were cut short, and those that a backup does not know; oldest first.

        Each place learns what only the other one knows.
        """
        inside = {one.uid: one for one in self._inside("1")}
        outside = {one.uid: one for one in self._outside()}
        self._append([one for uid, one in inside.items() if uid not in outside])
        for uid, one in outside.items():
            if uid not in inside:
                self._insert(one)
        return self._inside("finished_s IS NULL")

    def all(self) -> list[Tombstone]:
        """Oldest first."""
        return self._inside("1")

    def last_s(self, person: str) -> float | None:
        """When all that was kept of a person was last forgotten (Unix time); None: never."""
        rows = self._database.read(
            "SELECT max(at_s) FROM tombstones WHERE whole AND person IN (?, ?)", person, EVERYBODY
        )
        return None if rows[0][0] is None else float(rows[0][0])

    def _inside(self, where: str) -> list[Tombstone]:
        rows = self._database.read(
            f"SELECT uid, at_s, person, again, content FROM tombstones WHERE {where} ORDER BY at_s, id"
        )
        return [
            _FORM.validate_json(content)
            if content
            else Tombstone(uid, at_s, person, again=_AGAIN.validate_json(again or "[]"))
            for uid, at_s, person, again, content in rows
        ]

    def _insert(self, tombstone: Tombstone) -> None:
        self._database.execute(
            "INSERT INTO tombstones (uid, person, at_s, whole, content) VALUES (?, ?, ?, ?, ?)",
            *(tombstone.uid, tombstone.person, tombstone.at_s, tombstone.whole),
            _FORM.dump_json(tombstone).decode(),
        )

    def _append(self, tombstones: list[Tombstone]) -> None:
        """Nobody's wish waits for this file: what goes now goes, and only a backup may be put back with it."""
        if not tombstones:
            return
        name = self._vault.name
        lines = [
            f"{name} {self._vault.seal_for_ever(_FORM.dump_json(one), _CONTEXT).hex()}" for one in tombstones
        ]
        try:
            self._beside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = not self._beside.exists()
            handle = os.open(self._beside, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(
                    "\n".join(["", *lines, ""])
                )  # a line that was cut short before stays one of its own
                file.flush()
                os.fsync(file.fileno())
            if new:
                sync_folder(self._beside.parent)
        except OSError as error:
            log.error(
                "%s cannot be written (%s): a backup from before would bring back what is forgotten now",
                self._beside,
                error.strerror,
            )

    def _outside(self) -> list[Tombstone]:
        """Those in the file that are about this data folder, or the one that it is a copy of."""
        try:
            lines = self._beside.read_text(errors="replace").splitlines() if self._beside.exists() else []
        except OSError as error:
            raise StoreError(f"{self._beside} cannot be read ({error.strerror}).") from error
        found = []
        for line in lines:
            name, _, sealed = line.partition(" ")
            if name != self._vault.name:
                continue
            try:
                found.append(_FORM.validate_json(self._vault.open_for_ever(bytes.fromhex(sealed), _CONTEXT)))
            except (ValueError, Unreadable):  # cut short by a crash, before anything was erased
                log.warning("a line of %s cannot be read", self._beside.name)
        return found
