"""The vectors of documents on disk, sealed; in a table for each part."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence

from memory import parts
from memory.database import THOSE, Database, Execute, Row, listed
from memory.steps import erase
from memory.types import Scope

_AT_ONCE = 500
_ASIDE = "vectors_aside_"
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
    for part in parts.every(database.read):
        last = 0
        while rows := _after(database, part, embedder, last):
            last = int(rows[-1][0])
            yield rows


def _after(database: Database, part: int, embedder: str, document_id: int) -> list[Row]:
    """Some of a part, which is empty where they have been forgotten meanwhile."""
    table = _named(part)
    with database.reading() as read:
        if part not in parts.every(read):
            return []
        return read(
            f"SELECT documents.id, kind, ref, vector FROM {_WITH_DOCUMENTS.format(table)} "
            f"WHERE embedder = ? AND {table}.id > ? ORDER BY {table}.id LIMIT {_AT_ONCE}",
            *(embedder, document_id),
        )


def every(database: Database) -> list[Row]:
    """Kind and ref of documents, and their sealed vectors."""
    with database.reading() as read:
        tables = list(map(_named, parts.every(read)))
        return [
            row
            for table in tables
            for row in read(f"SELECT kind, ref, vector FROM {_WITH_DOCUMENTS.format(table)}")
        ]


def remove(execute: Execute, part: int, document_ids: Sequence[int]) -> None:
    execute(f"DELETE FROM {_named(part)} WHERE id IN {THOSE}", listed(document_ids))


def clear(execute: Execute) -> None:
    """Of the shared part all; the others are set aside."""
    execute(f"DELETE FROM {_named(parts.SHARED)}")


def set_aside(execute: Execute, part: int) -> None:
    """Nobody looks for them any more, and the key of whom they are about is destroyed, or about to be: it is enough that
    their place is free. That takes a while, so ``sweep`` does it.
    """
    execute(f"ALTER TABLE {_named(part)} RENAME TO {_ASIDE}{secrets.token_hex(8)}")


def sweep(database: Database) -> None:
    """Free the place of what was set aside, in steps. Cut short, it may be done again."""
    for (table,) in database.read(
        f"SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '{_ASIDE}*'"
    ):
        erase(database, table, "1", unreadable=True)
        with database.transaction() as execute:
            execute(f"DROP TABLE IF EXISTS {table}")


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
