"""The vectors of documents on disk, sealed; in a table for each part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from memory import parts
from memory.database import THOSE, Database, Execute, Row, listed
from memory.types import Scope

_AT_ONCE = 500
_WITH_DOCUMENTS = "{0} JOIN documents ON documents.id = {0}.id"


def make(execute: Execute, part: int) -> None:
    """As everything here but what reads, as part of a transaction. ``id``: the document's."""
    execute(f"CREATE TABLE IF NOT EXISTS {_named(part)} (id INTEGER PRIMARY KEY, embedder TEXT, vector BLOB)")


def keep(execute: Execute, part: int, document_id: int, sealed: bytes, embedder: str) -> None:
    """Unless the document is gone by now."""
    execute(
        f"INSERT OR REPLACE INTO {_named(part)} SELECT id, ?, ? FROM documents WHERE id = ?",
        *(embedder, sealed, document_id),
    )


def by(database: Database, embedder: str) -> Iterator[list[Row]]:
    """Id, kind and ref of documents, and their sealed vectors by ``embedder``; some at a time."""
    for table in map(_named, parts.every(database.read)):
        last = 0
        while rows := database.read(
            f"SELECT documents.id, kind, ref, vector FROM {_WITH_DOCUMENTS.format(table)} "
            f"WHERE embedder = ? AND {table}.id > ? ORDER BY {table}.id LIMIT {_AT_ONCE}",
            *(embedder, last),
        ):
            last = int(rows[-1][0])
            yield rows


def every(database: Database) -> Iterator[Row]:
    """Kind and ref of documents, and their sealed vectors."""
    for table in map(_named, parts.every(database.read)):
        yield from database.read(f"SELECT kind, ref, vector FROM {_WITH_DOCUMENTS.format(table)}")


def remove(execute: Execute, part: int, document_ids: Sequence[int]) -> None:
    execute(f"DELETE FROM {_named(part)} WHERE id IN {THOSE}", listed(document_ids))


def clear(execute: Execute) -> None:
    """Of the shared part all; the others are dropped."""
    execute(f"DELETE FROM {_named(parts.SHARED)}")


def drop(execute: Execute, part: int) -> None:
    """The key of whom it is about is destroyed, or about to be: it is enough that its place is free."""
    execute("PRAGMA secure_delete = FAST")  # else every page of it is written once more
    try:
        execute(f"DROP TABLE {_named(part)}")
    finally:
        execute("PRAGMA secure_delete = ON")


def move(execute: Execute, scopes: Mapping[int, Scope], numbers: Mapping[Scope, int]) -> None:
    """From where an earlier version kept them; ``scopes`` by their numbers, and the parts that they lie in."""
    for number, scope in scopes.items():
        execute(
            f"INSERT INTO {_named(numbers[scope])} SELECT id, embedder, vector FROM documents "
            "WHERE scope = ? AND vector NOT NULL",
            number,
        )
    execute("ALTER TABLE documents DROP COLUMN vector")
    execute("ALTER TABLE documents DROP COLUMN embedder")


def _named(part: int) -> str:
    return parts.named("vectors", part)
