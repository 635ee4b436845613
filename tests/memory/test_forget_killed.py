"""kill -9 in the middle of forgetting somebody: at the next start it is finished, and nobody else has lost anything."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from memory.forget import Wish
from memory.memory import Memory
from tests.memory.kept import everything_under
from tests.memory.lives import ANN, ANNS_POST, BOB, THEIR_POST, Lives, everything, found, live, opened, texts

KILLS = 48
MOST_KILLS = 4 * KILLS  # where a busy machine makes too many of them miss
BOBS = {"I have a dog called Rex.", "I paint in Hull.", "Bob has a small dog.", "Bob is a painter."}


def forget_and_wait(folder: Path, acknowledge: int) -> None:
    memory = opened(folder)
    os.write(acknowledge, b"open\n")
    memory.forget(Wish(ANN))
    os.write(acknowledge, b"forgotten\n")
    time.sleep(60)


def killed(folder: Path, after_s: float | None) -> tuple[bool, float]:
    """Whether it was acknowledged, and how long (s) whoever forgot has lived; None: until it was."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        forget_and_wait(folder, write)
        os._exit(1)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.readline() == b"open\n"
        began = time.perf_counter()
        first = pipe.readline() if after_s is None else b""
        lived = time.perf_counter() - began
        time.sleep(max(0.0, (after_s or 0.0) - lived))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return b"forgotten\n" in [first, *pipe.readlines()], lived


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")
def test_killed_while_somebody_is_forgotten_it_is_finished_at_the_next_start(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    memory = opened(whole)
    lives = live(memory)
    memory.close()
    chance, within = random.Random(7), 0
    shutil.copytree(whole, tmp_path / "measured")
    longest_s = killed(tmp_path / "measured", None)[1]
    for number in range(MOST_KILLS):
        if number >= KILLS and within >= KILLS / 4:
            break
        folder = tmp_path / f"copy-{number}"
        shutil.copytree(whole, folder)
        acknowledged, _ = killed(folder, chance.uniform(0, longest_s))
        begun = any(path.stat().st_size for path in folder.glob("config/*.forgotten"))  # written at once
        assert begun or not acknowledged
        within += begun and not acknowledged
        again = opened(folder)
        if begun:
            assert_gone(again, folder, lives)
        else:
            assert set(again.vault.people()) == {ANN, BOB} and texts(again) > BOBS
        again.close()
        shutil.rmtree(folder)
    assert within >= KILLS / 4, "it was killed beside what this is about"


def assert_gone(memory: Memory, folder: Path, lives: Lives) -> None:
    """Nothing of Ann is left, and all of Bob."""
    assert memory.vault.people() == [BOB] and not memory.may_remember(ANN) and memory.may_remember(BOB)
    assert memory.forgetting._tombstones.unfinished() == [] and memory.forgetting.look(Wish(ANN)).empty
    left = everything(memory).lower()
    for word in ("amble", "ghent", "beekeeper", "honey", "hives"):
        assert word not in left
    names = [path.name for path in (folder / "data" / "journal").rglob("*")]
    for word in ("hives", "interview", "met"):
        assert not any(name.startswith(lives.entries[word].id) for name in names)
    assert b"amble" not in everything_under(folder / "data").lower()
    assert set(memory.posts.doomed()) == {ANNS_POST, THEIR_POST}
    assert texts(memory) == BOBS == found(memory, "dog paint painter Hull Rex")
    tables = memory.database.read(
        "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE TABLE%' AND name GLOB 'vectors*'"
    )
    vectors = sum(int(memory.database.read(f"SELECT count(*) FROM {name}")[0][0]) for (name,) in tables)
    assert vectors == memory.recall.count() == len(BOBS)
    assert memory.roster.people() == [BOB] and memory.profile.items()
    assert memory.database.check() == [] and memory.journal.check() == []
    assert memory.turns.damaged() == [] and memory.recall.damaged() == 0
