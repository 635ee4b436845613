"""Which store the values of people are in: the database knows, so that a setting that is wrong makes her forget nobody."""

from __future__ import annotations

import logging

from memory.database import Database
from memory.errors import StoreError
from memory.stores.address import EMBEDDED, Address
from memory.stores.embedded import EmbeddedStore
from memory.stores.redis import RedisStore
from memory.stores.waiting import Whereabouts
from memory.vault import Vault

REDIS = "redis"

log = logging.getLogger(__name__)


class Elsewhere(StoreError):
    """What is kept of people lies in another store than STORE says."""


def open_store(
    address: Address | None, database: Database, vault: Vault, *, alone: bool
) -> EmbeddedStore | RedisStore:
    """``address``: None for our own database. A RedisStore has still to be opened. Raises Elsewhere and StoreError."""
    where, embedded = Whereabouts(database), EmbeddedStore(database)
    wanted = REDIS if address is not None else EMBEDDED
    lies = where.get("place") or (EMBEDDED if embedded.people() else wanted)
    if lies != wanted and lies == EMBEDDED and not embedded.people():
        lies = wanted  # there is nothing to lose
    if lies != wanted:
        raise Elsewhere(_sentence(lies))
    if alone and where.get("place") != wanted:
        where.set(place=wanted)
    if address is None:
        if alone and where.get("leaving") == REDIS:
            log.warning(
                "a sealed copy of what is known of people stays in Redis: run `python -m memory move` again"
            )
        return embedded
    if alone and where.get("leaving") == EMBEDDED:  # cut short in the last step of ``move``
        clear_embedded(embedded, database, where)
    return RedisStore(address, database, vault, alone=alone)


def clear_embedded(embedded: EmbeddedStore, database: Database, where: Whereabouts) -> None:
    for person in embedded.people():
        embedded.remove(person)
    database.purge()
    where.set(leaving="")


def _sentence(lies: str) -> str:
    if lies == EMBEDDED:
        return (
            "What is kept of people lies in DATA_DIR, not in Redis: take it there with `python -m memory move`, or "
            "leave STORE empty."
        )
    return (
        "What is kept of people lies in Redis: set STORE to its address, and take it back with "
        "`python -m memory move --to embedded`."
    )
