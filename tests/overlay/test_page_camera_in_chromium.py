"""The browser's own camera as one of hers, in a real browser that plays a film."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cogs.overlay.shared import ELSEWHERE
from persona_core.seeing.pictures import decode_picture
from tests.overlay.browser import chromium, needs_chromium, ready
from tests.overlay.open_page import desk
from tests.overlay.seeing import Seeing, drawn
from tests.until import until

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a camera sees, as Chromium plays it."""
    file = tmp_path_factory.mktemp("film") / "drawn.mjpeg"
    file.write_bytes(b"".join(drawn(faces=1 + number % 2) for number in range(10)))
    return file


async def test_the_browsers_camera_is_one_of_hers_until_it_is_switched_off(
    tmp_path: Path, film: Path
) -> None:
    seeing = Seeing()
    async with desk(tmp_path, watcher=seeing) as here, chromium(film=film) as visitor:
        page = await ready(here, visitor)
        await page.click("#camera")
        await page.wait_for_selector("#camera[aria-pressed=true]")
        await until(lambda: len(seeing.pushed) >= 3)
        camera, data, taken_s = seeing.pushed[-1]
        seen = decode_picture(data)
        assert camera == "page" and seen.shape[1] == 640
        for at, drawn_there in ((40, (220, 216, 207)), (470, (111, 136, 161))):  # as blue, green, red
            assert np.abs(seen[at, 20].astype(int) - drawn_there).max() < 30  # its colours are a film's
        assert taken_s is not None and abs(taken_s - here.sitting.desk.now()) < 60
        await page.click("#camera")
        await until(lambda: ("stop", "page") in seeing.asked)
        before = len(seeing.pushed)
        await page.wait_for_timeout(1_000)
        assert len(seeing.pushed) == before
        await page.click("#camera")
        await until(lambda: len(seeing.pushed) > before)
        other = await ready(here, visitor)
        await other.click("#camera")
        await page.locator("#met-cards", has_text=ELSEWHERE).wait_for()
        assert await page.get_attribute("#camera", "aria-pressed") == "false"
        await other.close()
        await until(lambda: seeing.asked.count(("stop", "page")) == 2)


async def test_a_camera_that_the_browser_refuses_or_lacks_is_one_sentence(tmp_path: Path, film: Path) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here:
        async with chromium(film=film, refuses=True) as visitor:
            page = await ready(here, visitor)
            await page.click("#camera")
            await page.locator("#met-cards", has_text="allow it in the address bar").wait_for()
            assert await page.get_attribute("#camera", "aria-pressed") == "false"
        async with chromium() as visitor:
            await visitor.context.grant_permissions(["camera"])
            page = await ready(here, visitor)
            await page.click("#camera")
            await page.locator("#met-cards", has_text="finds no camera").wait_for()
