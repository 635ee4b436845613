"""Whoever something is about alone has a number, and tables of their own under it: so all of it goes at once, which row by
row takes long. What is about several people, or nobody, is SHARED.
"""

from __future__ import annotations

from memory.database import Execute
from memory.types import Scope

SHARED = 0


def make(execute: Execute) -> None:
    """What there has to be, as part of a transaction."""
    execute("CREATE TABLE IF NOT EXISTS parts (id INTEGER PRIMARY KEY, person TEXT UNIQUE)")


def number(execute: Execute, scope: Scope) -> int | None:
    """Under which number what has this scope lies; None: there is none yet."""
    if len(scope.about) != 1:
        return SHARED
    rows = execute("SELECT id FROM parts WHERE person = ?", *scope.about)
    return int(rows[0][0]) if rows else None


def new(execute: Execute, scope: Scope) -> int:
    """A number for whom ``scope`` is about alone."""
    return int(execute("INSERT INTO parts (person) VALUES (?) RETURNING id", *scope.about)[0][0])


def every(read: Execute) -> list[int]:
    """All numbers, SHARED among them."""
    return [SHARED, *(int(row[0]) for row in read("SELECT id FROM parts"))]


def drop(execute: Execute, person: str | None) -> list[int]:
    """A person's number, or everybody's (None), is given to nobody any more; which they were."""
    where, values = ("person = ?", [person]) if person is not None else ("1", [])
    return [int(row[0]) for row in execute(f"DELETE FROM parts WHERE {where} RETURNING id", *values)]


def named(table: str, part: int) -> str:
    """The name of a part's table."""
    return table if part == SHARED else f"{table}_{part}"
