"""Live: she thinks ahead, says nothing too early, is spoken over, and knows what was heard of her."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from persona_core.conversation import Conversation
from persona_core.events import Event, Heard, Hearing, Said
from persona_core.hearing.mode import Mode
from persona_core.persona import Persona
from persona_core.thinking.character import load_character
from persona_core.types import Message, Pcm, Sampling, Speech, Transcript
from tests.persona_core.test_conversation import ANN, BOB, HEARING, Beep, Parrot, Tape, silence, tone
from tests.until import until

SECOND = 24_000  # samples


class Prompter:
    """Hears, at each loudness, the words of a script, as many of them as there has been time for."""

    WORDS_PER_S = 4

    def __init__(self, script: dict[int, str]) -> None:
        self.script = script
        self.begins: list[str] = []

    async def transcribe(self, speech: Sequence[Speech]) -> list[Transcript]:
        return [self._read(one) for one in speech]

    def _read(self, speech: Speech) -> Transcript:
        self.begins.append(speech.begins)
        loud = np.abs(speech.samples) > 0.05
        words = self.script[round(float(np.abs(speech.samples).max()) * 10)].split()
        time = int(loud.reshape(-1, 512).any(axis=1).sum() * 0.032 * self.WORDS_PER_S + 0.5)
        return Transcript(" ".join(words[:time]), "en", 1.0, -0.1)


class Story(Parrot):
    """Answers with the same long story."""

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        self.prompts.append(messages)
        for word in [
            "One",
            "day",
            "the",
            "fox",
            "came",
            "home.",
            "It",
            "saw",
            "the",
            "open",
            "door.",
            "It",
            "went",
            "in",
            "at",
            "once.",
        ]:
            await asyncio.sleep(0)
            yield word + " "


class Slowly(Tape):
    """Plays as slowly as the test moves ``clock_s`` on."""

    def __init__(self) -> None:
        super().__init__()
        self.clock_s = 0.0
        self.begun_s = 0.0
        self.moved = asyncio.Event()

    @property
    def heard_s(self) -> float:
        return min(self.samples / SECOND, max(0.0, self.clock_s - self.begun_s))

    async def drain(self) -> None:
        while self.heard_s < self.samples / SECOND:
            self.moved.clear()
            await self.moved.wait()

    def stop(self) -> None:
        super().stop()
        self.samples = int(self.heard_s * SECOND)

    def move(self, seconds: float) -> None:
        self.clock_s += seconds
        self.moved.set()


class Voice(Beep):
    """A second of sound for each sentence."""

    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        yield np.full(SECOND, 1000, np.int16)


def persona(script: dict[int, str], llm: Parrot) -> Persona:
    return Persona(
        character=load_character("mira"),
        llm=llm,
        last_resort=Parrot(),
        sampling=Sampling(),
        hearing=replace(HEARING, stt=Prompter(script)),
        tts=Voice(),
    )


async def hear(conversation: Conversation, *parts: list) -> None:
    """In order of time, with all the time that she needs between frames."""
    for frame in sorted((frame for part in parts for frame in part), key=lambda frame: frame.at_s):
        conversation.hear(frame)
        for _ in range(8):
            await asyncio.sleep(0)


def texts(events: list[Event]) -> list[str]:
    return [event.utterance.text for event in events if isinstance(event, Heard)]


def said(events: list[Event]) -> list[Said]:
    return [event for event in events if isinstance(event, Said)]


CAT = "tell me what I should give to my cat"


async def test_the_model_reads_along_and_the_prompt_of_the_answer_only_adds_to_it() -> None:
    llm, events = Parrot(), []
    async with Conversation("test", persona({5: CAT}, llm), Tape(), events.append) as conversation:
        await hear(conversation, tone(ANN, 0.5, 0, 3), silence(ANN, 3, 1))
        await conversation.settled()
    read = [messages[-1].content for messages in llm.read_ahead if "Ann: tell" in messages[-1].content]
    asked = llm.prompts[-1][-1].content
    assert len(read) >= 2 and all(asked.startswith(text) for text in read)
    assert read == sorted(read, key=len) and read[0] != asked
    shown = [event for event in events if isinstance(event, Hearing)]
    assert all(CAT.startswith(f"{event.stable} {event.tentative}".strip()) for event in shown)


async def test_the_model_does_not_read_along_while_several_talk_at_once() -> None:
    llm = Parrot()
    async with Conversation("test", persona({5: CAT, 7: CAT}, llm), Tape(), lambda _: None) as conversation:
        conversation.set_people([ANN, BOB])
        await hear(conversation, tone(ANN, 0.5, 0, 3), tone(BOB, 0.7, 0, 3))
        assert not any("cat" in messages[-1].content for messages in llm.read_ahead)
        await hear(conversation, silence(ANN, 3, 3), silence(BOB, 3, 3))
        await conversation.settled()
    assert sum("cat" in messages[-1].content for messages in llm.read_ahead) >= 1


async def test_what_is_known_is_not_worked_out_again() -> None:
    her = persona({5: CAT}, Parrot())
    async with Conversation("test", her, Tape(), lambda event: None) as conversation:
        await hear(conversation, tone(ANN, 0.5, 0, 3), silence(ANN, 3, 1))
        await conversation.settled()
    assert isinstance(her.hearing, type(HEARING)) and isinstance(her.hearing.stt, Prompter)
    begins = her.hearing.stt.begins
    assert begins[0] == "" and len(begins[-1].split()) >= 5 and CAT.startswith(begins[-1])


async def test_an_answer_is_worked_out_in_the_pause_and_nothing_is_heard_of_it_when_they_go_on() -> None:
    llm, tape, events = Parrot(), Tape(), []
    async with Conversation("test", persona({5: CAT}, llm), tape, events.append) as conversation:
        await hear(conversation, tone(ANN, 0.5, 0, 1.5), silence(ANN, 1.5, 0.4))
        assert llm.prompts[-1][-1].content == "Ann: tell me what I should give"
        assert tape.samples == 0 and said(events) == []
        await hear(conversation, tone(ANN, 0.5, 1.9, 1.0), silence(ANN, 2.9, 1))
        await conversation.settled()
    (reply,) = said(events)
    assert texts(events) == [CAT] and "cat" in reply.reply.text
    assert reply.timings.end_of_turn_ms and reply.timings.text_ms
    assert reply.timings.text_ms < reply.timings.end_of_turn_ms


async def test_the_answer_that_was_worked_out_in_the_pause_is_the_one_that_is_said() -> None:
    llm, tape, events = Parrot(), Tape(), []
    async with Conversation("test", persona({5: CAT}, llm), tape, events.append) as conversation:
        await hear(conversation, tone(ANN, 0.5, 0, 2.5), silence(ANN, 2.5, 1))
        await conversation.settled()
    assert len(llm.prompts) == 1 and len(said(events)) == 1 and tape.samples


async def interrupted(script: dict[int, str], loudness: float, length_s: float) -> tuple:
    """She tells her story, and Ann speaks over its second sentence."""
    llm, playback, events = Story(), Slowly(), []
    async with Conversation("test", persona(script, llm), playback, events.append) as conversation:
        conversation.read(ANN, "tell me a story")
        await until(lambda: playback.samples == 3 * SECOND)
        playback.move(1.5)
        await hear(conversation, tone(ANN, loudness, 10, length_s), silence(ANN, 10 + length_s, 1))
        playback.move(10)
        await until(lambda: len(said(events)) > 0)
        playback.begun_s = playback.clock_s - playback.samples / SECOND
        playback.move(100)
        await conversation.settled()
        conversation.read(ANN, "and then?", message="1/1")
        await conversation.settled()
    return llm, playback, events


async def test_an_interruption_stops_her_and_only_what_was_heard_counts_as_said() -> None:
    llm, playback, events = await interrupted({7: "no wait that is not what I meant at all"}, 0.7, 2)
    assert playback.done[0] == "duck" and "stop" in playback.done
    first = said(events)[0]
    assert first.cut and first.reply.text == "One day the fox came home. It saw the"
    assert texts(events) == ["no wait that is not what I meant"]
    prompt = [message.content for message in llm.prompts[-1]]
    assert "One day the fox came home. It saw the —" in prompt
    assert any("Ann (interrupting): no wait that is not" in content for content in prompt)


async def test_a_listening_sound_lowers_her_voice_for_a_moment_and_she_says_it_all() -> None:
    llm, playback, events = await interrupted({7: "mm-hm"}, 0.7, 0.4)
    assert playback.done[:2] == ["duck", "resume"] and "stop" not in playback.done
    first = said(events)[0]
    assert not first.cut and first.reply.text.endswith("It went in at once.")
    assert not any("mm-hm" in message.content for message in llm.prompts[-1])


async def test_her_own_words_from_a_loudspeaker_are_no_words_of_somebody_else() -> None:
    _, playback, events = await interrupted({7: "one day the fox came home it saw"}, 0.7, 2)
    assert "stop" not in playback.done and texts(events) == []
    assert not said(events)[0].cut


async def test_two_people_who_talk_to_each_other_are_heard_and_not_answered() -> None:
    events: list[Event] = []
    script = {5: "Bob did you bring the tickets for tonight", 7: "yes they are in my coat I think"}
    async with Conversation("test", persona(script, Parrot()), Tape(), events.append) as conversation:
        conversation.set_people([ANN, BOB])
        ann = tone(ANN, 0.5, 0, 2) + silence(ANN, 2, 6)
        bob = silence(BOB, 0, 3) + tone(BOB, 0.7, 3, 2) + silence(BOB, 5, 3)
        await hear(conversation, ann, bob)
        await conversation.settled()
    assert len(texts(events)) == 2 and said(events) == []


@pytest.mark.parametrize(
    ("mode", "called_on", "answers"),
    [
        (Mode.ALWAYS, False, 1),
        (Mode.PUSH_TO_TALK, False, 0),
        (Mode.PUSH_TO_TALK, True, 1),
        (Mode.QUIET, True, 0),
    ],
)
async def test_the_mode_says_what_is_answered(mode: Mode, called_on: bool, answers: int) -> None:
    events: list[Event] = []
    script = {5: "Bob did you bring the tickets for tonight"}
    async with Conversation("test", persona(script, Parrot()), Tape(), events.append) as conversation:
        conversation.set_people([ANN, BOB])
        conversation.set_mode(mode)
        if called_on:
            conversation.call_on(ANN.id)
        await hear(conversation, tone(ANN, 0.5, 0, 2), silence(ANN, 2, 3))
        await conversation.settled()
    assert len(texts(events)) == 1 and len(said(events)) == answers
