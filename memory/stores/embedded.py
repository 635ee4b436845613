"""The values of people in our own database: nothing has to be installed or started."""

from __future__ import annotations

from collections.abc import Mapping

from memory.database import Database


class EmbeddedStore:
    """See PersonStore."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.execute(
            "CREATE TABLE IF NOT EXISTS person_values "
            "(person TEXT, field TEXT, value BLOB, PRIMARY KEY (person, field)) WITHOUT ROWID"
        )

    def put(self, person: str, values: Mapping[str, bytes | None]) -> None:
        with self._database.transaction() as execute:
            for field, value in values.items():
                if value is None:
                    execute("DELETE FROM person_values WHERE person = ? AND field = ?", person, field)
                else:
                    execute("INSERT OR REPLACE INTO person_values VALUES (?, ?, ?)", person, field, value)

    def get(self, person: str, field: str) -> bytes | None:
        rows = self._database.read(
            "SELECT value FROM person_values WHERE person = ? AND field = ?", person, field
        )
        return bytes(rows[0][0]) if rows else None

    def fields(self, person: str) -> dict[str, bytes]:
        rows = self._database.read("SELECT field, value FROM person_values WHERE person = ?", person)
        return {str(field): bytes(value) for field, value in rows}

    def people(self, kind: str = "") -> list[str]:
        start = f"{kind}:"
        where = "WHERE field = ? OR substr(field, 1, ?) = ?" if kind else ""
        values = (kind, len(start), start) if kind else ()
        rows = self._database.read(f"SELECT DISTINCT person FROM person_values {where}", *values)
        return sorted(str(person) for (person,) in rows)

    def remove(self, person: str) -> int:
        return len(
            self._database.execute("DELETE FROM person_values WHERE person = ? RETURNING field", person)
        )
