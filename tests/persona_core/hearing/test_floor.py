"""Whose turn it is."""

from __future__ import annotations

from persona_core.hearing.floor import Answered, Began, Floor, FloorEvent, Stopped, Understood, Written, step
from persona_core.types import Person, Utterance

ANN, BOB = Person("ann", "Ann"), Person("bob", "Bob")


def line(person: Person, text: str, ended_s: float = 0.0) -> Utterance:
    return Utterance(person, text, 0.0, ended_s)


def commits(*events: FloorEvent) -> list[list[str]]:
    floor, result = Floor(), []
    for event in events:
        after = step(floor, event)
        floor = after.floor
        if after.commit:
            result.append([utterance.text for utterance in after.commit])
    return result


def test_she_answers_when_the_text_is_in() -> None:
    assert commits(Began("ann"), Stopped("ann", True), Understood(line(ANN, "hi"))) == [["hi"]]


def test_she_waits_while_somebody_else_speaks_and_answers_both_together_in_order() -> None:
    ann, bob = line(ANN, "first", 1.0), line(BOB, "second", 2.0)
    spoken = [Began("ann"), Began("bob"), Stopped("ann", True), Stopped("bob", True)]
    assert commits(*spoken[:3], Understood(ann), spoken[3], Understood(bob)) == [["first", "second"]]
    assert commits(*spoken, Understood(bob), Understood(ann)) == [["first", "second"]]


def test_a_cough_is_not_answered() -> None:
    assert commits(Began("ann"), Stopped("ann", False)) == []
    assert commits(Began("ann"), Stopped("ann", True), Understood(None)) == []


def test_what_is_said_during_her_reply_is_answered_after_it() -> None:
    assert commits(Written(line(ANN, "one")), Written(line(ANN, "two")), Answered()) == [["one"], ["two"]]


def test_it_is_settled_when_nothing_more_can_be_done_without_more_sound() -> None:
    floor = Floor()
    assert floor.settled
    for event, settled in [
        (Began("ann"), True),
        (Stopped("ann", True), False),
        (Began("bob"), False),
        (Understood(line(ANN, "hi")), True),  # Bob is still speaking: she waits for his sound
        (Stopped("bob", False), False),  # now she answers
        (Answered(), True),
    ]:
        floor = step(floor, event).floor
        assert floor.settled is settled, event
