"""Whose voice it is, as a rule: every row is a case."""

from __future__ import annotations

import pytest

from persona_core.hearing.prints import Match
from persona_core.hearing.whose import whose
from persona_core.types import Person

ANN, BOB, GUEST = Person("ann", "Ann"), Person("bob", "Bob"), Person("guest:1", "guest 1")


def matches(**likeness: float) -> list[Match]:
    people = {"ann": (ANN, True), "bob": (BOB, True), "guest": (GUEST, False)}
    found = [Match(people[name][0], value, people[name][1]) for name, value in likeness.items()]
    return sorted(found, key=lambda match: -match.likeness)


@pytest.mark.parametrize(
    ("likeness", "heard_s", "verdict"),
    [
        ({"ann": 0.55, "bob": 0.1}, 0.4, ANN),
        ({"ann": 0.55, "bob": 0.5}, 0.4, "not sure"),  # as like the one as the other
        ({"ann": 0.41}, 0.6, "not sure"),  # who is named has to be liker than a guest
        ({"guest": 0.41}, 0.6, GUEST),
        ({"ann": 0.1, "guest": 0.2}, 0.6, "not sure"),  # half a second tells nobody from everybody
        ({"ann": 0.1, "guest": 0.2}, 0.8, "nobody known"),
        ({"ann": 0.27}, 0.8, "not sure"),
        ({"ann": 0.27}, 1.0, "nobody known"),
        ({}, 0.6, "not sure"),
        ({}, 0.8, "nobody known"),
    ],
)
def test_while_they_speak(likeness: dict[str, float], heard_s: float, verdict: Person | str) -> None:
    assert whose(matches(**likeness), heard_s, None) == verdict


def test_whoever_spoke_just_before_is_likelier_to_go_on() -> None:
    assert whose(matches(ann=0.36), 0.4, None) == "not sure"
    assert whose(matches(ann=0.36), 0.4, ANN) == ANN
    assert whose(matches(ann=0.36), 0.4, BOB) == "not sure"


def test_a_word_alone_is_given_to_the_likeliest_but_names_nobody_on_a_hint() -> None:
    assert whose(matches(ann=0.25), 0.4, ANN, over=True) == ANN
    assert whose(matches(guest=0.31), 0.4, None, over=True) == GUEST
    assert whose(matches(ann=0.31), 0.4, None, over=True) == "not sure"
    assert whose(matches(ann=0.31), 0.4, None, over=True, last=True) == "nobody known"


def test_in_the_end_somebody_is_named_in_any_case() -> None:
    assert whose(matches(ann=0.5, bob=0.45), 1.6, None, over=True, last=True) == ANN
    assert whose(matches(ann=0.35), 1.6, None, last=True) == "nobody known"
    assert whose([], 0.3, None, last=True) == "nobody known"
