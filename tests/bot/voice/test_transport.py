"""Everybody's frames, in bounded queues."""

from __future__ import annotations

import asyncio
from collections import Counter

import numpy as np

from bot.voice.transport import MOST_WAITING, DiscordTransport
from persona_core.types import Frame, Person


def transport() -> tuple[DiscordTransport, Counter[str]]:
    counts: Counter[str] = Counter()
    return DiscordTransport(lambda user: Person(f"discord:{user}", f"user {user}"), counts), counts


async def everything(hearing: DiscordTransport) -> list[Frame]:
    hearing.close()
    return [frame async for frame in hearing.frames()]


async def test_frames_come_in_the_order_they_were_heard() -> None:
    hearing, _ = transport()
    for n in range(6):
        hearing.hear(n % 2, np.zeros(960, np.int16), n / 50)
    frames = await everything(hearing)
    assert [frame.at_s for frame in frames] == [n / 50 for n in range(6)]
    assert [frame.person.id for frame in frames[:2]] == ["discord:0", "discord:1"]
    assert {frame.rate for frame in frames} == {48_000}


async def test_the_end_of_talk_reaches_the_listener() -> None:
    hearing, _ = transport()
    for sending in (True, False, True):
        hearing.hear(1, np.zeros(960, np.int16), 0.0, sending)
    assert [frame.sending for frame in await everything(hearing)] == [True, False, True]


async def test_a_listener_is_woken_and_ends_with_the_call() -> None:
    hearing, _ = transport()
    listening = asyncio.create_task(anext(aiter(hearing.frames())))
    await asyncio.sleep(0)
    hearing.hear(1, np.zeros(960, np.int16), 0.0)
    assert (await listening).person.name == "user 1"
    assert await everything(hearing) == []


async def test_a_slow_listener_loses_the_oldest_of_who_talks_most_and_of_nobody_else() -> None:
    hearing, counts = transport()
    hearing.hear(2, np.zeros(960, np.int16), -1.0)
    for n in range(MOST_WAITING + 10):
        hearing.hear(1, np.zeros(960, np.int16), float(n))
    frames = await everything(hearing)
    assert [frame.at_s for frame in frames] == [-1.0, *map(float, range(10, MOST_WAITING + 10))]
    assert counts["frames_dropped"] == 10


async def test_a_forgotten_persons_frames_are_not_given_out() -> None:
    hearing, _ = transport()
    for n in range(4):
        hearing.hear(n % 2, np.zeros(960, np.int16), 0.0)
    hearing.forget(1)
    assert [frame.person.id for frame in await everything(hearing)] == ["discord:0", "discord:0"]
