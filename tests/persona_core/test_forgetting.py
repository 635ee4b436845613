"""What is forgotten while a conversation goes on is in no prompt after it, kept by nobody, and told to nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import pytest

from persona_core.conversation import Conversation
from persona_core.delivery import Cut
from persona_core.events import Event, Heard, Said
from persona_core.hearing.mode import Mode
from persona_core.persona import Persona
from persona_core.thinking.character import load_character
from persona_core.types import Message, Sampling, Speech, Transcript, Turn
from tests.erasure.reaching import texts_from
from tests.persona_core.test_conversation import (
    ANN,
    BOB,
    HEARING,
    Beep,
    Dictation,
    Parrot,
    Tape,
    hear,
    silence,
    tone,
)
from tests.persona_core.test_who_hears_it import SECRET, Call, Endless
from tests.until import until


class Keeping(Parrot):
    """Keeps what it was given until it is told to forget."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []
        self.go = asyncio.Event()  # what it says after its first word
        self.go.set()

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        self.kept += [message.content for message in messages]
        first = True
        async for word in super().stream(messages, sampling, conversation):
            if not first:
                await self.go.wait()
                self.kept += [
                    message.content for message in messages
                ]  # it is read again after it was forgotten
            first = False
            yield word

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        self.kept += [message.content for message in messages]

    async def forget(self) -> None:
        self.kept.clear()


def persona(llm: Parrot | None = None, tts: Beep | None = None) -> Persona:
    return Persona(
        character=load_character("mira"),
        llm=llm or Keeping(),
        last_resort=Parrot(),
        sampling=Sampling(),
        hearing=HEARING,
        tts=tts or Beep(),
    )


def last_prompt(llm: Parrot) -> str:
    return "\n".join(message.content for message in llm.prompts[-1])


def said(events: list[Event]) -> list[Said]:
    return [event for event in events if isinstance(event, Said)]


async def test_what_they_said_is_in_no_prompt_any_more_and_others_words_stay() -> None:
    llm, events = Keeping(), list[Event]()
    async with Conversation("test", persona(llm), None, events.append) as talk:
        talk.read(ANN, "my zebra is ill")
        await talk.settled()
        talk.read(BOB, "I have a dog")
        await talk.settled()
        talk.read(BOB, "called Rex")
        await talk.settled()
        assert "zebra" in last_prompt(llm)
        talk.forget(ANN.id)
        await talk._persona.forget()
        assert not any("zebra" in text for text in llm.kept)
        talk.read(ANN, "and now?")
        await talk.settled()
    assert "zebra" not in last_prompt(llm)
    assert "I have a dog" in last_prompt(llm) and "called Rex" in last_prompt(llm)
    assert [line.text for line in said(events)[-1].answers] == ["and now?"]


async def test_only_the_last_minutes_go_where_these_are_meant() -> None:
    llm = Keeping()
    async with Conversation("test", persona(llm), None, lambda event: None) as talk:
        await hear(talk, tone(ANN, 0.5, 0, 1) + silence(ANN, 1, 2))
        await hear(talk, tone(ANN, 0.7, 100, 1) + silence(ANN, 101, 2))
        assert "loudness 5" in last_prompt(llm) and "loudness 7" in last_prompt(llm)
        talk.forget(ANN.id, 60)
        await hear(talk, tone(ANN, 0.4, 110, 1) + silence(ANN, 111, 2))
    assert "loudness 5" in last_prompt(llm) and "loudness 7" not in last_prompt(llm)


@pytest.mark.parametrize(("last_s", "left"), [(float("inf"), False), (60.0, True)])
async def test_anybody_s_words_go_where_nobody_in_particular_is_meant(last_s: float, left: bool) -> None:
    llm = Keeping()
    async with Conversation("test", persona(llm), None, lambda event: None) as talk:
        talk.set_mode(Mode.ALWAYS)
        await hear(talk, tone(ANN, 0.5, 0, 1) + silence(ANN, 1, 2))
        await hear(talk, tone(ANN, 0.7, 100, 1) + tone(BOB, 0.6, 102, 1) + silence(BOB, 103, 2))
        talk.forget(None, last_s)
        talk.read(ANN, "and now?")
        await talk.settled()
    assert ("loudness 5" in last_prompt(llm)) is left
    assert "loudness 6" not in last_prompt(llm) and "loudness 7" not in last_prompt(llm)


class Slow(Dictation):
    """Says what it has heard once it may."""

    def __init__(self) -> None:
        self.asked, self.leave = asyncio.Event(), asyncio.Event()

    async def transcribe(self, speech: Sequence[Speech]) -> list[Transcript]:
        self.asked.set()
        await self.leave.wait()
        return await super().transcribe(speech)


async def test_what_is_half_understood_goes_along_and_they_are_heard_on() -> None:
    slow, events = Slow(), list[Event]()
    her = replace(persona(), hearing=replace(HEARING, stt=slow))
    async with Conversation("test", her, None, events.append) as talk:
        for frame in tone(ANN, 0.5, 0, 1) + silence(ANN, 1, 2):
            talk.hear(frame)
        await asyncio.wait_for(slow.asked.wait(), 10)
        talk.forget(ANN.id)
        slow.leave.set()
        await talk.settled()
        assert events == []
        await hear(talk, tone(ANN, 0.4, 10, 1) + silence(ANN, 11, 2))
    assert [event.utterance.text for event in events if isinstance(event, Heard)] == ["loudness 4"]
    assert len(said(events)) == 1


async def test_somebody_else_who_is_speaking_just_now_is_not_cut_off() -> None:
    events: list[Event] = []
    async with Conversation("test", persona(), None, events.append) as talk:
        talk.set_mode(Mode.ALWAYS)
        for frame in tone(BOB, 0.5, 0, 1):
            talk.hear(frame)
            await asyncio.sleep(0)
        talk.forget(ANN.id)
        await hear(talk, tone(BOB, 0.5, 1, 1) + silence(BOB, 2, 2))
    assert [event.utterance.text for event in events if isinstance(event, Heard)] == ["loudness 5"]


async def test_an_answer_to_them_that_nobody_has_heard_yet_is_given_up() -> None:
    llm, events = Keeping(), list[Event]()
    llm.go.clear()
    async with Conversation("test", persona(llm), None, events.append) as talk:
        talk.read(ANN, "my zebra is ill")
        await until(lambda: llm.prompts)
        talk.forget(ANN.id)
        llm.go.set()
        await talk.settled()
    assert said(events) == []


async def test_an_answer_to_somebody_else_is_made_anew_without_what_is_forgotten() -> None:
    llm, events = Keeping(), list[Event]()
    async with Conversation("test", persona(llm), None, events.append) as talk:
        talk.read(ANN, "my zebra is ill")
        await talk.settled()
        llm.go.clear()
        talk.read(BOB, "I have a dog")
        await until(lambda: "dog" in last_prompt(llm))
        assert "zebra" in last_prompt(llm)
        talk.forget(ANN.id)
        llm.go.set()
        await talk.settled()
    assert "zebra" not in last_prompt(llm) and "dog" in last_prompt(llm)
    assert [[line.text for line in event.answers] for event in said(events)] == [
        ["my zebra is ill"],
        ["I have a dog"],
    ]


async def test_an_answer_that_she_is_giving_is_finished_and_neither_kept_nor_told() -> None:
    llm, tts = Keeping(), Endless()
    call = Call(llm=llm, tts=tts)
    async with call.talk:
        await call.people(ANN)
        call.talk.read(ANN, "my zebra is ill")
        await until(lambda: tts.clauses > 1)
        call.talk.forget(ANN.id)
        await call.talk._persona.forget()
        tts.go.set()
        await call.talk.settled()
        await until(lambda: not any("zebra" in text for text in llm.kept))
        call.talk.read(ANN, "what was that?")
        await call.talk.settled()
    assert "stop" not in call.tape.done  # she was not cut off in the middle of a word
    first, second = call.said
    assert (first.reply.text, first.answers, first.about) == ("", (), frozenset()) and first.audio_s > 0
    assert "zebra" not in repr(first) and "zebra" not in call.prompt
    assert [turn.text for turn in call.diary.kept] == [second.reply.text]


async def test_an_answer_that_rests_on_what_she_remembered_of_them_is_not_kept() -> None:
    tts = Endless()
    call = Call(tts=tts)
    async with call.talk:
        await call.people(ANN)
        await call.remembers()
        call.talk.read(ANN, "where am I moving to?")
        await until(lambda: tts.clauses > 1)
        assert SECRET in call.prompt
        call.talk.forget("carl")  # who has said nothing here; it is about him as well
        tts.go.set()
        await call.talk.settled()
    assert call.diary.kept == [] and [event.reply.text for event in call.said] == [""]


async def test_an_answer_to_what_was_said_before_is_kept() -> None:
    tts = Endless()
    call = Call(tts=tts)
    async with call.talk:
        await call.people(ANN, BOB)
        call.talk.read(BOB, "I have a dog")
        await until(lambda: tts.clauses > 1)
        call.talk.forget(ANN.id)
        call.talk.forget(BOB.id, -1)
        tts.go.set()
        await call.talk.settled()
    assert len(call.diary.kept) == 1 and call.said[0].reply.text


@pytest.mark.parametrize("whose", [ANN.id, BOB.id])
async def test_the_rest_of_a_reply_that_was_cut_is_not_said_any_more(whose: str) -> None:
    async with Conversation("test", persona(), Tape(), lambda event: None) as talk:
        cut = Cut(Turn(None, "Your zebra", about=frozenset({ANN.id})), "is ill.", ())
        talk._delivery.cut = cut
        talk.forget(whose)
        assert talk._delivery.cut is (None if whose == ANN.id else cut)


async def test_nothing_of_it_lies_about_in_the_conversation() -> None:
    llm = Keeping()
    call = Call(llm=llm)
    async with call.talk:
        await call.people(ANN, BOB)
        for number, line in enumerate(("my zebra is ill", "a zebra is striped")):
            call.talk.read(ANN, line, message="1/2" if number else "")
            await call.talk.settled()
        assert any("zebra" in text for text in texts_from(call.talk))
        call.talk.forget(ANN.id)
        await call.talk._persona.forget()
        await asyncio.sleep(0.05)
        llm.prompts.clear(), llm.read_ahead.clear()
        call.events.clear(), call.diary.kept.clear()
        llm.said = ()
        assert [text for text in texts_from(call.talk) if "zebra" in text] == []
