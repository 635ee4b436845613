"""What the owner sees when somebody is met, in a real browser."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from persona_core.events import Blind, Gone, Met, Stranger
from persona_core.types import Person
from tests.local_mode.sitting import ANN
from tests.overlay.browser import PHONE, Visitor, chromium, needs_chromium, ready
from tests.overlay.open_page import Desk, desk
from tests.overlay.seeing import BOB, CAMERA, Seeing, face, met, sight
from tests.until import until

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = needs_chromium

SMALL = {"width": 360, "height": 740}
EVIL = Person("desk:evil", "<script>alert(1)</script><img src=x onerror=alert(2)> & \"'</b>")


@pytest.fixture(autouse=True)
def sights_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no eye that sees the same anew again and again."""
    monkeypatch.setattr("cogs.overlay.eyes.STALE_S", 600.0)


@asynccontextmanager
async def looking(folder: Path, seeing: Seeing, **context: Any) -> AsyncIterator[tuple[Desk, Visitor, Page]]:
    """Her page, with what she sees open."""
    async with desk(folder, watcher=seeing) as here, chromium(**context) as visitor:
        page = await ready(here, visitor)
        await page.click("#tab-met")
        await page.locator("#stage:not([hidden])").wait_for()
        yield here, visitor, page


def meet(here: Desk, *events: object) -> None:
    for event in events:
        here.page.on_eye(event)


# Who is met


async def test_a_card_slides_in_with_who_it_is_and_goes_by_itself(tmp_path: Path) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here, chromium() as visitor:
        page, other = await ready(here, visitor), await ready(here, visitor)
        meet(
            here,
            Met(CAMERA, 1, met(ANN, "This is Ann, whom you met in May.", "You promised her a book."), 0.0),
        )
        for one in (page, other):
            card = one.locator("#met-cards .met")
            await card.wait_for()
            assert await card.locator("h2").inner_text() == "Ann"
            words = await card.inner_text()
            assert "I am sure" in words and "You promised her a book." in words and "since " in words
            assert "%" not in words and "0.7" not in words
        assert await page.get_attribute("#met-cards", "aria-live") == "polite"
        meet(here, Met(CAMERA, 2, met(BOB, "This is Bob."), 0.0))
        await page.locator("#met-cards .met h2", has_text="Bob").wait_for()
        await page.clock.install()
        meet(here, Met(CAMERA, 3, met(BOB, "This is Bob again."), 0.0))
        card = page.locator("#met-cards .met", has_text="again")
        await card.wait_for()
        await card.hover()
        await page.clock.run_for(60_000)
        assert await card.is_visible()  # somebody points at it
        await page.mouse.move(5, 5)
        await page.clock.run_for(60_000)
        await card.wait_for(state="detached")
        await page.click("#tab-met")
        assert await page.locator("#encounters h3").all_inner_texts() == ["Bob", "Bob", "Ann"]


async def test_a_card_that_has_the_focus_stays(tmp_path: Path) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here, chromium() as visitor:
        page = await ready(here, visitor)
        await page.clock.install()
        meet(here, Met(CAMERA, 1, met(ANN, "This is Ann."), 0.0))
        card = page.locator("#met-cards .met")
        await card.locator("summary", has_text="Why").focus()
        await page.keyboard.press("Enter")
        await card.locator(".statement", has_text="An earlier meeting.").wait_for()
        await page.clock.run_for(60_000)
        assert await card.is_visible()
        await card.locator(".close").focus()
        await page.keyboard.press("Enter")
        await card.wait_for(state="detached")


async def test_poisoned_names_and_statements_are_words(tmp_path: Path) -> None:
    async with looking(tmp_path, Seeing()) as (here, _, page):
        dialogs: list[str] = []
        page.on("dialog", lambda one: dialogs.append(one.message))
        meet(here, sight(face(1, 0, EVIL), face(2, 1, maybe=(EVIL, ANN))))
        meet(here, Met(CAMERA, 1, met(EVIL, f"My name is {EVIL.name}"), 0.0))
        meet(here, Blind("<i>door</i>", "<b>gone</b>"))
        card = page.locator("#met-cards .met")
        await card.wait_for()
        assert await card.locator("h2").inner_text() == EVIL.name
        assert EVIL.name in await card.inner_text()
        await page.locator("#frames .known", has_text=EVIL.name).wait_for()
        await card.locator("summary", has_text="Not right?").click()
        await card.get_by_role("button", name="Forget").click()
        assert EVIL.name in await page.locator("dialog h2").inner_text()
        assert await page.locator("body :is(script, img, b:not(#suggestions b), i)").count() == 0
        assert dialogs == []


async def test_cards_move_nothing_and_fit_on_a_phone(tmp_path: Path) -> None:
    async with looking(tmp_path, Seeing(), viewport=SMALL, has_touch=True) as (here, _, page):
        boxes = "[...document.querySelectorAll('header, nav, #panel, #camera-frame')].map((one) => JSON.stringify(one.getBoundingClientRect()))"
        before = await page.evaluate(boxes)
        meet(
            here,
            sight(face(1, 0, ANN)),
            Met(CAMERA, 1, met(ANN, "A-very-long-word-" * 20), 0.0),
            Stranger(CAMERA, 2, 0.0),
        )
        await page.locator("#met-cards .met").nth(1).wait_for()
        assert await page.evaluate(boxes) == before
        assert await page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]
        for card in await page.locator("#met-cards .met").all():
            box = await card.bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= SMALL["width"]
        await page.locator("#met-cards").get_by_role("button", name="Get to know them").tap()
        await page.locator("dialog #met-agreed").wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]


async def test_nothing_slides_for_those_who_do_not_want_it(tmp_path: Path) -> None:
    async with looking(tmp_path, Seeing(), reduced_motion="reduce") as (here, _, page):
        meet(here, sight(face(1, 0, ANN)), Met(CAMERA, 1, met(ANN, "This is Ann."), 0.0))
        await page.locator("#met-cards .met").wait_for()
        assert await page.evaluate("document.getAnimations().length") == 0


# Who is in view


async def test_known_faces_have_a_frame_with_the_name_and_strangers_one_without(tmp_path: Path) -> None:
    async with looking(tmp_path, Seeing()) as (here, _, page):
        meet(here, sight(face(1, 0, ANN), face(2, 1)))
        known = page.locator("#frames .known")
        await known.wait_for()
        assert await known.inner_text() == "Ann"
        unknown = page.locator("#frames .face:not(.known)")
        assert await unknown.inner_text() == ""
        assert await unknown.evaluate("(it) => getComputedStyle(it).borderTopStyle") == "dotted"
        stage = await page.locator("#stage").bounding_box()
        box = await known.bounding_box()
        assert stage is not None and box is not None
        assert abs((box["x"] - stage["x"]) / stage["width"] - 120 / 640) < 0.02
        assert abs(box["height"] / stage["height"] - 200 / 480) < 0.02
        meet(here, sight(face(3, 0, maybe=(ANN, BOB))))
        await page.locator("#frames .maybe", has_text="perhaps Ann or Bob").wait_for()
        meet(here, sight())
        await page.locator("#frames .face").first.wait_for(state="detached")


async def test_pictures_are_asked_for_only_while_somebody_looks(tmp_path: Path) -> None:
    seeing = Seeing()
    async with looking(tmp_path, seeing) as (_, __, page):
        await until(lambda: seeing.pictures > 2)
        await page.click("#tab-now")
        await page.wait_for_timeout(500)
        before = seeing.pictures
        await page.wait_for_timeout(1_000)
        assert seeing.pictures == before
        await page.click("#tab-met")
        await until(lambda: seeing.pictures > before)
        await page.evaluate(
            "Object.defineProperty(document, 'hidden', { value: true }); document.dispatchEvent(new Event('visibilitychange'))"
        )
        await page.wait_for_timeout(500)
        before = seeing.pictures
        await page.wait_for_timeout(1_000)
        assert seeing.pictures == before


async def test_one_of_several_cameras_is_chosen_and_one_that_is_lost_says_why(tmp_path: Path) -> None:
    async with looking(tmp_path, Seeing(CAMERA, "door")) as (here, _, page):
        colour = "(() => { const it = document.getElementById('picture'); return it.width && it.getContext('2d').getImageData(5, 5, 1, 1).data[2]; })()"
        before = await page.evaluate(colour)
        await page.select_option("#cameras", "door")
        await _until(lambda: page.evaluate(colour), lambda now: now not in (0, before))
        meet(here, Blind("door", "The camera “door” was unplugged."))
        await page.locator("#blind", has_text="was unplugged").wait_for()
        assert await page.locator("#stage").is_hidden()
        await page.select_option("#cameras", CAMERA)
        await page.locator("#stage:not([hidden])").wait_for()


# What can be done


async def test_a_stranger_is_offered_and_enrolled_only_if_they_agreed(tmp_path: Path) -> None:
    seeing = Seeing()
    async with looking(tmp_path, seeing) as (here, _, page):
        meet(here, sight(face(7, 0)), Stranger(CAMERA, 7, 0.0))
        card = page.locator("#met-cards .met", has_text="somebody I do not know")
        await card.wait_for()
        await page.locator("#in-view").get_by_role("button", name="Get to know them").click()
        await page.fill("#met-name", "Sarah")
        await page.get_by_role("button", name="Get to know them", exact=True).click()
        assert (
            await page.locator("dialog").is_visible() and seeing.asked == []
        )  # the browser asks for the tick
        await page.check("#met-agreed")
        await page.get_by_role("button", name="Get to know them", exact=True).click()
        await page.locator("#met-cards .met", has_text="I know Sarah now.").wait_for()
        assert seeing.asked == [("enrol", 7, "Sarah")]
        meet(here, Gone(CAMERA, 7, None, 0.0))
        await card.wait_for(state="detached")
        seeing.refuses = "That face is out of view."
        await page.locator("#in-view").get_by_role("button", name="Get to know them").click()
        await page.fill("#met-name", "Sarah")
        await page.check("#met-agreed")
        await page.keyboard.press("Enter")
        await page.locator("#met-cards .met", has_text="That face is out of view.").wait_for()


async def test_merge_split_and_forget(tmp_path: Path) -> None:
    seeing = Seeing()
    async with looking(tmp_path, seeing) as (here, visitor, page):
        other = await ready(here, visitor)
        await other.click("#tab-met")
        seeing.kept = [
            met(BOB, "Bob likes trains.", id="b", at_s=200.0),
            met(ANN, "Ann likes tea.", id="a", at_s=100.0),
        ]
        await here.page._eyes.refresh()
        ann = page.locator("#encounters article", has_text="Ann likes tea.")
        await ann.locator("summary", has_text="Not right?").click()
        await ann.get_by_role("button", name="Merge").click()
        await page.select_option("#met-other", label="Bob")
        await page.locator("dialog").get_by_role("button", name="Merge").click()
        await page.locator("#met-cards", has_text="They are one now.").wait_for()
        await ann.get_by_role("button", name="Split").click()
        await page.locator("#met-cards", has_text="They are two again.").wait_for()
        await ann.get_by_role("button", name="Forget").click()
        await page.get_by_role("button", name="Leave it").click()
        assert seeing.asked == [("merge", ANN.id, BOB.id), ("split", ANN.id)]
        await ann.get_by_role("button", name="Forget").click()
        await page.get_by_role("button", name="Forget them").click()
        await page.locator("#met-cards", has_text="They are forgotten.").wait_for()
        for one in (page, other):
            await one.locator("#encounters", has_text="Ann likes tea.").wait_for(state="detached")
            assert await one.locator("#encounters h3").all_inner_texts() == ["Bob"]


async def test_what_is_forgotten_vanishes_from_every_page_at_once(tmp_path: Path) -> None:
    async with looking(tmp_path, Seeing()) as (here, visitor, page):
        other = await ready(here, visitor)
        await other.click("#tab-met")
        meet(here, sight(face(1, 0, ANN)), Met(CAMERA, 1, met(ANN, "Ann likes radishes."), 0.0))
        meet(here, Met(CAMERA, 2, met(BOB, "Bob likes trains."), 0.0))
        for one in (page, other):
            await one.locator("#encounters", has_text="radishes").wait_for()
        here.sitting.desk.conversations.forget(ANN.id, float("inf"))
        for one in (page, other):
            await one.locator("article", has_text="radishes").first.wait_for(state="detached")
            assert "Ann" not in await one.content()
            assert await one.locator("#encounters h3").all_inner_texts() == ["Bob"]


# Where there is no eye, and for others


async def test_where_she_sees_nothing_there_is_no_camera_and_no_tab(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        page = await ready(here, visitor)
        assert await page.locator("#camera").is_hidden() and await page.locator("#tab-met").is_hidden()


async def test_who_is_met_without_being_seen_is_a_card_with_nothing_to_press(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, chromium() as visitor:
        page = await ready(here, visitor)
        here.page.on_card("desk", met(ANN, "This is Ann.", confidence=-1.0))
        card = page.locator("#met-cards .met", has_text="by their account")
        await card.wait_for()
        assert await card.get_by_text("Not right?").count() == 0
        await card.get_by_text("Why").click()
        await card.get_by_text("An earlier meeting.").wait_for()
        await page.keyboard.press("Escape")
        await card.wait_for(state="detached")
        await page.click("#tab-met")
        await page.locator("#encounters", has_text="This is Ann.").wait_for()
        assert await page.locator("#watching").is_hidden()


async def test_an_overlay_shows_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here, chromium() as visitor:
        overlay = await visitor.open(f"{here.page.address}&overlay")
        await until(lambda: len(here.page._pages) == 1)
        page = await ready(here, visitor)
        meet(here, sight(face(1, 0, ANN)), Met(CAMERA, 1, met(ANN, "This is Ann."), 0.0))
        await page.locator("#met-cards .met").wait_for()
        assert "Ann" not in await overlay.content()


# Everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
async def test_no_serious_finding_of_axe(tmp_path: Path, scheme: str, size: str) -> None:
    if importlib.util.find_spec("axe_playwright_python") is None:
        pytest.skip("needs axe: pip install -r requirements-dev.txt")
    from axe_playwright_python.async_playwright import Axe

    shape = {"viewport": PHONE} if size == "phone" else {}
    about = {"color_scheme": scheme, "bypass_csp": True, "reduced_motion": "reduce", **shape}
    async with looking(tmp_path, Seeing(CAMERA, "door"), **about) as (here, _, page):
        await _serious(Axe(), page)
        meet(
            here,
            sight(face(1, 0, ANN), face(2, 1)),
            Met(CAMERA, 1, met(ANN, "This is Ann."), 0.0),
            Stranger(CAMERA, 2, 0.0),
        )
        await page.locator("#met-cards .met").nth(1).wait_for()
        for summary in await page.locator("#met-cards summary").all():
            await summary.click()
        await _serious(Axe(), page)
        await page.locator("#met-cards").get_by_role("button", name="Get to know them").click()
        await _serious(Axe(), page)


async def _until(look: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool]) -> None:
    async with asyncio.timeout(10):
        while not wanted(await look()):  # noqa: ASYNC110  what is waited for is in the browser
            await asyncio.sleep(0.05)


async def _serious(axe: Any, page: Page) -> None:
    found = (await axe.run(page)).response["violations"]
    bad = [one for one in found if one["impact"] in ("serious", "critical")]
    assert bad == [], [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in bad]
