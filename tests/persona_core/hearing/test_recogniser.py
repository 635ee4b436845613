"""One recogniser for everybody: finals first, together where they wait together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from persona_core.errors import EngineError
from persona_core.hearing.recogniser import MOST_TOGETHER, MOST_WAITING, Recogniser
from persona_core.types import Speech, Transcript


def speech(name: str) -> Speech:
    return Speech(np.zeros(1, np.float32), begins=name)


class Gate:
    """Remembers what it was asked for, and answers one call for each leave."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.leave = asyncio.Semaphore(0)
        self._begun = asyncio.Condition()

    async def begun(self, calls: int) -> None:
        async with self._begun:
            await self._begun.wait_for(lambda: len(self.asked) >= calls)

    async def transcribe(self, batch: Sequence[Speech]) -> list[Transcript]:
        async with self._begun:
            self.asked.append([one.begins for one in batch])
            self._begun.notify_all()
        await self.leave.acquire()
        if batch[0].begins == "broken":
            raise EngineError("It broke.")
        return [Transcript(one.begins) for one in batch]


@pytest.fixture
async def gate() -> Gate:
    return Gate()


@pytest.fixture
async def recogniser(gate: Gate) -> AsyncIterator[Recogniser]:
    recogniser = Recogniser(gate)
    work = asyncio.create_task(recogniser.work())
    yield recogniser
    work.cancel()


async def test_finals_come_before_partials_and_the_chosen_person_before_others(
    gate: Gate, recogniser: Recogniser
) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(recogniser.final("x", speech("first")))
        await gate.begun(1)
        recogniser.first = "cleo"
        for name in ("bob", "cleo"):
            tasks.create_task(recogniser.partial(name, lambda name=name: speech(f"{name} so far")))
        for name in ("ann", "dan"):
            tasks.create_task(recogniser.final(name, speech(name)))
        await asyncio.sleep(0)
        for _ in range(4):
            gate.leave.release()
    assert gate.asked == [["first"], ["ann", "dan"], ["cleo so far"], ["bob so far"]]


async def test_a_crowd_is_worked_out_a_few_at_a_time(gate: Gate, recogniser: Recogniser) -> None:
    async with asyncio.TaskGroup() as tasks:
        for n in range(MOST_TOGETHER + 1):
            tasks.create_task(recogniser.final(str(n), speech(str(n))))
        gate.leave.release()
        gate.leave.release()
    assert [len(batch) for batch in gate.asked] == [MOST_TOGETHER, 1]


async def test_a_partial_text_is_of_the_latest_sound_and_not_wanted_once_a_final_is(
    gate: Gate, recogniser: Recogniser
) -> None:
    heard = ["early"]
    busy = asyncio.create_task(recogniser.final("x", speech("x")))
    await gate.begun(1)
    partial = asyncio.create_task(recogniser.partial("ann", lambda: speech(heard[-1])))
    await asyncio.sleep(0)
    heard.append("late")
    gate.leave.release()
    await gate.begun(2)
    assert gate.asked[1] == ["late"]
    waiting = asyncio.create_task(recogniser.partial("bob", lambda: speech("bob so far")))
    await asyncio.sleep(0)
    final = asyncio.create_task(recogniser.final("bob", speech("bob")))
    gate.leave.release()
    gate.leave.release()
    await asyncio.gather(busy, partial, final)
    assert gate.asked[2:] == [["bob"]]
    assert waiting.cancelled()


async def test_what_is_withdrawn_is_not_worked_out(gate: Gate, recogniser: Recogniser) -> None:
    busy = asyncio.create_task(recogniser.final("x", speech("x")))
    await gate.begun(1)
    withdrawn = asyncio.create_task(recogniser.final("ann", speech("ann")))
    await asyncio.sleep(0)
    withdrawn.cancel()
    kept = asyncio.create_task(recogniser.final("bob", speech("bob")))
    gate.leave.release()
    gate.leave.release()
    await asyncio.gather(busy, kept)
    assert gate.asked == [["x"], ["bob"]]


async def test_a_failure_reaches_whoever_waits_and_the_next_is_worked_out(
    gate: Gate, recogniser: Recogniser
) -> None:
    gate.leave.release()
    gate.leave.release()
    with pytest.raises(EngineError, match="It broke"):
        await recogniser.final("ann", speech("broken"))
    assert (await recogniser.final("ann", speech("fine"))).text == "fine"


async def test_a_recogniser_that_falls_behind_says_so(gate: Gate) -> None:
    recogniser = Recogniser(gate)  # nobody works
    waiting = [asyncio.create_task(recogniser.final(str(n), speech(str(n)))) for n in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(EngineError, match="cannot keep up"):
        await recogniser.final("ann", speech("ann"))
    for task in waiting:
        task.cancel()


async def test_a_final_that_nobody_wants_any_more_holds_up_nobody(gate: Gate, recogniser: Recogniser) -> None:
    dip = asyncio.create_task(recogniser.final("ann", speech("ann at a dip")))
    await gate.begun(1)
    dip.cancel()
    pause = asyncio.create_task(recogniser.final("ann", speech("ann at the pause")))
    await gate.begun(2)  # while the first is still being worked out
    gate.leave.release()
    gate.leave.release()
    assert (await pause).text == "ann at the pause"
