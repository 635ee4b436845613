"""A live conversation in Discord: ``python -m tests.benchmarks.voice [--part NAME …] [--quick] [--json]``.

The bot as shipped (profile ``cpu``) runs in a process of its own; the test server and its people in this one.
Time runs from the packet that holds the last speech sample (``live/sounds.py`` says how that is found) to her
first frame above -50 dBFS at the person's end, both taken here; nothing is subtracted.

Parts, all by default: ``live`` (turns, and the plain pipeline on the same clips afterwards), ``pauses``,
``noise``, ``overlap``, ``crowd``. ``--quick`` takes a few of each, to see that it works.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from persona_core.stopwatch import Stopwatch
from tests.benchmarks.figures import Figure, against, figure_of, show
from tests.benchmarks.live import crowd, noise, overlap, pauses, plain, turns
from tests.benchmarks.live.stage import stage

PARTS = ("live", "pauses", "noise", "crowd", "overlap")
QUICK = 3  # of each


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.voice")
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--quick", action="store_true", help="a few of each, to see that it works")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    show(measure(args.part or PARTS, QUICK if args.quick else None))


def measure(parts: list[str] | tuple[str, ...], most: int | None) -> list[Figure]:
    """``most``: how many of each are taken; None: all."""
    found: list[Figure] = [memory_speed()]
    live: tuple[list[turns.TurnSeen], list[turns.TurnSeen]] | None = None
    if set(parts) - {"overlap"}:
        with stage() as scene:
            if "live" in parts:
                live = turns.conversation(scene.room(["Ann"]), most)
                found += turns.figures(live[1])
            if "pauses" in parts:
                found += pauses.measure(scene, most)
            if "noise" in parts:
                found += noise.measure(scene, most)
            if "crowd" in parts:
                found += crowd.measure(scene, most)
            failed = sum(told["kind"] == "failed" for told in scene.told)
            found.append(against("== 0", Figure("failures", failed, "events")))
    if "overlap" in parts:
        found += overlap.measure(most)
    if live is not None:
        found += plain.compare(*live)
    return found


def memory_speed() -> Figure:
    """How fast two threads read memory, which is what a language model's words wait for on a processor."""
    parts = [np.ones(25_000_000) for _ in range(2)]  # 200 MB each
    with ThreadPoolExecutor(2) as pool:
        speeds = []
        for _ in range(6):
            watch = Stopwatch()
            list(pool.map(np.sum, parts))
            speeds.append(sum(part.nbytes for part in parts) / watch.ms() / 1e6)
    return figure_of("machine_memory", speeds[1:], "GB/s")


if __name__ == "__main__":
    main()
