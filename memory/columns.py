"""What ranking needs of every document, in RAM: a column for each number, a row for each document. No text.

Rows are only ever added, with ascending ids; one that was removed stays, empty, until the next start.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from memory.traits import Traits
from memory.types import Document, Vectors

Rows = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float32]
Column = npt.NDArray[Any]

NOBODY = -1  # no such row
BLOCK = 8192  # vectors in one piece: growing copies nothing, and little is held in reserve
_FIRST = 1024
_KINDS: dict[str, type] = {
    "id": np.int64,
    "at_s": np.float64,
    "scope": np.int32,  # number of the scope
    "speaker": np.int32,  # number of the name; NOBODY: of an entry
    "before": np.int64,  # row of what was said before it in its session
    "after": np.int64,
    "salience": np.float32,
    "alive": np.bool_,  # neither removed nor superseded
    "embedded": np.bool_,
    "asks": np.float32,
    "time": np.float32,
    "number": np.float32,
}


class Columns:
    """Not safe for several threads: whoever holds it has a lock."""

    def __init__(self) -> None:
        self._columns: dict[str, Column] = {name: np.zeros(_FIRST, kind) for name, kind in _KINDS.items()}
        self._sessions: dict[str, list[tuple[float, int]]] = {}  # time and row, in their order
        self._session_of: dict[int, str] = {}
        self.count = 0  # rows

    def __getitem__(self, name: str) -> Column:
        """A view, (count,)."""
        return self._columns[name][: self.count]

    def add(self, document_id: int, document: Document, scope: int, speaker: int, traits: Traits) -> int:
        """The new row. ``document_id`` is higher than any before."""
        row = self.count
        if row == len(self._columns["id"]):
            self._columns = {
                name: np.concatenate([column, np.zeros_like(column)])
                for name, column in self._columns.items()
            }
        self.count += 1
        values: tuple[float, ...] = (
            document_id,
            document.at_s,
            scope,
            speaker,
            NOBODY,
            NOBODY,
            document.salience,
            True,
            False,
        )
        values += (traits.asks, traits.time, traits.number)
        for name, value in zip(_KINDS, values, strict=True):
            self._columns[name][row] = value
        self._join(row, document)
        return row

    def remove(self, rows: Rows) -> None:
        """Their neighbours in the session become each other's."""
        self["alive"][rows] = self["embedded"][rows] = False
        self["scope"][rows] = self["speaker"][rows] = NOBODY
        gone = set(rows.tolist())
        sessions = {session for row in gone if (session := self._session_of.pop(row, None)) is not None}
        for session in sessions:
            line = [one for one in self._sessions.pop(session) if one[1] not in gone]
            if line:
                self._sessions[session] = line
                numbers = [NOBODY, *(row for _, row in line), NOBODY]
                for first, second in itertools.pairwise(numbers):
                    self._link(first, second)
        self["before"][rows] = self["after"][rows] = NOBODY

    def rows_of(self, ids: Sequence[int] | Rows) -> Rows:
        """Where these ids are, in their order; without those that have no row."""
        wanted = np.asarray(ids, np.int64)
        rows = np.searchsorted(self["id"], wanted)
        there = rows < self.count
        rows, wanted = rows[there], wanted[there]
        found: Rows = rows[self["id"][rows] == wanted]
        return found

    def _join(self, row: int, document: Document) -> None:
        """Find its place in the session, which is by time: after a crash what was left out comes late."""
        line = self._sessions.setdefault(document.session, [])
        place = bisect.bisect(line, (document.at_s, row))
        line.insert(place, (document.at_s, row))
        self._session_of[row] = document.session
        self._link(line[place - 1][1] if place else NOBODY, row)
        self._link(row, line[place + 1][1] if place + 1 < len(line) else NOBODY)

    def _link(self, first: int, second: int) -> None:
        if first != NOBODY:
            self["after"][first] = second
        if second != NOBODY:
            self["before"][second] = first


class VectorBlocks:
    """A vector for every row, float32, in blocks. A row without one is all zeros."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._blocks: list[Vectors] = []

    def put(self, row: int, vector: npt.NDArray[np.floating[Any]]) -> None:
        while row // BLOCK >= len(self._blocks):
            self._blocks.append(np.zeros((BLOCK, self.dimensions), np.float32))
        self._blocks[row // BLOCK][row % BLOCK] = vector

    def clear(self, rows: Rows) -> None:
        for number, block in enumerate(self._blocks):
            block[rows[rows // BLOCK == number] % BLOCK] = 0

    def cosines(self, vector: npt.NDArray[np.float32], count: int) -> Numbers:
        """(count,): of ``vector``, (dimensions,), with every row."""
        found = np.zeros(count, np.float32)
        for block, where in zip(self._blocks, range(0, count, BLOCK), strict=False):
            some = block[: count - where]
            # not BLAS, whose threads go on spinning and are in the way of the embedder's
            np.einsum("rd,d->r", some, vector, out=found[where : where + len(some)])
        return found

    @property
    def bytes(self) -> int:
        return sum(block.nbytes for block in self._blocks)
