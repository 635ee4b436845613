"""The vectors of documents on disk, sealed.

Those of what is about one person alone lie in a table of their own, so that all of them go at once: they are most of what
is kept of anybody, and page by page it takes long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from memory.database import THOSE, Database, Execute, Row, listed
from memory.types import Scope

_SHARED = "vectors"  # of what is about several people, or nobody
_COLUMNS = "(id INTEGER PRIMARY KEY, embedder TEXT, vector BLOB)"  # ``id``: the document's
_AT_ONCE = 500


def make(execute: Execute) -> None:
    """What there has to be, as part of a transaction."""
    execute(f"CREATE TABLE IF NOT EXISTS {_SHARED} {_COLUMNS}")
    execute("CREATE TABLE IF NOT EXISTS vector_tables (id INTEGER PRIMARY KEY, person TEXT UNIQUE)")


def keep(database: Database, vectors: Sequence[tuple[int, Scope, bytes]], embedder: str) -> None:
    """Ids of documents, their scopes and sealed vectors. Those of documents that are gone by now are left out."""
    with database.transaction() as execute:
        for number, scope, sealed in vectors:
            execute(
                f"INSERT OR REPLACE INTO {_table(execute, scope)} SELECT id, ?, ? FROM documents WHERE id = ?",
                *(embedder, sealed, number),
            )


def by(database: Database, embedder: str) -> Iterator[list[Row]]:
    """Id, kind and ref of documents, and their sealed vectors by ``embedder``; some at a time."""
    for table in _tables(database.read):
        last = 0
        while rows := database.read(
            f"SELECT documents.id, kind, ref, vector FROM {table} JOIN documents ON documents.id = {table}.id "
            f"WHERE embedder = ? AND {table}.id > ? ORDER BY {table}.id LIMIT {_AT_ONCE}",
            *(embedder, last),
        ):
            last = int(rows[-1][0])
            yield rows


def every(database: Database) -> Iterator[Row]:
    """Kind and ref of documents, and their sealed vectors."""
    for table in _tables(database.read):
        yield from database.read(
            f"SELECT kind, ref, vector FROM {table} JOIN documents ON documents.id = {table}.id"
        )


def drop(execute: Execute, gone: Mapping[int, Scope]) -> None:
    """Of these documents, as part of a transaction."""
    tables: dict[str, list[int]] = {}
    for number, scope in gone.items():
        tables.setdefault(_table(execute, scope), []).append(number)
    for table, numbers in tables.items():
        execute(f"DELETE FROM {table} WHERE id IN {THOSE}", listed(numbers))


def drop_person(execute: Execute, person: str) -> None:
    """Of what is about this person alone, as part of a transaction. Their key is destroyed, or about to be: it is enough
    that the place is free.
    """
    for (number,) in execute("DELETE FROM vector_tables WHERE person = ? RETURNING id", person):
        _drop_table(execute, int(number))


def clear(execute: Execute) -> None:
    """All of them, as part of a transaction. Everybody's keys are destroyed, see ``drop_person``."""
    execute(f"DELETE FROM {_SHARED}")
    for (number,) in execute("DELETE FROM vector_tables RETURNING id"):
        _drop_table(execute, int(number))


def move(execute: Execute, scopes: Mapping[int, Scope]) -> None:
    """From where an earlier version kept them, as part of a transaction; ``scopes`` by their numbers."""
    for number, scope in scopes.items():
        execute(
            f"INSERT INTO {_table(execute, scope)} SELECT id, embedder, vector FROM documents "
            "WHERE scope = ? AND vector NOT NULL",
            number,
        )
    execute("ALTER TABLE documents DROP COLUMN vector")
    execute("ALTER TABLE documents DROP COLUMN embedder")


def _table(execute: Execute, scope: Scope) -> str:
    """Where those of a scope lie; it is there."""
    if len(scope.about) != 1:
        return _SHARED
    (person,) = scope.about
    rows = execute("SELECT id FROM vector_tables WHERE person = ?", person)
    if not rows:
        rows = execute("INSERT INTO vector_tables (person) VALUES (?) RETURNING id", person)
        execute(f"CREATE TABLE vectors_{int(rows[0][0])} {_COLUMNS}")
    return f"vectors_{int(rows[0][0])}"


def _tables(read: Execute) -> list[str]:
    return [_SHARED, *(f"vectors_{int(number)}" for (number,) in read("SELECT id FROM vector_tables"))]


def _drop_table(execute: Execute, number: int) -> None:
    execute("PRAGMA secure_delete = FAST")  # else every page of it is written once more
    try:
        execute(f"DROP TABLE vectors_{number}")
    finally:
        execute("PRAGMA secure_delete = ON")
