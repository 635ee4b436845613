"""Which of the documents that may be heard answers a question best: a weighted sum of plain evidence. Pure.

Words and meaning complement one another, and what was said around a turn says what it is about. Words count by how rare
they are (BM25's weight; how often, and in how long a text, made no difference to turns) as a share of what the question
holds; the cosine counts by how far it stands out. Neither is stretched to 0..1 over what was found ("min-max"), which
measured worse and says nothing when nothing fits. A vector is worked out from one document alone and its neighbours
come in here, so that what may not be heard, or was forgotten, takes no part in anything. Measured in
``tests/benchmarks/recall.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memory.dates import Span
from memory.types import Hit, Reason

Rows = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float32]

REACH = (0.8, 0.6, 0.4, 0.2)  # what a word counts that was said so many turns away
SPREAD = 5.0  # standard deviations that make one point of meaning
DAY_S = 86_400.0
TOLD_DAYS = 3.0  # people tell of what happened some days later
RARELY = 0.05  # the least that a word weighs
EVIDENCE = frozenset(
    {"words", "words around it", "meaning", "an answer", "time"}
)  # parts that are about the question
# kind → how much evidence a hit needs, and among so many; nothing is said around an entry, so less can speak for it
WORTH = {"turn": (0.55, 480), "entry": (0.25, 90)}
BY_CHANCE = 0.09  # more for each ten times as many: the best of many fits somewhat by chance


@dataclass(frozen=True, slots=True)
class Weights:
    """Fitted on the three LoCoMo dialogues for development, for both embedders at once; leaving one out moved the
    larger ones by less than a tenth. Salience and age are by hand, and small."""

    words: float = 1.0
    near: float = 0.62
    before: float = 0.49
    meaning: float = 0.39
    meaning_after: float = 0.18
    answers_meaning: float = 0.35
    answers_words: float = 0.15
    named: float = 0.13
    asks: float = -0.11
    asked_kind: float = 0.28
    time: float = 0.45
    salience: float = 0.05
    age: float = 0.003  # for each doubling of the days that have passed


WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Candidates:
    """The documents that take part, and nothing of others. All (n,)."""

    at_s: npt.NDArray[np.float64]  # Unix time
    before: Rows  # which of them was said before it in its session; -1: none of them
    after: Rows
    asks: Numbers  # 1: it ends with a question
    asked_kind: Numbers  # 1: it names a time, or a number, and that is asked for
    named: Numbers  # 1: the question names who said it, or whom it is about
    salience: Numbers  # 0..1
    cosines: Numbers | None  # with the question; None: meaning is not known
    embedded: npt.NDArray[np.bool_]  # whether its cosine is known


@dataclass(frozen=True, slots=True)
class Ranked:
    """Scores, and the parts that add up to them."""

    parts: dict[str, Numbers]
    scores: Numbers  # (n,)

    def best(self, most: int) -> Rows:
        """Which ones, the best first."""
        most = min(most, len(self.scores))
        top = np.argpartition(-self.scores, most - 1)[:most] if most else np.zeros(0, np.int64)
        return top[np.argsort(-self.scores[top], kind="stable")]

    def reasons(self, index: int) -> tuple[Reason, ...]:
        """The weightiest first."""
        found = [Reason(name, float(points[index])) for name, points in self.parts.items()]
        return tuple(sorted((one for one in found if one.points), key=lambda one: -abs(one.points)))


def rank(those: Candidates, holding: Sequence[Rows], spans: Sequence[Span], now_s: float) -> Ranked:
    """``holding``: for each word of the question, which of ``those`` have it."""
    own, near, earlier = word_shares(those, holding)
    meaning = standing_out(those)
    answers = _at(those.asks, those.before)  # what follows a question that fits is likely its answer
    w = WEIGHTS
    parts = {
        "words": w.words * own,
        "words around it": w.near * near + w.before * earlier,
        "meaning": w.meaning * meaning,
        "meaning around it": w.meaning_after * _at(meaning, those.after),
        "an answer": answers
        * (w.answers_meaning * _at(meaning, those.before) + w.answers_words * _at(own, those.before)),
        "named": w.named * those.named,
        "kind of line": w.asks * those.asks + w.asked_kind * those.asked_kind,
        "time": w.time * fitting(those.at_s, spans),
        "salience": w.salience * those.salience,
        "age": -w.age * np.log2(1 + np.maximum(now_s - those.at_s, 0) / DAY_S).astype(np.float32),
    }
    total = np.zeros(len(those.at_s), np.float32)
    for points in parts.values():
        total += points
    return Ranked(parts, total)


def word_shares(those: Candidates, holding: Sequence[Rows]) -> tuple[Numbers, Numbers, Numbers]:
    """How much of the question's words, by their rarity, a document holds; how much more there is around it; and how
    much more before it. Each 0..1."""
    n = len(those.at_s)
    own, near, earlier = (np.zeros(n, np.float32) for _ in range(3))
    total = 0.0
    for rows in holding:
        rarity = max(float(np.log((n - len(rows) + 0.5) / (len(rows) + 0.5))), RARELY)
        total += rarity
        own[rows] += rarity
        said_before, said_after = _spread(rows, those.after, n), _spread(rows, those.before, n)
        earlier += rarity * said_before
        near += rarity * np.maximum(said_before, said_after)
    if total:
        own, near, earlier = own / total, near / total, earlier / total
    return own, near - own, earlier - own


def _spread(rows: Rows, link: Rows, n: int) -> Numbers:
    """1 where the word is, and less along ``link`` away from there."""
    reached, steps = rows, []
    for share in REACH:
        reached = link[reached]
        reached = reached[reached >= 0]
        steps.append((share, reached))
    shares = np.zeros(n, np.float32)
    for share, where in reversed(steps):  # the nearer ones overwrite the farther ones
        shares[where] = share
    shares[rows] = 1
    return shares


def standing_out(those: Candidates) -> Numbers:
    """How far each cosine is above the usual one; 0 where it is not known."""
    if those.cosines is None or not those.embedded.any():
        return np.zeros(len(those.at_s), np.float32)
    known = those.cosines[those.embedded]
    spread = max(float(known.std()), 1e-3) * SPREAD
    found: Numbers = np.where(those.embedded, (those.cosines - known.mean()) / spread, 0).astype(np.float32)
    return found


def fitting(at_s: npt.NDArray[np.float64], spans: Sequence[Span]) -> Numbers:
    """1 within a time that is meant, less and less after it, and little before it."""
    best = np.zeros(len(at_s), np.float32)
    for span in spans:
        late = np.maximum(at_s - span.end_s, 0) / DAY_S / TOLD_DAYS
        early = np.maximum(span.start_s - at_s, 0) / DAY_S * 2
        best = np.maximum(best, np.exp(-(late + early))).astype(np.float32)
    return best


def _at(values: Numbers, index: Rows) -> Numbers:
    """``values`` of others; 0 where ``index`` is -1."""
    return np.append(values, np.float32(0))[index]


def worth(hit: Hit) -> bool:
    """Whether a hit has enough to do with the question to be brought up unasked.

    Among the first eight hits it is true for 89 % of LoCoMo's turns that answer a question, and for 9 % of those found
    for a question to another dialogue; for 96 % and 9 % of entries of our own journal. (MiniLM; with e5 for 88 and 10,
    95 and 11 %.) Among 100, 1000 and 10,000 entries that have nothing to do with a sentence, the best one's evidence is
    0.24, 0.33 and 0.39 (median of 29 sentences), which is why more of it is needed among more.
    """
    evidence = sum(reason.points for reason in hit.reasons if reason.name in EVIDENCE)
    enough, among = WORTH[hit.document.kind]
    return evidence >= enough + BY_CHANCE * math.log10(max(1.0, hit.among / among))
