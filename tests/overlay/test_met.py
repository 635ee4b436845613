"""Who is in view and who is met, as a page is told it over its socket."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from pathlib import Path

import aiohttp
import pytest

from cogs.overlay import looking
from cogs.overlay.encountered import BY_ACCOUNT, NOT_SURE, SURE
from cogs.overlay.open_page import GARBAGE, PICTURE
from memory.consent import Purpose
from persona_core.events import Blind, Gone, Met, Stranger
from persona_core.types import Person
from tests.local_mode.sitting import ANN, TOM
from tests.overlay.open_page import Desk, Json, Page, desk
from tests.overlay.seeing import BOB, CAMERA, Seeing, drawn, face, met, sight
from tests.until import until


@pytest.fixture(autouse=True)
def sights_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no eye that sees the same anew again and again."""
    monkeypatch.setattr("cogs.overlay.eyes.STALE_S", 600.0)


def meet(here: Desk, *events: object) -> None:
    for event in events:
        here.page.on_eye(event)


async def look(page: Page, camera: str = "") -> Json:
    """Who is in view, and the picture that came with it."""
    before = len(page.sound)
    await page.send(do="look", camera=camera)
    seen = await page.says("seen")
    while seen["picture"] and len(page.sound) == before:
        message = await page.socket.receive(timeout=10)
        assert message.type is aiohttp.WSMsgType.BINARY
        page.sound.append(message.data)
    return seen


# Who is met


async def test_a_card_is_told_to_the_pages_of_the_owner_and_to_no_overlay(tmp_path: Path) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here:
        one, other, overlay = await here.open(), await here.open(), await here.open(overlay=True)
        meet(
            here,
            sight(face(1, 0, ANN)),
            Met(CAMERA, 1, met(ANN, "This is Ann.", "We met in May."), time.perf_counter()),
        )
        for page in (one, other):
            card = (await page.says("met"))["card"]
            assert (card["name"], card["sure"]) == ("Ann", SURE)
            assert card["statements"] == ["This is Ann.", "We met in May."] and "0.7" not in str(card)
        await one.send(do="say", text="Typed.")
        await one.says("line", kind="reply")
        await overlay.send(do="look", camera="")
        assert await overlay.closed() == GARBAGE
        told = json.dumps(overlay.seen)
        assert "Ann" not in told and "webcam" not in told
        assert not {"met", "seen", "cameras", "encounters", "stranger"} & {one["do"] for one in overlay.seen}


async def test_ids_of_those_who_are_met_are_not_told(tmp_path: Path) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here:
        page = await here.open()
        meet(here, sight(face(1, 0, ANN)), Met(CAMERA, 1, met(ANN, "This is Ann."), 0.0))
        await page.says("met")
        await look(page)
        assert ANN.id not in str(page.seen)


@pytest.mark.parametrize(
    ("who", "likest", "confidence", "name", "sure"),
    [
        (ANN, (), 0.8, "Ann", SURE),
        (ANN, (), -1.0, "Ann", BY_ACCOUNT),
        (None, (ANN.id, BOB.id), 0.5, "perhaps Ann or Bob", NOT_SURE),
        (None, ("nobody:known",), 0.5, "Somebody I do not know", NOT_SURE),
        (None, (), -1.0, "Somebody I do not know", ""),
        (Person("desk:evil", "x" * 500 + "\nsecond line"), (), 0.8, "x" * 79 + "…", SURE),
    ],
)  # fmt: skip
async def test_confidence_is_told_in_words(
    tmp_path: Path, who: Person | None, likest: tuple[str, ...], confidence: float, name: str, sure: str
) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here:
        page = await here.open()
        meet(
            here,
            sight(face(1, 0, maybe=(ANN, BOB))),
            Met(CAMERA, 1, met(who, likest=likest, confidence=confidence), 0.0),
        )
        card = (await page.says("met"))["card"]
        assert (card["name"], card["sure"]) == (name, sure)
        assert (card["who"] is None) is (who is None)


async def test_the_history_is_newest_first_and_live(tmp_path: Path) -> None:
    seeing = Seeing()
    seeing.kept = [met(BOB, id="b", at_s=200.0), met(ANN, id="a", at_s=100.0)]
    async with desk(tmp_path, watcher=seeing) as here:
        page = await here.open()
        if not page.hello["encounters"]:
            await page.says("encounters")
        assert [one["name"] for one in (await here.open()).hello["encounters"]] == ["Bob", "Ann"]
        again = met(ANN, "This is Ann.", id="c", at_s=300.0)
        seeing.kept.insert(0, again)
        meet(here, Met(CAMERA, 1, again, 0.0))
        told = await page.says("encounters")
        assert [one["name"] for one in told["encounters"]] == ["Ann", "Bob", "Ann"]
        await until(lambda: not here.page._eyes._turn.locked())
        here.page._eyes.refresh_soon(here.page.start)
        assert [one["name"] for one in (await here.open()).hello["encounters"]] == ["Ann", "Bob", "Ann"]
        assert (await here.open()).hello["encounters"][0]["statements"] == ["This is Ann."]


async def test_who_nothing_is_kept_of_stands_in_the_history_while_the_page_lasts(tmp_path: Path) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here:
        page = await here.open()
        meet(here, Met(CAMERA, 1, met(ANN), 0.0))
        await page.says("encounters")
        await here.page._eyes.refresh()
        assert [one["name"] for one in (await here.open()).hello["encounters"]] == ["Ann"]


async def test_what_is_forgotten_goes_from_the_history_and_from_what_is_on_its_way(tmp_path: Path) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here:
        page = await here.open()
        about_both = met(BOB, "Bob came with Ann.")
        about_both = Met(CAMERA, 2, about_both, 0.0)
        meet(here, Met(CAMERA, 1, met(ANN, "Ann likes radishes."), 0.0), about_both)
        meet(here, Met(CAMERA, 3, met(BOB, "Bob likes trains."), 0.0))
        here.sitting.desk.conversations.forget(ANN.id, float("inf"))
        await page.says("hello")
        names = [one["name"] for one in (await page.says("encounters"))["encounters"]]
        assert names == ["Bob", "Bob"] and "radishes" not in str(page.seen)
        here.sitting.desk.conversations.forget(None, float("inf"))
        assert (await page.says("encounters"))["encounters"] == []
        assert (await here.open()).hello["encounters"] == []


@pytest.mark.parametrize("purpose", [Purpose.FACE, Purpose.REMEMBERING])
async def test_whoever_takes_their_yes_back_is_on_no_card(tmp_path: Path, purpose: Purpose) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here:
        page = await here.open()
        meet(here, Met(CAMERA, 1, met(ANN, "Ann likes radishes."), 0.0))
        meet(here, Met(CAMERA, 3, met(BOB, "Bob likes trains."), 0.0))
        await page.until(lambda one: one["do"] == "encounters" and len(one["encounters"]) == 2)
        await here.sitting.desk.consent.decide(ANN.id, purpose, False, "test")
        await page.says("hello")
        assert [one["name"] for one in (await here.open()).hello["encounters"]] == ["Bob"]
        assert "radishes" not in str(page.seen[-1])


async def test_what_is_read_while_it_is_forgotten_is_not_shown(tmp_path: Path) -> None:
    seeing, read, go_on = Seeing(), asyncio.Event(), asyncio.Event()

    async def slow() -> list[object]:
        read.set()
        await go_on.wait()
        return [met(ANN, "Ann likes radishes.", id="a")]

    async with desk(tmp_path, watcher=seeing) as here:
        page = await here.open()
        await until(lambda: not here.page._eyes._turn.locked())
        seeing.encounters = slow  # type: ignore[method-assign,assignment]
        reading = asyncio.create_task(here.page._eyes.refresh())
        await read.wait()
        here.sitting.desk.conversations.forget(ANN.id, float("inf"))
        go_on.set()
        await reading
        await page.says("hello")
        assert "radishes" not in str(page.seen) and (await here.open()).hello["encounters"] == []


async def test_why_is_read_anew_and_tells_what_the_owner_may_read(tmp_path: Path) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here:
        page = await here.open()
        await page.run("/consent remembering on")
        await page.run("/journal add text:Ann plays the cello.")
        (entry,) = here.sitting.desk.memory.journal.entries()
        rests = (f"entry/{entry.id}", "encounter/7", "turn/12345", "entry/20200101-000000-000000", "x")
        meet(here, Met(CAMERA, 1, met(ANN, "Ann plays the cello.", sources=rests), 0.0))
        number = (await page.says("met"))["card"]["number"]
        await page.send(do="why", card=number)
        (lines,) = (await page.says("whys"))["whys"]
        assert "Ann plays the cello." in lines[0] and lines[1] == "An earlier meeting."
        assert lines[2] == lines[3] == "Something that is not for you, or is gone."
        await page.press(await page.run("/forget me"), "Forget it")
        await page.send(do="why", card=number)
        assert "cello" not in str(await page.says("whys"))


# Who is in view


async def test_a_look_tells_faces_in_parts_of_the_picture_that_follows(tmp_path: Path) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here:
        page = await here.open()
        maybe = face(3, 1, maybe=(ANN, BOB))
        meet(here, sight(face(1, 0, ANN), face(2, 1, refusal="The face is too dark."), maybe))
        seen = await look(page)
        known, unknown, perhaps = seen["faces"]
        assert seen["camera"] == CAMERA and (known["x"], known["y"]) == (0.1875, 0.1875)
        assert (known["name"], known["track"]) == ("Ann", 1) and known["who"]
        assert (unknown["name"], unknown["who"], unknown["refusal"]) == ("", None, "The face is too dark.")
        assert (perhaps["name"], perhaps["who"]) == ("perhaps Ann or Bob", None)
        assert page.sound[-1] == PICTURE + drawn()


async def test_nobody_is_shown_where_they_were_seen_some_time_ago(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.overlay.eyes.STALE_S", -1.0)
    async with desk(tmp_path, watcher=Seeing()) as here:
        page = await here.open()
        meet(here, sight(face(1, 0, ANN)))
        assert (await look(page))["faces"] == []


async def test_a_page_that_does_not_look_costs_no_picture_and_one_that_asks_too_often_gets_none(
    tmp_path: Path,
) -> None:
    seeing = Seeing()
    async with desk(tmp_path, watcher=seeing) as here:
        page = await here.open()
        for _ in range(20):
            meet(here, sight(face(1, 0, ANN)))
        await page.run("/privacy")
        assert seeing.pictures == 0 and not any(one["do"] == "seen" for one in page.seen)
        got = [(await look(page))["picture"] for _ in range(30)]
        assert seeing.pictures == got.count(True) < 30


async def test_a_camera_that_is_lost_is_a_sentence_until_it_shows_something_again(tmp_path: Path) -> None:
    seeing = Seeing(CAMERA, "door")
    async with desk(tmp_path, watcher=seeing) as here:
        page = await here.open()
        assert [one["name"] for one in page.hello["cameras"]] == [CAMERA, "door"]
        meet(here, sight(face(1, 0, ANN)), Blind(CAMERA, "The camera is gone."))
        seeing.cameras = ["door"]
        told = (await page.until(lambda one: one["do"] == "cameras" and one["cameras"][0]["why"]))["cameras"]
        assert {"name": CAMERA, "why": "The camera is gone."} in told
        assert (await look(page, CAMERA))["camera"] == "door"
        seeing.cameras = [CAMERA, "door"]
        meet(here, sight(face(1, 0, ANN)))
        await page.until(lambda one: one["do"] == "cameras" and not any(it["why"] for it in one["cameras"]))


async def test_a_stranger_is_offered_once_for_each_track_until_they_are_gone(tmp_path: Path) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here:
        page = await here.open()
        meet(here, *(Stranger(CAMERA, 5, 0.0) for _ in range(3)))
        assert (await here.open()).hello["strangers"] == [5]
        meet(here, Gone(CAMERA, 5, None, 0.0), Gone(CAMERA, 6, None, 0.0))
        await page.says("gone", track=5)
        assert [one["do"] for one in page.seen].count("stranger") == 1
        meet(here, Stranger(CAMERA, 7, 0.0), Met(CAMERA, 7, met(ANN), 0.0))
        await page.says("gone", track=7)
        assert (await here.open()).hello["strangers"] == []


# What can be done


async def test_enrolling_needs_a_name_and_that_they_agreed(tmp_path: Path) -> None:
    seeing = Seeing()
    async with desk(tmp_path, watcher=seeing) as here:
        page = await here.open()
        for about, told in (
            ({"name": " ", "agreed": True}, looking.NO_NAME),
            ({"name": "Ann", "agreed": False}, looking.NOT_AGREED),
            ({"name": "Ann", "agreed": "yes"}, looking.NOT_AGREED),
            ({"name": "Ann"}, looking.NOT_AGREED),
        ):
            await page.send(do="enrol", track=3, **about)
            assert (await page.says("told"))["text"] == told
        assert seeing.asked == []
        await page.send(do="enrol", track=3, name=" Ann  of Stripe ", agreed=True)
        assert (await page.says("told", about="faces"))["text"] == "I know Ann of Stripe now."
        assert seeing.asked == [("enrol", 3, "Ann of Stripe")]
        seeing.refuses = "That face is out of view."
        await page.send(do="enrol", track=3, name="Ann", agreed=True)
        assert (await page.says("told", about="faces"))["text"] == "That face is out of view."


async def test_forget_merge_and_split_are_done_to_those_who_are_shown(tmp_path: Path) -> None:
    seeing = Seeing()
    async with desk(tmp_path, watcher=seeing) as here:
        page = await here.open()
        meet(here, Met(CAMERA, 1, met(ANN), 0.0), Met(CAMERA, 2, met(BOB), 0.0))
        ann = (await page.says("met"))["card"]["who"]
        bob = (await page.says("met"))["card"]["who"]
        await page.send(do="merge", who=ann, gone=bob)
        assert (await page.says("told", about="faces"))["text"] == "They are one now."
        await page.send(do="split", who=ann)
        await page.says("told")
        await page.send(do="forget", who=bob)
        await page.says("told")
        for about in ({"do": "merge", "who": ann, "gone": ann}, {"do": "forget", "who": 99}):
            await page.send(**about)
            assert (await page.says("told", about="faces"))["text"] == looking.NOBODY
        assert seeing.asked == [("merge", ANN.id, BOB.id), ("split", ANN.id), ("forget", BOB.id)]


@pytest.mark.parametrize(
    "sent",
    ['{"do": "look"}', '{"do": "look", "camera": 7}', '{"do": "enrol", "track": "x", "name": "Ann"}',
     '{"do": "enrol", "track": 1, "name": 5}', '{"do": "forget"}', '{"do": "forget", "who": -1}',
     '{"do": "merge", "who": 1}', '{"do": "why", "card": "1"}', '{"do": "picture"}', '{"do": "picture", "taken": -1}'],
)  # fmt: skip
async def test_garbage_is_closed_and_counted(tmp_path: Path, sent: str) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here:
        page = await here.open()
        await page.socket.send_str(sent)
        assert await page.closed() == GARBAGE and here.counts["page: thrown out"] == 1


@pytest.mark.parametrize("sent", ["look", "enrol", "forget", "camera", "picture"])
async def test_where_she_sees_nothing_a_page_cannot_ask(tmp_path: Path, sent: str) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        assert page.hello["sees"] is False
        await page.send(do=sent, camera="", track=1, who=1, taken=1)
        assert await page.closed() == GARBAGE


# What is on its way


async def test_a_page_that_is_behind_is_sent_no_picture_and_none_that_shows_what_is_forgotten(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, watcher=Seeing()) as here:
        await here.open()
        served = here.page._pages[0]
        served.send(PICTURE + drawn())
        served.send(struct.pack("<I", 1) + bytes(8))  # her voice
        served.purge()
        assert PICTURE + drawn() not in served._waiting and len(served._waiting) == 2
        for number in range(100):
            here.page._feed.typed("desk", TOM, f"line {number}")
        assert served.behind
