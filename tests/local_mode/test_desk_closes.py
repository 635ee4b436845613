"""The end of a sitting: what was begun is finished, what takes too long is given up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cogs.answers import KithCog
from local_mode import desk
from tests.local_mode.sitting import sitting


def a_cog(of: desk.Desk) -> KithCog:
    cog = of._client.get_cog("Forget")
    assert isinstance(cog, KithCog)
    return cog


async def test_what_is_being_erased_or_written_down_is_finished_first(tmp_path: Path) -> None:
    done: list[str] = []

    async def work(sat: desk.Desk) -> None:
        await asyncio.sleep(0.2)
        await asyncio.to_thread(sat.memory.turns.last_id)  # what is kept is open still
        done.append("work")

    async with sitting(tmp_path) as sat:
        a_cog(sat.desk).start(work(sat.desk), "work")
    assert done == ["work"]


async def test_what_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "ENDING_S", 0.1)
    async with sitting(tmp_path) as sat:
        endless = asyncio.create_task(asyncio.Event().wait())
        a_cog(sat.desk).watch(endless)
    assert endless.cancelled()
