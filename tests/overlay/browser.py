"""A real Chromium that opens the page; the machine has neither a microphone nor a loudspeaker, so it plays a file."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.pictures.photograph import browser

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

    from tests.overlay.open_page import Desk

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
OPTIONS = (
    "--no-sandbox",  # it reads our own pages alone, and as root it could not have one
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
)

needs_chromium = pytest.mark.skipif(
    browser() is None or importlib.util.find_spec("playwright") is None,
    reason="needs Chromium and Playwright: apt install chromium; pip install -r requirements-dev.txt",
)


class Visitor:
    """Somebody before the browser; nothing that goes wrong on a page may be left unnoticed."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.wrong: list[str] = []

    async def open(self, address: str) -> Page:
        page = await self.context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        page.on("request", lambda one: self._note(one.url))
        await page.goto(address)
        return page

    def excuse(self, wrong: str) -> None:
        """What has these words in it was to be expected."""
        self.wrong = [one for one in self.wrong if wrong not in one]

    def _note(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "blob:http://127.0.0.1:")):
            self.wrong.append(f"it asked {url}")


@asynccontextmanager
async def chromium(
    *, sound: Path | None = None, film: Path | None = None, refuses: bool = False, **context: Any
) -> AsyncIterator[Visitor]:
    """``sound``, ``film``: what its microphone and its camera take in, again and again; None: it has none.

    ``film`` is a row of JPEGs, or Y4M. ``refuses``: the user does not allow it.
    """
    from playwright.async_api import async_playwright

    options = [*OPTIONS]
    if sound is not None or film is not None:
        asked = "--deny-permission-prompts" if refuses else "--use-fake-ui-for-media-stream"
        options += [asked, "--use-fake-device-for-media-stream"]
        options += ["--autoplay-policy=user-gesture-required"]
        options += [f"--use-file-for-fake-audio-capture={sound}"] if sound is not None else []
        options += [f"--use-file-for-fake-video-capture={film}"] if film is not None else []
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=browser(), args=options)
        try:
            visitor = Visitor(await opened.new_context(**{"viewport": WIDE, **context}))
            yield visitor
            assert visitor.wrong == []
        finally:
            await opened.close()


async def say(page: Page, text: str) -> None:
    await page.fill("#words", text)
    await page.keyboard.press("Enter")


async def command(page: Page, line: str) -> Any:
    """Type a command; its card."""
    await say(page, line)
    card = page.locator(".card", has=page.locator(".label", has_text=line)).last
    await card.locator(".message, pre").first.wait_for()
    return card


async def ready(here: Desk, visitor: Visitor) -> Page:
    """Her page, greeted."""
    page = await visitor.open(here.page.address)
    await page.wait_for_selector("#composer:not([hidden])")
    return page
