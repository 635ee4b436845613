"""Cameras that speak RTSP, with a real server."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from local_mode import camera, camera_video
from tests.local_mode.rtsp_server import rtsp_camera
from tests.local_mode.seeing import looking, until


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(camera_video, "ANSWER_S", 1.0)


async def test_a_stream_is_seen_with_the_time_of_each_picture() -> None:
    async with rtsp_camera() as (_, host), looking(f"door=rtsp://{host}/stream") as look:
        await look.until_seen(10)
        assert not look.lost and look.cameras.names == ("door",)
    times = [view.at for view in look.views]
    assert times == sorted(times) and times[-1] <= time.perf_counter()
    assert all(
        not isinstance(view.picture, bytes) and view.picture.shape == (48, 64, 3) for view in look.views
    )
    assert len({round(float(np.mean(view.picture))) for view in look.views}) > 3  # type: ignore[arg-type]


@pytest.mark.parametrize(("given", "seen"), [("ann:geheim@", True), ("ann:wrong@", False), ("", False)])
async def test_a_password_in_the_address_opens_it(given: str, seen: bool) -> None:
    async with rtsp_camera("ann:geheim") as (_, host), looking(f"door=rtsp://{given}{host}/stream") as look:
        await until(lambda: bool(look.views or look.lost))
        assert bool(look.views) is seen
    assert seen or ("“door” wants a password" in look.told[0] and "wrong" not in look.told[0])


async def test_a_stream_that_is_cut_is_told_once_and_comes_back() -> None:
    async with rtsp_camera() as (door, host), looking(f"door=rtsp://{host}/stream") as look:
        await look.until_seen()
        door.cut()
        await until(lambda: bool(look.lost))
        assert look.lost[0][1].startswith("The camera “door” ")
        seen = len(look.views)
        await look.until_seen(seen + 3)
        assert len(look.lost) == 1 and door.asked == 2


async def test_a_stream_that_hangs_is_told_and_comes_back() -> None:
    async with rtsp_camera() as (door, host), looking(f"door=rtsp://{host}/stream") as look:
        await look.until_seen()
        door.silent = True
        await until(lambda: bool(look.lost))
        assert look.cameras.latest("door") is None
        door.silent = False
        seen = len(look.views)
        await look.until_seen(seen + 3)
        assert len(look.lost) == 1


async def test_closing_does_not_wait_for_a_stream_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_video, "ANSWER_S", 30.0)
    monkeypatch.setattr(camera, "CLOSE_S", 0.1)
    async with (
        rtsp_camera() as (door, host),
        asyncio.timeout(20),
        looking(f"door=rtsp://{host}/stream") as look,
    ):
        await look.until_seen()
        door.silent = True
        await asyncio.sleep(0.3)
