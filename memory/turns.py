"""What was said, word for word: the first thing that is kept, and what all other memories are made from.

A turn is on disk when ``add`` returns. What she said herself is sealed with the keys of everybody whose words it may
repeat, so that it goes with any of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from memory.database import THOSE, Database, Row, listed
from memory.errors import KeyGone, Unreadable
from memory.tombstones import Tombstone
from memory.types import HERS, Origin, Scope, StoredTurn
from memory.vault import Vault

_COLUMNS = "id, at_s, speaker, session, origin, place, heard_by, private, sealed"


class Turns:
    """May be used from any thread; blocks for the disk. Raises StoreError."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        with database.transaction() as execute:
            execute(
                "CREATE TABLE IF NOT EXISTS turns (id INTEGER PRIMARY KEY AUTOINCREMENT, at_s REAL, speaker TEXT, "
                "session TEXT, origin TEXT, place TEXT, heard_by TEXT, private INTEGER, reflected INTEGER, sealed BLOB)"
            )
            execute("DROP INDEX IF EXISTS turns_waiting")  # of an earlier version, over all of them
            execute("CREATE INDEX IF NOT EXISTS turns_not_reflected ON turns (id) WHERE reflected = 0")
            execute(
                "CREATE TABLE IF NOT EXISTS turn_people (person TEXT, turn INTEGER, PRIMARY KEY (person, turn)) "
                "WITHOUT ROWID"
            )
            execute("CREATE INDEX IF NOT EXISTS turn_people_by_turn ON turn_people (turn)")
            places = execute("SELECT DISTINCT place FROM turns WHERE origin = ?", Origin.TEXT.value)
        # Keys of the channels that others can read and from which turns are kept
        self.text_places = {str(row[0]) for row in places}

    def add(self, turn: StoredTurn, may: Callable[[str], bool] = lambda person: True) -> StoredTurn | None:
        """Write a turn down; it comes back as it is kept, with its id (the one given does not count).

        ``may`` is asked once nobody else can write: None comes back if it says no of somebody whose words it holds,
        and of who else was there only those are kept of whom it says yes. Whoever withdraws their consent erases
        after it has been withdrawn, so that nothing slips in between.
        """
        scope = turn.scope
        if not all(map(may, scope.about)):
            return None
        content = json.dumps({"name": turn.name, "text": turn.text, "cut": turn.cut}).encode()
        try:
            sealed = self._vault.seal(content, scope.about, _context(turn.at_s, turn.speaker))
        except KeyGone:  # just now
            return None
        with self._database.transaction() as execute:
            if not all(map(may, scope.about)):
                return None
            scope = replace(scope, heard_by=tuple(filter(may, scope.heard_by)))
            heard_by = json.dumps(scope.heard_by)
            rows = execute(
                "INSERT INTO turns (at_s, speaker, session, origin, place, heard_by, private, reflected, sealed) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) RETURNING id",
                *(turn.at_s, turn.speaker, turn.session, scope.origin.value, scope.place, heard_by),
                *(scope.private, sealed),
            )
            number = int(rows[0][0])
            for person in scope.about:
                execute("INSERT INTO turn_people VALUES (?, ?)", person, number)
        if scope.origin is Origin.TEXT:
            self.text_places.add(scope.place)
        return replace(turn, id=number, scope=scope)

    def get(self, ids: Iterable[int]) -> list[StoredTurn]:
        """Those that are there and can be opened, in the order of their ids."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM turns WHERE id IN {THOSE} ORDER BY id", listed(ids)
        )
        return self._opened(rows)

    def after(self, turn_id: int, most: int = 1000) -> list[StoredTurn]:
        """The next turns after this one, oldest first; 0: from the beginning. Empty: there are no more."""
        while True:
            rows = self._database.read(
                f"SELECT {_COLUMNS} FROM turns WHERE id > ? ORDER BY id LIMIT ?", turn_id, most
            )
            turns = self._opened(rows)
            if turns or not rows:
                return turns
            turn_id = int(rows[-1][0])

    def of_session(self, session: str, after: int = 0) -> list[StoredTurn]:
        """Those that follow the turn with the id ``after``, oldest first."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM turns WHERE session = ? AND id > ? ORDER BY id", session, after
        )
        return self._opened(rows)

    def waiting(self) -> dict[str, list[StoredTurn]]:
        """By session, the turns that nobody has reflected on yet, oldest first."""
        rows = self._database.read(f"SELECT {_COLUMNS} FROM turns WHERE reflected = 0 ORDER BY id")
        sessions: dict[str, list[StoredTurn]] = {}
        for turn in self._opened(rows):
            sessions.setdefault(turn.session, []).append(turn)
        return sessions

    def set_reflected(self, ids: Iterable[int], reflected: bool = True) -> None:
        rows = [(int(reflected), number) for number in ids]
        self._database.write_many("UPDATE turns SET reflected = ? WHERE id = ?", rows)

    def last_id(self) -> int:
        """0 when there is none."""
        return int(self._database.read("SELECT coalesce(max(id), 0) FROM turns")[0][0])

    def people(self) -> set[str]:
        """Ids of all whose words are kept."""
        return {str(row[0]) for row in self._database.read("SELECT DISTINCT person FROM turn_people")}

    def of_person(self, person: str, since_s: float = 0.0) -> list[StoredTurn]:
        """Theirs, and hers that may repeat their words, oldest first; ``since_s``: Unix time."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM turns WHERE id IN (SELECT turn FROM turn_people WHERE person = ?) "
            "AND at_s >= ? ORDER BY id",
            *(person, since_s),
        )
        return self._opened(rows)

    def before(self, at_s: float) -> list[int]:
        """Ids of all that were said before this Unix time."""
        rows = self._database.read("SELECT id FROM turns WHERE at_s < ? ORDER BY id", at_s)
        return [int(row[0]) for row in rows]

    def set_private(self, ids: Iterable[int], private: bool) -> None:
        """Whether they are kept between her and those they are about."""
        rows = [(int(private), number) for number in ids]
        self._database.write_many("UPDATE turns SET private = ? WHERE id = ?", rows)

    def remove(self, ids: Iterable[int]) -> int:
        """Erase turns; how many there were."""
        those = listed(ids)
        with self._database.transaction() as execute:
            removed = execute(f"DELETE FROM turns WHERE id IN {THOSE} RETURNING 1", those)
            execute(f"DELETE FROM turn_people WHERE turn IN {THOSE}", those)
        return len(removed)

    # Forgetting: see forget.Place

    def count_of(self, person: str) -> int:
        """How many there are of a person, hers that may repeat their words among them."""
        return int(self._database.read("SELECT count(*) FROM turn_people WHERE person = ?", person)[0][0])

    def remove_person(self, person: str) -> int:
        """Erase a person's turns, and hers that may repeat their words; how many. Nor did they hear any other."""
        theirs = "SELECT turn FROM turn_people WHERE person = ?"
        with self._database.transaction() as execute:
            removed = execute(f"DELETE FROM turns WHERE id IN ({theirs}) RETURNING 1", person)
            execute(f"DELETE FROM turn_people WHERE turn IN ({theirs})", person)
            execute(
                "UPDATE turns SET heard_by = (SELECT json_group_array(value) FROM json_each(heard_by) "
                "WHERE value <> ?) WHERE instr(heard_by, ?)",
                *(person, json.dumps(person)),
            )
        return len(removed)

    def count_resting(self, gone: Tombstone) -> int:
        """How many of its turns are there, and hold words of its person."""
        return len(self._those_of(gone))

    def remove_resting(self, gone: Tombstone) -> int:
        """Erase them; how many."""
        return self.remove(self._those_of(gone))

    def count(self) -> int:
        """How many there are."""
        return len(self)

    def clear(self) -> int:
        """Erase all of them; how many."""
        with self._database.transaction() as execute:
            execute("DELETE FROM turn_people")
            return len(execute("DELETE FROM turns RETURNING 1"))

    def _those_of(self, gone: Tombstone) -> list[int]:
        rows = self._database.read(
            f"SELECT turn FROM turn_people WHERE person = ? AND turn IN {THOSE}",
            gone.person,
            listed(gone.turns),
        )
        return [int(row[0]) for row in rows]

    def __len__(self) -> int:
        return int(self._database.read("SELECT count(*) FROM turns")[0][0])

    def damaged(self) -> list[int]:
        """Ids of the turns that cannot be opened, though all the keys for it are there."""
        broken = []
        for row in self._database.read(f"SELECT {_COLUMNS} FROM turns"):
            try:
                self._open(row)
            except KeyGone:
                continue
            except Unreadable:
                broken.append(int(row[0]))
        return broken

    def _opened(self, rows: Iterable[Row]) -> list[StoredTurn]:
        turns = []
        for row in rows:
            try:
                turns.append(self._open(row))
            except (KeyGone, Unreadable):  # about to be erased, or told by ``damaged``
                continue
        return turns

    def _open(self, row: Row) -> StoredTurn:
        number, at_s, speaker, session, origin, place, heard_by, private, sealed = row
        content = json.loads(self._vault.open(sealed, _context(at_s, speaker)))
        about = tuple(person for person in self._vault.people_of(sealed) or () if person != HERS)
        scope = Scope(Origin(origin), place, about, tuple(json.loads(heard_by)), bool(private))
        return StoredTurn(
            *(number, at_s, speaker, content["name"], content["text"], session, scope),
            cut=content["cut"],
        )


def _context(at_s: float, speaker: str) -> str:
    return f"turn {at_s!r} {speaker}"
