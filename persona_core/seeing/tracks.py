"""Which face in this picture is which of the last one? By where it is; and whether that is sure. Pure.

Some three pictures a second are looked at, in which a head moves by its own width now and then. What is not sure is
compared by its vector before anybody is named (``identity.py``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from persona_core.types import Face

SURE = 0.3  # overlap from which on it is the same face, where no other is near
FAR = 1.2  # from one middle to the other, in faces, beyond which it is another
SIZES = 1.7  # times larger or smaller, beyond which it is another
RIVAL = 1.0  # in faces: nearer ones may have changed places


@dataclass(frozen=True, slots=True)
class Pair:
    """What is known of one face of this picture."""

    before: int | None  # the place in the last one's; None: it was not there
    sure: bool = False


def follow(before: Sequence[Face], now: Sequence[Face]) -> list[Pair]:
    """One for each of ``now``, in the same order; the nearest go together first."""
    near = sorted(
        (distance, was, at)
        for at, face in enumerate(now)
        for was, earlier in enumerate(before)
        if (distance := _apart(earlier, face)) <= FAR
    )
    pairs = [Pair(None)] * len(now)
    taken: set[int] = set()
    for _, was, at in near:
        if pairs[at].before is None and was not in taken:
            taken.add(was)
            rivals = sum(one <= RIVAL and (other == was) != (face == at) for one, other, face in near)
            pairs[at] = Pair(was, sure=not rivals and overlap(before[was], now[at]) >= SURE)
    return pairs


def overlap(one: Face, other: Face) -> float:
    """What two boxes share, 0..1 of what they cover together."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(0.0, width) * max(0.0, height)
    return shared / max(one.width * one.height + other.width * other.height - shared, 1e-6)


def _apart(one: Face, other: Face) -> float:
    """From middle to middle, in faces; infinite where one is much larger."""
    size, beside = (math.sqrt(max(face.width * face.height, 1e-6)) for face in (one, other))
    if not 1 / SIZES <= size / beside <= SIZES:
        return math.inf
    across = one.x + one.width / 2 - other.x - other.width / 2
    down = one.y + one.height / 2 - other.y - other.height / 2
    return math.hypot(across, down) / math.sqrt(size * beside)
