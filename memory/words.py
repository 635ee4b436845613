"""Which documents hold a word. FTS5 stems and finds them; what it found is kept in RAM, as common words cost it most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import sqlcipher3.dbapi2 as sqlite

from memory.database import THOSE, Database, Execute, listed

Ids = npt.NDArray[np.int64]  # ascending

COMMON = 500  # documents; stems in more of them are looked up beforehand
_TOKENIZER = "porter unicode61"
_NONE: Ids = np.zeros(0, np.int64)


class Words:
    """Not safe for several threads: whoever holds it has a lock.

    FTS5 keeps no text ("contentless") and overwrites what is deleted (secure-delete).
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.transaction() as execute:
            execute(
                "CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5"
                f"(text, content='', contentless_delete=1, tokenize='{_TOKENIZER}')"
            )
            execute("INSERT INTO words(words, rank) VALUES('secure-delete', 1)")
            execute("CREATE VIRTUAL TABLE IF NOT EXISTS words_counted USING fts5vocab(words, 'row')")
        self._stems = Stems()
        self._found: dict[str, tuple[Ids, int]] = {}  # stem → its documents, and the last id looked at
        self._last = 0

    def stem(self, word: str) -> str:
        return self._stems.of(word)

    def holding(self, word: str) -> Ids:
        """Ids of the documents with this word in any of its forms; some may have been removed since."""
        stem = self._stems.of(word)
        ids, seen = self._found.get(stem, (_NONE, 0))
        if seen < self._last:
            rows = self._database.read(
                "SELECT rowid FROM words WHERE words MATCH ? AND rowid > ? ORDER BY rowid", f'"{word}"', seen
            )
            ids = np.concatenate([ids, np.fromiter((row[0] for row in rows), np.int64, len(rows))])
            self._found[stem] = ids, self._last
        return ids

    def warm(self, last: int) -> None:
        """After a start: ``last`` is the highest id there is; common words are looked up at once."""
        self._last = last
        for (stem,) in self._database.read("SELECT term FROM words_counted WHERE doc > ?", COMMON):
            if self._stems.of(stem) == stem:  # a few are shortened again, and wait until they are asked for
                self.holding(stem)

    def added(self, document_id: int) -> None:
        """Once it is on disk."""
        self._last = max(self._last, document_id)

    def forget(self) -> None:
        """Keep no word in RAM."""
        self._found.clear()
        self._stems.forget()


class Stems:
    """Words as the index writes them: the same tokenizer, over a table in RAM that holds one word at a time."""

    def __init__(self) -> None:
        self._connection = sqlite.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._connection.execute(f"CREATE VIRTUAL TABLE one USING fts5(text, tokenize='{_TOKENIZER}')")
        self._connection.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(one, 'row')")
        self._known: dict[str, str] = {}

    def of(self, word: str) -> str:
        if word not in self._known:
            self._connection.execute("INSERT INTO one(rowid, text) VALUES(1, ?)", (word,))
            rows = self._connection.execute("SELECT term FROM terms").fetchall()
            self._connection.execute("DELETE FROM one")
            self._known[word] = " ".join(term for (term,) in rows)
        return self._known[word]

    def forget(self) -> None:
        self._known.clear()


def add(execute: Execute, document_id: int, text: str) -> None:
    """As part of a transaction."""
    execute("INSERT INTO words(rowid, text) VALUES(?, ?)", document_id, text)


def remove(execute: Execute, document_ids: Sequence[int]) -> None:
    """As part of a transaction. Until ``tidy`` their words are still there."""
    execute(f"DELETE FROM words WHERE rowid IN {THOSE}", listed(document_ids))


def clear(execute: Execute) -> None:
    """Every document, as part of a transaction."""
    execute("INSERT INTO words(words) VALUES('delete-all')")


def tidy(execute: Execute) -> None:
    """Merge the index, so that no older copy of what was removed is left in it."""
    execute("INSERT INTO words(words) VALUES('optimize')")
