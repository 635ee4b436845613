"""``python -m tests.overlay.pictures``: take the pictures of docs/page.md anew, of the real page in a real Chromium.

Needs Chromium, Playwright (requirements-dev.txt) and the fonts: apt install chromium fonts-inter fonts-noto-color-emoji
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cogs.overlay.server import STATIC
from persona_core.events import Hearing, Met, Said
from persona_core.types import Person, Reply, Timings, Utterance
from tests.local_mode.sitting import TOM
from tests.overlay import seeing
from tests.overlay.browser import PHONE, chromium
from tests.overlay.open_page import Desk, desk
from tests.overlay.seeing import CAMERA, Seeing, face, met, sight
from tests.pictures.photograph import SOURCE, browser

if TYPE_CHECKING:
    from playwright.async_api import Page

PICTURES = Path(__file__).parents[2] / "docs" / "pictures" / "page"
NAMES = ("light", "commands", "phone", "met", "overlay")
COLOURS = 128
ANN = Person("desk:ann", "Ann")
TALK = (
    (TOM, "I am off to the cello evening with my sister. Anything I should listen for?"),
    (None, "Oh, the slow movement. Your sister's quartet hurries there when she is nervous, you told me."),
    (ANN, "Is that the one in the old station hall?"),
    (None, "Yes, the night train platform. It is the best echo in town, and I will not be argued with."),
)
TIMES = Timings(
    text_ms=310.0,
    end_of_turn_ms=420.0,
    llm_first_token_ms=96.0,
    llm_first_clause_ms=240.0,
    tts_first_audio_ms=110.0,
    llm_ms=1_050.0,
    voice_to_voice_ms=780.0,
)


def made_of() -> str:
    """A fingerprint of all that the pictures are made of: the page's files, this one, and who is drawn."""
    own = (Path(__file__), Path(seeing.__file__))
    files = sorted((*STATIC.iterdir(), *own), key=lambda file: file.name)
    read = [file.name.encode() + b"\0" + file.read_bytes().replace(b"\r\n", b"\n") for file in files]
    return sha256(b"\0".join(read)).hexdigest()


async def take() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with desk(Path(folder)) as here:
            await _remember(here)
            for name, about in {
                "light": {},
                "commands": {"color_scheme": "dark"},
                "phone": {"color_scheme": "dark", "viewport": PHONE},
            }.items():
                await _photograph(here, name, **about)
            await _overlay(here)
    with tempfile.TemporaryDirectory() as folder:
        async with desk(Path(folder), watcher=Seeing()) as here:
            await _remember(here)
            await _met(here)


async def _remember(here: Desk) -> None:
    """What she knows, and a talk that is under way."""
    page = await here.open()
    await page.run("/consent remembering on")
    await page.run(
        "/journal add text:My sister plays the cello in a quartet; nervous, they hurry the slow movement."
    )
    await page.run("/journal add text:I like night trains and old station halls.")
    here.sitting.llm.lines = ["Good evening, Tom. Going out?"]
    await page.send(do="say", text="What does my sister's quartet do with the slow movement on the cello?")
    await page.until(lambda message: message["do"] == "recalled" and bool(message["recalled"]))
    feed = here.page._feed
    feed.forget(None, float("inf"))
    at_s = 0.0
    asked: list[Utterance] = []
    for person, text in TALK:
        at_s += 4
        if person is None:
            reply = Reply(text, "tender" if "sister" in text else "amused")
            feed.on_event("desk", Said(reply, 3.0, TIMES, tuple(asked[-1:])))
        else:
            asked.append(Utterance(person, text, at_s - 3, at_s, stopped_at=at_s))
            feed.line("desk", asked[-1])
    await page.socket.close()


def _half_said(here: Desk) -> None:
    here.page._feed.on_event("desk", Hearing(TOM, "All right, then I will listen for", "the echo and"))


async def _photograph(here: Desk, name: str, **about: Any) -> None:
    async with chromium(device_scale_factor=2, reduced_motion="reduce", **about) as visitor:
        page = await visitor.open(here.page.address)
        await page.locator("#log .line.her").first.wait_for()
        _half_said(here)
        await page.locator("#live .line").wait_for()
        if name == "light":
            await page.locator("#recalled details summary").first.click()
        if name == "commands":
            await _propose(page)
        await _keep(page, name)


async def _met(here: Desk) -> None:
    """Somebody is met, and somebody else is not known."""
    async with chromium(device_scale_factor=2, reduced_motion="reduce") as visitor:
        page = await visitor.open(here.page.address)
        await page.locator("#log .line.her").first.wait_for()
        await page.click("#tab-met")
        await page.locator("#stage:not([hidden])").wait_for()
        yesterday = time.time() - 86_400
        seen = Seeing()
        seen.kept = [met(seeing.BOB, id="bob", at_s=yesterday)]
        here.page._eyes.watcher = seen
        await here.page._eyes.refresh()
        here.page.on_eye(sight(face(1, 0, ANN), face(2, 1)))
        said = (
            "This is Ann; you met her in May, at the station hall.",
            "You promised her the score of the quartet.",
        )
        here.page.on_eye(Met(CAMERA, 1, met(ANN, *said), time.perf_counter()))
        await page.locator("#met-cards .met").wait_for()
        await page.locator("#frames .known").wait_for()
        await _keep(page, "met")


async def _propose(page: Page) -> None:
    """A question that waits for its answer, the journal, and a command that is being typed."""
    await page.fill("#words", "/forget me")
    await page.keyboard.press("Enter")
    await page.locator(".card .push").first.wait_for()
    await page.click("#tab-journal")
    await page.locator("#asked .embed").first.wait_for()
    await page.fill("#words", "/journal ")
    await page.locator("#suggestions [role=option]").first.wait_for()


async def _overlay(here: Desk) -> None:
    """On a dark ground, as a stream would have it behind."""
    async with chromium(
        device_scale_factor=1, reduced_motion="reduce", viewport={"width": 1280, "height": 360}
    ) as visitor:
        page = await visitor.open(f"{here.page.address}&overlay")
        await page.locator("#log .line").first.wait_for(state="attached")
        _half_said(here)
        await page.locator("#live .line").wait_for()
        await page.evaluate("document.body.style.background = 'linear-gradient(120deg, #22364a, #57405c)'")
        await _keep(page, "overlay")


async def _keep(page: Page, name: str) -> None:
    await page.evaluate("document.fonts.ready.then(() => true)")
    await asyncio.sleep(0.3)
    with Image.open(io.BytesIO(await page.screenshot())) as image:
        few = image.convert("RGB").quantize(
            COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE
        )
        about = PngInfo()
        about.add_text(SOURCE, made_of())
        few.save(PICTURES / f"{name}.png", "PNG", optimize=True, pnginfo=about)


if __name__ == "__main__":
    if browser() is None:
        sys.exit("Chromium: not here, see the head of this file.")
    asyncio.run(take())
