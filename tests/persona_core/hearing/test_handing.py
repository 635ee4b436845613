"""One stream handed out: each gets their own sound once, in order, and silence while others speak."""

from __future__ import annotations

import numpy as np

from persona_core.hearing.handing import OPEN_S, PREROLL_S, Handing
from persona_core.types import Frame, Person

CALL, ANN, BOB = Person("call", "the call"), Person("ann", "Ann"), Person("bob", "Bob")
RATE, LENGTH = 16_000, 320


def frame(number: int) -> Frame:
    return Frame(CALL, np.full(LENGTH, number + 1, np.int16), RATE, number * LENGTH / RATE)


def heard(given: list[Frame], person: Person) -> list[int]:
    """The numbers of the frames that somebody got, silence as 0."""
    return [int(one.pcm[0]) for one in given if one.person == person]


def test_nobody_hears_what_is_nobodys_yet() -> None:
    handing = Handing()
    handing.hold()
    assert [handing.take(frame(n)) for n in range(50)] == [[]] * 50


def test_what_was_held_goes_to_whoever_it_is_with_a_little_before() -> None:
    handing = Handing()
    for n in range(30):
        handing.take(frame(n))
    handing.hold()
    for n in range(30, 50):
        handing.take(frame(n))
    given = handing.give_to(ANN, frame(30).at_s)
    before = int(PREROLL_S * RATE / LENGTH)
    assert heard(given, ANN) == list(range(31 - before, 51))
    assert heard(handing.take(frame(50)), ANN) == [51]


def test_whoever_spoke_before_gets_silence_and_no_frame_twice() -> None:
    handing = Handing()
    handing.hold()
    handing.take(frame(0))
    given = handing.give_to(ANN, 0.0)
    for n in range(1, 20):
        given += handing.take(frame(n))
    handing.hold()
    for n in range(20, 60):
        given += handing.take(frame(n))
    given += handing.give_to(BOB, frame(20).at_s)
    for n in range(60, 100):
        given += handing.take(frame(n))
    ann = heard(given, ANN)
    assert ann[:20] == list(range(1, 21)) and set(ann[20:]) == {0} and len(ann) > 70
    for person in (ANN, BOB):
        times = [round(one.at_s * RATE / LENGTH) for one in given if one.person == person]
        assert times == list(range(times[0], times[0] + len(times)))


def test_after_a_while_they_get_nothing_and_begin_anew() -> None:
    handing = Handing()
    handing.hold()
    handing.take(frame(0))
    handing.give_to(ANN, 0.0)
    handing.hold()
    handing.take(frame(1))
    handing.give_to(BOB, frame(1).at_s)
    last = int((OPEN_S + 2) * RATE / LENGTH)
    given = [one for n in range(2, last) for one in handing.take(frame(n))]
    assert max(one.at_s for one in given if one.person == ANN) < OPEN_S + 0.1
    handing.hold()
    handing.take(frame(last))
    assert heard(handing.give_to(ANN, frame(last).at_s), ANN)[-1] == last + 1


def test_a_sound_that_was_no_speech_goes_to_whom_the_sound_before_went() -> None:
    handing = Handing()
    handing.hold()
    handing.take(frame(0))
    handing.give_to(ANN, 0.0)
    handing.hold()
    handing.take(frame(1))
    assert heard(handing.release(), ANN) == [2]


def test_whoever_is_dropped_gets_nothing_more() -> None:
    handing = Handing()
    handing.hold()
    handing.take(frame(0))
    handing.give_to(ANN, 0.0)
    handing.drop(ANN.id)
    assert handing.take(frame(1)) == []
