"""In a conversation that goes on, while people come and go: what was said before is for those who may hear it now."""

from __future__ import annotations

import asyncio

import pytest

from cogs.chronicle import Chronicle
from persona_core.thinking.recollection import Recollection
from persona_core.types import Person, Utterance
from tests.isolation.canaries import Canary, canaries
from tests.isolation.house import ANN, BOB, DEN, EVE, GENERAL, LOUNGE, House, Room, alone_with, everything_in
from tests.isolation.sources import Planting, embed, said_to
from tests.isolation.wordings import WORDINGS, Wording

SECRET = canaries()[0]
QUESTION = f"what was that with {SECRET.near[0]} near {SECRET.near[1]}"


def last_prompt(house: House) -> str:
    return everything_in(house.llm.prompts[-1])


def told(house: House, secret: Canary = SECRET) -> bool:
    """Whether it was in any prompt since these were last cleared."""
    return any(secret.is_in(everything_in(prompt)) for prompt in house.llm.prompts)


async def tell_alone(house: House, *, thought_over: bool = True) -> None:
    """In a direct message, on another day. ``thought_over``: so that she knows something of Ann in any case."""
    await Planting(house, SECRET).tell(alone_with(ANN), ANN)
    await (house.remembering.up_to_date() if thought_over else house.remembering._index())
    embed(house.memory)


@pytest.mark.parametrize("wording", WORDINGS, ids=lambda one: one.kind)
async def test_who_comes_when_the_teller_has_left_gets_at_nothing_of_it(
    house: House, wording: Wording
) -> None:
    eve = Person(EVE.id, wording.name or EVE.name)
    async with Room(house, LOUNGE, ANN) as room:
        await room.say(ANN, SECRET.fact)
        house.llm.prompts.clear()
        await room.say(ANN, QUESTION)
        assert told(house) and SECRET.is_in(" ".join(house.voice.said))
        await room.come(ANN, eve)
        await room.come(eve)
        house.llm.prompts.clear()
        house.voice.said.clear()
        for line in wording.about(SECRET).lines:
            await room.say(eve, line)
        assert house.llm.prompts and not told(house)
        assert house.voice.said and not SECRET.is_in(" ".join(house.voice.said))


@pytest.mark.parametrize("wording", WORDINGS, ids=lambda one: one.kind)
async def test_what_is_said_in_a_call_is_for_nobody_who_only_reads_its_chat(
    house: House, wording: Wording
) -> None:
    eve = Person(EVE.id, wording.name or EVE.name)
    async with Room(house, LOUNGE, ANN, BOB) as room:
        await room.say(ANN, SECRET.fact)
        await room.come(BOB)
        house.llm.prompts.clear()
        house.posted.clear()
        for line in wording.about(SECRET).lines:
            await room.write(eve, line)
        assert house.posted and not told(house)
        assert not any(SECRET.is_in(text) for _, text in house.posted)
        await room.say(BOB, QUESTION)
        assert told(house)


@pytest.mark.parametrize("again", ["say that again", "and once more please", "was war das noch mal"])
@pytest.mark.parametrize("thought_over", [True, False])
async def test_a_reply_that_repeats_what_she_remembers_is_for_nobody_who_comes_later(
    house: House, again: str, thought_over: bool
) -> None:
    """Nor is the next one, which repeats that."""
    await tell_alone(house, thought_over=thought_over)
    async with Room(house, LOUNGE, ANN) as room:
        await room.say(ANN, QUESTION)
        assert SECRET.is_in(" ".join(house.voice.said))
        room.talk._recollection.begin()
        house.llm.prompts.clear()
        await room.say(ANN, again)
        assert told(house)  # her own reply is in it
        await room.come(ANN, EVE)
        house.llm.prompts.clear()
        house.voice.said.clear()
        await room.say(EVE, "what did you two talk about just now")
        assert not told(house) and not SECRET.is_in(" ".join(house.voice.said))


async def test_nothing_of_a_memory_is_written_into_captions_that_are_turned_on_later(house: House) -> None:
    await tell_alone(house)
    async with Room(house, LOUNGE, ANN) as room:
        await room.say(ANN, QUESTION)
        assert SECRET.is_in(" ".join(house.voice.said))
        await room.caption()
        house.llm.prompts.clear()
        house.said.clear()
        await room.say(ANN, "say that again for everybody")
        assert not told(house)
        assert not any(SECRET.is_in(text) for _, text in house.posted)


async def test_what_somebody_said_who_has_left_is_not_posted_where_others_read_it(house: House) -> None:
    async with Room(house, LOUNGE, ANN, BOB) as room:
        await room.say(ANN, SECRET.fact)
        assert any(
            SECRET.is_in(text) for place, text in house.posted if place == LOUNGE
        )  # while she is there
        await room.come(BOB)
        house.posted.clear()
        await room.say(BOB, QUESTION)
        assert SECRET.is_in(" ".join(house.voice.said))
        assert not any(SECRET.is_in(text) for _, text in house.posted)


@pytest.mark.parametrize("thought_over", [True, False])
async def test_what_she_remembers_aloud_is_not_posted_the_next_time_either(
    house: House, thought_over: bool
) -> None:
    await tell_alone(house, thought_over=thought_over)
    async with Room(house, LOUNGE, ANN) as room:
        await room.say(ANN, QUESTION)
        room.talk._recollection.begin()
        house.voice.said.clear()
        await room.say(ANN, "say that again")
        assert SECRET.is_in(" ".join(house.voice.said))
        assert not any(SECRET.is_in(text) for _, text in house.posted)


async def test_whoever_is_answered_in_writing_decides_what_she_has_in_mind_not_who_wrote_last(
    house: House,
) -> None:
    line = {"text": SECRET.fact, "scope": said_to(ANN)}
    house.memory.roster.apply({"person": ANN.id, "at_s": house.now(), "history": [line]})
    chronicle = Chronicle(house.host, house.place_called(GENERAL))
    recollection = Recollection(chronicle, lambda work, name: asyncio.create_task(work), lambda: None)
    for writer, reader in ((ANN, EVE), (EVE, ANN)):
        await chronicle.heard(Utterance(writer, "good evening", 0.0, 1.0, message="3001/1"), frozenset())
        mind = await recollection.for_writing("what do you know", reader)
        assert SECRET.is_in(mind.knows.text) is (reader is ANN)


async def test_what_somebody_is_called_in_another_server_is_not_told_here(house: House) -> None:
    elsewhere = Person(ANN.id, SECRET.word)
    line = {"text": "likes old bridges", "scope": said_to(ANN)}
    house.memory.roster.apply({"person": ANN.id, "at_s": house.now(), "history": [line]})
    async with Room(house, DEN, elsewhere) as room:
        await room.say(elsewhere, "I like old bridges")
    await house.remembering.up_to_date()
    assert house.memory.roster.acquaintance(ANN.id).meetings.name == SECRET.word
    for key, people in ((LOUNGE, (ANN, EVE)), (GENERAL, ())):
        async with Room(house, key, *people) as room:
            await (room.say if people else room.write)(ANN, "what do you know of me")
            assert "old bridges" in last_prompt(house) and not told(house)
