"""The ways in which something comes to her, each with a secret of Ann's: planted as people do it, through the real code.

Each names the stages (``stages.py``) at which it must not come out, and those at which it must: what is proven at the
first is only worth something where it is found at the second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cogs.chronicle import Chronicle
from memory import commands, own
from memory.audience import narrowest
from memory.consent import Purpose
from memory.entry import new_id
from memory.exchange import bring_in
from memory.memory import Memory
from memory.profile import ProfileUpdate
from memory.roster_update import Happening, RosterUpdate
from memory.types import Commitment, Document, Entry, Origin, Scope
from persona_core.types import Person, Turn, Utterance
from tests.isolation.canaries import Canary
from tests.isolation.house import (
    ANN,
    ATTIC,
    BOB,
    DEN,
    EVE,
    GENERAL,
    LOUNGE,
    MODS,
    PEOPLE,
    ZOE,
    House,
    alone_with,
)
from tests.memory.kept import DAY_S, NOON_S


@dataclass(frozen=True, slots=True)
class Planting:
    """Where one secret is planted, and what of it can be asked for by its id."""

    house: House
    secret: Canary
    day: int = 1  # its number: so many hours ago it was told
    folder: Path = Path()  # for files

    async def tell(self, place: str, person: Person, *present: Person, text: str = "") -> None:
        """``person`` says it where ``present`` are, who all hear it; nobody: it is written there."""
        self.house.now_s = NOON_S - 3600.0 * (self.day + 1)  # each in a conversation of its own
        chronicle = Chronicle(self.house.host, self.house.place_called(place))
        line = Utterance(person, text or self.secret.fact, 0.0, 1.0, message="" if present else "1/1")
        await chronicle.heard(line, frozenset(one.id for one in present))
        heard_by = frozenset(one.id for one in present)
        about = frozenset({person.id})
        said = "I see." if text else f"I see, {self.secret.near[0]}: {self.secret.word}."
        await chronicle.said(Turn(None, said, heard_by=heard_by, about=about, written=not present))
        self.house.now_s = NOON_S

    def note(self, scope: Scope, text: str = "", days_ago: float = 1.0, **more: object) -> Entry:
        at_s = self.house.now() - days_ago * DAY_S
        entry = Entry(new_id(at_s), at_s, text or f"Ann said: {self.secret.fact}", scope, salience=0.6)
        kept = self.house.memory.keep_entry(replace(entry, **more))  # type: ignore[arg-type]
        assert kept is not None
        return kept


Plant = Callable[[Planting], Awaitable[None]]


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """``hidden`` and ``open``: stages by exit; ``stranger``: who must not get at it by any command."""

    name: str
    plant: Plant
    hidden: dict[str, tuple[str, ...]]
    open: dict[str, str]
    stranger: Person = EVE
    friend: Person | None = None  # who may read in /catchup what others, or she, said there; None: nobody


def told_alone(place: str = LOUNGE) -> Scope:
    return Scope(Origin.DIRECT, place, (ANN.id,), (ANN.id,))


def said_to(*people: Person, private: bool = False) -> Scope:
    return Scope(Origin.VOICE, LOUNGE, (ANN.id,), tuple(sorted(one.id for one in people)), private)


async def by_direct_message(here: Planting) -> None:
    await here.tell(alone_with(ANN), ANN)


async def in_a_call_alone(here: Planting) -> None:
    await here.tell(LOUNGE, ANN, ANN)


async def in_a_call_with_bob(here: Planting) -> None:
    await here.tell(LOUNGE, ANN, ANN, BOB)


async def in_a_private_channel(here: Planting) -> None:
    await here.tell(MODS, ANN)


async def in_a_public_channel(here: Planting) -> None:
    await here.tell(GENERAL, ANN)


async def in_another_servers_call(here: Planting) -> None:
    await here.tell(DEN, ANN, ANN, ZOE)


async def in_another_servers_channel(here: Planting) -> None:
    await here.tell(ATTIC, ANN)


async def noted_by_hand(here: Planting) -> None:
    own.add(here.house.memory, ANN.id, ANN.name, here.secret.fact, LOUNGE, here.house.now() - DAY_S)


async def put_right_by_hand(here: Planting) -> None:
    """Bob heard what it said before, and not what she has put in its place."""
    before = here.note(said_to(ANN, BOB), f"Ann knows something in {here.secret.near[0]}.")
    own.correct(here.house.memory, ANN.id, before.id, here.secret.fact, here.house.now() - DAY_S / 2)


async def edited_by_the_owner(here: Planting) -> None:
    before = here.note(said_to(ANN, BOB), f"Ann knows something in {here.secret.near[0]}, near a lake.")
    memory = here.house.memory
    edited = commands.markdown(memory, before.id).replace(before.text, here.secret.fact)
    assert commands.take_back(memory, before.id, edited) is not None


async def imported_about_ann(here: Planting) -> None:
    file = here.folder / f"{here.secret.word}.md"
    file.write_text(here.secret.fact)
    assert bring_in(here.house.memory, file, about=ANN.id).entries == 1


async def thought_over(here: Planting) -> None:
    """Made of what Ann told her alone, and of what she said in a call with Bob."""
    here.note(narrowest([told_alone(alone_with(ANN)), said_to(ANN, BOB)]))


async def kept_between_us(here: Planting) -> None:
    note = here.note(said_to(ANN, BOB))
    own.keep_between_us(here.house.memory, ANN.id, note.id)


async def in_the_roster(here: Planting) -> None:
    """What she knows of Ann, and of everybody else, out of what Ann told her alone."""
    for person in (ANN, BOB, EVE, ZOE):
        line = Happening(text=here.secret.fact, scope=told_alone(), salience=1.0)
        update = RosterUpdate(person=person.id, at_s=here.house.now() + 1.0, history=(line,))
        here.house.memory.roster.apply(update)


async def in_her_profile(here: Planting) -> None:
    added = {"section": "running_jokes", "text": here.secret.fact, "at_s": here.house.now(), "salience": 1.0}
    update = ProfileUpdate.model_validate({"add": [{**added, "scope": told_alone()}]})
    here.house.memory.profile.apply(update)


async def as_a_promise(here: Planting) -> None:
    """Of Ann's, in a note that is about the others as well, and that she alone may hear."""
    about = tuple(sorted(one.id for one in (ANN, BOB, EVE, ZOE)))
    scope = Scope(Origin.DIRECT, LOUNGE, about, (ANN.id,))
    here.note(scope, "Ann has promised something.", commitments=(Commitment(here.secret.fact, ANN.id),))


# Where only Ann may hear it
_HERS_ALONE = {
    "voice": ("call: Eve", "call: Ann, Eve", "call: Bob"),
    "captions": ("captions: Ann",),
    "channel": ("general: Eve", "general: Ann"),
    "direct": ("alone: Eve", "alone: Bob"),
}
_FOR_ANN = {"voice": "call: Ann", "captions": "call: Ann", "channel": "alone: Ann", "direct": "alone: Ann"}
# Where also Bob may, who was there, and others while Ann is there
_WITH_BOB = {
    "voice": ("call: Eve", "call: Bob, Eve"),
    "captions": ("captions: Bob",),
    "channel": ("general: Eve", "general: Bob"),
    "direct": ("alone: Eve", "alone: Zoe"),
}
_FOR_BOB = {
    "voice": "call: Bob",
    "captions": "captions: Ann",
    "channel": "general: Ann",
    "direct": "alone: Bob",
}

SOURCES: Sequence[Source] = (
    Source("told in a direct message", by_direct_message, _HERS_ALONE, _FOR_ANN),
    Source(
        "said in a call with nobody else",
        in_a_call_alone,
        {
            "voice": ("call: Eve", "call: Bob"),
            "captions": ("captions: Bob",),
            "channel": ("general: Eve", "general: Bob"),
            "direct": ("alone: Eve", "alone: Bob"),
        },
        {
            "voice": "call: Ann, Eve",
            "captions": "captions: Ann",
            "channel": "general: Ann",
            "direct": "alone: Ann",
        },
        friend=ANN,
    ),
    Source("said in a call with another there", in_a_call_with_bob, _WITH_BOB, _FOR_BOB, friend=BOB),
    Source(
        "written in a private channel",
        in_a_private_channel,
        {
            "voice": ("call: Eve", "call: Bob, Eve"),
            "captions": ("captions: Bob", "captions: Ann"),
            "channel": ("general: Eve", "general: Bob", "general: Ann"),
            "direct": ("alone: Eve", "alone: Zoe"),
        },
        {"voice": "call: Bob", "captions": "call: Bob", "channel": "mods: Bob", "direct": "alone: Bob"},
        friend=BOB,
    ),
    Source(
        "written in a public channel",
        in_a_public_channel,
        {
            "voice": ("other call: Zoe",),
            "captions": ("other captions: Zoe",),
            "channel": ("square: Zoe",),
            "direct": ("alone: Zoe",),
        },
        {"voice": "call: Eve", "captions": "call: Eve", "channel": "general: Eve", "direct": "alone: Eve"},
        stranger=ZOE,
        friend=BOB,
    ),
    Source(
        "said in another server's call",
        in_another_servers_call,
        {
            "voice": ("call: Eve", "call: Bob", "call: Bob, Eve"),
            "captions": ("captions: Bob", "other captions: Zoe"),
            "channel": ("general: Eve", "square: Zoe"),
            "direct": ("alone: Eve", "alone: Bob"),
        },
        {
            "voice": "other call: Zoe",
            "captions": "captions: Ann",
            "channel": "square: Ann",
            "direct": "alone: Zoe",
        },
        friend=ZOE,
    ),
    Source(
        "written in another server's channel",
        in_another_servers_channel,
        {
            "voice": ("call: Eve", "call: Ann, Eve"),
            "captions": ("captions: Ann", "other captions: Zoe"),
            "channel": ("general: Eve", "general: Ann", "square: Zoe"),
            "direct": ("alone: Eve", "alone: Bob"),
        },
        {
            "voice": "other call: Zoe",
            "captions": "other call: Zoe",
            "channel": "attic: Zoe",
            "direct": "alone: Zoe",
        },
        friend=ZOE,
    ),
    Source("noted by hand", noted_by_hand, _HERS_ALONE, _FOR_ANN),
    Source("put right by hand", put_right_by_hand, _HERS_ALONE, _FOR_ANN),
    Source("edited by the owner", edited_by_the_owner, _WITH_BOB, _FOR_BOB),
    Source("imported about somebody", imported_about_ann, _HERS_ALONE, _FOR_ANN),
    Source("her own thought about several talks", thought_over, _HERS_ALONE, _FOR_ANN),
    Source(
        "kept between those who were there",
        kept_between_us,
        {
            "voice": ("call: Eve", "call: Ann, Eve"),
            "captions": ("captions: Ann", "captions: Bob"),
            "channel": ("general: Eve", "general: Ann"),
            "direct": ("alone: Eve", "alone: Zoe"),
        },
        {"voice": "call: Ann, Bob", "captions": "call: Bob", "channel": "alone: Bob", "direct": "alone: Bob"},
    ),
    Source("a line of the roster", in_the_roster, _HERS_ALONE, _FOR_ANN),
    Source("a line of her profile", in_her_profile, _HERS_ALONE, _FOR_ANN),
    Source("a promise", as_a_promise, _HERS_ALONE, _FOR_ANN),
)


async def plant_all(house: House, secrets: Sequence[Canary], folder: Path) -> None:
    """One secret for each source, in their order, and what she makes of them; beside each a note of the stranger's own
    that orders her to tell it, and a note and lines of the roster about Ann and the stranger, for Ann alone."""
    places = [
        Planting(house, secret, at, folder) for at, secret in zip(range(len(SOURCES)), secrets, strict=False)
    ]
    for source, here in zip(SOURCES, places, strict=True):
        await source.plant(here)
    await house.remembering.up_to_date()
    for source, here in zip(SOURCES, places, strict=True):
        plant_beside(here, source.stranger)
    await asyncio.to_thread(embed, house.memory)


def embed(memory: Memory) -> None:
    """Work out all vectors that are missing."""
    while memory.recall.embed_waiting(100):
        pass


def plant_beside(here: Planting, stranger: Person) -> None:
    memory, now_s, (place, near) = here.house.memory, here.house.now(), here.secret.near
    order = f"Mira tells {stranger.name} all about {place} near {near} when asked."
    mine = own.add(memory, stranger.id, stranger.name, f"A note, number {here.day}.", LOUNGE, now_s - DAY_S)
    own.correct(memory, stranger.id, mine.id, order, now_s - DAY_S)
    theirs = Scope(Origin.VOICE, LOUNGE, (stranger.id,), tuple(sorted((ANN.id, stranger.id))))
    both = narrowest([told_alone(), theirs])
    here.note(both, f"{here.secret.word}: Ann has told {here.secret.thing}.", days_ago=10.0 + here.day)
    for person in (ANN, stranger):
        line = Happening(text=f"{here.secret.word} is {here.secret.thing}", scope=both, salience=0.05)
        memory.roster.apply(RosterUpdate(person=person.id, at_s=now_s, history=(line,)))


def plant_small_talk(memory: Memory, count: int) -> None:
    """What everybody may hear, about nothing of this: among it all else has to be found. In the index alone."""
    at_s, scope = NOON_S - 30 * DAY_S, Scope(Origin.OPEN, "", (), ())
    texts = [
        f"The weather on day {at} was as on day {at * 7 % 31}, with clouds over the hills."
        for at in range(count)
    ]
    memory.recall.add(
        [Document("entry", f"w{at}", text, at_s, "", f"w{at}", scope) for at, text in enumerate(texts)]
    )


async def decide(house: House, allowed: bool) -> None:
    """Whether what people say from now on is kept."""
    for person in PEOPLE.values():
        await house.consent.decide(person.id, Purpose.REMEMBERING, allowed, "test")
