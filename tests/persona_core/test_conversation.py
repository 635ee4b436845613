"""The wiring: what is said is answered once, and no failure ends the conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from persona_core.conversation import Conversation
from persona_core.errors import EngineError
from persona_core.events import Event, Failed, Heard, Said, Speaking
from persona_core.hearing.mode import Mode
from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.persona import Hearing, Persona
from persona_core.thinking.character import load_character
from persona_core.types import Frame, Message, Pcm, Person, Samples, Sampling, Speech, Transcript

ANN, BOB = Person("ann", "Ann"), Person("bob", "Bob")


class Loudness:
    """Loud is speech."""

    def open(self) -> Loudness:
        return self

    def probability(self, window: Samples) -> float:
        return float(np.abs(window).max() > 0.1)


class Dictation:
    """Hears the loudness of what was said as its words."""

    async def transcribe(self, speech: Sequence[Speech]) -> list[Transcript]:
        return [self._read(one.samples) for one in speech]

    def _read(self, samples: Samples) -> Transcript:
        loudness = round(float(np.abs(samples).max()) * 10)
        if loudness == 9:
            raise EngineError("The recogniser stumbled.")
        return Transcript("" if loudness == 1 else f"loudness {loudness}", "en", 1.0, -0.1)


class Parrot:
    """Says the last message back."""

    context_tokens = 2048
    keeps_prefix = True

    def __init__(self) -> None:
        self.prompts: list[Sequence[Message]] = []
        self.said: tuple[str, ...] = ()  # what it was told that it has answered before
        self.read_ahead: list[Sequence[Message]] = []

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        self.prompts.append(messages)
        self.said = sampling.said
        heard = messages[-1].content.replace(":", " said").replace("\n", " and ")
        for word in f"{heard}. That is all.".split(" "):
            await asyncio.sleep(0)
            yield word + " "

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        self.read_ahead.append(messages)

    def count_tokens(self, text: str) -> int:
        return len(text) // 4


class Broken(Parrot):
    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        raise EngineError("The model is out.")
        yield ""


class Beep:
    rate = 24000

    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        yield np.full(2400, 1000, np.int16)


class Hoarse(Beep):
    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        raise EngineError("The voice is gone.")
        yield np.zeros(0, np.int16)


class Tape:
    """Plays as fast as it is given sound."""

    def __init__(self) -> None:
        self.samples = 0
        self.done: list[str] = []

    @property
    def heard_s(self) -> float:
        return self.samples / Beep.rate

    async def play(self, pcm: Pcm, rate: int) -> None:
        self.samples += len(pcm)

    async def drain(self) -> None:
        pass

    def duck(self) -> None:
        self.done.append("duck")

    def resume(self) -> None:
        self.done.append("resume")

    def stop(self) -> None:
        self.done.append("stop")


HEARING = Hearing(Loudness(), Dictation(), SegmenterSettings(longest_s=0.7), longest_s=0.7)


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


def tone(person: Person, loudness: float, start_s: float, length_s: float) -> list[Frame]:
    wave = np.sin(np.arange(320) * 2 * np.pi * 200 / 16000) * loudness * 32767
    return [Frame(person, wave.astype(np.int16), 16000, start_s + i / 50) for i in range(int(length_s * 50))]


def silence(person: Person, start_s: float, length_s: float) -> list[Frame]:
    return tone(person, 0.0, start_s, length_s)


async def hear(conversation: Conversation, frames: list[Frame]) -> None:
    for frame in sorted(frames, key=lambda frame: frame.at_s):
        conversation.hear(frame)
        await asyncio.sleep(0)
    conversation.finish_hearing()
    await conversation.settled()


def replies(events: list[Event]) -> list[str]:
    return [event.reply.text for event in events if isinstance(event, Said)]


async def test_two_people_over_each_other_are_heard_apart_and_answered_together(persona: Persona) -> None:
    events: list[Event] = []
    async with Conversation("test", persona, Tape(), events.append) as conversation:
        conversation.set_mode(Mode.ALWAYS)
        ann = tone(ANN, 0.5, 0, 2) + silence(ANN, 2, 3)
        bob = tone(BOB, 0.7, 1, 2) + silence(BOB, 3, 2)
        await hear(conversation, ann + bob)
    heard = [(e.utterance.person.name, e.utterance.text) for e in events if isinstance(e, Heard)]
    assert heard == [("Ann", "loudness 5"), ("Bob", "loudness 7")]
    (reply,) = replies(events)
    assert "loudness 5" in reply and "loudness 7" in reply


async def test_what_is_shown_while_it_is_written_joins_to_the_reply(persona: Persona) -> None:
    events: list[Event] = []
    async with Conversation("test", persona, None, events.append) as conversation:
        conversation.read(ANN, "hello there")
        await conversation.settled()
    written = "".join(event.text for event in events if isinstance(event, Speaking))
    assert [written] == replies(events)


async def test_her_reply_is_spoken_and_timed(persona: Persona) -> None:
    events: list[Event] = []
    tape = Tape()
    async with Conversation("test", persona, tape, events.append) as conversation:
        await hear(conversation, tone(ANN, 0.5, 0, 1) + silence(ANN, 1, 2))
    (said,) = [event for event in events if isinstance(event, Said)]
    assert said.audio_s == pytest.approx(tape.samples / 24000) and tape.samples
    assert said.timings.voice_to_voice_ms and said.timings.voice_to_voice_ms >= HEARING.quickest_s * 1000
    assert None not in (said.timings.stt_ms, said.timings.llm_ms, said.timings.tts_first_audio_ms)


async def test_noise_without_words_is_not_answered(persona: Persona) -> None:
    events: list[Event] = []
    async with Conversation("test", persona, Tape(), events.append) as conversation:
        await hear(conversation, tone(ANN, 0.12, 0, 2) + silence(ANN, 2, 2))
    assert events == []


async def test_a_failing_recogniser_is_reported_and_the_next_utterance_is_heard(persona: Persona) -> None:
    events: list[Event] = []
    async with Conversation("test", persona, Tape(), events.append) as conversation:
        lost = tone(ANN, 0.9, 0, 1) + silence(ANN, 1, 2)
        await hear(conversation, lost + tone(ANN, 0.5, 3, 1) + silence(ANN, 4, 2))
    assert events[0] == Failed("The recogniser stumbled.")
    assert len(replies(events)) == 1


async def test_without_her_model_the_last_resort_answers(persona: Persona) -> None:
    events: list[Event] = []
    async with Conversation("test", replace(persona, llm=Broken()), None, events.append) as conversation:
        for _ in range(2):
            conversation.read(ANN, "hello")
            await conversation.settled()
    assert [e for e in events if isinstance(e, Failed)] == [Failed("The model is out.")] * 2
    assert len(replies(events)) == 2


async def test_without_her_voice_the_words_are_still_there(persona: Persona) -> None:
    events: list[Event] = []
    async with Conversation("test", replace(persona, tts=Hoarse()), Tape(), events.append) as conversation:
        conversation.read(ANN, "hello")
        await conversation.settled()
    assert Failed("The voice is gone.") in events
    assert len(replies(events)) == 1


async def test_lines_typed_during_her_reply_are_answered_after_it_and_nothing_is_lost(
    persona: Persona,
) -> None:
    events: list[Event] = []
    llm = Parrot()
    async with Conversation("test", replace(persona, llm=llm), None, events.append) as conversation:
        for i in range(5):
            conversation.read(ANN, f"line {i}")
        await conversation.settled()
        conversation.read(ANN, "last")
        await conversation.settled()
    assert all(any(f"line {i}" in m.content for m in llm.prompts[-1]) for i in range(5))


async def test_the_model_is_told_what_not_to_say_again(persona: Persona) -> None:
    """Her own answers, and the first words of what she answers: a number further on may be repeated."""
    llm = Parrot()
    async with Conversation("test", replace(persona, llm=llm), None, lambda _: None) as conversation:
        conversation.read(ANN, "one")
        await conversation.settled()
        assert llm.said == ("one",)
        conversation.read(ANN, "you may call me at this number: 5551234")
        await conversation.settled()
    reply, line = llm.said
    assert "one" in reply and "call" not in reply
    assert line == "you may call me at this"


async def test_a_line_without_end_is_cut_and_said_to_be(persona: Persona) -> None:
    events: list[Event] = []
    llm = Parrot()
    async with Conversation("test", replace(persona, llm=llm), None, events.append) as conversation:
        conversation.read(ANN, "a" * 1_000_000)
        await conversation.settled()
    assert isinstance(events[0], Failed) and "too long" in events[0].message
    assert len(llm.prompts[-1][-1].content) < 5000


async def test_the_model_reads_who_she_is_before_anybody_speaks(persona: Persona) -> None:
    llm = Parrot()
    async with Conversation("test", replace(persona, llm=llm), None, lambda event: None) as conversation:
        await asyncio.sleep(0.01)
        (ahead,) = llm.read_ahead
        conversation.read(ANN, "hello")
        await conversation.settled()
    (asked,) = llm.prompts
    assert asked[: len(ahead)] == ahead and "hello" in asked[-1].content


async def test_closing_in_the_middle_of_a_reply_leaves_no_task(persona: Persona) -> None:
    before = asyncio.all_tasks()
    async with Conversation("test", persona, Tape(), lambda event: None) as conversation:
        conversation.read(ANN, "hello")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == before
