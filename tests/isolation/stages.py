"""Where she is asked, by whom, who hears the answer, and who reads what she writes."""

from __future__ import annotations

from dataclasses import dataclass

from persona_core.types import Person
from tests.isolation.house import (
    ANN,
    ATTIC,
    BOB,
    DEN,
    EVE,
    GENERAL,
    LOUNGE,
    MODS,
    SQUARE,
    ZOE,
    House,
    Room,
    alone_with,
    everything_in,
)
from tests.isolation.wordings import Wording


@dataclass(frozen=True, slots=True)
class Stage:
    place: str
    asker: Person
    present: tuple[Person, ...] = ()  # in the call; nobody: she is asked in writing
    captioned: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of asking once."""

    told: str  # all that the model was told
    heard: str  # what she said aloud
    posted: str  # what stands in the place for its readers
    elsewhere: str  # what she has written anywhere else


def _call(asker: Person, *others: Person, place: str = LOUNGE, captioned: bool = False) -> Stage:
    return Stage(place, asker, (asker, *others), captioned)


STAGES = {
    "call: Ann": _call(ANN),
    "call: Bob": _call(BOB),
    "call: Eve": _call(EVE),
    "call: Ann, Bob": _call(BOB, ANN),
    "call: Ann, Eve": _call(EVE, ANN),
    "call: Bob, Eve": _call(EVE, BOB),
    "other call: Zoe": _call(ZOE, place=DEN),
    "captions: Ann": _call(ANN, captioned=True),
    "captions: Bob": _call(BOB, captioned=True),
    "other captions: Zoe": _call(ZOE, place=DEN, captioned=True),
    "general: Ann": Stage(GENERAL, ANN),
    "general: Bob": Stage(GENERAL, BOB),
    "general: Eve": Stage(GENERAL, EVE),
    "mods: Bob": Stage(MODS, BOB),
    "square: Ann": Stage(SQUARE, ANN),
    "square: Zoe": Stage(SQUARE, ZOE),
    "attic: Zoe": Stage(ATTIC, ZOE),
    "alone: Ann": Stage(alone_with(ANN), ANN),
    "alone: Bob": Stage(alone_with(BOB), BOB),
    "alone: Eve": Stage(alone_with(EVE), EVE),
    "alone: Zoe": Stage(alone_with(ZOE), ZOE),
}


async def ask(house: House, stage: Stage, wording: Wording) -> Seen:
    """Ask as ``wording`` has it, in a conversation that begins with it."""
    asker = Person(stage.asker.id, wording.name or stage.asker.name)
    present = [asker if one.id == asker.id else one for one in stage.present]
    async with Room(house, stage.place, *present) as room:
        if stage.captioned:
            await room.caption()
        house.llm.read_ahead.clear()  # what she read before was for whoever was there alone
        for line in wording.lines:
            await (room.say if present else room.write)(asker, line)
    return Seen(
        "\n".join(everything_in(prompt) for prompt in (*house.llm.prompts, *house.llm.read_ahead)),
        " ".join(house.voice.said),
        "\n".join(text for place, text in house.posted if place == stage.place),
        "\n".join(text for place, text in house.posted if place != stage.place),
    )
