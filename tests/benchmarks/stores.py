"""How long a value takes to be put and to be got: ``python -m tests.benchmarks.stores [--quick] [--people N] [--json]``.

Of 10,000 people with a value of 2 KiB and three small ones each, in the embedded store and in a Redis of its own on this
machine, which has every write on its disk before it acknowledges it (appendfsync always), as the embedded one does.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from memory.database import NAME, Database
from memory.ports import PersonStore
from memory.stores.address import Address
from memory.stores.embedded import EmbeddedStore
from memory.stores.redis import RedisStore
from memory.vault import Vault
from tests.benchmarks.figures import Figure, figure_of, show
from tests.memory.redis_server import redis_server

PEOPLE, TIMES = 10_000, 500
LARGE, SMALL = 2_048, 120  # bytes: a print of a face, a line
MASTER = bytes(range(32))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.stores")
    parser.add_argument("--quick", action="store_true", help="a few people, to see that it works")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--json", action="store_true")  # which ``show`` looks for
    asked = parser.parse_args()
    people, times = (200, 20) if asked.quick else (asked.people, TIMES)
    figures = []
    with tempfile.TemporaryDirectory(prefix="kith-stores-") as made:
        with embedded(Path(made) / "embedded") as store:
            figures += measured("embedded", store, people, times)
        if shutil.which("redis-server") is None:
            print("There is no redis-server here: apt-get install redis-server.", file=sys.stderr)
        else:
            with on_redis(Path(made) / "on-redis") as store:
                figures += measured("redis", store, people, times)
    show(figures)


@contextmanager
def embedded(folder: Path) -> Iterator[PersonStore]:
    database = Database(folder / NAME, MASTER)
    yield EmbeddedStore(database)
    database.close()


@contextmanager
def on_redis(folder: Path) -> Iterator[PersonStore]:
    database = Database(folder / NAME, MASTER)
    with redis_server(folder / "redis") as server:
        store = RedisStore(Address(server.url), database, Vault(MASTER, database))
        store.open(lambda _: ())
        yield store
        assert store.settled
        store.close()
    database.close()


def measured(name: str, store: PersonStore, people: int, times: int) -> list[Figure]:
    chance = random.Random(1)
    ids = [f"discord:{10**17 + number}" for number in range(people)]
    value, line = chance.randbytes(LARGE), chance.randbytes(SMALL)
    fields = {"face": value, "roster:met": line, "roster:item:1": line, "voice": line}
    began = time.perf_counter()
    for person in ids:
        store.put(person, fields)
    filled_s = time.perf_counter() - began
    some = chance.sample(ids, min(times, people))

    def took(work: Callable[[str], object], of: list[str]) -> list[float]:
        found = []
        for person in of:
            began = time.perf_counter()
            work(person)
            found.append((time.perf_counter() - began) * 1e3)
        return found

    def all_people(_: str) -> None:
        assert len(store.people()) == people

    def with_faces(_: str) -> None:
        assert len(store.people("face")) == people

    return [
        figure_of(f"{name}_get_ms", took(lambda one: store.get(one, "face"), some), "ms"),
        figure_of(f"{name}_fields_ms", took(store.fields, some), "ms"),
        figure_of(
            f"{name}_put_ms",
            took(lambda one: store.put(one, {"roster:met": chance.randbytes(SMALL)}), some),
            "ms",
        ),
        figure_of(f"{name}_people_ms", took(all_people, ["", "", ""]), "ms"),
        figure_of(f"{name}_people_of_a_kind_ms", took(with_faces, ["", "", ""]), "ms"),
        figure_of(f"{name}_remove_ms", took(store.remove, some), "ms"),
        Figure(f"{name}_filled_with_people_s", round(filled_s, 1), "s", people),
    ]


if __name__ == "__main__":
    main()
