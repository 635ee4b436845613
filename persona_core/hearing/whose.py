"""Whose is the voice that is speaking? A rule, pure: what is alike in, and for how much of speech, a verdict out.

How alike two stretches of the same voice look grows with their length; how alike those of two people look does not.
So one threshold serves from the first half second on, which many stretches pass at once and the rest a little later;
that somebody is *not* known takes longer to be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from persona_core.hearing.prints import Match
from persona_core.types import Person

ASK_AT_S = (0.4, 0.6, 0.8, 1.0, 1.3, 1.6)  # of speech; after the last of them the likeliest is taken

Verdict = Person | Literal["nobody known", "not sure"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Likeness, as cosine; ``tests/benchmarks/voices.py`` says on whose voices they were chosen."""

    same: float = 0.40  # from here on it is this voice
    enrolled: float = 0.42  # and this one, where it is somebody's who enrolled: they are named
    went_on: float = 0.34  # and the one that has spoken just before
    word: float = 0.30  # and this one, where it is over after a word or two
    word_enrolled: float = 0.36
    word_went_on: float = 0.22
    ahead: float = 0.08  # of the next one, or it is not sure
    other: tuple[tuple[float, float], ...] = ((0.8, 0.22), (1.0, 0.28), (1.3, 0.33))
    # seconds of speech, and what is below so much then is nobody's


BOUNDS = Bounds()


def whose(
    matches: Sequence[Match],
    heard_s: float,
    before: Person | None,
    *,
    over: bool = False,
    last: bool = False,
    bounds: Bounds = BOUNDS,
) -> Verdict:
    """``matches``: of those who are known, likest first. ``before``: who spoke until just now, so that it is likely to be
    they; None after a longer silence. ``over``: it is silent now. ``last``: more will not be heard of it, so somebody has
    to be named.
    """
    if not matches:
        return "nobody known" if last or heard_s >= bounds.other[0][0] else "not sure"
    best = matches[0]
    ahead = best.likeness - matches[1].likeness if len(matches) > 1 else 1.0
    if best.likeness >= _least(best, before, over, bounds) and (ahead >= bounds.ahead or over):
        return best.person
    below = max((limit for at_s, limit in bounds.other if heard_s >= at_s), default=-1.0)
    if last or best.likeness < below:
        return "nobody known"
    return "not sure"


def _least(match: Match, before: Person | None, over: bool, bounds: Bounds) -> float:
    if before is not None and match.person.id == before.id:
        return bounds.word_went_on if over else bounds.went_on
    if match.enrolled:
        return bounds.word_enrolled if over else bounds.enrolled
    return bounds.word if over else bounds.same
