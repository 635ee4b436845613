"""What a page is told and may ask for, over its socket."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from cogs.overlay import open_page as limits
from cogs.overlay.open_page import GARBAGE, TOO_FAST, TOO_MANY, Bucket
from memory.consent import Purpose
from persona_core.types import Person
from tests.cogs.running import tone
from tests.local_mode.sitting import ANN, TOM
from tests.overlay.open_page import Page, desk, words_of
from tests.until import until

FRAME = 960  # samples at 48 kHz


# Talking


async def test_a_typed_line_and_her_answer_are_on_every_page_that_is_open(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        one, other = await here.open(), await here.open()
        here.sitting.llm.lines = ["Good evening to you."]
        await one.send(do="say", text="Good evening.")
        for page in (one, other):
            line = await page.says("line", kind="line")
            assert (line["text"], line["name"], line["typed"]) == ("Good evening.", "Tom", True)
            reply = await page.says("line", kind="reply")
            assert reply["text"] == "Good evening to you." and reply["timings"]
            assert any(message["do"] == "speaking" for message in page.seen)


async def test_what_is_typed_at_the_terminal_is_on_the_page_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        await here.sitting.type("Hello from the terminal.", "Hello from the terminal.")
        await page.until(lambda message: len(page.texts) == 4)
        assert page.texts.count("Hello from the terminal.") == 2


async def test_her_mood_is_told_with_her_reply(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        here.sitting.llm.lines = ['Ha, good one. @@ {"emotion": "amused"}']
        await page.send(do="say", text="A joke.")
        assert (await page.says("line", kind="reply"))["emotion"] == "amused"


async def test_who_loads_the_page_again_finds_the_last_lines(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        await page.send(do="say", text="Are you there?")
        await page.says("line", kind="reply")
        await page.socket.close()
        again = (await here.open()).hello["lines"]
        assert [line["text"] for line in again] == ["Are you there?", "You said Tom: Are you there?"]


async def test_no_more_lines_are_held_than_are_shown(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        for number in range(260):
            here.page._feed.typed("desk", TOM, f"line {number}")
        lines = (await here.open()).hello["lines"]
        assert len(lines) == 200 and lines[-1]["text"] == "line 259"


async def test_ids_of_people_are_not_told(tmp_path: Path) -> None:
    async with desk(tmp_path, (TOM, ANN)) as here:
        page = await here.open()
        await page.send(do="say", text="Hello.")
        await page.says("line", kind="reply")
        assert TOM.id not in str(page.seen) and ANN.id not in str(page.seen)


async def test_somebody_who_is_called_like_her_is_told_apart(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        here.page._feed.typed("desk", Person("desk:mira", "Mira"), "I am she.")
        assert (await page.says("line"))["name"] == "Mira (guest)"


# The microphone and her voice


async def test_what_is_said_into_the_browsers_microphone_is_heard_and_answered_there(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        here.sitting.llm.otherwise = "I hear you."
        assert page.hello["hears"] and page.hello["speaks"]
        await page.send(do="voice", on=True)
        await page.send(do="microphone", on=True, rate=48_000)
        await page.says("microphone", on=True)
        sound = np.concatenate([tone(300, 1.0), np.zeros(48_000, np.int16)])
        for start in range(0, len(sound), FRAME):
            await page.socket.send_bytes(sound[start : start + FRAME].tobytes())
            await asyncio.sleep(0.005)
        heard = await page.until(lambda message: message["do"] == "line" and message["kind"] == "line")
        assert heard["text"] == "tone 300" and not heard["typed"]
        began = await page.says("sound")
        played = 0
        while True:  # as the page reports what it has played
            message = await page.socket.receive(timeout=10)
            if isinstance(message.data, bytes):
                played += (len(message.data) - 4) // 2
                await page.send(do="played", stretch=began["stretch"], samples=played)
            elif '"kind": "reply"' in message.data:
                break
        assert played == 12_000  # half a second at her rate, for one clause
        assert here.sitting.replies == ["I hear you."]


async def test_letting_go_of_the_key_ends_what_was_said_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        await page.send(do="microphone", on=True, rate=48_000)
        for start in range(0, 48_000, FRAME):
            await page.socket.send_bytes(tone(400, 0.02).tobytes())
            await asyncio.sleep(0.003 if start else 0)
        await page.send(do="pause")
        assert (await page.says("line", kind="line"))["text"].startswith("tone")


async def test_one_page_has_the_microphone_and_her_voice_and_the_other_is_told(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        one, other = await here.open(), await here.open()
        for page in (one, other):
            await page.send(do="voice", on=True)
            await page.says("voice", on=True)
            await page.send(do="microphone", on=True, rate=44_100)
            await page.says("microphone", on=True)
        assert "Another page" in (await one.says("microphone", on=False))["why"]
        assert any(message["do"] == "voice" and not message["on"] for message in one.seen)


async def test_a_page_that_is_closed_gives_her_voice_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        await page.send(do="voice", on=True)
        await page.says("voice", on=True)
        await page.socket.close()
        sound = here.page._sound
        await until(lambda: sound._voice is None)
        next_page = await here.open()
        await next_page.send(do="say", text="Still there?")
        await next_page.says("line", kind="reply")


async def test_who_does_not_want_to_be_heard_is_told_so(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        await here.sitting.desk.consent.decide(TOM.id, Purpose.HEARING, False, "test")
        page = await here.open()
        await page.send(do="microphone", on=True, rate=48_000)
        assert "/consent hearing on" in (await page.says("microphone", on=False))["why"]


# Commands


async def test_commands_are_listed_run_and_refused_in_a_sentence(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        names = {one["name"] for one in page.hello["commands"]}
        assert {"/journal search", "/forget me", "/relationship roster", "/consent show"} <= names
        assert "I remember nothing" in words_of(await page.run("/journal search concert"))
        assert "There is no such command" in words_of(await page.run("/jurnal"))
        assert "needs its text" in words_of(await page.run("/journal add"))


async def test_buttons_work_and_forgetting_takes_lines_off_the_page(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page, other = await here.open(), await here.open()
        await page.run("/consent remembering on")
        await page.send(do="say", text="I like pickled radishes.")
        await page.says("line", kind="reply")
        answer = await page.run("/forget me")
        done = await page.press(answer, "Forget it")
        assert "forgotten" in words_of(done).casefold()
        numbers = [one["number"] for one in page.seen if one["do"] == "line"]
        for one in (page, other):
            await one.send(do="run", line="/help", request="9")
            await one.says("answer", request="9")
            hello = [message for message in one.seen if message["do"] == "hello"]
            dropped = [n for message in one.seen if message["do"] == "drop" for n in message["numbers"]]
            assert set(numbers) <= set(dropped) or hello[-1]["lines"] == []
        assert "radish" not in str((await here.open()).hello)
        assert here.sitting.turns == []


async def test_a_form_is_opened_filled_in_and_sent(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        await page.run("/consent remembering on")
        await page.run("/journal add text:I like night trains")
        answer = await page.run("/memory edit")
        if answer["choices"]:
            answer = await page.run(answer["choices"][0]["line"])
        form = answer["form"]
        field = next(one for one in form["fields"] if "id" in one)
        assert "night trains" in field["value"]
        await page.send(do="fill", form=form["key"], values={field["id"]: "I like slow trains"})
        assert "I have put that right" in words_of(await page.says("answer"))
        await page.send(do="fill", form=form["key"], values={field["id"]: "twice"})
        assert "not there any more" in (await page.says("told"))["text"]


async def test_values_are_proposed_while_a_command_is_typed(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        await page.run("/consent remembering on")
        await page.run("/journal add text:I like night trains")
        await page.send(do="suggest", line="/journal history ")
        choices = (await page.says("suggestions"))["choices"]
        assert len(choices) == 1 and "night trains" in choices[0]["label"]
        assert "night trains" in words_of(await page.run(choices[0]["line"]))
        await page.send(do="suggest", line="/consent hearing ")
        assert [one["label"] for one in (await page.says("suggestions"))["choices"]] == ["on", "off"]


async def test_an_export_can_be_fetched_once_from_an_address_nobody_guesses(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        await page.run("/consent remembering on")
        await page.run("/journal add text:I like night trains")
        file = (await page.run("/journal export"))["files"][0]
        async with here.http.get(here.origin + file["address"]) as got:
            assert got.status == 200 and (await got.read())[:2] == b"PK"
            assert "attachment" in got.headers["Content-Disposition"]
        async with here.http.get(here.origin + file["address"]) as got:
            assert got.status == 404


async def test_what_came_to_her_mind_is_told_with_its_reasons_until_it_is_forgotten(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        await page.run("/consent remembering on")
        await page.run("/journal add text:My sister plays the cello in a quartet")
        await page.send(do="say", text="What does my sister play in the quartet?")
        told = await page.until(lambda message: message["do"] == "recalled" and message["recalled"])
        memory = told["recalled"]["desk"]["memories"][0]
        assert "cello" in memory["text"] and memory["reasons"] and memory["score"] > 0
        await page.press(await page.run("/forget me"), "Forget it")
        assert (await here.open()).hello["recalled"] == {}


# Bad input


@pytest.mark.parametrize(
    "sent",
    ["", "nonsense", "[]", "7", '{"do": 1}', '{"do": "unknown"}', '{"do": "say"}', '{"do": "say", "text": 5}',
     '{"do": "microphone", "on": true, "rate": 1}', '{"do": "microphone", "on": true, "rate": "x"}',
     '{"do": "press", "message": "1", "part": "x", "values": "y"}', '{"do": "fill", "form": "1", "values": []}',
     '{"do": "played", "stretch": -1, "samples": 0}', '{"do": "played", "stretch": true, "samples": 0}', "[" * 5000],
)  # fmt: skip
async def test_a_page_that_sends_garbage_is_closed_and_counted(tmp_path: Path, sent: str) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        await page.socket.send_str(sent)
        assert await page.closed() == GARBAGE
        assert here.counts["page: thrown out"] == 1
        assert (await here.open()).hello["her"] == "Mira"


async def test_sound_that_is_none_is_garbage_and_what_comes_late_is_not(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        await page.socket.send_bytes(bytes(1920))  # the microphone was switched off meanwhile
        await page.send(do="microphone", on=True, rate=48_000)
        await page.says("microphone")
        await page.socket.send_bytes(bytes(1921))
        assert await page.closed() == GARBAGE
        page = await here.open()
        await page.send(do="microphone", on=True, rate=48_000)
        await page.socket.send_bytes(bytes(40_000))
        assert await page.closed() == GARBAGE


async def test_too_much_at_once_is_closed_with_the_field_s_own_code(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        await page.socket.send_str("x" * (limits.MOST_BYTES + 1))
        assert await page.closed() == 1009
        assert (await here.open()).hello["her"] == "Mira"


async def test_a_flood_is_closed_and_counted(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        for _ in range(400):
            if page.socket.closed:
                break
            await page.send(do="played", stretch=0, samples=0)
        assert await page.closed() == TOO_FAST
        assert here.counts["page: thrown out"] == 1


async def test_only_so_many_pages_are_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogs.overlay.overlay.MOST_PAGES", 2)
    async with desk(tmp_path) as here:
        pages = [await here.open(), await here.open()]
        page = Page(await here.connect())
        await page.send(do="hello", token=here.token)
        assert await page.closed() == TOO_MANY
        assert not any(one.socket.closed for one in pages)


async def test_a_slow_page_loses_the_oldest_and_is_told_what_there_is(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        served = here.page._pages[0]
        for number in range(1000):  # without letting the page be written to
            here.page._feed.typed("desk", TOM, f"line {number}")
        assert len(served._waiting) <= limits.MOST_WAITING and served.lost > 500
        hello = await page.says("hello")
        assert hello["lost"] == served.lost and hello["lines"][-1]["text"].startswith("line ")
        while page.texts[-1:] != ["line 999"] and hello["lines"][-1]["text"] != "line 999":
            await page.until(lambda message: True)


async def test_a_slow_page_never_gets_what_was_forgotten_meanwhile(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        for number in range(50):
            here.page._feed.typed("desk", TOM, f"radish {number}")
        here.sitting.desk.conversations.forget(TOM.id, float("inf"))
        await page.says("hello")
        assert "radish" not in str(page.seen)


async def test_every_page_hears_that_she_is_being_stopped(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page = await here.open()
        closed = asyncio.create_task(page.closed())
        await here.page.close()
        assert await closed == 1001


def test_a_bucket_gives_what_has_flowed_in() -> None:
    bucket = Bucket(a_second=2, at_once=3)
    assert [bucket.takes(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.takes(1.0) for _ in range(3)] == [True, True, False]
    assert [bucket.takes(100.0) for _ in range(4)] == [True, True, True, False]


# For OBS


async def test_an_overlay_is_told_captions_and_nothing_else(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        page, overlay = await here.open(), await here.open(overlay=True)
        assert set(overlay.hello) == {"do", "her", "places", "lines", "lost", "why", "forgot"}
        await page.send(do="say", text="This is typed, and for her alone.")
        await page.says("line", kind="reply")
        await page.run("/privacy")
        await overlay.send(do="run", line="/privacy")
        assert await overlay.closed() == GARBAGE
        assert [
            one["do"] for one in overlay.seen if one["do"] in ("line", "answer", "speaking", "recalled")
        ] == []


async def test_while_an_overlay_is_open_what_is_said_counts_as_read_by_others(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        captioned = here.sitting.desk.captioned
        assert captioned == set()
        one, other = await here.open(overlay=True), await here.open(overlay=True)
        assert captioned == {"desk"}
        await one.socket.close()
        await until(lambda: len(here.page._pages) == 1)
        assert captioned == {"desk"}
        await other.socket.close()
        await until(lambda: captioned == set())
