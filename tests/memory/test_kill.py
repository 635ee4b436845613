"""kill -9 at any moment: what was acknowledged is there, and nothing is torn."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from memory.consent import Purpose
from memory.master import KeyPlace
from memory.memory import Memory, open_memory
from memory.types import Entry
from tests.memory.kept import NOON_S, scope, turn

KILLS = 200
LONGEST_S = 0.06  # that a writer lives once it has begun


def opened(folder: Path) -> Memory:
    return open_memory(folder / "data", KeyPlace(folder / "key", "file"))


def write_for_ever(folder: Path, acknowledge: int, number: int) -> None:
    """Turns, entries and new versions of them, each acknowledged on the pipe once it is kept."""
    memory = opened(folder)

    def told(kind: str, *what: object) -> None:
        os.write(acknowledge, json.dumps([kind, *what]).encode() + b"\n")

    told("open")
    for count in range(10_000):
        text = f"writer {number} said {count}"
        kept = memory.turns.add(turn("ann", text))
        assert kept is not None
        told("turn", kept.id, text)
        if count % 3 == 0:
            entry = Entry("", NOON_S + number * 1000 + count, f"note {number} {count}", scope("ann"))
            noted = memory.keep_entry(entry)
            assert noted is not None
            told("entry", noted.id, noted.text)


def killed_writer(folder: Path, number: int, after_s: float) -> list[list[object]]:
    """What a writer has acknowledged until it was killed, ``after_s`` after it had begun."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        write_for_ever(folder, write, number)
        os._exit(1)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        lines = [pipe.readline()]
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines += pipe.readlines()
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")
def test_nothing_acknowledged_is_lost_at_200_random_moments(tmp_path: Path) -> None:
    chance = random.Random(5)
    turns: dict[int, str] = {}
    entries: dict[str, str] = {}
    memory = opened(tmp_path)
    asyncio.run(memory.consent.decide("ann", Purpose.REMEMBERING, True, "button"))
    memory.close()
    for number in range(KILLS):
        for kind, *what in killed_writer(tmp_path, number, chance.uniform(0, LONGEST_S))[1:]:
            (turns if kind == "turn" else entries).update([what])  # type: ignore[arg-type]  # its own words
        if number % 20 == 19 or number == KILLS - 1:
            memory = opened(tmp_path)
            kept = {one.id: one.text for one in memory.turns.after(0, most=1_000_000)}
            noted = {one.id: one.text for one in memory.journal.entries()}
            assert turns.items() <= kept.items() and entries.items() <= noted.items()
            assert memory.turns.damaged() == [] and memory.journal.check() == []
            memory.catch_up()
            assert set(memory.recall.refs("turn")) == {str(number) for number in kept}
            memory.close()
    assert len(turns) > KILLS and len(entries) > KILLS / 4  # it did write between the kills
    memory = opened(tmp_path)
    assert memory.database.check() == []
    memory.close()
