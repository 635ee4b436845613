"""Thousands of entries about one person, as years would leave them, for the bot of the benchmark."""

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Sequence
from unittest import mock

from memory.entry import new_id
from memory.memory import Memory, document_of
from memory.roster_update import RosterUpdate
from memory.types import Commitment, Entry, Origin, Scope
from tests.benchmarks.live.sounds import DATA

DAY_S = 86_400.0
YEARS_S = 3 * 365 * DAY_S


def fill(memory: Memory, person: str, name: str, count: int, now_s: float) -> None:
    """Write ``count`` entries about ``person``, index them, and what she knows of them and of herself."""
    lines, chance = sentences(), random.Random(7)
    scope = Scope(Origin.VOICE, "bench:lounge", (person,), (person,))
    entries = [
        _entry(scope, name, chance.sample(lines, 2), now_s - chance.uniform(0, YEARS_S)) for _ in range(count)
    ]
    with mock.patch.object(os, "fsync"):  # nobody pulls the plug of a benchmark
        for entry in entries:
            memory.journal.write(entry)
    memory.recall.add([document_of(entry) for entry in entries])
    while memory.recall.embed_waiting(64):
        pass
    promised = Commitment("visit her grandmother", person)
    memory.keep_entry(_entry(scope, name, ["She will visit her grandmother."], now_s - DAY_S, promised))
    memory.roster.met(person, name, now_s - DAY_S)
    for text in ("lives by the sea", "plays the cello", "has a cat called Ada"):
        memory.roster.apply(
            RosterUpdate.model_validate(
                {"person": person, "at_s": now_s, "history": [{"text": f"{name} {text}", "scope": scope}]}
            )
        )
    for section, text in (("tastes", "rain on a tin roof"), ("running_jokes", "the cat runs the server")):
        memory.profile.apply(
            {"add": [{"section": section, "text": text, "at_s": now_s, "scope": scope}]}  # type: ignore[dict-item]
        )


def sentences() -> Sequence[str]:
    """What people really said, of some length: radio talk and meetings from the shared data."""
    with (DATA / "chat" / "apollo13_air_to_ground.tsv").open() as file:
        said = [row["text"] for row in csv.DictReader(file, delimiter="\t")]
    for path in sorted((DATA / "chat").glob("meeting_*.json")):
        said += [
            str(turn.get("text") or turn.get("content")) for turn in json.loads(path.read_text())["turns"]
        ]
    return [text[:200] for text in said if len(text.split()) >= 6]


def _entry(
    scope: Scope, name: str, texts: Sequence[str], at_s: float, promised: Commitment | None = None
) -> Entry:
    text = " ".join(f"{name} said: {text}" for text in texts)
    commitments = (promised,) if promised else ()
    return Entry(new_id(at_s), at_s, text, scope, salience=0.6, partners=(name,), commitments=commitments)
