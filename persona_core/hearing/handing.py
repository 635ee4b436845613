"""One stream handed out to the people who speak in it: each gets their own sound, and silence while others speak.

What is spoken is held back until it is known whose it is; nobody's clock goes on meanwhile, so that a pause is no
longer for that. Pure: frames in, frames out.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from persona_core.types import Frame, Person

PREROLL_S = 0.35  # from before speech, that goes to whoever speaks: an ear wants 0.32 s
OPEN_S = 3.0  # so long after their last word people are given silence, by which an ear knows that they have finished
_CLOSE = 1e-6  # seconds


@dataclass(slots=True)
class _Listener:
    """Somebody's ear."""

    person: Person
    to_s: float  # how far they have been given anything
    spoke_s: float  # when a sound was last theirs


class Handing:
    def __init__(self) -> None:
        self.owner: Person | None = None  # whose sound it is until somebody else speaks
        self.holding = False
        self._recent: deque[Frame] = deque()
        self._listeners: dict[str, _Listener] = {}

    def take(self, frame: Frame) -> list[Frame]:
        """The next frame of the stream; what may be given out now."""
        self._recent.append(frame)
        if self.holding:
            return []
        given = self._give()
        self._clear(frame.at_s)
        return given

    def hold(self) -> None:
        """From the next frame on it is not known whose it is."""
        self.holding = True

    def release(self) -> list[Frame]:
        """What was held goes to whom the sound before it went to."""
        self.holding = False
        return self._give()

    def give_to(self, person: Person, since_s: float, silent_s: float = PREROLL_S) -> list[Frame]:
        """What was held since then, and a little of the silence before, is this person's, and so is what follows.

        ``silent_s``: how long that silence was; what was said before is somebody else's.
        """
        self.holding = False
        return self.turn_to(person, since_s - min(PREROLL_S, silent_s))

    def turn_to(self, person: Person, at_s: float) -> list[Frame]:
        """From now on it is this person's; what is held stays so."""
        self.owner = person
        one = self._listeners.setdefault(person.id, _Listener(person, at_s, at_s))
        one.to_s = max(one.to_s, at_s)
        return [] if self.holding else self._give()

    def drop(self, person_id: str) -> None:
        """Nothing more for this person."""
        self._listeners.pop(person_id, None)
        if self.owner is not None and self.owner.id == person_id:
            self.owner = None

    def _give(self) -> list[Frame]:
        if not self._recent:
            return []
        now_s = self._recent[-1].at_s
        given: list[Frame] = []
        for one in list(self._listeners.values()):
            if self.owner is not None and one.person.id == self.owner.id:
                mine = [frame for frame in self._recent if frame.at_s > one.to_s - _CLOSE]
                given += [replace(frame, person=one.person) for frame in mine]
                one.spoke_s = now_s
            elif now_s - one.spoke_s > OPEN_S:
                del self._listeners[one.person.id]
                continue
            else:  # a little late: they may be the next to speak, and what was before their first word is theirs
                until_s = now_s - PREROLL_S
                mine = [frame for frame in self._recent if one.to_s - _CLOSE < frame.at_s < until_s]
                given += [_silence(frame, one.person) for frame in mine]
            if mine:
                one.to_s = mine[-1].at_s + len(mine[-1].pcm) / mine[-1].rate
        return sorted(given, key=lambda frame: frame.at_s)

    def _clear(self, now_s: float) -> None:
        while self._recent and self._recent[0].at_s < now_s - 2 * PREROLL_S:
            self._recent.popleft()


def _silence(frame: Frame, person: Person) -> Frame:
    return replace(frame, person=person, pcm=np.zeros_like(frame.pcm))
