"""What is made of what was told: notes, lines and corrections are for nobody who may not hear what they rest on."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

import pytest

from cogs.actions import Actions, Wanted
from cogs.host import Refusal
from memory import own
from memory.audience import Listeners, may_hear, reaches
from memory.commands import heard_by
from memory.memory import Memory
from memory.types import HERS, Origin, Scope
from persona_core.types import Action, Message, Person, Sampling, Utterance
from tests.isolation.canaries import Canary, canaries
from tests.isolation.house import ANN, BOB, EVE, GENERAL, LOUNGE, Blab, House, Room, alone_with, everything_in
from tests.isolation.sources import Planting, embed, said_to, told_alone

SECRET, OTHER = canaries()[:2]
QUESTION = f"what was that with {SECRET.near[0]} near {SECRET.near[1]}"


def holding(memory: Memory, secret: Canary = SECRET) -> list[Scope]:
    """The scopes of all that is kept and holds it, in whatever field."""
    notes = [(one, one.scope) for one in memory.journal.entries()]
    lines = [
        (line, line.scope)
        for person in memory.roster.people()
        for known in [memory.roster.acquaintance(person)]
        for line in (*known.history, *known.feelings, *known.aliases, *filter(None, [known.relationship]))
    ]
    items = [(one, one.scope) for one in memory.profile.items()]
    turns = [(one, one.scope) for one in memory.turns.after(0)]
    return [scope for one, scope in (*notes, *lines, *items, *turns) if secret.is_in(str(one))]


def may(scopes: Sequence[Scope], *people: Person, closed: bool = True, place: str = LOUNGE) -> bool:
    listeners = Listeners(frozenset(one.id for one in people), place, closed)
    return any(may_hear(scope, listeners) for scope in scopes)


async def tell_alone(house: House) -> None:
    await Planting(house, SECRET).tell(alone_with(ANN), ANN)
    await house.remembering.up_to_date()
    embed(house.memory)


async def test_what_she_says_of_what_was_told_to_her_alone_is_kept_for_that_person_alone(
    house: House,
) -> None:
    """Said to Ann in a call it would be for everybody who is with her later, and with it all that is made of it."""
    await tell_alone(house)
    async with Room(house, LOUNGE, ANN) as room:
        await room.say(ANN, QUESTION)
        assert SECRET.is_in(" ".join(house.voice.said))
        await room.say(ANN, f"I live in Bergen now, remember that, and {SECRET.near[0]} is far")
    await house.remembering.up_to_date()
    hers = [one for one in house.memory.turns.after(0) if one.speaker == HERS and one.scope.place == LOUNGE]
    assert any(SECRET.is_in(one.text) for one in hers)
    kept = holding(house.memory)
    assert may(kept, ANN) and not may(kept, ANN, EVE) and not may(kept, ANN, closed=False)


class Copyist(Blab):
    """Thinks talks over by writing all that it is shown into every field of the form."""

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        self.prompts.append(messages)
        lines = messages[-1].content.splitlines()
        said = lines[-1].partition(": ")[2]
        words = [
            word for line in lines for word in line.split() if any(one.is_in(word) for one in (SECRET, OTHER))
        ]
        text = f"Ann {said} {' '.join(words)}"
        yield json.dumps(
            {
                "summary": text,
                "emotion": "happy",
                "salience": 9,
                "topics": words or ["nothing"],
                "facts": [{"line": 1, "who": "Ann", "text": text, "replaces": None}],
                "commitments": [{"line": 1, "who": "Ann", "text": text, "by": "tomorrow"}],
                "feelings": [{"who": "Ann", "score": 2}],
                "about_me": [{"line": 1, "section": "running_jokes", "text": text}],
            }
        )


@pytest.mark.parametrize("place", [LOUNGE, GENERAL])
async def test_nothing_told_in_confidence_finds_its_way_into_what_is_made_of_another_talk(
    house: House, place: str
) -> None:
    """She knew it when she thought that over: from a note, and from what she knows of Ann."""
    memory, here = house.memory, Planting(house, SECRET)
    here.note(told_alone(alone_with(ANN)), f"Ann lives in {SECRET.word}.", sources=())
    line = {"text": f"lives with {OTHER.word}", "scope": told_alone(alone_with(ANN))}
    memory.roster.apply({"person": ANN.id, "at_s": house.now(), "history": [line]})
    house.think_with(Copyist())
    present = [ANN, BOB] if place == LOUNGE else []
    await here.tell(place, ANN, *present, text="Actually I live in Bergen now, not where I lived before")
    embed(memory)
    await house.remembering.up_to_date()
    model = house.persona.reflection_llm
    assert isinstance(model, Copyist) and model.prompts  # it was asked
    assert any("Bergen" in one.text for one in memory.journal.entries())
    for secret in (SECRET, OTHER):
        assert not any(secret.is_in(everything_in(prompt)) for prompt in model.prompts)
        kept = holding(memory, secret)
        assert may(kept, ANN)
        assert (
            not may(kept, ANN, EVE) and not may(kept, BOB) and not may(kept, EVE, closed=False, place=GENERAL)
        )


async def test_what_is_kept_between_us_is_told_by_nothing_that_was_made_of_the_same_words(
    house: House,
) -> None:
    here = Planting(house, SECRET)
    await here.tell(LOUNGE, ANN, ANN, BOB)
    await house.remembering.up_to_date()
    assert may(holding(house.memory), ANN, EVE)
    notes = [one for one in own.entries(house.memory, ANN.id) if SECRET.is_in(one.text)]
    own.keep_between_us(house.memory, ANN.id, notes[0].id)
    kept = [scope for scope in holding(house.memory) if ANN.id in scope.about]
    assert may(kept, ANN, BOB) and not may(kept, ANN, EVE) and not may(kept, ANN, closed=False)


async def test_what_somebody_puts_right_is_for_nobody_who_heard_what_it_was_before(house: House) -> None:
    """They have told it to her alone. What they share is for others while they are there."""
    before = Planting(house, SECRET).note(said_to(ANN, BOB), "Ann is well.")
    kept = own.correct(house.memory, ANN.id, before.id, SECRET.fact, house.now())
    assert may([kept.scope], ANN) and not may([kept.scope], BOB) and not may([kept.scope], ANN, EVE)
    shared = own.share(house.memory, ANN.id, kept.id)
    assert may([shared.scope], ANN, EVE) and not may([shared.scope], EVE)


# What she wants to keep herself


def wanted(
    key: str, *answered: Person, about: Sequence[Person], written: bool, private: bool = False
) -> Wanted:
    lines = [Utterance(one, "hello", 0.0, 1.0, message="3001/1" if written else "") for one in answered]
    people = frozenset(one.id for one in about)
    return Wanted(Action("remember", SECRET.fact), key, lines, people, private)


@pytest.mark.parametrize(
    ("asked", "for_whom"),
    [
        (wanted(LOUNGE, ANN, about=[ANN], written=False), [ANN]),
        (wanted(LOUNGE, ANN, about=[ANN], written=False, private=True), [ANN]),
        (wanted(LOUNGE, ANN, about=[ANN, BOB], written=False), []),  # his words, which she may not have heard
        (wanted(LOUNGE, ANN, BOB, about=[], written=False), []),
        (wanted(GENERAL, ANN, about=[ANN, BOB], written=True), [ANN]),  # all of it was for her to read
        (
            wanted(GENERAL, BOB, ANN, about=[], written=True),
            [ANN],
        ),  # what came to mind was for who wrote last
        (wanted(alone_with(ANN), ANN, about=[ANN, BOB], written=True), [ANN]),
    ],
)
async def test_what_she_wants_to_remember_is_for_the_one_alone_who_may_hear_all_she_knew_then(
    house: House, asked: Wanted, for_whom: list[Person]
) -> None:
    with suppress(Refusal):
        await Actions(house.host)._perform(asked)
    scopes = holding(house.memory)
    assert [one for one in (ANN, BOB, EVE) if may(scopes, one)] == for_whom
    assert not may(scopes, ANN, BOB) and not may(scopes, ANN, closed=False)


async def test_a_note_that_is_about_somebody_shows_them_nothing_that_is_not_for_them(house: House) -> None:
    """Not even where they know its id, in any of its versions, or by what it takes the place of."""
    here = Planting(house, SECRET)
    scope = Scope(Origin.DIRECT, LOUNGE, tuple(sorted((ANN.id, EVE.id))), (ANN.id,))
    note = here.note(scope)
    for ask in (own.entry, own.versions, own.keep_between_us, own.share, own.pin):
        with pytest.raises(Exception, match="no such note about you"):
            ask(house.memory, EVE.id, note.id)  # type: ignore[operator]
    nobody = "20260101-000000-abcdef"
    with pytest.raises(Exception, match="no such note about you"):  # the same words as for what is not there
        own.entry(house.memory, EVE.id, nobody)
    assert note.id not in {one.id for one in own.entries(house.memory, EVE.id)}
    assert not heard_by(EVE.id)(note.scope)


# The rule itself

PEOPLE = ("a", "b", "c")
SOME = [tuple(some) for size in range(3) for some in itertools.combinations(PEOPLE, size)]
SCOPES = [
    Scope(origin, place, about, heard_by_, private)
    for origin in Origin
    for place in (("here", "there") if origin is Origin.TEXT else ("here",))
    for about in SOME
    for heard_by_ in SOME
    for private in (False, True)
]
COMPANY = [
    Listeners(frozenset(people), place, closed, frozenset(channels))
    for size in range(4)
    for people in itertools.combinations(PEOPLE, size)
    for place in ("here", "there")
    for closed in (True, False)
    for channels in ((), ("there",))
]


def test_what_reaches_further_is_never_for_fewer() -> None:
    heard = {
        scope: frozenset(at for at, one in enumerate(COMPANY) if may_hear(scope, one)) for scope in SCOPES
    }
    true = 0
    for wide, narrow in itertools.product(SCOPES, repeat=2):
        if reaches(wide, narrow):
            true += 1
            assert heard[narrow] <= heard[wide], (wide, narrow)
    assert true > len(SCOPES)  # each reaches itself, and more
    assert all(reaches(scope, scope) for scope in SCOPES)
