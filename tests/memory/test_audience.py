"""Who may hear a memory, by a table."""

from __future__ import annotations

import pytest

from memory.audience import Listeners, may_hear, narrowest
from memory.types import Origin, Scope

HERE, THERE = "here", "there"


def memory(origin: Origin, about: str, heard_by: str, *, place: str = THERE, private: bool = False) -> Scope:
    """People are single letters."""
    return Scope(origin, place, tuple(about), tuple(heard_by), private)


def to(people: str, *, closed: bool = True, channels: str = "") -> Listeners:
    return Listeners(frozenset(people), HERE, closed, frozenset(channels.split()))


DM, CALL, CHANNEL, OPEN = Origin.DIRECT, Origin.VOICE, Origin.TEXT, Origin.OPEN


@pytest.mark.parametrize(
    ("told", "listeners", "may"),
    [
        # written to her alone: that person, and nobody beside them
        (memory(DM, "a", "a"), to("a"), True),
        (memory(DM, "a", "a"), to("ab"), False),
        (memory(DM, "a", "a"), to("b"), False),
        (memory(DM, "a", "a"), to("a", closed=False), False),
        # said in a call: those who were there
        (memory(CALL, "a", "ab"), to("b"), True),
        (memory(CALL, "a", "ab"), to("ab"), True),
        (memory(CALL, "a", "ab"), to("bc"), False),
        (memory(CALL, "a", "ab"), to("b", closed=False), False),
        # anybody else only while the person it is about is there, and has not kept it private
        (memory(CALL, "a", "ab"), to("ac"), True),
        (memory(CALL, "a", "ab"), to("a", closed=False), True),
        (memory(CALL, "a", "ab", private=True), to("ac"), False),
        (memory(CALL, "a", "ab", private=True), to("ab"), True),
        (memory(CALL, "a", "ab", private=True), to("a", closed=False), False),
        (memory(CALL, "ab", "ab"), to("ac"), False),  # it is about both, and one is missing
        (memory(CALL, "ab", "ab"), to("abc"), True),
        # written in a channel: those who can read it
        (memory(CHANNEL, "a", "a", place=HERE), to("b", closed=False), True),
        (memory(CHANNEL, "a", "a"), to("b", closed=False), False),
        (memory(CHANNEL, "a", "a"), to("b", channels=THERE), True),
        (memory(CHANNEL, "a", "a"), to("b"), False),
        (memory(CHANNEL, "a", "a"), to("a"), True),
        (memory(CHANNEL, "a", "a", place=HERE, private=True), to("b", closed=False), False),
        # meant for everybody
        (memory(OPEN, "", ""), to("b", closed=False), True),
        (memory(OPEN, "", "", private=True), to("b", closed=False), False),
        # nobody is there: nothing is said to nobody
        (memory(CALL, "a", "ab"), to(""), False),
        (memory(DM, "", ""), to(""), False),
        (memory(CALL, "", ""), to("b"), False),
    ],
)
def test_who_may_hear_it(told: Scope, listeners: Listeners, may: bool) -> None:
    assert may_hear(told, listeners) is may


def test_what_comes_from_several_memories_has_the_narrowest_audience() -> None:
    first, second = memory(CALL, "a", "abc"), memory(CALL, "b", "ab")
    assert narrowest([first, second]) == memory(CALL, "ab", "ab")
    elsewhere = memory(CHANNEL, "c", "ac", place=HERE)
    assert narrowest([first, elsewhere]) == memory(DM, "ac", "ac")
    assert narrowest([first, memory(CALL, "a", "a", private=True)]).private


@pytest.mark.parametrize("people", ["a", "b", "c", "ab", "abc", "bc"])
@pytest.mark.parametrize("closed", [True, False])
def test_nobody_hears_of_a_reflection_who_may_not_hear_its_sources(people: str, closed: bool) -> None:
    sources = [
        memory(CALL, "a", "ab"),
        memory(CALL, "b", "ab"),
        memory(CALL, "a", "abc", place=HERE),
        memory(CHANNEL, "c", "c", place=HERE),
        memory(DM, "a", "a"),
        memory(CALL, "a", "ac", private=True),
    ]
    listeners = to(people, closed=closed)
    for one in sources:
        for other in sources:
            if may_hear(narrowest([one, other]), listeners):
                assert may_hear(one, listeners) and may_hear(other, listeners)
