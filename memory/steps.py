"""Much is erased in steps, between which others get to write: what somebody says just now waits for none of it."""

from __future__ import annotations

import time

from memory.database import Database, Value

ROWS = 8_000  # of a table, gone through in one step
BREATH_S = 0.001  # so long whoever waits needs to get what has just been let go of


def breathe() -> None:
    """Let others get to write. Not in a transaction."""
    time.sleep(BREATH_S)


def erase(database: Database, table: str, where: str, *values: Value, unreadable: bool = False) -> int:
    """Delete what ``where`` says; how much that was. Cut short, it may be done again.

    ``table`` has whole numbers called ``id``: neighbours share a page, which so is written once. ``unreadable``: the key
    for all of it is destroyed, or about to be, so that it is enough that its place is free.
    """
    ((last,),) = database.read(f"SELECT coalesce(max(id), 0) FROM {table}")
    removed = 0
    for low in range(0, last, ROWS):
        with database.transaction(lasting=False) as execute:
            if unreadable:
                execute("PRAGMA secure_delete = FAST")  # else every page of it is written once more
            try:
                execute(f"DELETE FROM {table} WHERE id > ? AND id <= ? AND {where}", low, low + ROWS, *values)
            finally:
                if unreadable:
                    execute("PRAGMA secure_delete = ON")
            removed += int(execute("SELECT changes()")[0][0])
        breathe()
    return removed
