"""What she says next is for those who hear it next: what she had in mind for others, or said to them, goes no further."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterable, Sequence
from datetime import date
from time import perf_counter

import numpy as np
import pytest

from persona_core.conversation import Conversation
from persona_core.events import Event, Said
from persona_core.hearing import floor, takes
from persona_core.hearing.partials import Partial
from persona_core.persona import Persona
from persona_core.thinking.character import load_character
from persona_core.types import Message, Pcm, Person, Recalled, Sampling, Turn, Utterance
from tests.persona_core.test_conversation import ANN, BOB, Beep, Parrot, Tape
from tests.until import until

CARL = Person("carl", "Carl")
SECRET = "Ann is moving to Porto."


class Diary:
    """Holds one secret of Ann's, for nobody but her; ``here`` are those who are there."""

    today = date(2026, 11, 28)
    closed = True

    def __init__(self, *here: Person) -> None:
        self.here = frozenset(person.id for person in here)
        self.kept: list[Turn] = []

    async def heard(self, utterance: Utterance, present: frozenset[str]) -> None:
        pass

    def said(self, reply: Turn) -> Coroutine[None, None, None]:
        self.kept.append(reply)
        return asyncio.sleep(0)

    def tellable(self, turns: Iterable[Turn], reader: str | None) -> tuple[Turn, ...]:
        people = self.here if reader is None else frozenset({reader})
        return tuple(turn for turn in turns if turn.written or people <= turn.heard_by)

    async def know(self, aloud: bool) -> Recalled:
        return Recalled("Today is Saturday.")

    async def recall(self, text: str, person: Person, aloud: bool) -> Recalled:
        return Recalled(SECRET, frozenset({"ann", "carl"})) if aloud and self.here == {"ann"} else Recalled()


class Call:
    def __init__(self, llm: Parrot | None = None, tts: Beep | None = None) -> None:
        self.diary, self.tape, self.events = Diary(), Tape(), list[Event]()
        self.llm = llm or Parrot()
        persona = Persona(
            character=load_character("mira"),
            llm=self.llm,
            last_resort=Parrot(),
            sampling=Sampling(),
            tts=tts or Beep(),
        )
        self.talk = Conversation("call", persona, self.tape, self.events.append, self.diary)

    async def people(self, *people: Person) -> None:
        self.diary.here = frozenset(person.id for person in people)
        self.talk.set_people(people)
        await self.talk._recollection.met()

    async def remembers(self) -> None:
        """Something has come to her mind, as it does while somebody speaks."""
        self.talk._recollection.begin()
        self.talk._recollection.follow(ANN, "where am I moving to")
        await until(lambda: self.talk._recollection.mind.note.text)
        self.talk._recollection.settle()

    def hears(self, person: Person, words: str) -> None:
        """It was said, not typed: nothing is looked for any more once it is over."""
        at_s = self.talk._now_s
        line = Utterance(person, words, at_s, at_s, stopped_at=perf_counter())
        self.talk._add(line)
        self.talk._step(floor.Written(line))

    def saying(self, words: str) -> None:
        """Ann is in the middle of it."""
        self.talk._follow(takes.Saying(1, ANN, Partial(words), "en", 1.0))

    @property
    def prompt(self) -> str:
        return "\n".join(message.content for message in self.llm.prompts[-1])

    @property
    def said(self) -> list[Said]:
        return [event for event in self.events if isinstance(event, Said)]


async def test_what_only_others_have_heard_is_not_told_to_who_comes_after_them() -> None:
    call = Call()
    async with call.talk:
        await call.people(ANN)
        await call.remembers()
        call.talk.read(ANN, "where am I moving to?")
        await call.talk.settled()
        assert SECRET in call.prompt
        await call.people(ANN, BOB)
        await call.people(BOB)
        call.talk.read(BOB, "what did you two talk about?")
        await call.talk.settled()
        assert "moving" not in call.prompt and "Porto" not in call.prompt
        call.talk.read(CARL, "and what was that?", message="1/2")
        await call.talk.settled()
    assert (
        "moving" not in call.prompt and "two talk" not in call.prompt and "and what was that?" in call.prompt
    )


async def test_for_a_line_that_is_typed_and_answered_aloud_something_is_recalled() -> None:
    call = Call()
    async with call.talk:
        await call.people(ANN)
        call.talk.read(ANN, "where am I moving to?")
        await call.talk.settled()
        assert SECRET in call.prompt
        await call.people(ANN, BOB)
        call.talk.read(ANN, "and when?")
        await call.talk.settled()
        assert SECRET not in call.prompt


async def test_what_is_said_and_what_is_written_are_answered_apart() -> None:
    """Others read the one than hear the other."""
    call = Call(llm=Slow())
    async with call.talk:
        await call.people(ANN)
        await call.remembers()
        call.talk.read(ANN, "where am I moving to?")
        call.talk.read(CARL, "hi Mira", message="1/2")
        call.talk.read(ANN, "are you there?")
        call.llm.go.set()
        await call.talk.settled()
    assert sum(len(event.answers) for event in call.said) == 3
    assert all(len({bool(line.message) for line in event.answers}) == 1 for event in call.said)
    assert all(SECRET not in event.reply.text for event in call.said if event.answers[0].message)


class Slow(Parrot):
    """Goes on after its first word once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        self.prompts.append(messages)
        secret = any(SECRET in message.content for message in messages)
        await self.go.wait()
        for word in (f"{SECRET} That is it." if secret else "I see. That is it.").split(" "):
            yield word + " "


async def test_an_answer_that_is_not_audible_yet_is_made_anew_when_somebody_comes_in() -> None:
    call = Call(llm=Slow())
    async with call.talk:
        await call.people(ANN)
        await call.remembers()
        call.talk.read(ANN, "where am I moving to?")
        await until(lambda: call.llm.prompts)
        assert SECRET in call.prompt
        await call.people(ANN, BOB)
        call.llm.go.set()
        await call.talk.settled()
    assert [event.reply.text for event in call.said] == ["I see. That is it."]


class Endless(Beep):
    """Its second clause is long in coming."""

    def __init__(self) -> None:
        self.clauses = 0
        self.go = asyncio.Event()

    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        self.clauses += 1
        if self.clauses > 1:
            await self.go.wait()
        yield np.full(2400, 1000, np.int16)


@pytest.mark.parametrize("secret", [True, False])
async def test_she_breaks_off_when_somebody_comes_in_who_may_not_hear_it(secret: bool) -> None:
    llm, tts = Slow(), Endless()
    llm.go.set()
    call = Call(llm=llm, tts=tts)
    async with call.talk:
        await call.people(ANN)
        if secret:
            await call.remembers()
        call.hears(ANN, "where am I moving to?")
        await until(lambda: tts.clauses > 1)
        await call.people(ANN, BOB)
        await asyncio.sleep(0.05)
        tts.go.set()
        await call.talk.settled()
    assert ("stop" in call.tape.done) is secret
    assert len(call.said) == 1 and call.said[0].cut is secret


async def test_whose_words_a_reply_repeats_is_known_of_what_repeats_that_reply() -> None:
    call = Call()
    async with call.talk:
        await call.people(ANN)
        await call.remembers()
        call.talk.read(ANN, "where am I moving to?")
        await call.talk.settled()
        call.talk._recollection.begin()
        call.talk.read(ANN, "say that again")
        await call.talk.settled()
    first, second = call.diary.kept
    assert first.about == {"ann", "carl"} and first.private and first.heard_by == {"ann"}
    assert second.about == {"ann", "carl"}
    assert [event.private for event in call.said] == [True, True]


async def test_what_is_being_said_is_read_ahead_among_those_who_hear_it() -> None:
    call = Call()
    async with call.talk:
        await call.people(ANN, BOB)
        call.saying("where am I")
        await until(lambda: any("where am I" in prompt[-1].content for prompt in call.llm.read_ahead))


class Unread(Parrot):
    """Takes its time to read what is put before it."""

    def __init__(self) -> None:
        super().__init__()
        self.may_read = asyncio.Event()

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        await self.may_read.wait()
        await super().read(messages, conversation)


@pytest.mark.parametrize("read", [True, False])
async def test_nobody_waits_until_the_model_has_read_what_came_to_her_mind(read: bool) -> None:
    call = Call(llm=Unread())
    async with call.talk:
        await call.people(ANN)
        call.talk._recollection.begin()
        call.talk._recollection.follow(ANN, "where am I moving to")
        await until(lambda: bool(call.talk._recollection.mind.note.text))
        call.saying("where am I moving to")
        if read:
            call.llm.may_read.set()
            await until(lambda: call.talk._reader.has_read(call.talk._recollection.mind))
        call.talk._recollection.settle(call.talk._reader.has_read)
        call.hears(ANN, "where am I moving to?")
        await call.talk.settled()
        call.llm.may_read.set()
    assert (SECRET in call.prompt) is read
