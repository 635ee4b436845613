"""What was said, word for word: the first thing that is kept, and what all other memories are made from.

A turn is on disk when ``add`` returns. What she said herself is sealed with the keys of everybody whose words it may
repeat, so that it goes with any of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from memory.database import THOSE, Database, Execute, Row, listed
from memory.errors import KeyGone, Unreadable
from memory.scopes import Scopes, scope_of
from memory.steps import erase
from memory.tombstones import Tombstone
from memory.types import Origin, Scope, StoredTurn
from memory.vault import Vault

_COLUMNS = "turns.id, at_s, speaker, session, turn_scopes.scope, sealed, message"
_WITH_SCOPES = "turns JOIN turn_scopes ON turn_scopes.id = turns.scope"
_SCOPES = Scopes("turn_scopes", "turns")


class Turns:
    """May be used from any thread; blocks for the disk. Raises StoreError."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        with database.transaction() as execute:
            _SCOPES.make(execute)
            execute(
                "CREATE TABLE IF NOT EXISTS turns (id INTEGER PRIMARY KEY AUTOINCREMENT, at_s REAL, speaker TEXT, "
                "session TEXT, scope INTEGER, reflected INTEGER, sealed BLOB, message TEXT)"
            )
            columns = {row[1] for row in execute("PRAGMA table_info(turns)")}
            if "message" not in columns:  # made by an earlier version
                execute("ALTER TABLE turns ADD COLUMN message TEXT")
            if old := "origin" in columns:  # likewise
                number_scopes(execute)
            execute("CREATE INDEX IF NOT EXISTS turns_of_scope ON turns (scope)")
            execute("CREATE INDEX IF NOT EXISTS turns_not_reflected ON turns (id) WHERE reflected = 0")
            execute("CREATE INDEX IF NOT EXISTS turns_of_message ON turns (message) WHERE message NOTNULL")
            scopes = _SCOPES.every(execute).values()
        if old:
            database.execute("VACUUM")
        # Keys of the channels that others can read and from which turns are kept
        self.text_places = {scope.place for scope in scopes if scope.origin is Origin.TEXT}

    def add(self, turn: StoredTurn, may: Callable[[str], bool] = lambda person: True) -> StoredTurn | None:
        """Write a turn down; it comes back as it is kept, with its id (the one given does not count).

        ``may`` is asked once nobody else can write: None comes back if it says no of somebody whose words it holds,
        and of who else was there only those are kept of whom it says yes. Whoever withdraws their consent erases
        after it has been withdrawn, so that nothing slips in between.
        """
        text = turn.text.encode("utf-8", "replace").decode()  # half a character has no bytes
        turn = replace(turn, text=text)
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
            rows = execute(
                "INSERT INTO turns (at_s, speaker, session, scope, reflected, sealed, message) "
                "VALUES (?, ?, ?, ?, 0, ?, ?) RETURNING id",
                *(turn.at_s, turn.speaker, turn.session, _SCOPES.number(execute, scope), sealed),
                turn.message or None,
            )
            number = int(rows[0][0])
        if scope.origin is Origin.TEXT:
            self.text_places.add(scope.place)
        return replace(turn, id=number, scope=scope)

    def get(self, ids: Iterable[int]) -> list[StoredTurn]:
        """Those that are there and can be opened, in the order of their ids."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM {_WITH_SCOPES} WHERE turns.id IN {THOSE} ORDER BY turns.id", listed(ids)
        )
        return self._opened(rows)

    def written_as(self, message: str) -> list[StoredTurn]:
        """What this message of somebody's is kept as, whatever has become of the message since; see ``StoredTurn``."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM {_WITH_SCOPES} WHERE message = ? ORDER BY turns.id", message
        )
        return self._opened(rows)

    def after(self, turn_id: int, most: int = 1000) -> list[StoredTurn]:
        """The next turns after this one, oldest first; 0: from the beginning. Empty: there are no more."""
        while True:
            rows = self._database.read(
                f"SELECT {_COLUMNS} FROM {_WITH_SCOPES} WHERE turns.id > ? ORDER BY turns.id LIMIT ?",
                turn_id,
                most,
            )
            turns = self._opened(rows)
            if turns or not rows:
                return turns
            turn_id = int(rows[-1][0])

    def of_session(self, session: str, after: int = 0) -> list[StoredTurn]:
        """Those that follow the turn with the id ``after``, oldest first."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM {_WITH_SCOPES} WHERE session = ? AND turns.id > ? ORDER BY turns.id",
            session,
            after,
        )
        return self._opened(rows)

    def waiting(self) -> dict[str, list[StoredTurn]]:
        """By session, the turns that nobody has reflected on yet, oldest first."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM {_WITH_SCOPES} WHERE reflected = 0 ORDER BY turns.id"
        )
        sessions: dict[str, list[StoredTurn]] = {}
        for turn in self._opened(rows):
            sessions.setdefault(turn.session, []).append(turn)
        return sessions

    def set_reflected(self, ids: Iterable[int], reflected: bool = True) -> None:
        rows = [(int(reflected), number) for number in ids]
        self._database.write_many("UPDATE turns SET reflected = ? WHERE id = ?", rows)

    def ids(self) -> list[int]:
        """Of all that there are, ascending."""
        return [int(row[0]) for row in self._database.read("SELECT id FROM turns ORDER BY id")]

    def last_id(self) -> int:
        """0 when there is none."""
        return int(self._database.read("SELECT coalesce(max(id), 0) FROM turns")[0][0])

    def people(self) -> set[str]:
        """Ids of all whose words are kept."""
        return {person for scope in _SCOPES.every(self._database.read).values() for person in scope.about}

    def of_person(self, person: str, since_s: float = 0.0) -> list[StoredTurn]:
        """Theirs, and hers that may repeat their words, oldest first; ``since_s``: Unix time."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM {_WITH_SCOPES} WHERE turns.scope IN {THOSE} AND at_s >= ? ORDER BY turns.id",
            *(self._about(person), since_s),
        )
        return self._opened(rows)

    def before(self, at_s: float) -> list[int]:
        """Ids of all that were said before this Unix time."""
        rows = self._database.read("SELECT id FROM turns WHERE at_s < ? ORDER BY id", at_s)
        return [int(row[0]) for row in rows]

    def set_private(self, ids: Iterable[int], private: bool) -> None:
        """Whether they are kept between her and those they are about."""
        those = listed(ids)
        with self._database.transaction() as execute:
            for number, text in execute(
                f"SELECT DISTINCT turns.scope, turn_scopes.scope FROM {_WITH_SCOPES} WHERE turns.id IN {THOSE}",
                those,
            ):
                scope = _SCOPES.number(execute, replace(scope_of(text), private=private))
                execute(
                    f"UPDATE turns SET scope = ? WHERE scope = ? AND id IN {THOSE}", *(scope, number, those)
                )
            _SCOPES.forget(execute)

    def remove(self, ids: Iterable[int]) -> int:
        """Erase turns; how many there were."""
        with self._database.transaction() as execute:
            execute(f"DELETE FROM turns WHERE id IN {THOSE}", listed(ids))
            removed = execute("SELECT changes()")
            _SCOPES.forget(execute)
        return int(removed[0][0])

    # Forgetting: see forget.Place

    def count_of(self, person: str) -> int:
        """How many there are of a person, hers that may repeat their words among them."""
        rows = self._database.read(f"SELECT count(*) FROM turns WHERE scope IN {THOSE}", self._about(person))
        return int(rows[0][0])

    def remove_person(self, person: str) -> int:
        """Erase a person's turns, and hers that may repeat their words; how many. Nor did they hear any other."""
        removed = erase(self._database, "turns", f"+scope IN {THOSE}", self._about(person))
        with self._database.transaction(lasting=False) as execute:
            _SCOPES.leave_out(execute, person)
            _SCOPES.forget(execute)
        return removed

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
            removed = execute("SELECT count(*) FROM turns")
            execute("DELETE FROM turns")
            _SCOPES.forget(execute)
        return int(removed[0][0])

    def _those_of(self, gone: Tombstone) -> list[int]:
        rows = self._database.read(
            f"SELECT id FROM turns WHERE scope IN {THOSE} AND id IN {THOSE}",
            *(self._about(gone.person), listed(gone.turns)),
        )
        return [int(row[0]) for row in rows]

    def _about(self, person: str) -> str:
        """Numbers of the scopes that are about a person, for THOSE."""
        return listed(_SCOPES.about(self._database.read, person))

    def __len__(self) -> int:
        return int(self._database.read("SELECT count(*) FROM turns")[0][0])

    def damaged(self) -> list[int]:
        """Ids of the turns that cannot be opened, though all the keys for it are there."""
        broken = []
        for row in self._database.read(f"SELECT {_COLUMNS} FROM {_WITH_SCOPES}"):
            try:
                self._open(row, {})
            except KeyGone:
                continue
            except Unreadable:
                broken.append(int(row[0]))
        return broken

    def _opened(self, rows: Iterable[Row]) -> list[StoredTurn]:
        turns, scopes = [], dict[str, Scope]()
        for row in rows:
            try:
                turns.append(self._open(row, scopes))
            except (KeyGone, Unreadable):  # about to be erased, or told by ``damaged``
                continue
        return turns

    def _open(self, row: Row, scopes: dict[str, Scope]) -> StoredTurn:
        """``scopes``: by their texts, those that have been read already."""
        number, at_s, speaker, session, text, sealed, message = row
        content = json.loads(self._vault.open(sealed, _context(at_s, speaker)))
        if text not in scopes:
            scopes[text] = scope_of(text)
        return StoredTurn(
            *(number, at_s, speaker, content["name"], content["text"], session, scopes[text]),
            cut=content["cut"],
            message=message or "",
        )


def number_scopes(execute: Execute) -> None:
    """An earlier version kept whom each turn was about in a table, and the rest of its scope beside it."""
    execute(
        "CREATE TEMP TABLE abouts AS SELECT turn, json_group_array(person) AS about FROM "
        "(SELECT turn, person FROM turn_people ORDER BY turn, person) GROUP BY turn"
    )
    execute("CREATE UNIQUE INDEX temp.abouts_of_turn ON abouts (turn)")
    execute("ALTER TABLE turns ADD COLUMN scope INTEGER")
    rest = "origin = ? AND place = ? AND heard_by = ? AND private = ?"
    for about, *others in execute(
        "SELECT DISTINCT coalesce(about, '[]'), origin, place, heard_by, private FROM turns "
        "LEFT JOIN abouts ON abouts.turn = turns.id"
    ):
        origin, place, heard_by, private = others
        people = tuple(json.loads(about))
        scope = Scope(Origin(origin), place, people, tuple(json.loads(heard_by)), bool(private))
        execute(
            f"UPDATE turns SET scope = ? WHERE {rest} "
            "AND coalesce((SELECT about FROM abouts WHERE turn = turns.id), '[]') = ?",
            *(_SCOPES.number(execute, scope), *others, about),
        )
    execute("DROP TABLE abouts")
    execute("DROP TABLE turn_people")
    execute("DROP INDEX IF EXISTS turns_waiting")
    for column in ("origin", "place", "heard_by", "private"):
        execute(f"ALTER TABLE turns DROP COLUMN {column}")


def _context(at_s: float, speaker: str) -> str:
    return f"turn {at_s!r} {speaker}"
