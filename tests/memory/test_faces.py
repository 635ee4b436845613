"""Prints of faces: kept of those who agreed, sealed, and gone with a no, with /forget and with time."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from memory.consent import Purpose
from memory.faces import KeptFace
from memory.forget import Wish
from memory.gallery import Template
from memory.master import KeyPlace
from memory.memory import Memory, open_memory
from memory.prints import LONGEST_S
from tests.memory.kept import everything_under

ENCODER = "sface-2021dec"
ANN, BOB = "desk:ann", "desk:bob"


def face(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).standard_normal(128).astype(np.float32)
    return vector / np.linalg.norm(vector)


def opened(folder: Path) -> Memory:
    return open_memory(folder / "data", KeyPlace(folder / "key", "file"))


def keep(memory: Memory, person: str, encoder: str = ENCODER) -> bool:
    return memory.people.enrol(person, "", Template(face(1), encoder, 5), time.time())


@pytest.fixture
def memory(tmp_path: Path):
    memory = opened(tmp_path)
    yield memory
    memory.close()


async def test_a_print_is_kept_only_of_whoever_agreed(memory: Memory) -> None:
    assert not keep(memory, ANN)
    await memory.consent.decide(ANN, Purpose.REMEMBERING, True, "test")  # which is something else
    assert not keep(memory, ANN)
    await memory.consent.decide(ANN, Purpose.FACE, True, "test")
    assert keep(memory, ANN)
    assert list(memory.faces.all(ENCODER)) == [ANN] and memory.faces.count() == 1


async def test_it_is_the_same_after_a_restart_and_sealed_on_the_disk(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    await memory.consent.decide(ANN, Purpose.FACE, True, "test")
    keep(memory, ANN)
    (sealed,) = memory.database.execute("SELECT value FROM person_values WHERE person = ?", ANN)
    assert face(1).tobytes().hex().encode() not in sealed[0] and b"sface" not in sealed[0]
    memory.close()
    assert face(1).tobytes() not in everything_under(tmp_path)
    memory = opened(tmp_path)
    kept = memory.faces.of(ANN)
    assert (
        kept is not None
        and np.array_equal(kept.vector, face(1))
        and kept.encoder == ENCODER
        and kept.frames == 5
    )
    memory.close()


async def test_another_encoders_prints_are_not_compared(memory: Memory) -> None:
    await memory.consent.decide(ANN, Purpose.FACE, True, "test")
    keep(memory, ANN, "another")
    assert memory.faces.all(ENCODER) == {}


async def test_a_no_erases_it_before_the_decision_returns(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    for person in (ANN, BOB):
        await memory.consent.decide(person, Purpose.FACE, True, "test")
        keep(memory, person)
    await memory.consent.decide(ANN, Purpose.FACE, False, "test")
    assert memory.faces.count_of(ANN) == 0 and list(memory.faces.all(ENCODER)) == [BOB]
    await memory.consent.decide(ANN, Purpose.FACE, True, "test")  # a new yes brings nothing back
    assert memory.faces.of(ANN) is None
    memory.close()


async def test_what_a_crash_left_of_somebody_who_said_no_goes_at_the_next_start(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    await memory.consent.decide(ANN, Purpose.FACE, True, "test")
    keep(memory, ANN)
    memory.database.execute("UPDATE consent SET allowed = 0 WHERE person = ?", ANN)
    memory.close()
    memory = opened(tmp_path)
    assert memory.faces.count() == 0
    memory.close()


@pytest.mark.parametrize("wish", [Wish(ANN), Wish(ANN, everywhere=False), Wish("*")])
async def test_forgetting_somebody_takes_their_print(memory: Memory, wish: Wish) -> None:
    await memory.consent.decide(ANN, Purpose.FACE, True, "test")
    keep(memory, ANN)
    assert memory.forgetting.look(wish).counts["faces"] == 1
    assert memory.forget(wish).counts["faces"] == 1
    assert memory.faces.count() == 0 and memory.forgetting.look(wish).counts["faces"] == 0


async def test_forgetting_some_minutes_leaves_it(memory: Memory) -> None:
    await memory.consent.decide(ANN, Purpose.FACE, True, "test")
    keep(memory, ANN)
    memory.forget(Wish(ANN, since_s=0.0))
    assert memory.faces.of(ANN) is not None


async def test_who_is_not_seen_for_a_year_is_not_recognised_any_more(memory: Memory) -> None:
    for person in (ANN, BOB):
        await memory.consent.decide(person, Purpose.FACE, True, "test")
        assert memory.faces.keep(person, face(1), ENCODER, 5, 1000.0)
    memory.faces.recognised(BOB, 1000.0 + LONGEST_S)
    assert memory.faces.expire(1001.0 + LONGEST_S) == 1
    kept = memory.faces.of(BOB)
    assert isinstance(kept, KeptFace) and (kept.enrolled_s, kept.seen_s) == (1000.0, 1000.0 + LONGEST_S)
    assert memory.faces.of(ANN) is None
