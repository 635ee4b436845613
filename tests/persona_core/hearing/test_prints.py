"""Voices that are known: those who enrolled stay as they are, guests are learnt and gone with the call."""

from __future__ import annotations

import numpy as np
import pytest

from persona_core.hearing.prints import MOST_GUESTS, Prints, VoicePrint
from persona_core.types import Person, Samples

ANN = Person("ann", "Ann")


def voice(*parts: float) -> Samples:
    vector = np.zeros(8, np.float32)
    vector[: len(parts)] = parts
    return vector / np.linalg.norm(vector)


def test_the_likest_comes_first() -> None:
    prints = Prints([VoicePrint(ANN, voice(1))])
    guest = prints.new_guest(voice(0, 1), 1.0)
    assert [match.person for match in prints.matches(voice(1, 2))] == [guest, ANN]
    assert prints.matches(voice(1, 2))[0].likeness == pytest.approx(2 / 5**0.5)


def test_guests_are_numbered_and_their_ids_are_nobody_elses() -> None:
    first, second = Prints(), Prints()
    names = [first.new_guest(voice(1), 1.0).name, first.new_guest(voice(0, 1), 1.0).name]
    assert names == ["guest 1", "guest 2"]
    assert second.new_guest(voice(1), 1.0).id != first.matches(voice(1))[0].person.id


def test_a_guest_is_learnt_and_whoever_enrolled_is_not() -> None:
    prints = Prints([VoicePrint(ANN, voice(1))])
    guest = prints.new_guest(voice(0, 1), 1.0)
    prints.learn(guest, voice(0, 0, 1), 1.0)
    prints.learn(ANN, voice(0, 0, 1), 100.0)
    likeness = {match.person: match.likeness for match in prints.matches(voice(0, 0, 1))}
    assert likeness[guest] == pytest.approx(0.5**0.5) and likeness[ANN] == 0


def test_two_guests_who_turn_out_to_be_one_are() -> None:
    prints = Prints()
    first, second = prints.new_guest(voice(1, 0.5), 3.0), prints.new_guest(voice(0.5, 1), 1.0)
    assert prints.same_as(second) is None  # too little of them was heard
    prints.learn(second, voice(0.6, 1), 2.0)
    assert prints.same_as(second) == first
    prints.merge(second, first)
    assert [match.person for match in prints.matches(voice(1))] == [first]


def test_of_whom_is_forgotten_nothing_is_known() -> None:
    prints = Prints([VoicePrint(ANN, voice(1))])
    guest = prints.new_guest(voice(0, 1), 1.0)
    prints.forget(ANN.id)
    prints.forget(guest.id)
    assert prints.matches(voice(1)) == []


def test_noise_cannot_make_ever_more_guests() -> None:
    prints = Prints()
    for number in range(3 * MOST_GUESTS):
        prints.new_guest(voice(1), 1.0 + number)
    assert len(prints.matches(voice(1))) == MOST_GUESTS
