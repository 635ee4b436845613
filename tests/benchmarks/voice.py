"""A live conversation in Discord: ``python -m tests.benchmarks.voice [--part NAME …] [--quick] [--json]``.

The bot as shipped (profile ``cpu``) runs in a process of its own; the test server and its people in this one.
Time runs from the packet that holds the last speech sample (``live/sounds.py`` says how that is found) to her
first frame above -50 dBFS at the person's end, both taken here; nothing is subtracted.

Parts, all by default: ``live`` (turns, and the plain pipeline on the same clips afterwards), ``pauses``,
``noise``, ``overlap``, ``crowd``. ``--quick`` takes a few of each, to see that it works.
"""

from __future__ import annotations

import argparse

from tests.benchmarks.figures import Figure, against, show
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
    found: list[Figure] = []
    live: tuple[list[turns.TurnSeen], list[turns.TurnSeen]] | None = None
    if set(parts) - {"overlap"}:
        with stage() as scene:
            if {"live", "pauses"} & set(parts):
                ann = scene.room(["Ann"])
            if "live" in parts:
                live = turns.conversation(ann, most)
                found += turns.figures(live[1])
            if "pauses" in parts:
                found += pauses.measure(ann, most)
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


if __name__ == "__main__":
    main()
