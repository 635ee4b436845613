"""What she says about whom she meets is in the store, word by word, and for those who hear it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memory.memory import Memory
from memory.summaries import MOST
from memory.types import Statement
from tests.memory.recalling import FIXTURES, SARAH, Case, Scene
from tests.memory.taken_apart import not_in_the_store


@pytest.mark.parametrize("case", FIXTURES, ids=[case.name for case in FIXTURES])
def test_what_she_says_about_them_is_in_the_store(memory: Memory, case: Case) -> None:
    (met,) = case.meet(memory)
    said = met.recall_summary
    assert not_in_the_store(memory, [met]) == []
    assert len(said) <= MOST and len(met.statements) <= 2 and "\n" not in said
    for words in case.says:
        assert words in said, said
    for words in case.hides:
        assert words not in said, said
    assert (said == "") == case.nothing
    assert (met.person == SARAH) != case.nothing


def test_there_are_enough_of_them() -> None:
    assert len(FIXTURES) >= 30


@pytest.mark.parametrize(
    "text",
    [
        "That's Susan.",
        "That's Sarah: “works at Acme”.",
        "We last talked yesterday.",
        "Still open for Sarah: “Send the slides”.",
        "Sarah is lovely.",
        "We last met last Tuesday, about “a party”.",
        "Still open for Olga: “Send the slides”, due Tuesday, 1 December.",
    ],
)
def test_the_check_finds_what_is_made_up(memory: Memory, text: str) -> None:
    case = next(one for one in FIXTURES if one.name == "their promise")
    (met,) = case.meet(memory)
    sources = tuple(source for one in met.statements for source in one.sources)
    made_up = replace(met, statements=(Statement(text, sources, frozenset({SARAH})),))
    assert not_in_the_store(memory, [met]) == [] and len(not_in_the_store(memory, [made_up])) == 1


def test_a_source_that_is_not_there_is_found(memory: Memory) -> None:
    (met,) = FIXTURES[0].meet(memory)
    gone = replace(met.statements[0], sources=("entry/20261127-120000-abcdef",))
    assert len(not_in_the_store(memory, [replace(met, statements=(gone,))])) == 1


def test_the_same_is_said_when_nobody_is_met(memory: Memory) -> None:
    case = next(one for one in FIXTURES if one.name == "what is known")
    (met,) = case.meet(memory)
    said = memory.people.summary(SARAH, case.listeners, met.at_s)
    assert said[0] == met.statements[0]
    assert memory.people.summary("desk:nobody", case.listeners, met.at_s) == ()
    assert Scene(memory).memory is memory
