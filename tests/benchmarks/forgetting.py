"""How long it takes to forget somebody: ``python -m tests.benchmarks.forgetting [--quick] [--runs N] [--json]``.

One of two people of whom there are 50,000 turns and 5,000 notes each, indexed and with vectors, who were together in part of
it (``recalling/two_people.py``). Measured on a store that has been opened and looked through, as a bot has it that is
online: until the receipt is there, and so everything is erased on the disk. Meanwhile the other one talks on: how long
they wait at most until what they say is written down, and until something has come to mind.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from memory.forget import Receipt, Wish
from memory.master import KeyPlace
from memory.memory import Memory, open_memory
from memory.types import Origin, Scope, StoredTurn
from tests.benchmarks.figures import Figure, against, figure_of, show
from tests.benchmarks.live.memories import sentences
from tests.benchmarks.recalling.two_people import PEOPLE, RandomVectors, fill

TURNS, ENTRIES, RUNS = 50_000, 5_000, 5
PAUSE_S = 0.2  # between two lines of the one who talks on: more than a busy call has


@dataclass(frozen=True, slots=True)
class Run:
    look_s: float
    forget_s: float
    cpu_s: float  # of the whole process
    waited_ms: float  # the longest, until a line was written down
    searched_ms: float  # the longest, until something had come to mind
    receipt: Receipt


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.forgetting")
    parser.add_argument("--quick", action="store_true", help="a few turns and notes, to see that it works")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--json", action="store_true")  # which ``show`` looks for
    asked = parser.parse_args()
    turns, entries = (1_000, 100) if asked.quick else (TURNS, ENTRIES)
    with tempfile.TemporaryDirectory(prefix="kith-forgetting-") as made:
        full = Path(made) / "full"
        started = time.perf_counter()
        with opened(full) as memory:
            fill(memory, sentences(), turns, entries)
        print(f"filled in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        runs = [measured(full, Path(made) / "copy") for _ in range(asked.runs)]
    for run in runs:
        counts = run.receipt.counts
        assert (counts["turns"], counts["journal"]) == (turns, entries), counts
    show(
        [
            against("<= 2", figure_of("forget_me_s", [run.forget_s for run in runs], "s")),
            figure_of("forget_me_cpu_s", [run.cpu_s for run in runs], "s"),
            figure_of("look_s", [run.look_s for run in runs], "s"),
            against("<= 250", figure_of("longest_wait_of_a_turn_ms", [run.waited_ms for run in runs], "ms")),
            figure_of("longest_wait_of_a_recall_ms", [run.searched_ms for run in runs], "ms"),
            Figure("forgotten_turns", turns, "turns"),
            Figure("forgotten_entries", entries, "entries"),
        ]
    )


@contextmanager
def opened(folder: Path) -> Iterator[Memory]:
    memory = open_memory(folder / "data", KeyPlace(folder / "key", "file"), embedder=RandomVectors())
    try:
        yield memory
    finally:
        memory.close()


def measured(full: Path, copy: Path) -> Run:
    """Forget the first of them in a copy of what is kept."""
    shutil.copytree(full, copy)
    person, other = PEOPLE
    try:
        with opened(copy) as memory:
            memory.catch_up()
            started = time.perf_counter()
            look = memory.forgetting.look(Wish(person))
            looked = time.perf_counter()
            with talking_on(memory, other) as (waits, searches):
                cpu, began = time.process_time(), time.perf_counter()
                receipt = memory.forget(Wish(person))
                forget_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
            assert receipt == look, (receipt, look)
            assert memory.forgetting.look(Wish(person)).empty
        return Run(looked - started, forget_s, cpu_s, max(waits) * 1e3, max(searches) * 1e3, receipt)
    finally:
        shutil.rmtree(copy)


@contextmanager
def talking_on(memory: Memory, person: str) -> Iterator[tuple[list[float], list[float]]]:
    """Meanwhile somebody else's words are written down, one line after the other, and bring something to mind; how long
    each took (s).
    """
    waits, searches = list[float](), list[float]()
    over = threading.Event()
    scope = Scope(Origin.VOICE, "discord:9", (person,), (person,))
    line = StoredTurn(0, time.time(), person, PEOPLE[person], "And what else?", "discord:9@1", scope)

    def talk() -> None:
        while True:
            began = time.perf_counter()
            memory.turns.add(replace(line, at_s=time.time()))
            written = time.perf_counter()
            memory.recall.find(line.text, lambda scope: person in scope.heard_by, line.at_s)
            waits.append(written - began)
            searches.append(time.perf_counter() - written)
            if over.wait(PAUSE_S):
                return

    thread = threading.Thread(target=talk, name="talk")
    thread.start()
    try:
        yield waits, searches
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
