"""A call that is torn down and built up again and again leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from pathlib import Path

import pytest

from tests.bot.voice.rig import encoded, rig, sound


@pytest.mark.skipif(sys.platform != "linux", reason="counts open files in /proc")
async def test_reconnects_moves_and_rejoins_leave_no_task_thread_or_socket() -> None:
    async with rig() as made:
        ann = await made.person("Ann")
        voice = await made.join()
        await made.settled()

        async def once(n: int) -> None:
            nonlocal voice
            if n % 3 == 0:
                gateway = voice._gateway
                made.server.close_voice(made.guild, (1006, 4006, 4015)[n // 3 % 3])
                await made.until(lambda: voice._gateway is not gateway and voice.is_connected())
            elif n % 3 == 1:
                for place in (made.other_channel, made.channel):
                    await voice.move_to(made.client.get_channel(place.id))
            else:
                await voice.disconnect()
                voice = await made.join()
            await made.settled()

        for n in range(3):  # what is made once and kept
            await once(n)
        before = census()
        for n in range(18):
            await once(n)
        await made.until(lambda: census() <= before, 5)
        ann.speak_frames(encoded(sound(0.5, 440)))
        await made.hears(ann, 24)
        assert not made.left


def census() -> int:
    """Tasks, threads and open files of this process, test server included."""
    gc.collect()
    return len(asyncio.all_tasks()) + threading.active_count() + len(list(Path("/proc/self/fd").iterdir()))
