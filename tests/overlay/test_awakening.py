"""She began in writing: ears are loaded when somebody opens the page, once, and nothing of the talk is lost by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import soundfile

from local_mode.awakening import LOADING, WRITTEN
from tests.overlay.open_page import desk

LOADED_WITHIN_S = 120.0
RATE = 48_000
NOBODY_S = 0.2  # without a page nothing is loaded

Weights = Callable[[str], Path]


async def test_ears_are_loaded_for_the_first_page_and_hear_on_in_the_same_talk(
    tmp_path: Path, weights: Weights, speak: Callable[..., Path]
) -> None:
    weights("whisper-tiny.en")
    said = speak("Good evening. What is your name?", tmp_path / "said.wav", rate=RATE)
    async with desk(tmp_path, hearing=False, profile="tiny") as here:
        before = here.sitting.conversation
        await here.sitting.type("This was typed before.")
        await asyncio.sleep(NOBODY_S)
        assert here.sitting.desk.persona.hearing is None
        page, other = await here.open(), await here.open()
        assert (page.hello["hears"], page.hello["speaks"]) == (False, True)
        ready = await page.until(lambda one: one.get("hears") is True and not one["note"], LOADED_WITHIN_S)
        assert ready["do"] == "senses" and any(one.get("note") == LOADING for one in page.seen)
        await other.until(lambda one: one.get("hears") is True, LOADED_WITHIN_S)
        assert [line for line in here.sitting.desk.engines if line.startswith("Hearing with")] == [
            "Hearing with whisper-tiny.en (faster_whisper)."
        ]
        assert await here.sitting.desk.conversation() is before
        await page.send(do="microphone", on=True, rate=RATE)
        await page.says("microphone", on=True)
        sound, _ = soundfile.read(said, dtype="int16")
        for start in range(0, len(sound), RATE // 50):
            await page.socket.send_bytes(sound[start : start + RATE // 50].tobytes())
            await asyncio.sleep(0.02)
        await page.send(do="pause")
        line = await page.until(lambda one: one.get("kind") == "line" and not one["typed"], LOADED_WITHIN_S)
        assert "your name" in line["text"].casefold()
        await page.until(lambda one: one.get("kind") == "reply", LOADED_WITHIN_S)
        assert "typed before" in str(here.sitting.llm.prompts[-1])


async def test_what_cannot_be_loaded_is_one_sentence_and_tried_again_with_the_next_page(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, hearing=False, profile="tiny", stt_model="whisper-nano") as here:
        page = await here.open()
        told = await page.until(lambda one: str(one.get("note")).endswith(WRITTEN))
        assert "whisper-nano" in told["note"] and "\n" not in told["note"] and not told["hears"]
        await page.send(do="microphone", on=True, rate=RATE)
        assert (await page.says("microphone", on=False))["why"] == told["note"]
        await page.send(do="say", text="Then I type.")
        await page.says("line", kind="reply")
        seen = len(page.seen)
        await here.open()
        await page.until(lambda one: str(one.get("note")).endswith(WRITTEN))
        assert any(one.get("note") == LOADING for one in page.seen[seen:])
