"""What ranking is told of the documents that may be heard: their columns, and which of them hold which word."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from memory.asked import Asked, words_of
from memory.columns import NOBODY, Columns, Numbers, Rows
from memory.ranking import Candidates
from memory.words import Words


class Gathering:
    """For one question. Those that may be heard are the candidates, numbered from 0 in the order of ``rows``."""

    def __init__(self, columns: Columns, words: Words, speakers: Mapping[int, str], rows: Rows) -> None:
        """``speakers``: the names of those whose number the column holds."""
        self._columns, self._words, self._rows = columns, words, rows
        there = np.zeros(max(speakers, default=0) + 2, np.bool_)
        there[columns["speaker"][rows]] = True  # NOBODY's is the last one
        self._speakers = {
            number: frozenset(words_of(name)) for number, name in speakers.items() if there[number]
        }
        self._names = frozenset().union(*self._speakers.values())
        self._place = np.full(columns.count + 1, NOBODY)  # row → candidate; the last one is for NOBODY
        self._place[rows] = np.arange(len(rows))

    def candidates(self, query: str, question: Asked, cosines: Numbers | None) -> Candidates:
        """``cosines``: of the question with each candidate."""
        columns, rows = self._columns, self._rows
        kind = np.zeros(len(rows), np.float32)
        for wanted, name in ((question.a_time, "time"), (question.a_number, "number")):
            if wanted:
                kind = np.maximum(kind, columns[name][rows])
        speaker = columns["speaker"][rows]
        return Candidates(
            at_s=columns["at_s"][rows],
            before=self._place[columns["before"][rows]],
            after=self._place[columns["after"][rows]],
            asks=columns["asks"][rows],
            asked_kind=kind,
            named=self._named(frozenset(words_of(query)), speaker),
            salience=columns["salience"][rows],
            cosines=cosines,
            embedded=columns["embedded"][rows],
        )

    def holding(self, question: Asked) -> list[Rows]:
        """For each word, the candidates that hold it. Who said something is not among its words."""
        words = [word for word in question.words if word not in self._names]
        different = {self._words.stem(word): word for word in words}
        return [self._holding(word) for word in different.values()]

    def _named(self, asked: frozenset[str], speaker: Rows) -> Numbers:
        """1 for what was said by somebody who is named, and for entries, which nobody says, with that name in them."""
        called = [number for number, name in self._speakers.items() if asked & name]
        named = np.isin(speaker, called)
        for word in asked & self._names:
            where = self._holding(word)
            named[where[speaker[where] == NOBODY]] = True
        return named.astype(np.float32)

    def _holding(self, word: str) -> Rows:
        where: Rows = self._place[self._columns.rows_of(self._words.holding(word))]
        return where[where >= 0]
