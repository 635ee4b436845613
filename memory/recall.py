"""Finding what was said or written about something, among what may be heard by those who are there.

The audience comes first: whatever is not allowed takes part in nothing, neither in how rare a word is, nor as a
neighbour, nor in what stands out.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence, Set

import numpy as np
import numpy.typing as npt

from memory.asked import asked
from memory.audience import without
from memory.columns import NOBODY, Columns, Rows, VectorBlocks
from memory.database import Database
from memory.dates import spans_in
from memory.gathering import Gathering
from memory.index import Index, Stored, Vector
from memory.numbered import Numbered
from memory.ports import Embedder
from memory.ranking import Ranked, rank
from memory.tombstones import Tombstone
from memory.traits import traits_of
from memory.types import Document, Hit, Scope
from memory.vault import Vault
from memory.words import Words

log = logging.getLogger(__name__)


class Recall:
    """May be used from any thread; everything blocks. Raises StoreError."""

    def __init__(self, database: Database, vault: Vault, embedder: Embedder | None = None) -> None:
        """Without ``embedder`` it finds by words alone."""
        self._lock = threading.RLock()
        self._index = Index(database, vault)
        self._words = Words(database)
        self._embedder = embedder
        self._columns = Columns()
        self._vectors = VectorBlocks(embedder.dimensions if embedder else 0)
        self._scopes: Numbered[Scope] = Numbered()
        self._speakers: Numbered[str] = Numbered()  # names
        self._load()

    def __len__(self) -> int:
        """How many can be found."""
        with self._lock:
            return int(self._columns["alive"].sum())

    @property
    def vector_bytes(self) -> int:
        """RAM that the vectors take."""
        return self._vectors.bytes

    def use(self, embedder: Embedder | None) -> None:
        """Find by the meaning that ``embedder`` sees; vectors of another one are worked out anew.

        Takes seconds where there are many; whoever searches meanwhile hardly waits.
        """
        with self._lock:
            if embedder is self._embedder:
                return
            self._embedder = embedder
            self._vectors = VectorBlocks(embedder.dimensions if embedder else 0)
            self._columns["embedded"][:] = False
        for some in self._index.vectors(embedder.name) if embedder else ():
            with self._lock:
                if embedder is not self._embedder:
                    return
                self._hold_all(some)

    def add(self, documents: Sequence[Document]) -> None:
        """Let these be found, by their words at once. They take the place of those of the same kind and ref."""
        with self._lock:
            stored, gone = self._index.put(documents)
            self._drop(gone)
            for one in stored:
                self._take_up(one)

    def embed_waiting(self, most: int) -> int:
        """Work out up to ``most`` vectors that are missing, latest first; how many were. Takes milliseconds each."""
        with self._lock:
            embedder, columns = self._embedder, self._columns
            if embedder is None:
                return 0
            waiting = np.flatnonzero(columns["alive"] & ~columns["embedded"])[::-1][:most]
            ids = [int(number) for number in columns["id"][waiting]]
        stored = self._index.read(ids)
        texts = [embedded_text(one.document) for one in stored]
        halves = list(embedder.embed(texts).astype(np.float16)) if texts else []
        with self._lock:
            if embedder is not self._embedder:
                return len(ids)
            self._index.keep_vectors(list(zip(stored, halves, strict=True)), embedder.name)
            for one, vector in zip(stored, halves, strict=True):
                self._hold(int(columns.rows_of([one.id])[0]), vector)
            self._drop(sorted(set(ids) - {one.id for one in stored}))  # nobody can open these any more
        return len(ids)

    def remove(self, kind: str, refs: Iterable[str]) -> int:
        """How many there were."""
        with self._lock:
            gone = self._index.remove(kind, refs)
            self._drop(gone)
            return len(gone)

    # Forgetting: see forget.Place

    def remove_person(self, person: str) -> int:
        """Remove all that is about a person, whoever else it is about; how much there was.

        Nor did they hear anything else.
        """
        with self._lock:  # before it is erased: others may look for something meanwhile
            self._drop([int(number) for number in self._columns["id"][self._about(person)]])
            column = self._columns["scope"]
            for number, scope in list(self._scopes.items()):
                if person in scope.heard_by:
                    column[column == number] = self._scopes.number(without(scope, person))
            self._forget_unused()
        gone = self._index.remove_person(person)
        with self._lock:
            rows = self._columns.rows_of(gone)
            self._drop([int(number) for number in self._columns["id"][rows[self._there(rows)]]])
            self._words.forget()
        return len(gone)

    def sweep(self) -> None:
        """See Index.sweep."""
        self._index.sweep()

    def count_of(self, person: str) -> int:
        """How many documents are about a person."""
        with self._lock:
            return len(self._about(person))

    def count_resting(self, gone: Tombstone) -> int:
        """How many of its turns and entries can be found, and are about its person."""
        return sum(len(refs) for refs in self._those_of(gone).values())

    def remove_resting(self, gone: Tombstone) -> int:
        """Remove them; how many."""
        with self._lock:
            self._words.forget()  # also where nothing of it had been indexed yet
            return sum(self.remove(kind, refs) for kind, refs in self._those_of(gone).items())

    def count(self) -> int:
        """How many documents there are, superseded ones too."""
        with self._lock:
            return int(np.count_nonzero(self._columns["scope"] != NOBODY))

    def clear(self) -> int:
        """Remove all there is; how much that was."""
        with self._lock:
            gone = self._index.clear()
            self._drop(gone)
            return len(gone)

    def _those_of(self, gone: Tombstone) -> dict[str, list[str]]:
        refs = {"turn": map(str, gone.turns), "entry": gone.entries}
        return {kind: self._index.about(gone.person, kind, some) for kind, some in refs.items()}

    def supersede(self, gone: Set[tuple[str, str]]) -> None:
        """Just these, by kind and ref, do not hold any more: they are kept, but not found."""
        with self._lock:
            superseded = self._index.supersede(gone)
            alive = self._columns["alive"]
            alive[:] = self._columns["scope"] != NOBODY  # not removed
            alive[self._columns.rows_of(superseded)] = False

    def damaged(self) -> int:
        """See Index.damaged."""
        return self._index.damaged()

    def refs(self, kind: str) -> set[str]:
        """Of all of a kind that can be opened, superseded ones too."""
        with self._lock:
            there = set(self._columns["id"][self._columns["scope"] != NOBODY].tolist())
        return {ref for ref, number in self._index.refs(kind).items() if number in there}

    def texts(self, kind: str) -> dict[str, str]:
        """Ref → text of the same."""
        return self._index.texts(kind)

    def find(
        self,
        query: str,
        allowed: Callable[[Scope], bool],
        now_s: float,
        most: int = 8,
    ) -> list[Hit]:
        """What fits ``query`` best, the best first; ``allowed`` says of which scopes anything may be told.

        ``now_s``: Unix time from which "yesterday" counts.
        """
        spans, rest = spans_in(query, now_s)
        question = asked(rest)
        embedder = self._embedder
        vector = embedder.embed([query], query=True)[0] if embedder and query.strip() else None
        with self._lock:
            if embedder is not self._embedder:
                vector = None
            rows = self._allowed(allowed)
            if not len(rows):
                return []
            gathering = Gathering(self._columns, self._words, dict(self._speakers.items()), rows)
            cosines = self._vectors.cosines(vector, self._columns.count)[rows] if vector is not None else None
            those = gathering.candidates(query, question, cosines)
            ranked = rank(those, gathering.holding(question), spans, now_s)
            return self._hits(ranked, rows, most)

    def _load(self) -> None:
        started = time.perf_counter()
        last = 0
        for stored in self._index.all():
            self._take_up(stored)
            last = stored.id
        for some in self._index.vectors(self._embedder.name) if self._embedder else ():
            self._hold_all(some)
        self._words.warm(last)
        log.debug("%d documents loaded in %.1f s", len(self), time.perf_counter() - started)

    def _take_up(self, stored: Stored) -> int:
        document = stored.document
        scope = self._scopes.number(document.scope)
        speaker = self._speakers.number(document.speaker) if document.speaker else NOBODY
        row = self._columns.add(stored.id, document, scope, speaker, traits_of(document.text))
        self._columns["alive"][row] = not stored.superseded
        self._words.added(stored.id)
        return row

    def _hold_all(self, vectors: Sequence[tuple[int, Vector]]) -> None:
        for number, vector in vectors:
            for row in self._columns.rows_of([number]):
                self._hold(int(row), vector)

    def _hold(self, row: int, vector: np.ndarray[tuple[int, ...], np.dtype[np.float16]]) -> None:
        there = self._columns["scope"][row] != NOBODY  # else it has been removed meanwhile
        if there and len(vector) == self._vectors.dimensions:
            self._vectors.put(row, vector)
            self._columns["embedded"][row] = True

    def _drop(self, ids: Sequence[int]) -> None:
        if len(ids):
            rows = self._columns.rows_of(ids)
            self._columns.remove(rows)
            self._vectors.clear(rows)
            self._words.forget()
            self._forget_unused()

    def _forget_unused(self) -> None:
        self._scopes.keep_only(set(np.unique(self._columns["scope"]).tolist()))
        self._speakers.keep_only(set(np.unique(self._columns["speaker"]).tolist()))

    def _about(self, person: str) -> Rows:
        """The rows of what is about a person."""
        about = self._scopes.where(lambda scope: person in scope.about)
        return np.flatnonzero(about[self._columns["scope"]])

    def _there(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Which of them have not been removed."""
        there: npt.NDArray[np.bool_] = self._columns["scope"][rows] != NOBODY
        return there

    def _allowed(self, allowed: Callable[[Scope], bool]) -> Rows:
        """The rows that take part."""
        may_be_told = self._scopes.where(allowed)
        return np.flatnonzero(self._columns["alive"] & may_be_told[self._columns["scope"]])

    def _hits(self, ranked: Ranked, rows: Rows, most: int) -> list[Hit]:
        best = ranked.best(most + 8)  # some may turn out not to open any more
        ids = self._columns["id"][rows[best]]
        stored = {one.id: one.document for one in self._index.read([int(number) for number in ids])}
        hits = [
            Hit(stored[int(number)], float(ranked.scores[index]), ranked.reasons(int(index)), len(rows))
            for index, number in zip(best, ids, strict=True)
            if int(number) in stored
        ]
        return hits[:most]


def embedded_text(document: Document) -> str:
    """What a vector is worked out from: this document alone, so that it holds nobody else's words."""
    return f"{document.speaker}: {document.text}" if document.speaker else document.text
