"""Prints of voices: kept of those who agreed, sealed, and gone with a no, with /forget and with time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from memory.consent import Purpose
from memory.forget import Wish
from memory.known import known
from memory.master import KeyPlace
from memory.memory import Memory, open_memory
from memory.prints import LONGEST_S
from memory.voices import KeptVoice
from tests.memory.kept import everything_under

ENCODER = "campplus-zh-en"
ANN, BOB = "desk:ann", "desk:bob"


def voice(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).standard_normal(192).astype(np.float32)
    return vector / np.linalg.norm(vector)


def opened(folder: Path) -> Memory:
    return open_memory(folder / "data", KeyPlace(folder / "key", "file"))


@pytest.fixture
def memory(tmp_path: Path):
    memory = opened(tmp_path)
    yield memory
    memory.close()


async def test_a_print_is_kept_only_of_whoever_agreed(memory: Memory) -> None:
    assert not memory.keep_voice(ANN, voice(1), ENCODER)
    await memory.consent.decide(ANN, Purpose.REMEMBERING, True, "test")  # which is something else
    assert not memory.keep_voice(ANN, voice(1), ENCODER)
    await memory.consent.decide(ANN, Purpose.VOICE, True, "test")
    assert memory.keep_voice(ANN, voice(1), ENCODER)
    assert list(memory.voices.all(ENCODER)) == [ANN] and memory.voices.count() == 1


async def test_it_is_the_same_after_a_restart_and_sealed_on_the_disk(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    await memory.consent.decide(ANN, Purpose.VOICE, True, "test")
    memory.keep_voice(ANN, voice(1), ENCODER)
    (sealed,) = memory.database.execute("SELECT value FROM person_values WHERE person = ?", ANN)
    assert voice(1).tobytes().hex().encode() not in sealed[0] and b"campplus" not in sealed[0]
    memory.close()
    assert voice(1).tobytes() not in everything_under(tmp_path)
    memory = opened(tmp_path)
    kept = memory.voices.of(ANN)
    assert kept is not None and np.array_equal(kept.vector, voice(1)) and kept.encoder == ENCODER
    memory.close()


async def test_what_its_person_is_called_is_kept_with_it_and_what_is_kept_without_opens(
    memory: Memory,
) -> None:
    for person, name in ((ANN, "Ann"), (BOB, "")):
        await memory.consent.decide(person, Purpose.VOICE, True, "test")
        assert memory.keep_voice(person, voice(1), ENCODER, name)
    assert {person: one.name for person, one in memory.voices.all(ENCODER).items()} == {ANN: "Ann", BOB: ""}
    (sealed,) = memory.database.execute("SELECT value FROM person_values WHERE person = ?", ANN)
    assert b"Ann" not in sealed[0]
    memory.recognised(ANN)
    assert memory.voices.of(ANN).name == "Ann"


async def test_its_person_is_told_that_there_is_one(memory: Memory) -> None:
    await memory.consent.decide(ANN, Purpose.VOICE, True, "test")
    memory.keep_voice(ANN, voice(1), ENCODER)
    assert known(memory, Wish(ANN))["voices"] == 1 and known(memory, Wish(BOB))["voices"] == 0
    assert known(memory, Wish(ANN, since_s=0.0))["voices"] == 0


async def test_another_encoders_prints_are_not_compared(memory: Memory) -> None:
    await memory.consent.decide(ANN, Purpose.VOICE, True, "test")
    memory.keep_voice(ANN, voice(1), "another")
    assert memory.voices.all(ENCODER) == {}


async def test_a_no_erases_it_before_the_decision_returns(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    for person in (ANN, BOB):
        await memory.consent.decide(person, Purpose.VOICE, True, "test")
        memory.keep_voice(person, voice(1), ENCODER)
    await memory.consent.decide(ANN, Purpose.VOICE, False, "test")
    assert memory.voices.count_of(ANN) == 0 and list(memory.voices.all(ENCODER)) == [BOB]
    await memory.consent.decide(ANN, Purpose.VOICE, True, "test")  # a new yes brings nothing back
    assert memory.voices.of(ANN) is None
    memory.close()


async def test_what_a_crash_left_of_somebody_who_said_no_goes_at_the_next_start(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    await memory.consent.decide(ANN, Purpose.VOICE, True, "test")
    memory.keep_voice(ANN, voice(1), ENCODER)
    memory.database.execute("UPDATE consent SET allowed = 0 WHERE person = ?", ANN)
    memory.close()
    memory = opened(tmp_path)
    assert memory.voices.count() == 0
    memory.close()


@pytest.mark.parametrize("wish", [Wish(ANN), Wish(ANN, everywhere=False), Wish("*")])
async def test_forgetting_somebody_takes_their_print(memory: Memory, wish: Wish) -> None:
    await memory.consent.decide(ANN, Purpose.VOICE, True, "test")
    memory.keep_voice(ANN, voice(1), ENCODER)
    assert memory.forgetting.look(wish).counts["voices"] == 1
    assert memory.forget(wish).counts["voices"] == 1
    assert memory.voices.count() == 0 and memory.forgetting.look(wish).counts["voices"] == 0


async def test_forgetting_some_minutes_leaves_it(memory: Memory) -> None:
    await memory.consent.decide(ANN, Purpose.VOICE, True, "test")
    memory.keep_voice(ANN, voice(1), ENCODER)
    memory.forget(Wish(ANN, since_s=0.0))
    assert memory.voices.of(ANN) is not None


async def test_who_is_not_heard_for_a_year_is_not_recognised_any_more(memory: Memory) -> None:
    for person in (ANN, BOB):
        await memory.consent.decide(person, Purpose.VOICE, True, "test")
        assert memory.voices.keep(person, voice(1), ENCODER, 1000.0)
    memory.voices.recognised(BOB, 1000.0 + LONGEST_S)
    assert memory.voices.expire(1001.0 + LONGEST_S) == 1
    kept = memory.voices.of(BOB)
    assert isinstance(kept, KeptVoice) and (kept.enrolled_s, kept.heard_s) == (1000.0, 1000.0 + LONGEST_S)
    assert memory.voices.of(ANN) is None
