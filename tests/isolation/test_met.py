"""Who was met, and what was said then, is for those who were there: asked aloud, by command, and on the card of a call."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from cogs.encounters import Encounters
from cogs.overlay import Overlay
from memory import own
from memory.audience import Listeners
from memory.consent import Purpose
from memory.gallery import FaceEmbedding, Template
from memory.types import Encounter
from persona_core.types import Person
from tests.isolation.asked import Asked
from tests.isolation.canaries import canaries
from tests.isolation.house import ANN, BOB, EVE, LOUNGE, OLGA, House, Room, alone_with, everything_in
from tests.isolation.sources import Planting
from tests.isolation.test_recall_summary import FACE
from tests.until import until

SECRET = canaries()[0]
ASKED = "Who was that, and what did I promise her?"


class Page:
    """Takes cards."""

    def __init__(self) -> None:
        self.cards: list[tuple[str, Encounter]] = []

    def on_eye(self, event: object) -> None: ...

    def on_card(self, place_key: str, encounter: Encounter) -> None:
        self.cards.append((place_key, encounter))


def meet(house: House, minutes_ago: float = 2.0) -> None:
    """Ann, with Bob there, who says it."""
    people, at_s = house.memory.people, house.now() - 60 * minutes_ago
    assert people.enrol(ANN.id, ANN.name, Template(FACE, "eye", 5), at_s)
    there = frozenset({ANN.id, BOB.id})
    met = people.process_encounter(
        FaceEmbedding(FACE, "eye"),
        SECRET.fact,
        at_s,
        listeners=Listeners(there, LOUNGE),
        place=LOUNGE,
        present=there,
    )
    assert met.id and people.note(met.id, BOB.id, BOB.name, f"I promise, {SECRET.word}.", at_s)


async def asked(house: House, *present: Person) -> str:
    """All that the model was told when the first of them asked aloud."""
    async with Room(house, LOUNGE, *present) as room:
        house.llm.read_ahead.clear()
        await room.say(present[0], ASKED)
    return "\n".join(everything_in(one) for one in (*house.llm.prompts, *house.llm.read_ahead))


@pytest.fixture
async def met(house: House) -> House:
    await house.consent.decide(ANN.id, Purpose.FACE, True, "test")
    meet(house)
    return house


async def test_who_was_met_is_told_to_whoever_was_there_and_to_nobody_else(met: House) -> None:
    told = await asked(met, BOB)
    assert "She saw Ann last" in told and SECRET.is_in(told)
    for present in ([EVE], [BOB, EVE], [OLGA]):
        told = await asked(met, *present)
        assert "She saw" not in told and not SECRET.is_in(told), present


async def test_encounters_are_listed_to_whoever_was_there_and_to_nobody_else(met: House) -> None:
    met.begin_anew()
    cog = Encounters(met.host, cast(Overlay, Page()))
    for person, theirs in ((BOB, True), (ANN, True), (EVE, False), (OLGA, False)):
        told = await Asked(person, alone_with(person)).answer(Encounters.list_, cog, person=None)
        assert SECRET.is_in(told) == theirs and ("Ann" in told) == theirs


async def test_a_card_of_who_joins_a_call_says_what_is_for_the_owner(house: House) -> None:
    await Planting(house, SECRET).tell(alone_with(ANN), ANN)
    own.add(house.memory, ANN.id, ANN.name, SECRET.fact, alone_with(ANN), house.now())
    await house.remembering.up_to_date()
    page = Page()
    house.begin_anew()
    cog = Encounters(house.host, cast(Overlay, page))
    house.there[LOUNGE] = [OLGA, ANN]
    await _join(cog, ANN)
    await until(lambda: bool(page.cards))
    ((place, card),) = page.cards
    assert (place, card.person, card.name, card.confidence) == (LOUNGE, ANN.id, ANN.name, -1.0)
    assert not card.id and not SECRET.is_in(str(card))


async def test_there_is_no_card_without_the_owner_or_of_who_is_not_remembered(house: House) -> None:
    page = Page()
    house.begin_anew()
    cog = Encounters(house.host, cast(Overlay, page))
    await Planting(house, SECRET).tell(LOUNGE, ANN, ANN, BOB)
    await house.remembering.up_to_date()
    house.there[LOUNGE] = [BOB, ANN]
    await _join(cog, ANN)
    house.there[LOUNGE] = [OLGA, EVE, ANN]
    await house.consent.decide(ANN.id, Purpose.REMEMBERING, False, "test")
    await _join(cog, ANN)
    await cog.end(5.0)
    assert not page.cards


async def _join(cog: Encounters, person: Person) -> None:
    member: Any = SimpleNamespace(id=int(person.id[8:]), display_name=person.name, bot=False)
    channel = SimpleNamespace(id=int(LOUNGE[8:]))
    before, after = SimpleNamespace(channel=None), SimpleNamespace(channel=channel)
    await cog.on_voice_state_update(member, cast(Any, before), cast(Any, after))
