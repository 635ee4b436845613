"""Said to her or not: ``python -m tests.benchmarks.addressed [--json]``.

On ``tests/data/addressed.jsonl`` (labelled before the classifier was written, see the README there), and on IRC from
``../shared/data`` where that is: written chat of many people, "is this said to X?" for each of some X. F1 is that of
"to her"; "to the room" counts as not to her. Beside it what two rules without any thought reach: the commonest label for
all ("to others"), and her name for the only sign.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_core.hearing.addressee import Addressed, Line, Scene, addressed
from tests.benchmarks.figures import Figure, figure_of, show

LABELLED = Path(__file__).parents[1] / "data" / "addressed.jsonl"
TURNS = Path(__file__).parents[2] / ".." / "shared" / "data" / "turns"
BAR = 0.9
EARLIER = 8  # lines
PRESENT = 30  # whoever wrote one of so many messages before is there


@dataclass(frozen=True, slots=True)
class Case:
    text: str
    scene: Scene
    label: Addressed
    hard: bool = False


def main() -> None:
    cases = list(labelled())
    said = [addressed(case.text, case.scene) for case in cases]
    labels = [case.label for case in cases]
    hard = [i for i, case in enumerate(cases) if case.hard]
    of_her = f1(labels, said)
    figures = [
        Figure("addressed_f1", of_her, "F1", len(cases), None, f">= {BAR}", of_her >= BAR),
        Figure("addressed_f1_hard", f1([labels[i] for i in hard], [said[i] for i in hard]), "F1", len(hard)),
        Figure("addressed_f1_majority", f1(labels, [Addressed.OTHERS] * len(cases)), "F1", len(cases)),
        Figure("addressed_f1_name", f1(labels, [_by_name(case) for case in cases]), "F1", len(cases)),
        Figure("addressed_room_f1", f1(labels, said, Addressed.ROOM), "F1", len(cases)),
        figure_of("addressed_us", [_microseconds(case) for case in cases], "µs"),
    ]
    if TURNS.is_dir():
        chat = list(irc())
        found = [addressed(case.text, case.scene) for case in chat]
        figures.append(Figure("addressed_f1_irc", f1([case.label for case in chat], found), "F1", len(chat)))
    show(figures)


def f1(labels: Sequence[Addressed], said: Sequence[Addressed], of: Addressed = Addressed.HER) -> float:
    """Harmonic mean of precision and recall for the label ``of``."""
    right = sum(label is given is of for label, given in zip(labels, said, strict=True))
    named = sum(label is of for label in labels) + sum(given is of for given in said)
    return round(2 * right / named, 3) if named else 0.0


def labelled() -> Iterator[Case]:
    """The utterances of ``tests/data/addressed.jsonl``, each beginning at 1000 s."""
    for line in LABELLED.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        earlier = tuple(_line(turn, row["her_name"]) for turn in row["earlier"])
        others = tuple(name for name in row["present"] if name != row["speaker"])
        scene = Scene(row["her_name"], tuple(row["her_other_names"]), others, earlier, 1000.0, row["speaker"])
        yield Case(row["text"], scene, Addressed(row["label"]), row["hard"])


def _line(turn: dict[str, Any], her_name: str) -> Line:
    name = turn["speaker"]
    return Line(None if name == her_name else name, name, turn["text"], 1000.0 - turn["ended_s_before"])


def irc() -> Iterator[Case]:
    """Messages, each once for every person to whom it might be said."""
    logs: dict[str, list[dict[str, Any]]] = {}
    for line in (TURNS / "irc_messages.jsonl").read_text(encoding="utf-8").splitlines():
        message = json.loads(line)
        if message["speaker"]:
            logs.setdefault(message["log"], []).append(message)
    places = {
        (log, message["idx"]): i for log, messages in logs.items() for i, message in enumerate(messages)
    }
    for line in (TURNS / "irc_targets.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        _, log, idx, target, speaker, label, _ = line.split("\t")
        i = places[log, int(idx)]
        before, message = logs[log][max(0, i - PRESENT) : i], logs[log][i]
        names = tuple({m["speaker"] for m in before} - {target, speaker})
        earlier = tuple(_message(m, target) for m in before[-EARLIER:])
        scene = Scene(target, (), names, earlier, _seconds(message), speaker)
        yield Case(message["text"], scene, Addressed.HER if label == "1" else Addressed.OTHERS)


def _message(message: dict[str, Any], her: str) -> Line:
    name = message["speaker"]
    return Line(None if name == her else name, name, message["text"], _seconds(message))


def _seconds(message: dict[str, Any]) -> float:
    hours, minutes = message["time"].split(":")
    return int(hours) * 3600.0 + int(minutes) * 60.0


def _by_name(case: Case) -> Addressed:
    names = "|".join(map(re.escape, (case.scene.her_name, *case.scene.her_other_names)))
    found = re.search(rf"\b({names})\b", case.text, re.IGNORECASE)
    return Addressed.HER if found else Addressed.OTHERS


def _microseconds(case: Case) -> float:
    """The quickest of three, which other processes disturbed least."""
    took = []
    for _ in range(3):
        started = time.perf_counter()
        addressed(case.text, case.scene)
        took.append(time.perf_counter() - started)
    return min(took) * 1e6


if __name__ == "__main__":
    main()
