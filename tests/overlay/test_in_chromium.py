"""The page as people use it, in a real browser."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.overlay.browser import PHONE, chromium, command, needs_chromium, ready, say
from tests.overlay.open_page import desk
from tests.until import until

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = needs_chromium


# Talking


async def test_type_and_read_her_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        here.sitting.llm.lines = ['Good evening to you. @@ {"emotion": "amused"}']
        page = await ready(here, visitor)
        evil = "Good evening <img src=x onerror=alert(1)>"  # words are only words
        await say(page, evil)
        await page.locator("#log .line.her", has_text="Good evening to you.").wait_for()
        assert await page.locator("#log .line p").first.inner_text() == evil
        assert await page.get_attribute("body", "data-mood") == "amused"
        assert "amused" in await page.inner_text("#state")
        assert await page.locator("#times dt").count() > 0
        assert await page.input_value("#words") == ""


async def test_talk_with_the_microphone_and_hear_her_there(tmp_path: Path, speech: Path) -> None:
    async with desk(tmp_path) as here, chromium(sound=speech) as visitor:
        here.sitting.llm.otherwise = "I hear you well."
        page = await ready(here, visitor)
        await page.click("#hands-free")
        await page.wait_for_selector("#hands-free[aria-pressed=true]")
        await page.locator("#live .line, #log .line").first.wait_for()  # live, or already over
        await page.locator("#log .line.her", has_text="I hear you well.").first.wait_for(timeout=20_000)
        assert await page.get_attribute("#voice", "aria-pressed") == "true"
        playback = here.page._sessions[0].line.playback
        assert playback.heard_s > 0.4  # the page itself has said how much it played
        await page.click("#hands-free")
        await page.wait_for_selector("#microphone[aria-pressed=false]")


async def test_hold_the_key_to_talk(tmp_path: Path, speech: Path) -> None:
    async with desk(tmp_path) as here, chromium(sound=speech) as visitor:
        page = await ready(here, visitor)
        await page.focus("#scroll")
        await page.keyboard.down("Space")
        await page.wait_for_selector("#microphone[aria-pressed=true]")
        await page.locator("#live .line").first.wait_for(timeout=15_000)
        await page.keyboard.up("Space")
        await page.wait_for_selector("#microphone[aria-pressed=false]")
        await page.locator("#log .line:not(.her)").first.wait_for()


async def test_a_browser_that_refuses_the_microphone_says_so_and_one_can_type(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        page = await ready(here, visitor)
        await page.click("#hands-free")
        told = page.locator("#told", has_text="microphone")
        await told.wait_for()
        assert await page.get_attribute("#hands-free", "aria-pressed") == "false"
        await say(page, "Then I type.")
        await page.locator("#log .line.her").wait_for()


# Commands


async def test_journal_and_forget(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        page = await ready(here, visitor)
        await page.keyboard.press("/")
        assert await page.input_value("#words") == "/"
        await page.keyboard.type("journal se")
        await page.locator("#suggestions [role=option]", has_text="/journal search").wait_for()
        await page.keyboard.press("Tab")
        assert await page.input_value("#words") == "/journal search "
        await command(page, "/consent remembering on")
        await command(page, "/journal add I was at a concert in Leipzig")
        card = await command(page, "/journal search concert")
        assert "Leipzig" in await card.inner_text()
        await say(page, "Tell me about the concert.")
        await page.locator("#recalled .memory", has_text="Leipzig").wait_for()
        await page.click("#tab-journal")
        await page.locator("#asked", has_text="Leipzig").wait_for()
        await page.click("#tab-now")
        card = await command(page, "/forget me")
        await card.get_by_role("button", name="Forget it").click()
        await card.get_by_role("button", name="Forget it").wait_for(state="detached")
        assert "Leipzig" not in await page.inner_text("body")
        assert "concert" not in await page.inner_text("#log")
        assert "Leipzig" not in await page.content()


async def test_a_form_is_filled_in(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        page = await ready(here, visitor)
        await command(page, "/consent remembering on")
        await command(page, "/journal add I like slow trains")
        await say(page, "/memory edit")
        await page.locator(".card .choice, dialog").first.wait_for()
        if await page.locator(".card .choice").count():
            await page.locator(".card .choice").first.click()
        field = page.locator("dialog textarea, dialog input").first
        await field.fill("I like night trains")
        await page.locator("dialog button[type=submit]").click()
        await page.locator(".card", has_text="put that right").wait_for()
        assert [turn.text for turn in here.sitting.desk.memory.journal.entries()][-1] == "I like night trains"


# Reload, two tabs, a night


async def test_reload_and_two_tabs(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        page = await ready(here, visitor)
        assert here.token not in page.url  # it is not to be seen on a stream, nor in the history
        await say(page, "Remember this line.")
        await page.locator("#log .line.her").wait_for()
        await page.reload()
        await page.locator("#log .line", has_text="Remember this line.").first.wait_for()
        other = await visitor.open(here.address)  # the browser knows the token by now
        await other.locator("#log .line").first.wait_for()
        await say(other, "From the other tab.")
        await page.locator("#log .line", has_text="From the other tab.").first.wait_for()
        assert await page.evaluate("Object.keys(localStorage)") == ["kith-token"]  # nothing of what is shown
        assert await page.evaluate("document.cookie") == ""


async def test_a_page_that_was_left_open_finds_her_again(tmp_path: Path) -> None:
    async with chromium() as visitor:
        async with desk(tmp_path) as here:
            port = int(here.origin.rpartition(":")[2])
            page = await ready(here, visitor)
        await page.locator("#state", has_text="away").wait_for()
        async with desk(tmp_path, port=port) as here:
            await page.locator("#state", has_text="here").wait_for(timeout=20_000)
            await say(page, "Good morning.")
            await page.locator("#log .line.her").first.wait_for()
        visitor.excuse("ERR_CONNECTION_REFUSED")


async def test_the_page_does_not_grow(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        page = await ready(here, visitor)
        from tests.local_mode.sitting import TOM

        for number in range(600):
            here.page._feed.typed("desk", TOM, f"line {number}")
            if number % 50 == 0:
                await asyncio.sleep(0.05)
        await page.locator("#log .line", has_text="line 599").wait_for()
        assert await page.locator("#log > *").count() <= 200


async def test_without_the_token_it_says_what_to_do(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        page = await visitor.open(here.address)
        await page.locator("#door", has_text="needs its address").wait_for()
        await page.fill("#door-token", here.page.address)
        await page.click("#door-form button")
        await page.wait_for_selector("#composer:not([hidden])")
        assert await page.locator("#door").is_hidden()


# Everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
async def test_no_serious_finding_of_axe(tmp_path: Path, scheme: str, size: str) -> None:
    if importlib.util.find_spec("axe_playwright_python") is None:
        pytest.skip("needs axe: pip install -r requirements-dev.txt")
    from axe_playwright_python.async_playwright import Axe

    shape = {"viewport": PHONE} if size == "phone" else {}
    async with desk(tmp_path) as here, chromium(color_scheme=scheme, bypass_csp=True, **shape) as visitor:
        page = await ready(here, visitor)
        await _serious(Axe(), page)
        await command(page, "/consent remembering on")
        await command(page, "/journal add I like slow trains")
        await say(page, "Do you like slow trains?")
        await page.locator("#log .line.her").wait_for()
        await command(page, "/forget me")
        await page.fill("#words", "/jour")
        await page.locator("#suggestions [role=option]").first.wait_for()
        await _serious(Axe(), page)
        await page.fill("#words", "")
        for tab in ("now", "journal", "people", "you", "consent"):
            await page.click(f"#tab-{tab}")
            if tab != "now":
                await page.locator("#asked .body > *").first.wait_for()
            await _serious(Axe(), page)


async def _serious(axe: Any, page: Page) -> None:
    found = (await axe.run(page)).response["violations"]
    bad = [one for one in found if one["impact"] in ("serious", "critical")]
    assert bad == [], [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in bad]


async def test_a_phone_is_wide_enough(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium(viewport=PHONE, has_touch=True) as visitor:
        page = await ready(here, visitor)
        await say(page, "A-very-long-word-that-nobody-says-" * 8)
        await page.locator("#log .line.her").wait_for()
        await command(page, "/status")
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for tab in ("now", "consent", "talk"):
            await page.click(f"#tab-{tab}")
            assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        box = await page.locator("#send").bounding_box()
        assert box is not None and box["x"] + box["width"] <= PHONE["width"] and box["y"] < PHONE["height"]


async def test_all_of_it_with_the_keyboard(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        page = await ready(here, visitor)
        await page.focus("#tab-now")
        await page.keyboard.press("ArrowRight")
        assert await page.evaluate("document.activeElement.id") == "tab-journal"
        await page.keyboard.press("End")
        assert await page.evaluate("document.activeElement.id") == "tab-consent"
        await page.focus("#words")
        await page.keyboard.type("/con")
        await page.keyboard.press("ArrowDown")
        chosen = await page.get_attribute("#words", "aria-activedescendant")
        assert await page.get_attribute(f"#{chosen}", "aria-selected") == "true"
        await page.keyboard.press("Escape")
        assert await page.locator("#suggestions").is_hidden()


async def test_final_captions_are_announced_and_half_said_ones_are_not(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        page = await ready(here, visitor)
        assert await page.get_attribute("#log", "aria-live") == "polite"
        assert await page.get_attribute("#live", "aria-hidden") == "true"


async def test_nothing_moves_for_those_who_do_not_want_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium(reduced_motion="reduce") as visitor:
        page = await ready(here, visitor)
        assert await page.evaluate("document.getAnimations().length") == 0


# For OBS


async def test_an_overlay_shows_captions_on_nothing(tmp_path: Path, speech: Path) -> None:
    async with desk(tmp_path) as here, chromium(sound=speech) as visitor:
        here.sitting.llm.otherwise = "Good evening."
        overlay = await visitor.open(f"{here.page.address}&overlay")
        await until(lambda: len(here.page._pages) == 1)
        assert await overlay.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
        page = await ready(here, visitor)
        await page.click("#hands-free")
        await overlay.locator("#log .line.her").first.wait_for(timeout=20_000)
        for control in ("#composer", "#tabs", "#panel", "header", "#empty"):
            assert await overlay.locator(control).is_hidden()
        assert here.token not in overlay.url and "overlay" in overlay.url
