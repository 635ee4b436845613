"""Which documents hold a word. FTS5 stems and finds them, in an index for each part; what it found is kept in RAM, as
common words cost it most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import sqlcipher3.dbapi2 as sqlite

from memory import parts
from memory.database import THOSE, Database, Execute, listed

Ids = npt.NDArray[np.int64]  # ascending

COMMON = 500  # documents; stems in more of them are looked up beforehand
RARE = 20  # documents of one part; stems in so few are not counted for that
_TOKENIZER = "porter unicode61"
_NONE: Ids = np.zeros(0, np.int64)


class Words:
    """Not safe for several threads: whoever holds it has a lock.

    FTS5 keeps no text ("contentless"); what is removed is in no page of it once it is tidied.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
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
            with self._database.reading() as read:
                rows = [
                    int(row[0])
                    for table in map(_named, parts.every(read))
                    for row in read(
                        f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid > ?", f'"{word}"', seen
                    )
                ]
            ids = np.concatenate([ids, np.sort(np.asarray(rows, np.int64))])
            self._found[stem] = ids, self._last
        return ids

    def warm(self, last: int) -> None:
        """After a start: ``last`` is the highest id there is; common words are looked up at once."""
        self._last = last
        counts = Counter[str]()
        for part in parts.every(self._database.read):
            counts.update(
                dict(self._database.read(f"SELECT term, doc FROM {_counted(part)} WHERE doc > ?", RARE))
            )
        for stem, count in counts.items():
            # a few are shortened again, and wait until they are asked for
            if count > COMMON and self._stems.of(stem) == stem:
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


def make(execute: Execute, part: int) -> None:
    """As all that follows, as part of a transaction."""
    execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {_named(part)} USING fts5"
        f"(text, content='', contentless_delete=1, tokenize='{_TOKENIZER}')"
    )
    execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS {_counted(part)} USING fts5vocab({_named(part)}, 'row')")


def add(execute: Execute, part: int, document_id: int, text: str) -> None:
    execute(f"INSERT INTO {_named(part)}(rowid, text) VALUES(?, ?)", document_id, text)


def remove(execute: Execute, part: int, document_ids: Sequence[int]) -> None:
    """Nor is an older copy of what was removed left in the index."""
    table = _named(part)
    execute(f"DELETE FROM {table} WHERE rowid IN {THOSE}", listed(document_ids))
    execute(f"INSERT INTO {table}({table}) VALUES('optimize')")


def clear(execute: Execute) -> None:
    """Of the shared part all; the others are dropped."""
    table = _named(parts.SHARED)
    execute(f"INSERT INTO {table}({table}) VALUES('delete-all')")


def drop(execute: Execute, part: int) -> None:
    execute(f"DROP TABLE {_counted(part)}")
    execute(f"DROP TABLE {_named(part)}")


def _named(part: int) -> str:
    return parts.named("words", part)


def _counted(part: int) -> str:
    return parts.named("words_counted", part)
