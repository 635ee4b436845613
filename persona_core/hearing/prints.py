"""Whose voice is it? Voices as unit vectors: of people who enrolled, and of guests as far as this call has heard them.

Pure: vectors in, people out. What is known of a guest lies here alone, and is gone with this object.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from persona_core.types import Person, Samples

MOST_LEARNT_S = (
    20.0  # of a guest's speech; what comes later changes their vector as if there had been only so much
)
ONE_VOICE = 0.42  # two guests so alike are one
ENROLLED = 0.5  # and a guest is somebody who enrolled
TELLING_S = 2.0  # of speech, from which on that is certain
MOST_GUESTS = 24  # of a call; more are noise, and the one with the least speech makes room

Guest = Callable[[int], Person]  # the name and the id of the nth voice that is nobody's


@dataclass(frozen=True, slots=True)
class VoicePrint:
    """The voice of somebody who agreed to be recognised by it."""

    person: Person
    vector: Samples  # of unit length


@dataclass(frozen=True, slots=True)
class Match:
    person: Person
    likeness: float  # cosine, -1..1
    enrolled: bool


@dataclass(slots=True)
class _Heard:
    """A guest."""

    person: Person
    total: Samples  # the sum of what was heard, each weighed by its seconds
    seconds: float


def guests() -> Guest:
    """Guests of one call: their ids are those of nobody else, ever."""
    call = secrets.token_hex(4)
    return lambda number: Person(f"guest:{call}-{number}", f"guest {number}")


class Prints:
    def __init__(
        self,
        enrolled: Iterable[VoicePrint] = (),
        guest: Guest | None = None,
        somebody: Person | None = None,
    ) -> None:
        """``somebody``: who said too little to be told from others; None: a person of that name."""
        self._enrolled = {one.person.id: one for one in enrolled}
        self._guest = guest or guests()
        self._guests: dict[str, _Heard] = {}
        self._count = 0
        self.somebody = somebody or Person(self._guest(0).id, "somebody")

    def enrol(self, print_: VoicePrint) -> None:
        self._enrolled[print_.person.id] = print_

    def forget(self, person_id: str) -> None:
        """Nothing is known of this voice any more, be it enrolled or a guest's."""
        self._enrolled.pop(person_id, None)
        self._guests.pop(person_id, None)

    def is_enrolled(self, person: Person) -> bool:
        return person.id in self._enrolled

    def matches(self, voice: Samples) -> list[Match]:
        """Everybody who is known, the likest first."""
        found = [Match(one.person, float(one.vector @ voice), True) for one in self._enrolled.values()]
        for one in self._guests.values():
            found.append(Match(one.person, float(_unit(one.total) @ voice), False))
        return sorted(found, key=lambda match: -match.likeness)

    def new_guest(self, voice: Samples, seconds: float) -> Person:
        """Somebody who has not been heard before in this call."""
        if len(self._guests) >= MOST_GUESTS:
            least = min(self._guests.values(), key=lambda one: one.seconds)
            del self._guests[least.person.id]
        self._count += 1
        person = self._guest(self._count)
        self._guests[person.id] = _Heard(person, voice * np.float32(seconds), seconds)
        return person

    def learn(self, person: Person, voice: Samples, seconds: float) -> None:
        """So sounds a guest as well. Of people who enrolled nothing is learnt: what they agreed to is their sample."""
        one = self._guests.get(person.id)
        if one is None:
            return
        one.total = one.total + voice * np.float32(seconds)
        one.seconds += seconds
        if one.seconds > MOST_LEARNT_S:
            one.total = one.total * np.float32(MOST_LEARNT_S / one.seconds)
            one.seconds = MOST_LEARNT_S

    def merge(self, gone: Person, into: Person) -> None:
        """Two of them are one voice."""
        one = self._guests.pop(gone.id, None)
        if one is not None:
            self.learn(into, _unit(one.total), one.seconds)

    def same_as(self, guest: Person) -> Person | None:
        """Who else this guest turns out to be, now that more of them has been heard; None: nobody who is known."""
        one = self._guests.get(guest.id)
        if one is None or one.seconds < TELLING_S:
            return None
        voice = _unit(one.total)
        for match in self.matches(voice):
            other = self._guests.get(match.person.id)
            least = ENROLLED if match.enrolled else ONE_VOICE
            told = match.enrolled or (other is not None and other.seconds >= TELLING_S)
            if match.person.id != guest.id and match.likeness >= least and told:
                return match.person
        return None


def _unit(vector: Samples) -> Samples:
    unit: Samples = (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)
    return unit
