"""How often does an eye look? As seldom as will do: the machine is there for hearing and speaking. Pure.

A glimpse takes half a millisecond and tells whether anything has changed; a look finds the faces.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from persona_core.types import Samples

STILL_S = 2.0  # where nothing seems to change, it is looked all the same
CHANGED = 8.0  # of 255, in any pixel of a glimpse


class Mood(StrEnum):
    """What is to be seen."""

    NOBODY = "nobody"
    SETTLED = "settled"  # all that is known of those in view will stay so
    NEW = "new"  # somebody, and it is not known who
    SITTING = "sitting"  # somebody is being enrolled


@dataclass(frozen=True, slots=True)
class Every:
    """Seconds from one to the next."""

    glimpse: float
    look: float


EVERY = {
    Mood.NOBODY: Every(0.2, 0.5),
    Mood.SETTLED: Every(0.3, 0.3),
    Mood.NEW: Every(0.1, 0.1),
    Mood.SITTING: Every(0.2, 0.2),
}
# while somebody speaks, or she answers
EVERY_BUSY = {
    Mood.NOBODY: Every(0.5, 1.0),
    Mood.SETTLED: Every(0.45, 0.45),
    Mood.NEW: Every(0.2, 0.2),
    Mood.SITTING: Every(0.3, 0.3),
}


# After a look it rests, in parts of the time that the look took: many faces, or a machine that others want as well, take no
# more of it than half the time, or a quarter
REST, REST_BUSY = 1.0, 3.0


class Pace:
    """Of one camera. Times are those of one clock, in seconds."""

    def __init__(self) -> None:
        self._glimpsed = self._looked = -math.inf
        self._took = 0.0

    def due(self, mood: Mood, busy: bool) -> float:
        """When to take the next picture up."""
        every = (EVERY_BUSY if busy else EVERY)[mood]
        return self._glimpsed + max(every.glimpse, self._took * (1 + (REST_BUSY if busy else REST)))

    def done(self, now: float) -> None:
        """With the picture that was taken up."""
        self._took = now - self._glimpsed

    def glimpse(self, now: float) -> None:
        """A picture is taken up."""
        self._glimpsed = now

    def look(self, now: float, mood: Mood, busy: bool, changed: bool) -> bool:
        """Whether to look at that picture; if so, it is looked at."""
        since = now - self._looked
        every = (EVERY_BUSY if busy else EVERY)[mood].look
        look = since >= every and (changed or since >= STILL_S or mood in (Mood.NEW, Mood.SITTING))
        if look:
            self._looked = now
        return look


def changed(before: Samples | None, now: Samples) -> bool:
    """Of two glimpses."""
    if before is None or before.shape != now.shape:
        return True
    return bool(np.abs(before - now).max(initial=0.0) > CHANGED)
