"""What a call asks of a conversation: people leave in the middle of a word, refuse to be heard, or write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from persona_core.conversation import Conversation
from persona_core.events import Event, Heard, Said
from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.persona import Hearing, Persona
from persona_core.thinking.character import load_character
from persona_core.types import Sampling
from tests.persona_core.test_conversation import (
    ANN,
    BOB,
    Beep,
    Dictation,
    Loudness,
    Parrot,
    Tape,
    silence,
    tone,
)


@pytest.fixture
def persona() -> Persona:
    return Persona(
        character=load_character("mira"),
        llm=Parrot(),
        last_resort=Parrot(),
        sampling=Sampling(),
        hearing=Hearing(Loudness(), Dictation(), SegmenterSettings()),
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
