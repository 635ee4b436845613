"""The page's own camera as one of hers, over its socket."""

from __future__ import annotations

from pathlib import Path

from cogs.overlay import looking
from cogs.overlay.eyes import PAGE_CAMERA
from cogs.overlay.open_page import GARBAGE
from tests.overlay.open_page import Page, desk
from tests.overlay.seeing import Seeing, drawn
from tests.until import until


async def test_pictures_of_the_pages_camera_are_pushed_with_when_they_were_taken(tmp_path: Path) -> None:
    seeing = Seeing()
    async with desk(tmp_path, watcher=seeing) as here:
        page = await here.open()
        await push(page, drawn())  # the camera is off
        await page.send(do="camera", on=True)
        await page.says("camera", on=True)
        await page.send(do="microphone", on=True, rate=48_000)
        await page.says("microphone")
        await push(page, drawn(), 1_700_000_000_123)
        await page.socket.send_bytes(bytes(1920))  # sound is still sound
        await until(lambda: seeing.pushed)
        assert seeing.pushed == [(PAGE_CAMERA, drawn(), 1_700_000_000.123)]
        seeing.cameras.append(PAGE_CAMERA)
        assert PAGE_CAMERA in [one["name"] for one in (await here.open()).hello["cameras"]]
        await page.socket.close()
        await until(lambda: ("stop", PAGE_CAMERA) in seeing.asked)
        assert PAGE_CAMERA not in [one["name"] for one in (await here.open()).hello["cameras"]]


async def test_of_two_pages_the_last_one_has_the_camera_and_the_other_says_so(tmp_path: Path) -> None:
    seeing = Seeing()
    async with desk(tmp_path, watcher=seeing) as here:
        one, other = await here.open(), await here.open()
        for page in (one, other):
            await page.send(do="camera", on=True)
            await page.says("camera", on=True)
        assert "Another page" in (await one.says("camera", on=False))["why"]
        await push(one, b"of one")
        await one.run("/privacy")
        await push(other, b"of the other")
        await until(lambda: seeing.pushed)
        assert [data for _, data, _ in seeing.pushed] == [b"of the other"]
        await one.socket.close()  # the other's goes on
        await push(other, b"of the other")
        await until(lambda: len(seeing.pushed) == 2)


async def test_a_picture_that_is_refused_switches_the_camera_off_with_a_sentence(tmp_path: Path) -> None:
    seeing = Seeing()
    seeing.refuses = "Nobody watches."
    async with desk(tmp_path, watcher=seeing) as here:
        page = await here.open()
        await page.send(do="camera", on=True)
        await push(page, drawn())
        assert (await page.says("camera", on=False))["why"] == "Nobody watches."
        await push(page, drawn())
        await page.run("/privacy")
        assert [one["do"] for one in page.seen].count("camera") == 2


async def test_pictures_have_a_size_and_a_rate(tmp_path: Path) -> None:
    seeing = Seeing()
    async with desk(tmp_path, watcher=seeing) as here:
        page = await here.open()
        await page.send(do="camera", on=True)
        for _ in range(40):
            await push(page, b"picture")
        await page.run("/privacy")
        assert len(seeing.pushed) < 40
        assert len(seeing.pushed) + here.counts["page: pictures dropped"] == 40
        await push(page, bytes(looking.MOST_PICTURE_BYTES + 1))
        assert await page.closed() == 1009
        page = await here.open()
        await page.send(do="microphone", on=True, rate=48_000)
        await page.socket.send_bytes(drawn())  # nobody has said that it is one
        assert await page.closed() == GARBAGE


async def push(page: Page, data: bytes, taken: int = 1_700_000_000_000) -> None:
    await page.send(do="picture", taken=taken)
    await page.socket.send_bytes(data)
