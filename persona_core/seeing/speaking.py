"""Whose face most likely says what was heard? The largest, nearest the centre, whose mouth moves. Pure.

It is a guess: whoever speaks may be out of view.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

KEPT_S = 30.0  # of what was seen of each face
SLACK_S = 0.5  # before and after what was said: some pictures a second are looked at
LEAST_GLANCES = 3  # at a mouth, to say that it moved
LATE_S = 1.0  # clocks that are further apart are not of one machine
_STILL, _MOVES = 0.8, 1.4  # lips.motion of a mouth that is still, and of one that speaks
_LIPS = 2.0  # times likelier, where it moves, beside one that is still


@dataclass(frozen=True, slots=True)
class Glance:
    """A face in one picture."""

    at: float  # seconds
    size: float  # side of the box, in heights of the picture
    off: float  # from the centre of the picture, 0..1: a corner
    lips: float | None = None  # lips.motion since the last one; None: it cannot be told


@dataclass(frozen=True, slots=True)
class Seen:
    """One face for as long as it is in view."""

    camera: str
    glances: Sequence[Glance]  # in order of time


def most_likely(faces: Mapping[int, Seen], started: float, stopped: float, now: float) -> int | None:
    """The key of the likeliest; None: no face was in view, or the times cannot be right."""
    if not (started <= stopped <= now + LATE_S and stopped >= now - KEPT_S):  # NaN is not, either
        return None
    during = {
        key: [one for one in seen.glances if started - SLACK_S <= one.at <= stopped + SLACK_S]
        for key, seen in faces.items()
    }
    looks: dict[str, int] = {}  # of a camera: whoever is in all of them was there all the time
    for key, glances in during.items():
        camera = faces[key].camera
        looks[camera] = max(looks.get(camera, 0), len(glances))
    scores = {
        key: len(glances) / looks[faces[key].camera] * _prominence(glances) * _speaks(glances)
        for key, glances in during.items()
        if glances
    }
    return max(scores, key=scores.__getitem__, default=None)


def moved(glances: Sequence[Glance], started: float, stopped: float) -> bool | None:
    """Whether a mouth moved in most of that time, as one does that speaks; None: it cannot be told."""
    lips = _lips(one for one in glances if started - SLACK_S <= one.at <= stopped + SLACK_S)
    return statistics.median(lips) >= (_STILL + _MOVES) / 2 if len(lips) >= LEAST_GLANCES else None


def _prominence(glances: Sequence[Glance]) -> float:
    """Twice as far away counts half, and the edge of a picture half as much as its centre."""
    return sum(one.size * (1 - one.off / 2) for one in glances) / len(glances)


def _speaks(glances: Sequence[Glance]) -> float:
    """1: still; 3: speaks; between them where it is not clear."""
    lips = _lips(glances)
    if not lips:
        return 1 + _LIPS / 2
    moves = (sum(lips) / len(lips) - _STILL) / (_MOVES - _STILL)
    return 1 + _LIPS * min(1.0, max(0.0, moves))


def _lips(glances: Iterable[Glance]) -> list[float]:
    return [one.lips for one in glances if one.lips is not None and math.isfinite(one.lips)]
