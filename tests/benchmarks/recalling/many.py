"""How long a question takes among 100,000 things said, and how much RAM their vectors take.

The words are drawn as often as Zipf's law has it, questions from the same words; the vectors are random. The embedder is
given a real question, as invented words would be cut into many more pieces.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from memory.ports import Embedder
from memory.types import Document, Origin, Scope, Vectors
from tests.benchmarks.figures import Figure, figure_of
from tests.benchmarks.recalling import memories

COUNT, QUERIES = 100_000, 200
WORDS = 30_000  # different ones
PEOPLE, PLACES = 40, 12
TURNS = 40  # in a session
START_S = 1_700_000_000.0
ASKED = "What did Alice say about the trip to the mountains last summer?"  # takes as long as any
_COMMON = (
    "the i you to a and it that of is in was for on what do my with have be so but not we are just me like"
)
_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]


@dataclass(frozen=True, slots=True)
class RandomVectors:
    """Unit vectors for what is kept, as working out 100,000 takes an hour; for a question what it really takes."""

    real: Embedder
    name: str = "random"

    @property
    def dimensions(self) -> int:
        return self.real.dimensions

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        if query:
            return self.real.embed([ASKED] * len(texts), query=True)
        found = np.random.default_rng(len(texts[0])).normal(size=(len(texts), self.dimensions))
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def figures(embedder: Embedder) -> list[Figure]:
    random = np.random.default_rng(1)
    vocabulary = _vocabulary()
    with tempfile.TemporaryDirectory() as folder:
        recall, _ = memories.indexed(
            list(_documents(random, vocabulary)), RandomVectors(embedder), Path(folder)
        )
        recall = memories.opened(Path(folder), RandomVectors(embedder))  # as after a start
        took = []
        for words in _drawn(random, vocabulary, random.integers(4, 12, QUERIES)):
            absent = {f"p{random.integers(PEOPLE)}" for _ in range(3)}
            question = f"what did Name{random.integers(PEOPLE)} say about {' '.join(words)}?"
            started = time.perf_counter()
            recall.find(question, lambda scope, absent=absent: not absent & set(scope.about), START_S * 1.1)
            took.append((time.perf_counter() - started) * 1e3)
        megabytes = recall.vector_bytes / 1e6
    query = figure_of("query_100k_ms", took, "ms")
    assert query.p95 is not None
    return [
        query,
        Figure("query_100k_p95_ms", query.p95, "ms", QUERIES, None, "<= 60", query.p95 <= 60),
        Figure("vectors_100k_mb", round(megabytes, 1), "MB", COUNT, None, "<= 200", megabytes <= 200),
    ]


def _documents(random: np.random.Generator, vocabulary: list[str]) -> Iterator[Document]:
    texts = _drawn(random, vocabulary, random.integers(4, 40, COUNT))
    for n, words in enumerate(texts):
        session, person = n // TURNS, f"p{random.integers(PEOPLE)}"
        heard_by = tuple(sorted({person, f"p{session % PEOPLE}", f"p{session * 7 % PEOPLE}"}))
        scope = Scope(Origin.VOICE, f"place{session % PLACES}", (person,), heard_by)
        yield Document(
            "turn", str(n), " ".join(words) + ".", START_S + n * 60, f"Name{person[1:]}", str(session), scope
        )


def _vocabulary() -> list[str]:
    """The commonest word first; the first few are English, such as any sentence holds."""
    common = _COMMON.split()
    made = []
    n = 0
    while len(made) < WORDS - len(common):
        digits, word = n, ""
        for _ in range(3):
            digits, syllable = divmod(digits, len(_SYLLABLES))
            word += _SYLLABLES[syllable]
        made.append(word)
        n += 1
    return common + made


def _drawn(
    random: np.random.Generator, vocabulary: list[str], lengths: npt.NDArray[np.int64]
) -> Iterator[list[str]]:
    """Texts of these lengths, in words."""
    odds = 1 / np.arange(1, len(vocabulary) + 1)
    drawn = random.choice(len(vocabulary), int(lengths.sum()), p=odds / odds.sum())
    for end, length in zip(np.cumsum(lengths), lengths, strict=True):
        yield [vocabulary[word] for word in drawn[end - length : end]]
