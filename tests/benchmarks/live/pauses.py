"""People who stop to think in the middle of a sentence: does she let them?

One has a microphone that stays open in the pause, as it does while a key is held; with the other a noise gate
closes it, as Discord's voice activity does, so that nothing is sent until they go on. Each is in a room alone with
her, since what a closing microphone means is learned of each person.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from persona_core.types import EAR_RATE
from tests.benchmarks.figures import Figure, against
from tests.benchmarks.live.sounds import Clip, clip, librispeech, with_pause, word_gaps
from tests.benchmarks.live.stage import Room, Stage
from tests.benchmarks.live.turns import TurnSeen, take_turn

CLIPS = 24
SHORTEST_S, LONGEST_S = 0.4, 1.6  # of the pauses, evenly spread
LONGEST_CLIP_S = 11.0
GATE_CLOSES_S, GATE_OPENS_S = 0.25, 0.06  # after speech has ended, before it begins


@dataclass(frozen=True, slots=True)
class Pausing:
    """A clip with a pause in it."""

    clip: Clip
    begins_s: float
    pause_s: float

    def gated(self) -> tuple[Clip, float, Clip]:
        """What is sent before the pause, how long nothing is, and what is sent then."""
        closes_s, opens_s = self.begins_s + GATE_CLOSES_S, self.begins_s + self.pause_s - GATE_OPENS_S
        samples, name = self.clip.samples, self.clip.name
        before, after = samples[: round(closes_s * EAR_RATE)], samples[round(opens_s * EAR_RATE) :]
        return clip(name, before), max(0.0, opens_s - closes_s), clip(name, after, self.clip.text)


def clips() -> list[Pausing]:
    """LibriSpeech with a pause at a natural gap between words; in the middle of those with no known gap.

    A gap that is there already is a part of the pause, so that none is longer than ``LONGEST_S``.
    """
    gaps = word_gaps()
    short = [one for one in librispeech() if one.seconds <= LONGEST_CLIP_S]
    chosen = sorted(short, key=lambda one: one.name not in gaps)[:CLIPS]
    pauses = np.linspace(SHORTEST_S, LONGEST_S, len(chosen))
    np.random.default_rng(4).shuffle(pauses)
    made = []
    for one, pause_s in zip(chosen, pauses, strict=True):
        near_s = gaps.get(one.name, (one.begins_s + one.ends_s) / 2)
        samples, begins_s = with_pause(one.samples, near_s, float(pause_s))
        made.append(Pausing(clip(one.name, samples, one.text), begins_s, float(pause_s)))
    return made


def measure(stage: Stage, most: int | None = None) -> list[Figure]:
    """Every clip once with each kind of microphone, by people of whom she knows nothing yet."""
    pausing = clips()[:most]
    holder = stage.room(["Holly"])
    opened = [take_turn(holder, one.clip) for one in pausing]
    gater = stage.room(["Gabe"])
    gated = [_take_gated_turn(gater, one) for one in pausing]
    return figures(opened, gated)


def _take_gated_turn(room: Room, one: Pausing) -> TurnSeen:
    before, silent_s, after = one.gated()

    def begin() -> None:
        room.say(before).wait()
        time.sleep(silent_s)

    return take_turn(room, after, begin)


def figures(opened: list[TurnSeen], gated: list[TurnSeen]) -> list[Figure]:
    both = [*opened, *gated]
    unheard = sum(not turn.heard for turn in both)
    return [
        against("<= 10", _share("early_end_share", both)),
        _share("early_end_share_open", opened),
        _share("early_end_share_gated", gated),
        Figure("pauses_unheard", unheard, "utterances", len(both)),
    ]


def _share(name: str, turns: list[TurnSeen]) -> Figure:
    return Figure(name, round(100 * sum(turn.early for turn in turns) / len(turns), 1), "%", len(turns))
