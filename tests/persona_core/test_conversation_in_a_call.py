"""What a call asks of a conversation: people leave in the middle of a word, refuse to be heard, or write."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from persona_core.conversation import Conversation
from persona_core.events import Event, Heard, Said
from persona_core.hearing.mode import Mode
from persona_core.persona import Persona
from persona_core.thinking.character import load_character
from persona_core.types import Sampling, Speech, Transcript
from tests.persona_core.test_conversation import (
    ANN,
    BOB,
    HEARING,
    Beep,
    Dictation,
    Parrot,
    Tape,
    silence,
    tone,
)
from tests.until import until


@pytest.fixture
def persona() -> Persona:
    return Persona(
        character=load_character("mira"),
        llm=Parrot(),
        last_resort=Parrot(),
        sampling=Sampling(),
        hearing=HEARING,
        tts=Beep(),
    )


def heard(events: list[Event]) -> list[str]:
    return [event.utterance.person.name for event in events if isinstance(event, Heard)]


def said(events: list[Event]) -> list[Said]:
    return [event for event in events if isinstance(event, Said)]


async def test_whoever_leaves_in_the_middle_of_a_word_has_said_it(persona: Persona) -> None:
    events: list[Event] = []
    async with Conversation("test", persona, None, events.append) as conversation:
        for frame in tone(BOB, 0.5, 0, 2):
            conversation.hear(frame)
        conversation.finish_hearing(BOB.id)
        await conversation.settled()
    assert heard(events) == ["Bob"] and len(said(events)) == 1


async def test_whoever_refuses_in_the_middle_of_a_word_is_forgotten_and_keeps_nobody_waiting(
    persona: Persona,
) -> None:
    events: list[Event] = []
    async with Conversation("test", persona, None, events.append) as conversation:
        conversation.set_mode(Mode.ALWAYS)
        frames = tone(BOB, 0.5, 0, 2) + tone(ANN, 0.7, 0, 2) + silence(ANN, 2, 2)
        for frame in sorted(frames, key=lambda frame: frame.at_s):
            conversation.hear(frame)
        conversation.stop_hearing(BOB.id)
        conversation.stop_hearing("nobody")
        await conversation.settled()
    assert heard(events) == ["Ann"] and len(said(events)) == 1


async def test_a_message_is_answered_in_writing_and_named(persona: Persona) -> None:
    events: list[Event] = []
    tape = Tape()
    async with Conversation("test", persona, tape, events.append) as conversation:
        conversation.read(ANN, "hello", message="1/2")
        await conversation.settled()
        assert tape.samples == 0
        conversation.read(ANN, "and aloud")
        await conversation.settled()
    assert tape.samples > 0
    assert [[line.message for line in event.answers] for event in said(events)] == [["1/2"], [""]]


async def test_her_voice_goes_where_the_call_is(persona: Persona) -> None:
    first, second = Tape(), Tape()
    async with Conversation("test", replace(persona), None, lambda event: None) as conversation:
        for tape in (None, first, second):
            conversation.speak_through(tape)
            conversation.read(ANN, "hello")
            await conversation.settled()
    assert first.samples == second.samples > 0


class Slow(Dictation):
    """Waits for leave before it says what it has heard."""

    def __init__(self) -> None:
        self.asked = asyncio.Semaphore(0)
        self.leave = asyncio.Event()
        self.loudness: set[int] = set()  # of all it was given

    async def transcribe(self, speech: Sequence[Speech]) -> list[Transcript]:
        self.loudness |= {round(float(np.abs(one.samples).max()) * 10) for one in speech}
        self.asked.release()
        await self.leave.wait()
        return await super().transcribe(speech)


async def test_what_waits_for_the_recogniser_or_is_inside_goes_with_a_refusal(persona: Persona) -> None:
    events: list[Event] = []
    slow, llm = Slow(), Parrot()
    hearing = replace(HEARING, stt=slow)
    async with Conversation("test", replace(persona, hearing=hearing, llm=llm), None, events.append) as talk:
        talk.set_mode(Mode.ALWAYS)
        for frame in tone(BOB, 0.5, 0, 1) + silence(BOB, 1, 2):
            talk.hear(frame)
        await slow.asked.acquire()  # Bob's first is inside, his second and Ann's will wait
        bob = tone(BOB, 0.6, 3, 1) + silence(BOB, 4, 3)
        ann = tone(ANN, 0.7, 4, 1) + silence(ANN, 5, 2)
        for frame in sorted(bob + ann, key=lambda frame: frame.at_s):
            talk.hear(frame)
        talk.stop_hearing(BOB.id)
        slow.leave.set()
        await talk.settled()
        assert heard(events) == ["Ann"] and len(said(events)) == 1
        assert slow.loudness == {5, 7}  # Bob's second was not even looked at
        for frame in tone(BOB, 0.4, 8, 1) + silence(BOB, 9, 2):  # he has changed his mind
            talk.hear(frame)
        await talk.settled()
    assert heard(events) == ["Ann", "Bob"]
    assert not any("loudness 5" in m.content or "loudness 6" in m.content for p in llm.prompts for m in p)


async def test_what_was_understood_already_goes_with_a_refusal_and_so_do_answers_to_it(
    persona: Persona,
) -> None:
    llm = Parrot()
    async with Conversation("test", replace(persona, llm=llm), None, lambda event: None) as conversation:
        conversation.set_mode(Mode.ALWAYS)
        for frames in (tone(ANN, 0.4, 0, 1), silence(ANN, 1, 2), tone(BOB, 0.5, 0, 1), silence(BOB, 1, 2)):
            for frame in frames:
                conversation.hear(frame)
            await conversation.settled()
        assert "loudness 5" in llm.prompts[-1][-1].content
        conversation.stop_hearing(BOB.id)
        conversation.read(ANN, "what was that?")
        await conversation.settled()
    prompt = " ".join(message.content for message in llm.prompts[-1])
    assert "loudness 4" in prompt and "loudness 5" not in prompt


async def test_an_answer_to_somebody_who_refuses_meanwhile_is_finished_and_not_kept(persona: Persona) -> None:
    events: list[Event] = []
    llm = Parrot()
    tape = Tape()
    async with Conversation("test", replace(persona, llm=llm), tape, events.append) as conversation:
        for frame in tone(BOB, 0.5, 0, 1) + silence(BOB, 1, 2):
            conversation.hear(frame)
        await until(lambda: tape.samples > 0)
        conversation.stop_hearing(BOB.id)
        await conversation.settled()
        conversation.read(ANN, "what was that?")
        await conversation.settled()
    assert len(said(events)) == 2
    assert "loudness 5" not in " ".join(message.content for message in llm.prompts[-1])


async def test_lines_that_wait_for_their_answer_go_with_a_refusal(persona: Persona) -> None:
    events: list[Event] = []
    async with Conversation("test", persona, None, events.append) as conversation:
        ann, bob = tone(ANN, 0.7, 0, 4), tone(BOB, 0.5, 0, 1) + silence(BOB, 1, 3)
        for frame in sorted(ann + bob, key=lambda frame: frame.at_s):
            conversation.hear(frame)
        await until(lambda: bool(heard(events)))
        conversation.stop_hearing(BOB.id)
        conversation.stop_hearing(ANN.id)  # now it is quiet, and nothing is left to be answered
        await conversation.settled()
    assert heard(events) == ["Bob"] and said(events) == []
