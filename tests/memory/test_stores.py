"""Every store keeps the same promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from memory.database import Database
from memory.ports import PersonStore
from memory.stores.address import Address
from memory.stores.embedded import EmbeddedStore
from memory.stores.redis import RedisStore
from memory.vault import Vault
from tests.memory.kept import MASTER
from tests.memory.redis_server import redis_server
from tests.memory.store_contract import CONTRACT, Opening


def embedded(folder: Path) -> Iterator[Opening]:
    opened: list[Database] = []

    def beside() -> PersonStore:
        opened.append(Database(folder / "memory.sqlite3", MASTER))
        return EmbeddedStore(opened[-1])

    def again() -> PersonStore:
        while opened:
            opened.pop().close()
        return beside()

    def put_many(people: Mapping[str, Mapping[str, bytes]]) -> None:
        again()
        rows = [(person, field, value) for person, of in people.items() for field, value in of.items()]
        opened[0].write_many("INSERT INTO person_values VALUES (?, ?, ?)", rows)

    yield Opening(again, beside, put_many)
    for database in opened:
        database.close()


def on_redis(folder: Path, alone: bool) -> Iterator[Opening]:
    with redis_server(folder / "redis") as server:
        opened: list[tuple[Database, RedisStore]] = []

        def opened_as(alone: bool) -> RedisStore:
            database = Database(folder / "memory.sqlite3", MASTER)
            store = RedisStore(Address(server.url), database, Vault(MASTER, database), alone=alone)
            opened.append((database, store))
            if alone:
                store.open(lambda _: ())
            return store

        def close() -> None:
            while opened:
                database, store = opened.pop()
                store.close()
                database.close()

        def again() -> RedisStore:
            close()
            return opened_as(alone)

        def put_many(people: Mapping[str, Mapping[str, bytes]]) -> None:
            store = again()
            for person, fields in people.items():
                store.put(person, fields)

        yield Opening(again, lambda: opened_as(False), put_many)
        close()


def redis(folder: Path) -> Iterator[Opening]:
    """As ``python -m memory`` has it, beside others."""
    yield from on_redis(folder, alone=False)


def redis_alone(folder: Path) -> Iterator[Opening]:
    """As a bot has it: it is the owner, and what cannot be written waits."""
    yield from on_redis(folder, alone=True)


@pytest.fixture(params=[embedded, redis, redis_alone])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    yield from request.param(tmp_path)


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)
def test_store(promise: Callable[[Opening], None], opening: Opening) -> None:
    promise(opening)
