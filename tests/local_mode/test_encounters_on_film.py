"""From a film of people to the card on the page, and to what she has in mind when she is asked who that was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import SecretStr

from cogs import in_view
from local_mode.call import GUEST
from local_mode.eyes import Eyes
from local_mode.files import Recording
from local_mode.film import Film
from local_mode.page import PageDesk
from local_mode.recorded import hear_all
from memory.audience import Listeners
from memory.consent import Purpose
from persona_core.assemble import FACES, build_persona
from persona_core.engines.sface import SFace
from persona_core.events import Heard
from persona_core.settings import load_settings
from persona_core.types import Person
from tests.local_mode.people_on_film import before_the_camera, filmed, nobody, photographs, template_of
from tests.local_mode.seeing import until
from tests.local_mode.sitting import TOM, Sitting, sitting
from tests.overlay.browser import chromium, needs_chromium

BRUNO = Person("desk:bruno", "Bruno")
RATE = 16_000
PROMISE = "I promise to bring you the photos on Friday."


@pytest.fixture(scope="module")
def encoder(weights: Callable[[str], Path]) -> SFace:
    return SFace(weights(FACES))


@asynccontextmanager
async def seeing(folder: Path, encoder: SFace, **more: object) -> AsyncIterator[tuple[Sitting, Eyes]]:
    """A desk with an eye, at which Tom agreed to be remembered."""
    async with sitting(folder, camera=SecretStr("push"), page_port=0, **more) as sat:  # type: ignore[arg-type]
        await sat.desk.consent.decide(TOM.id, Purpose.REMEMBERING, True, "test")
        async with Eyes(sat.desk, TOM, encoder, sat.told.append) as eyes:
            yield sat, eyes


async def knows(sat: Sitting, encoder: SFace, person: Person, pictures: list[np.ndarray]) -> None:
    for purpose in (Purpose.FACE, Purpose.REMEMBERING):
        await sat.desk.consent.decide(person.id, purpose, True, "test")
    template = await template_of(encoder, pictures)
    assert sat.desk.memory.people.enrol(person.id, person.name, template, sat.desk.now())


def said(speak: Callable[..., Path], folder: Path, text: str, before_s: float, whole_s: float) -> np.ndarray:
    """Somebody says it after so many seconds, in a sound that lasts so long."""
    pcm, _ = soundfile.read(speak(text, folder / "said.wav", rate=RATE), dtype="int16")
    sound = np.zeros(round(whole_s * RATE), np.int16)
    start = round(before_s * RATE)
    sound[start : start + len(pcm)] = pcm[: len(sound) - start]
    return sound


@needs_chromium
async def test_a_film_becomes_cards_and_what_was_promised_comes_to_her_mind(
    tmp_path: Path,
    encoder: SFace,
    weights: Callable[[str], Path],
    shared_data: Path,
    speak: Callable[..., Path],
) -> None:
    weights("whisper-tiny.en")
    chosen = {"LLM_ENGINE": "rules", "STT_MODEL": "whisper-tiny.en", "TURN_ENGINE": "off", "EMBEDDER": "off"}
    ears = build_persona(load_settings(chosen, None), hear=True, speak=False, report=lambda line: None)
    known, unknown = photographs(shared_data, "004"), photographs(shared_data, "007")
    pictures = [*nobody(1), *before_the_camera(known, 11), *nobody(3), *before_the_camera(unknown, 5, 2)]
    whole_s = len(pictures) / 15
    film = filmed(
        tmp_path / "bruno.mp4",
        pictures,
        said(speak, tmp_path, "Hello again, I have just come back from Lisbon.", 2.5, whole_s),
        RATE,
    )
    soundfile.write(tmp_path / "tom.wav", said(speak, tmp_path, PROMISE, 7.0, whole_s), RATE)
    async with (
        seeing(tmp_path / "desk", encoder, hearing=ears.hearing) as (sat, eyes),
        chromium() as visitor,
    ):
        await knows(sat, encoder, BRUNO, known)
        told: list[str] = []
        around = PageDesk(sat.desk, TOM).surroundings
        await sat.desk.page.open(replace(around, watcher=eyes.watcher, pushed=eyes.cameras), told.append)
        try:
            page = await visitor.open(sat.desk.page.address)
            await page.wait_for_selector("#composer:not([hidden])")
            await page.click("#tab-met")
            playing = asyncio.create_task(
                hear_all(
                    sat.conversation,
                    [Film(BRUNO, film), Recording(TOM, tmp_path / "tom.wav")],
                    fast=False,
                    longest_pause_s=1.7,
                    began=eyes.shown([Film(BRUNO, film)]),
                )
            )
            card = page.locator("#met-cards .met")
            await card.wait_for()
            assert await card.locator("h2").inner_text() == "Bruno"
            await page.locator("#frames .known", has_text="Bruno").wait_for()
            await until(lambda: GUEST in sat.desk.people_present(sat.desk.place(None)), 60)
            assert not await playing
            await page.locator("#tab-met").click()
            assert await page.locator("#encounters h3").all_inner_texts() == [
                "Bruno"
            ]  # the stranger has none
            listeners = Listeners(frozenset({TOM.id}), "desk")
            heard = [event.utterance for event in sat.events if isinstance(event, Heard)]
            assert {one.person for one in heard} == {BRUNO, TOM}
            await until(lambda: len(sat.desk.memory.people.encounters(listeners)[0].lines) >= 2)
            (met,) = sat.desk.memory.people.encounters(listeners)
            assert {line.speaker for line in met.lines} == {BRUNO.id, TOM.id}
            assert sat.desk.memory.faces.count() == 1 and sat.desk.memory.people.count() == 1
        finally:
            await sat.desk.page.close()
        await _a_minute_later(sat)
        await sat.type("Who was that, and what did I promise him?")
        note = sat.llm.prompts[-1][-1].content
        assert "She saw Bruno last" in note and "Tom promised Bruno: “I promise" in note, note
        assert "photos" in note.lower() and "friday" in note.lower()


async def _a_minute_later(sat: Sitting) -> None:
    """All have left meanwhile."""
    view = sat.desk.in_view
    view.close()
    for seen in view._people.values():
        seen.last_s -= in_view.STAYS_S
    sat.desk.now = lambda now=sat.desk.now: now() + 60.0  # type: ignore[misc]
    sat.desk.on_view()
    await asyncio.sleep(0.2)


async def test_a_stranger_before_a_real_eye_leaves_nothing_and_is_a_guest(
    tmp_path: Path, encoder: SFace, shared_data: Path
) -> None:
    film = filmed(tmp_path / "door.mp4", [*before_the_camera(photographs(shared_data, "007"), 6)])
    async with seeing(tmp_path / "desk", encoder) as (sat, eyes):
        eyes.cameras.play("door", film, asyncio.get_running_loop().time())
        await until(lambda: len(sat.desk.people_present(sat.desk.place(None))) == 2)
        memory = sat.desk.memory
        assert memory.faces.count() == 0 and memory.people.count() == 0


async def test_whoever_sits_before_the_camera_enrols_and_is_known(
    tmp_path: Path, encoder: SFace, shared_data: Path
) -> None:
    film = filmed(tmp_path / "desk.mp4", [*before_the_camera(photographs(shared_data, "004"), 12)])
    async with seeing(tmp_path / "desk", encoder) as (sat, eyes):
        await sat.desk.consent.decide(TOM.id, Purpose.FACE, True, "test")
        eyes.cameras.play("desk", film, asyncio.get_running_loop().time())
        await until(lambda: bool(eyes.eye.in_view))
        assert "I know you by your face" in await sat.type("/face enrol")
        await until(lambda: [face.person for face in eyes.eye.in_view] == [TOM])
        await sat.type("/face forget")
        await until(lambda: [face.person for face in eyes.eye.in_view] == [None])
        assert sat.desk.memory.faces.count() == 0
