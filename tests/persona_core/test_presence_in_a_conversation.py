"""Fillers and listening sounds, where the owner wants them: heard at the right moment, and no part of a reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from persona_core.conversation import Conversation
from persona_core.events import Event, Speaking
from persona_core.hearing.mode import Mode
from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.persona import Persona
from persona_core.speaking import presence
from persona_core.speaking.fillers import FILLERS, LISTENING
from persona_core.types import Message, Pcm, Sampling
from tests.persona_core.test_conversation import ANN, BOB, Parrot, Tape, silence, tone
from tests.persona_core.test_live_conversation import (
    SECOND,
    Prompter,
    Slowly,
    Voice,
    hear,
    persona,
    said,
    texts,
)
from tests.until import until

LONG_TALK = " ".join(
    ["and then we went on to see the other house which was not at all like the first one"] * 3
)


class Pensive(Parrot):
    """Says nothing until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.lets = asyncio.Event()

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        self.prompts.append(messages)
        await self.lets.wait()
        yield "Rain is lovely."


class Diary(Voice):
    """Notes what it says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        self.said.append(text)
        yield np.full(SECOND, 1000, np.int16)


@pytest.fixture
def llm() -> Pensive:
    return Pensive()


@pytest.fixture
def voice() -> Diary:
    return Diary()


@pytest.fixture
def her(llm: Pensive, voice: Diary) -> Persona:
    her = persona({5: LONG_TALK, 7: LONG_TALK}, llm)
    assert her.hearing is not None
    hearing = replace(her.hearing, segmenter=SegmenterSettings(longest_s=2.0), longest_s=2.0)
    return replace(her, hearing=hearing, tts=voice, fillers=True, listening_sounds=True)


@pytest.fixture(autouse=True)
def _late_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "LATE_S", 0.0)


async def settle() -> None:
    """Let everything that can happen by itself happen."""
    for _ in range(300):
        await asyncio.sleep(0)


async def test_before_a_late_reply_she_says_something_short_that_is_no_part_of_it(
    her: Persona, llm: Pensive, voice: Diary
) -> None:
    events: list[Event] = []
    async with Conversation("test", her, Tape(), events.append) as conversation:
        conversation.read(ANN, "do you like rain?")
        await until(lambda: len(voice.said) == 1)
        await settle()
        assert voice.said[0] in FILLERS["en"] and events == []
        llm.lets.set()
        await conversation.settled()
        conversation.read(ANN, "and snow?", message="1/1")
        await conversation.settled()
    assert voice.said[1:] == ["Rain is lovely."]
    assert [one.reply.text for one in said(events)] == ["Rain is lovely."] * 2 and said(events)[
        0
    ].audio_s == 1
    assert [event.text for event in events if isinstance(event, Speaking)] == ["Rain is lovely."] * 2
    assert not any(voice.said[0] in message.content for message in llm.prompts[-1])


async def test_a_reply_that_is_not_late_has_no_filler(
    her: Persona, llm: Pensive, voice: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "LATE_S", 3600.0)
    llm.lets.set()
    async with Conversation("test", her, Tape(), lambda event: None) as conversation:
        conversation.read(ANN, "do you like rain?")
        await conversation.settled()
        await settle()
        assert voice.said == ["Rain is lovely."]
        assert not any("aside" in task.get_name() for task in asyncio.all_tasks())


async def test_the_reply_follows_right_after_its_filler(her: Persona, llm: Pensive) -> None:
    playback = Slowly()
    async with Conversation("test", her, playback, lambda event: None) as conversation:
        conversation.read(ANN, "do you like rain?")
        await until(lambda: playback.samples == SECOND)
        llm.lets.set()
        await settle()
        assert playback.samples == SECOND
        playback.move(1.0)
        await until(lambda: playback.samples == 2 * SECOND)
        assert "stop" not in playback.done


async def test_what_is_heard_of_a_reply_is_counted_from_its_own_first_sound(
    her: Persona, llm: Pensive
) -> None:
    playback, events = Slowly(), []
    async with Conversation("test", her, playback, events.append) as conversation:
        conversation.read(ANN, "do you like rain?")
        await until(lambda: playback.samples == SECOND)
        llm.lets.set()
        playback.move(1.0)
        await until(lambda: playback.samples == 2 * SECOND)
        conversation.set_mode(Mode.QUIET)
        await conversation.settled()
    assert said(events)[0].reply.text == ""


async def test_before_what_is_written_or_not_wanted_there_is_no_filler(
    her: Persona, llm: Pensive, voice: Diary
) -> None:
    async with Conversation("test", her, Tape(), lambda event: None) as conversation:
        conversation.read(ANN, "do you like rain?", message="1/1")
        await settle()
    async with Conversation("test", replace(her, fillers=False), Tape(), lambda event: None) as conversation:
        conversation.read(ANN, "do you like rain?")
        await settle()
    assert len(llm.prompts) == 2 and voice.said == []


async def test_who_begins_to_talk_is_not_hummed_at(her: Persona, voice: Diary) -> None:
    playback = Slowly()
    async with Conversation("test", her, playback, lambda event: None) as conversation:
        conversation.read(ANN, "do you like rain?")
        conversation.others_talk(True)
        await settle()
        assert voice.said == []
        conversation.others_talk(False)
        await until(lambda: playback.samples == SECOND)
        conversation.others_talk(True)
        await settle()
        assert "stop" in playback.done and playback.samples == 0


async def test_told_to_be_quiet_she_ends_her_filler(her: Persona) -> None:
    playback = Slowly()
    async with Conversation("test", her, playback, lambda event: None) as conversation:
        conversation.read(ANN, "do you like rain?")
        await until(lambda: playback.samples == SECOND)
        conversation.set_mode(Mode.QUIET)
        await conversation.settled()
        assert "stop" in playback.done and playback.samples == 0


async def test_a_filler_that_comes_back_from_a_loudspeaker_is_nothing_that_was_said(
    her: Persona, llm: Pensive, voice: Diary
) -> None:
    events: list[Event] = []
    async with Conversation("test", her, Tape(), events.append) as conversation:
        conversation.read(ANN, "do you like rain?")
        await until(lambda: len(voice.said) == 1)
        assert her.hearing is not None and isinstance(her.hearing.stt, Prompter)
        her.hearing.stt.script[7] = voice.said[0].lower()
        await hear(conversation, tone(ANN, 0.7, 0, 0.8), silence(ANN, 0.8, 3))
        llm.lets.set()
        await conversation.settled()
    assert texts(events) == [] and len(said(events)) == 1


async def test_at_a_pause_of_a_long_talk_she_shows_that_she_listens_and_it_goes_on(
    her: Persona, llm: Pensive, voice: Diary
) -> None:
    tape, events = Tape(), []
    llm.lets.set()
    async with Conversation("test", her, tape, events.append) as conversation:
        await hear(conversation, tone(ANN, 0.5, 0, 7), silence(ANN, 7, 0.6))
        await until(lambda: tape.samples > 0)
        await settle()
        (hum,) = set(voice.said) & set(LISTENING["en"])  # beside the answer that is made ready
        assert tape.samples == SECOND and said(events) == []
        await hear(conversation, tone(ANN, 0.5, 7.6, 2), silence(ANN, 9.6, 3))
        await conversation.settled()
    assert len(texts(events)) == len(said(events)) == 1
    assert not {"duck", "stop"} & set(tape.done)
    assert voice.said.count(hum) == 1 and hum not in said(events)[0].reply.text


@pytest.mark.parametrize("why", ["short", "closed", "to others", "beside others", "beside unheard", "off"])
async def test_without_reason_she_does_not_hum(her: Persona, llm: Pensive, voice: Diary, why: str) -> None:
    her = replace(her, fillers=False, listening_sounds=why != "off")
    async with Conversation("test", her, Tape(), lambda event: None) as conversation:
        conversation.set_mode(Mode.ALWAYS)
        if why == "to others":
            conversation.set_mode(Mode.PUSH_TO_TALK)
        if why == "closed":
            assert her.hearing is not None and isinstance(her.hearing.stt, Prompter)
            her.hearing.stt.script[5] = "That is how it went in the end."
        if why == "beside unheard":
            conversation.others_talk(True)
        length_s = 3 if why == "short" else 7
        bob = tone(BOB, 0.7, 6, 2) if why == "beside others" else []
        await hear(conversation, tone(ANN, 0.5, 0, length_s), silence(ANN, length_s, 0.6), bob)
        await settle()
    assert not set(voice.said) & set(LISTENING["en"])
