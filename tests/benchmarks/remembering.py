"""What remembering costs: ``python -m tests.benchmarks.remembering [--quick] [--json]``.

``voice_to_voice_ratio``: the bot as shipped with two people in two servers at once. Of one she keeps nothing, as in
step 3; of the other there are 10,000 entries, she is told what she knows of them, and whatever they say is recalled
from and written down. Each clip is said by both, one after the other, and the median of all turns of the one is
divided by that of the other.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from memory.database import NAME, Database
from memory.turns import Turns
from memory.types import Origin, Scope, StoredTurn
from memory.vault import Vault
from persona_core.stopwatch import Stopwatch
from tests.benchmarks.figures import Figure, against, figure_of, show
from tests.benchmarks.live.sounds import arctic, librispeech, spoken
from tests.benchmarks.live.stage import stage
from tests.benchmarks.live.turns import QUESTIONS, WARM_UP, TurnSeen, take_turn

ENTRIES = 10_000
FILLING_S = 900.0
MASTER = bytes(32)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.remembering")
    parser.add_argument("--quick", action="store_true", help="a few turns and entries, to see that it works")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    entries, most = (200, 3) if args.quick else (ENTRIES, None)
    show([*write_down(), *beside_each_other(entries, most)])


def write_down(count: int = 400) -> list[Figure]:
    """How long it takes until a turn is safe."""
    scope = Scope(Origin.VOICE, "lounge", ("ann",), ("ann", "bob"))
    times = []
    with tempfile.TemporaryDirectory(prefix="kith-turns-") as made:
        database = Database(Path(made) / NAME, MASTER)
        turns = Turns(database, Vault(MASTER, database))
        for number in range(count):
            said = f"I think that we should meet at the station at a quarter past {number}."
            watch = Stopwatch()
            turns.add(StoredTurn(0, float(number), "ann", "Ann", said, "lounge@1", scope))
            times.append(watch.ms())
        database.close()
    return [against("<= 5", figure_of("add_turn_ms", times[20:], "ms"))]


def beside_each_other(entries: int, most: int | None) -> list[Figure]:
    with stage(KITH_BENCH_MEMORIES=str(entries)) as scene:
        known, unknown = scene.room(["Ann"]), scene.room(["Bea"])
        answer = scene.server.interact(
            known.people[0], "/consent remembering", channel=known.voice, answer="on"
        )
        assert "may remember" in answer.wait(60).text
        scene.wait(lambda: any(told["kind"] == "filled" for told in scene.told), FILLING_S, "no entries")
        clips = librispeech()
        for clip in [clip for clip in clips if clip.seconds > 7][:WARM_UP]:
            take_turn(known, clip)
            take_turn(unknown, clip)
        short = [clip for clip in [*clips, *arctic(), *spoken(QUESTIONS)] if 2 <= clip.seconds <= 7][:most]
        with_memory: list[TurnSeen] = []
        without: list[TurnSeen] = []
        for number, clip in enumerate(short):  # neither is always the second
            for room in (known, unknown) if number % 2 else (unknown, known):
                (with_memory if room is known else without).append(take_turn(room, clip))
        failed = sum(told["kind"] == "failed" for told in scene.told)
        noted = [told["note"] for told in scene.told if told["kind"] == "answering"]
    return [
        *compared(with_memory, without),
        Figure("attempts_with_a_note", sum(noted), "attempts", len(noted)),  # of both people
        against("== 0", Figure("failures", failed, "events")),
    ]


def compared(with_memory: list[TurnSeen], without: list[TurnSeen]) -> list[Figure]:
    times = [
        [ms for turn in turns if (ms := turn.latency_ms) is not None] for turns in (with_memory, without)
    ]
    if not all(times):
        return []
    ratio = statistics.median(times[0]) / statistics.median(times[1])
    return [
        against("<= 1.05", Figure("voice_to_voice_ratio", round(ratio, 3), "of step 3", len(times[0]))),
        figure_of("voice_to_voice_remembering_ms", times[0], "ms"),
        figure_of("voice_to_voice_step_3_ms", times[1], "ms"),
    ]


if __name__ == "__main__":
    main()
