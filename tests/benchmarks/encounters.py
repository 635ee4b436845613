"""How long it takes to know who is met, and what she says about them: ``python -m tests.benchmarks.encounters [--quick]
[--people N] [--json]``.

Of 10,000 people with a face each, whom she has met before, and 5,000 notes about some of them; in the embedded store and in a
Redis of its own on this machine that has every write on its disk before it acknowledges it. Each time it is somebody else,
who says something: the face is matched, the encounter is begun and what is said is on the disk. That is what the bars
are about; and about what is said of them in the fixtures of ``tests/memory/recalling.py``, of which nothing may be missing
from the store.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from memory.audience import Listeners
from memory.consent import Purpose
from memory.entry import new_id
from memory.gallery import FaceEmbedding, Template
from memory.master import KeyPlace
from memory.memory import Memory, open_memory
from memory.stores.address import EMBEDDED
from memory.types import Commitment, Encounter, Entry, Origin, Scope
from tests.benchmarks.figures import Figure, against, figure_of, show
from tests.memory.recalling import FIXTURES
from tests.memory.redis_server import redis_server
from tests.memory.taken_apart import not_in_the_store

PEOPLE, ENTRIES, TIMES, FRAMES = 10_000, 5_000, 300, 5
ENCODER, SIZE = "sface-2021dec", 128
PLACE, OWNER, DAY_S = "desk:", "desk:owner", 86_400.0
SAID = "I have thought about what you told me, and I will send the slides on Friday."
BARS = {"embedded": "<= 10", "redis": "<= 15"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.encounters")
    parser.add_argument("--quick", action="store_true", help="a few people, to see that it works")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--json", action="store_true")  # which ``show`` looks for
    asked = parser.parse_args()
    people, entries, times = (200, 100, 20) if asked.quick else (asked.people, ENTRIES, TIMES)
    figures = []
    with tempfile.TemporaryDirectory(prefix="kith-encounters-") as made:
        figures += measured("embedded", Path(made) / "embedded", EMBEDDED, people, entries, times)
        if shutil.which("redis-server") is None:
            print("There is no redis-server here: apt-get install redis-server.", file=sys.stderr)
        else:
            with redis_server(Path(made) / "redis") as server:
                figures += measured("redis", Path(made) / "on-redis", server.url, people, entries, times)
        figures += [*recall_summaries(Path(made) / "fixtures")]
    show(figures)


def measured(name: str, folder: Path, store: str, people: int, entries: int, times: int) -> Iterator[Figure]:
    faces = faces_of(people)
    ids = [f"desk:{number}" for number in range(people)]
    began = time.perf_counter()
    with opened(folder, store) as memory:
        fill(memory, ids, faces, entries)
    print(f"{name}: filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    with opened(folder, store) as memory:
        began = time.perf_counter()
        memory.journal.entries()
        memory.people.match(FaceEmbedding(faces[0], ENCODER))
        started_s = time.perf_counter() - began
        chance = random.Random(1)
        some = chance.sample(range(people), min(times, people))
        met, matched, first, again, unknown = ([] for _ in range(5))
        for number in some:
            first.append(took(memory, faces[number], ids[number]))
            again.append(took(memory, faces[number], ids[number]))
            met += [first[-1], again[-1]]
            began = time.perf_counter()
            memory.people.match(FaceEmbedding(faces[number], ENCODER))
            matched.append((time.perf_counter() - began) * 1e3)
        for stranger in faces_of(min(times, people), seed=2):
            unknown.append(took(memory, stranger, ""))
        yield against(BARS[name], figure_of(f"{name}_first_encounter_ms", first, "ms"))
        yield against(BARS[name], figure_of(f"{name}_process_encounter_ms", met, "ms"))
        yield figure_of(f"{name}_goes_on_ms", again, "ms")
        yield figure_of(f"{name}_stranger_ms", unknown, "ms")
        yield figure_of(f"{name}_match_ms", matched, "ms")
        yield Figure(f"{name}_read_at_the_start_s", round(started_s, 2), "s", people)


def took(memory: Memory, face: np.ndarray, person: str) -> float:
    """How long one encounter takes (ms)."""
    listeners = Listeners(frozenset({OWNER, person} - {""}), PLACE)
    began = time.perf_counter()
    found = memory.people.process_encounter(
        FaceEmbedding(face, ENCODER), SAID, time.time(), listeners=listeners, place=PLACE, present=frozenset()
    )
    spent = (time.perf_counter() - began) * 1e3
    assert found.person == person and bool(found.id) == bool(person), found
    return spent


def faces_of(count: int, seed: int = 1) -> np.ndarray:
    """(count, SIZE), each of unit length, none like another."""
    vectors = np.random.default_rng(seed).standard_normal((count, SIZE)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def fill(memory: Memory, ids: list[str], faces: np.ndarray, entries: int) -> None:
    """Everybody has agreed, and was met twice; some have talked with her."""
    now_s = time.time()
    memory.database.write_many(
        "INSERT INTO consent VALUES (?, ?, 1, ?, 'bench')",
        [(one, purpose.value, now_s) for one in ids for purpose in (Purpose.FACE, Purpose.REMEMBERING)],
    )
    memory.consent.load()
    for number, one in enumerate(ids):
        name = f"Person {number}"
        assert memory.people.enrol(one, name, Template(faces[number], ENCODER, FRAMES), now_s)
        memory.roster.met(one, name, now_s - 30 * DAY_S)
        line = {"text": f"works at number {number}", "scope": scope_of(one), "sources": (number + 1,)}
        memory.roster.apply({"person": one, "at_s": now_s - DAY_S, "history": [line]})
    for number in range(entries):
        one = ids[number * 7919 % len(ids)]
        at_s = now_s - (number % 20 + 1) * DAY_S
        promise = Commitment("Send the slides.", one, date.fromtimestamp(now_s + 5 * DAY_S))
        entry = Entry(new_id(at_s), at_s, f"They told of house {number}.", scope_of(one))
        memory.journal.write(
            replace(entry, topics=("moving house",), commitments=(promise,), sources=(number + 1,))
        )


def scope_of(person: str) -> Scope:
    return Scope(Origin.VOICE, PLACE, (person,), tuple(sorted((person, OWNER))))


@contextmanager
def opened(folder: Path, store: str) -> Iterator[Memory]:
    memory = open_memory(folder / "data", KeyPlace(folder / "key", "file"), store=store)
    try:
        yield memory
    finally:
        memory.close()


def recall_summaries(folder: Path) -> Iterator[Figure]:
    """What she would say in each fixture, and how much of it the store does not hold."""
    statements = 0
    missing = 0
    for number, fixture in enumerate(FIXTURES):
        said: list[Encounter] = []
        with opened(folder / str(number), EMBEDDED) as memory:
            said += fixture.meet(memory)
            statements += sum(len(one.statements) for one in said)
            missing += len(not_in_the_store(memory, said))
    yield Figure("recall_statements", statements, "statements", len(FIXTURES))
    yield against("== 0", Figure("recall_statements_not_in_the_store", missing, "statements", len(FIXTURES)))


if __name__ == "__main__":
    main()
