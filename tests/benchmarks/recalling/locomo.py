"""LoCoMo's dialogues as documents and questions. Its text is CC BY-NC 4.0: it is read from outside this repository."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from memory.types import Document, Origin, Scope

SAME_SESSION_S = 20.0  # between two turns, whose own times are not given
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")  # also where several are written as one, or a colon too many


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    evidence: frozenset[str]  # refs of the turns that answer it
    category: int  # 1 multi-hop, 2 temporal, 3 open-domain, 4 single-hop, 5 adversarial


@dataclass(frozen=True, slots=True)
class Dialogue:
    name: str
    documents: tuple[Document, ...]  # one a turn, with what its picture shows
    questions: tuple[Question, ...]  # those whose evidence can be found

    @property
    def now_s(self) -> float:
        """When the questions are asked: after the last turn."""
        return self.documents[-1].at_s


def read(path: Path) -> list[Dialogue]:
    return [_dialogue(row) for row in json.loads(path.read_text(encoding="utf-8"))]


def _dialogue(row: dict[str, Any]) -> Dialogue:
    talk = row["conversation"]
    people = (talk["speaker_a"].lower(), talk["speaker_b"].lower())
    documents = [
        _document(turn, at_s + n * SAME_SESSION_S, name, people)
        for name, at_s in _sessions(talk)
        for n, turn in enumerate(talk[name])
    ]
    refs = {document.ref for document in documents}
    questions = [
        Question(qa["question"], evidence, qa["category"])
        for qa in row["qa"]
        if (evidence := _evidence(qa.get("evidence", ()), refs))
    ]
    return Dialogue(row["sample_id"], tuple(documents), tuple(questions))


def _sessions(talk: dict[str, Any]) -> list[tuple[str, float]]:
    """Name and beginning (Unix time) of each, in their order."""
    numbers = sorted(int(name.split("_")[1]) for name in talk if re.fullmatch(r"session_\d+", name))
    return [(f"session_{n}", _seconds(talk[f"session_{n}_date_time"])) for n in numbers]


def _seconds(text: str) -> float:
    """E.g. "1:56 pm on 8 May, 2023", as local time."""
    return datetime.strptime(text.upper(), "%I:%M %p ON %d %B, %Y").timestamp()


def _document(turn: dict[str, Any], at_s: float, session: str, people: tuple[str, str]) -> Document:
    speaker, caption = turn["speaker"], turn.get("blip_caption")
    text = turn["text"] + (f" [{caption}]" if caption else "")
    scope = Scope(Origin.VOICE, "desk", (speaker.lower(),), tuple(sorted(people)))
    return Document("turn", turn["dia_id"], text, at_s, speaker, session, scope)


def _evidence(given: list[str] | tuple[str, ...], refs: set[str]) -> frozenset[str]:
    found = {f"D{int(session)}:{int(turn)}" for one in given for session, turn in _EVIDENCE.findall(one)}
    return frozenset(found & refs)
