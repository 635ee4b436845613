"""Questions as friends ask them, to a journal of ours: ``tests/data/journal_questions.json``."""

from __future__ import annotations

import json
import statistics
import tempfile
from datetime import datetime
from pathlib import Path

from memory.ports import Embedder
from memory.types import Document, Origin, Scope
from tests.benchmarks.figures import Figure, against
from tests.benchmarks.recalling import memories

JOURNAL = Path(__file__).parents[2] / "data" / "journal_questions.json"


def figures(embedder: Embedder) -> list[Figure]:
    """The share of each question's entries among the first five."""
    written = json.loads(JOURNAL.read_text(encoding="utf-8"))
    documents = [document(row["id"], row["at"], row["about"], row["text"]) for row in written["entries"]]
    shares: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        recall, _ = memories.indexed(documents, embedder, Path(folder))
        for question in written["questions"]:
            hits = recall.find(question["text"], lambda scope: True, _seconds(question["now"]), 5)
            found = {hit.document.ref for hit in hits}
            shares.append(len(found & set(question["answers"])) / len(question["answers"]))
    share = round(statistics.mean(shares), 4)
    return [against(">= 0.9", Figure("journal_recall_at_5", share, "share", len(shares)))]


def document(ref: str, at: str, about: list[str], text: str) -> Document:
    people = tuple(sorted(about))
    return Document("entry", ref, text, _seconds(at), "", ref, Scope(Origin.VOICE, "lounge", people, people))


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
