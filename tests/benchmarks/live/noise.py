"""Noise, music, laughter, silence: does she answer what nobody said?

Each of the rooms holds one person and her, where everything that is said is for her. The rooms run side by
side: she is in six calls at once.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.benchmarks.figures import Figure, against
from tests.benchmarks.live.sounds import DATA, Clip, clip
from tests.benchmarks.live.stage import Room, Stage
from tests.benchmarks.noises import noise_clips

NAMES = ("Ann", "Bob", "Cy", "Dan", "Eve", "Finn")
LISTEN_S = 4.0  # after each clip, for an answer
ANSWER_S = 15.0  # when words were heard in it
QUIET_S = 1.0


def measure(stage: Stage, most: int | None = None) -> list[Figure]:
    found = itertools.islice(noise_clips(DATA / "speech" / "misc"), most)
    noises = [clip(name, sound) for name, sound in found]
    names = NAMES[: len(noises)]
    with ThreadPoolExecutor(len(names)) as pool:
        rooms = list(pool.map(lambda name: stage.room([name]), names))
        shares = [noises[n :: len(rooms)] for n in range(len(rooms))]
        outcomes = [each for share in pool.map(_listen, rooms, shares) for each in share]
    replies, heard = (sum(kind) for kind in zip(*outcomes, strict=True))
    return [
        against("== 0", Figure("noise_replies", replies, "replies", len(outcomes))),
        Figure("noise_words", heard, "clips", len(outcomes)),
    ]


def _listen(room: Room, noises: Sequence[Clip]) -> list[tuple[bool, bool]]:
    """For each, whether she replied, and whether she took it for words."""
    return [_answered(room, noise) for noise in noises]


def _answered(room: Room, noise: Clip) -> tuple[bool, bool]:
    began = time.perf_counter()
    room.say(noise).wait()
    ended = time.perf_counter()

    def over() -> bool:
        patience_s = ANSWER_S if room.unanswered(began) else LISTEN_S
        return time.perf_counter() - ended > patience_s and room.her.quiet_s() > QUIET_S

    room.stage.wait(over, 120, "she does not come to an end")
    return room.her.audible_at(began) is not None, bool(room.told("heard", began))
