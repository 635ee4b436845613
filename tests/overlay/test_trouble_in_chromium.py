"""What goes wrong before the page, in a real browser: it is said, nothing is lost, and it goes on."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cogs.overlay.open_page import GARBAGE
from cogs.overlay.shared import ELSEWHERE
from tests.overlay.browser import PHONE, chromium, needs_chromium, ready, say
from tests.overlay.open_page import Desk, desk
from tests.until import until

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = needs_chromium

LISTENS = "#hands-free[aria-pressed=true]"
LISTENS_NOT = "#hands-free[aria-pressed=false]"
SENDS = """([token, words]) => new Promise((closed) => {
  const socket = new WebSocket(`ws://${location.host}/live`);
  socket.onopen = () => {
    socket.send(JSON.stringify({ do: "hello", token }));
    socket.send(words);
  };
  socket.onclose = ({ code }) => closed(code);
})"""


def cut(here: Desk) -> None:
    """The connection of each page is gone without a word, as when a laptop has slept."""
    for page in here.page._pages:
        page._socket._req.transport.abort()


async def is_heard(page: Page, so_far: int) -> None:
    """Something more than ``so_far`` lines of somebody's is heard."""
    await page.locator("#log .line:not(.her)").nth(so_far).wait_for(timeout=20_000)


# The microphone


async def test_a_browser_that_refuses_the_microphone_says_how_to_allow_it(
    tmp_path: Path, speech: Path
) -> None:
    async with desk(tmp_path) as here, chromium(sound=speech, refuses=True) as visitor:
        page = await ready(here, visitor)
        for press in ("#hands-free", "#microphone"):
            await page.evaluate("document.getElementById('told').textContent = ''")
            await page.click(press)
            await page.locator("#told", has_text="allow it in the address bar").wait_for()
        assert await page.get_attribute("#hands-free", "aria-pressed") == "false"
        assert await page.get_attribute("#microphone", "aria-pressed") == "false"
        assert here.page._sound._microphone is None
        await say(page, "Then I type.")
        await page.locator("#log .line.her").wait_for()


async def test_where_there_is_no_microphone_it_is_said(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        await visitor.context.grant_permissions(["microphone"])  # and the computer has none
        page = await ready(here, visitor)
        await page.click("#hands-free")
        await page.locator("#told", has_text="finds no microphone").wait_for()


# Two pages


async def test_of_two_pages_the_last_one_has_microphone_and_voice_and_the_other_says_so(
    tmp_path: Path, speech: Path
) -> None:
    async with desk(tmp_path) as here, chromium(sound=speech) as visitor:
        one = await ready(here, visitor)
        await one.click("#hands-free")
        await is_heard(one, 0)
        other = await ready(here, visitor)
        await other.click("#hands-free")
        await one.wait_for_selector(LISTENS_NOT)
        assert await one.inner_text("#told") == ELSEWHERE
        assert await one.get_attribute("#voice", "aria-pressed") == "false"
        await other.wait_for_selector(f"{LISTENS}, #voice[aria-pressed=true]")
        before = await other.locator("#log .line:not(.her)").count()
        await is_heard(other, before)
        await other.close()
        await until(lambda: len(here.page._pages) == 1)
        await one.click("#hands-free")
        await one.wait_for_selector(LISTENS)
        before = await one.locator("#log .line:not(.her)").count()
        await is_heard(one, before)


# A night


async def test_after_a_night_the_page_connects_again_and_its_microphone_is_off(
    tmp_path: Path, speech: Path
) -> None:
    async with desk(tmp_path) as here, chromium(sound=speech) as visitor:
        page = await ready(here, visitor)
        await page.click("#hands-free")
        await is_heard(page, 0)
        await page.fill("#words", "half a line")
        cut(here)
        await page.wait_for_selector(LISTENS_NOT)  # nobody is heard without knowing it
        await page.locator("body:not([data-state=away])").wait_for(timeout=20_000)
        await until(lambda: len(here.page._pages) == 1)
        assert here.page._sound._microphone is None
        assert await page.locator("#log .line:not(.her)").count() > 0
        assert await page.input_value("#words") == "half a line"
        await page.click("#hands-free")
        await page.wait_for_selector(LISTENS)
        before = await page.locator("#log .line:not(.her)").count()
        await is_heard(page, before)


async def test_while_she_is_away_nothing_that_is_typed_is_lost(tmp_path: Path) -> None:
    async with chromium() as visitor:
        async with desk(tmp_path) as here:
            port = int(here.origin.rpartition(":")[2])
            page = await ready(here, visitor)
        await page.locator("#state", has_text="away").wait_for()
        await say(page, "Are you there?")
        await page.locator("#told", has_text="your line is still here").wait_for()
        assert await page.input_value("#words") == "Are you there?"
        async with desk(tmp_path, port=port) as here:
            await page.locator("#state", has_text="here").wait_for(timeout=20_000)
            await page.keyboard.press("Enter")
            await page.locator("#log .line.her").first.wait_for()
            page = await visitor.open(here.address)  # the token is good after a restart
            await page.locator("#log .line.her").first.wait_for()
        visitor.excuse("ERR_CONNECTION_REFUSED")


# Garbage


@pytest.mark.parametrize("sent", ["nonsense", '{"do": "unknown"}', '{"do": "hello"}'])
async def test_garbage_from_one_page_is_no_matter_of_the_others(tmp_path: Path, sent: str) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        page, other = await ready(here, visitor), await ready(here, visitor)
        assert await other.evaluate(SENDS, [here.token, sent]) == GARBAGE
        assert here.counts["page: thrown out"] == 1
        await say(page, "Are you still there?")
        for one in (page, other):
            await one.locator("#log .line.her", has_text="still there").wait_for()


# A port that is taken


async def test_where_the_port_is_taken_the_page_is_at_the_address_that_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with desk(tmp_path, port=taken.getsockname()[1]) as here, chromium() as visitor:
            page = await visitor.open(here.told[-1].removeprefix("Her page: "))
            await say(page, "Found you.")
            await page.locator("#log .line.her").wait_for()


# A phone


async def test_on_a_phone_one_can_talk(tmp_path: Path, speech: Path) -> None:
    shape = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    async with desk(tmp_path) as here, chromium(sound=speech, **shape) as visitor:
        page = await ready(here, visitor)
        await page.tap("#hands-free")
        await page.wait_for_selector(LISTENS)
        await page.locator("#log .line.her").first.wait_for(timeout=20_000)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for control in ("#microphone", "#hands-free", "#voice", "#send"):
            box = await page.locator(control).bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
