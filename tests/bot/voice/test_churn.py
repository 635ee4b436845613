"""Many come, move and go, and the call does not mind."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.churn import measure
from tests.bot.voice.rig import encoded, rig, sound


@pytest.mark.skipif(sys.platform != "linux" or not Path("/proc/self/task").is_dir(), reason="reads /proc")
async def test_sixty_events_leave_nothing_behind_and_both_who_talk_are_still_heard() -> None:
    figures = await measure(60)
    missed = [figure.as_json() for figure in figures if figure.holds is False]
    assert not missed


async def test_two_hundred_joins_and_leaves_within_a_minute_cost_the_talker_no_frame() -> None:
    async with rig() as made:
        ann = await made.person("Ann")
        voice = await made.join()
        await made.settled()
        said = ann.speak_frames(encoded(sound(1.0, 440)) * 60)
        here = []
        for n in range(100):
            here.append(made.guild.add_member(f"guest {n}"))
            await asyncio.to_thread(here[-1].join, made.channel)
            await asyncio.sleep(0.05)
            if len(here) > n % 5:  # between one and five of them at a time
                await asyncio.to_thread(here.pop(0).leave)
            await asyncio.sleep(0.05)
        for guest in here:
            guest.leave()
        said.stop()
        await asyncio.to_thread(said.wait)
        await made.hears(ann, said.sent - 1)
        assert voice.stats.lost == voice.stats.expired == voice.stats.frames_dropped == 0
        assert voice.stats.malformed == voice.stats.reconnects == voice.stats.dave_recoveries == 0
        await made.settled()
        assert not made.left


async def test_in_a_channel_of_ninety_nine_the_two_who_talk_are_heard_whole() -> None:
    async with rig() as made:
        ann, bob = await made.person("Ann"), await made.person("Bob")
        voice = await made.join()
        crowd = [made.guild.add_member(f"silent {n}", implementation="none") for n in range(96)]
        for each in crowd:
            each.join(made.channel, deaf=True)
        await made.until(lambda: all(each.joined.is_set() for each in crowd))
        await made.settled()
        said = [who.speak_frames(encoded(sound(3.0, hertz))) for who, hertz in ((ann, 440), (bob, 1100))]
        crowd[40].speak_frames(encoded(sound(0.2, 2400)))  # plain in an encrypted call
        for each in said:
            await asyncio.to_thread(each.wait)
        await made.hears(ann, 149)
        await made.hears(bob, 149)
        for who, hertz in ((ann, 440), (bob, 1100)):
            spectrum = np.abs(np.fft.rfft(made.voiced(who)[50].pcm[-960:]))
            assert abs(np.argmax(spectrum) * 50 - hertz) <= 100
        assert not made.voiced(crowd[40])
        assert voice.stats.undecryptable >= 10 and voice.stats.lost == 0
