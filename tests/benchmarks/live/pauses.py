"""People who stop to think in the middle of a sentence: does she let them?"""

from __future__ import annotations

import numpy as np

from tests.benchmarks.figures import Figure, against
from tests.benchmarks.live.sounds import Clip, clip, librispeech, with_pause, word_gaps
from tests.benchmarks.live.stage import Room
from tests.benchmarks.live.turns import TurnSeen, take_turn

CLIPS = 24
SHORTEST_S, LONGEST_S = 0.4, 1.6  # of the pauses, evenly spread
LONGEST_CLIP_S = 11.0


def clips() -> list[Clip]:
    """LibriSpeech with a pause at a natural gap between words; in the middle of those with no known gap."""
    gaps = word_gaps()
    short = [one for one in librispeech() if one.seconds <= LONGEST_CLIP_S]
    chosen = sorted(short, key=lambda one: one.name not in gaps)[:CLIPS]
    pauses = np.linspace(SHORTEST_S, LONGEST_S, len(chosen))
    np.random.default_rng(4).shuffle(pauses)
    made = []
    for one, pause_s in zip(chosen, pauses, strict=True):
        near_s = gaps.get(one.name, (one.begins_s + one.ends_s) / 2)
        made.append(clip(one.name, with_pause(one.samples, near_s, float(pause_s))[0], one.text))
    return made


def measure(room: Room, most: int | None = None) -> list[Figure]:
    return figures([take_turn(room, one) for one in clips()[:most]])


def figures(turns: list[TurnSeen]) -> list[Figure]:
    share = 100 * sum(turn.early for turn in turns) / len(turns)
    unheard = sum(not turn.heard for turn in turns)
    return [
        against("<= 10", Figure("early_end_share", round(share, 1), "%", len(turns))),
        Figure("pauses_unheard", unheard, "utterances", len(turns)),
    ]
