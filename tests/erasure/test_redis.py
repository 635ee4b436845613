"""A Redis as the store: no word ever stands in it or its files, and what is forgotten lies there in no form any more."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from memory.forget import Wish
from memory.master import KeyPlace
from memory.memory import Memory, open_memory
from memory.moving import move
from memory.stores.redis import RedisStore
from memory.tombstones import EVERYBODY
from tests.erasure.copies import SEEKING, Home
from tests.erasure.routes import ANN, DORA, WORDS, words_of
from tests.erasure.searching import in_pages, in_redis, on_disk, opened, search
from tests.erasure.story import Story
from tests.erasure.test_every_place import REDIS
from tests.memory.lives import Letters
from tests.memory.redis_server import DURABLE, RedisServer, redis_server

AWAY = "away meanwhile"


def on(home: Home, store: str) -> Memory:
    return open_memory(home.data, home.key, encrypted=home.encrypted, embedder=Letters(), store=store)


def held(memory: Memory) -> dict[str, set[bytes]]:
    """What lies in Redis of each person, sealed as it is there."""
    assert isinstance(memory.store, RedisStore)
    link, seals = memory.store._link, memory.store._seals
    return {one: set(link.values(seals.person(one)).values()) for one in memory.store.people()}


def look(home: Home, memory: Memory, server: RedisServer) -> set[str]:
    key = KeyPlace(home.folder / "config" / "key", "file")
    found = search(
        SEEKING, [*on_disk(home.folder), *in_pages(home.data, key), *opened(memory), *in_redis(server)]
    )
    return set(found.places)


def in_it(server: RedisServer) -> set[str]:
    return set(search(SEEKING, in_redis(server)).places)


@pytest.mark.parametrize(
    "options", [DURABLE, ("--appendonly", "no", "--save", "3600 1")], ids=["append-only file", "dump"]
)
@pytest.mark.parametrize("when", ["", AWAY])
@pytest.mark.parametrize("whose", [ANN, DORA, EVERYBODY])
def test_what_is_forgotten_is_in_no_file_of_redis(
    sealed: Story, tmp_path: Path, options: tuple[str, ...], when: str, whose: str
) -> None:
    home = sealed.home.copied(tmp_path / "home")
    with redis_server(tmp_path / "redis", *options) as server:
        move(lambda store: on(home, store), "", server.url)
        with closing(on(home, server.url)) as memory:
            before = held(memory)
            for person in before:  # as it is in use: written more than once
                memory.roster.met(person, person, 1.0)
                memory.roster.met(person, person, 2.0)
            before = {person: before.get(person, set()) | there for person, there in held(memory).items()}
            assert isinstance(memory.store, RedisStore)
            memory.store.purge()
            there = look(home, memory, server)
            assert in_it(server) == set() and WORDS["a line of the roster"] in there
            person = whose if whose == EVERYBODY else home.people[whose]
            if when == AWAY:
                server.stop()
            receipt = memory.forget(Wish(person))
            assert receipt.waits == (when == AWAY)
            if when == AWAY:
                server.start()
        with closing(on(home, server.url)) as memory:
            memory.catch_up()
            gone = set(WORDS.values()) if whose == EVERYBODY else words_of(whose)
            assert look(home, memory, server) & gone == set()
            after, files = held(memory), b"".join(data for _, data in in_redis(server))
            left = [
                one for who, there in before.items() for one in there - after.get(who, set()) if one in files
            ]
            assert left == [] and person not in after
            assert whose != EVERYBODY or after == {}


def test_every_file_of_redis_is_known(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis") as server:
        with server.client() as client:
            client.set("x", "y")
            client.bgsave()
        server.stop()
        names = (
            path.relative_to(server.folder).as_posix() for path in server.folder.rglob("*") if path.is_file()
        )
        there = {re.sub(r"\.aof\.\d+\.", ".aof.N.", name) for name in names}
        assert there - set(REDIS) == set(), "say in test_every_place.py what it holds"
