"""The documents on disk: sealed text and vectors, who may hear them, and the index of their words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memory import kept_vectors, parts, words
from memory.database import THOSE, Database, Execute, Row, listed
from memory.errors import KeyGone, Unreadable
from memory.scopes import Scopes, scope_of
from memory.steps import breathe, erase
from memory.types import Document, Scope
from memory.vault import Vault

_COLUMNS = "documents.id, kind, ref, at_s, session, scopes.scope, content, salience, superseded"
_WITH_SCOPES = "documents JOIN scopes ON scopes.id = documents.scope"
_SCOPES = Scopes("scopes", "documents")
_TABLES = (
    "CREATE TABLE IF NOT EXISTS documents (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, ref TEXT, at_s REAL, "
    "session TEXT, scope INTEGER, content BLOB, salience REAL, superseded INTEGER DEFAULT 0, UNIQUE (kind, ref))",
    "CREATE INDEX IF NOT EXISTS documents_of_scope ON documents (scope)",
    "CREATE INDEX IF NOT EXISTS documents_superseded ON documents (kind, ref) WHERE superseded",
)
_AT_ONCE = 500  # documents
_SHARED_AT_ONCE = 3_000  # documents about several people that go in one step

Vector = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Stored:
    """A document, and where it lies."""

    id: int
    document: Document
    superseded: bool


class Index:
    """May be used from any thread. Raises StoreError."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        with database.transaction() as execute:
            _SCOPES.make(execute)
            for table in _TABLES:
                execute(table)
            parts.make(execute)
            for part in parts.every(execute):
                self._make(execute, part)
            old = "vector" in {row[1] for row in execute("PRAGMA table_info(documents)")}
            if old:  # made by an earlier version
                scopes = _SCOPES.every(execute)
                numbers = {scope: self._part(execute, scope) for scope in scopes.values()}
                kept_vectors.move(execute, scopes, numbers)
        if old:
            self._index_words_anew()

    def put(self, documents: Sequence[Document]) -> tuple[list[Stored], list[int]]:
        """Write documents in the place of those of the same kind and ref; also the ids of those."""
        sealed = [self._seal(document) for document in documents]  # may make keys, so before the transaction
        stored, gone = list[Stored](), list[tuple[int, int]]()  # of the latter their scopes' numbers, too
        with self._database.transaction() as execute:
            for document, content in zip(documents, sealed, strict=True):
                old = execute(
                    "DELETE FROM documents WHERE kind = ? AND ref = ? RETURNING id, scope, superseded",
                    *(document.kind, document.ref),
                )
                gone += [(int(row[0]), int(row[1])) for row in old]
                superseded = any(row[2] for row in old)  # what did not hold any more still does not
                number = self._insert(execute, document, content, superseded)
                stored.append(Stored(number, document, superseded))
            self._unlist(execute, gone)
        return stored, [number for number, _ in gone]

    def read(self, ids: Sequence[int]) -> list[Stored]:
        """In ascending order of id; those are left out that nobody can open any more."""
        return list(self._opened("documents.id", ids))

    def all(self) -> Iterator[Stored]:
        """Every document that can be opened, by ascending id."""
        last = 0
        while rows := self._database.read(
            f"SELECT {_COLUMNS} FROM {_WITH_SCOPES} WHERE documents.id > ? ORDER BY documents.id LIMIT {_AT_ONCE}",
            last,
        ):
            last = int(rows[-1][0])
            yield from self._stored(rows)

    def vectors(self, embedder: str) -> Iterator[list[tuple[int, Vector]]]:
        """Those by ``embedder`` with the ids of their documents, some at a time; no text is opened."""
        for rows in kept_vectors.by(self._database, embedder):
            found = []
            for number, kind, ref, sealed in rows:
                try:
                    found.append((int(number), self._vector(kind, ref, sealed)))
                except (KeyGone, Unreadable):
                    continue
            yield found

    def damaged(self) -> int:
        """How many documents or vectors cannot be opened, though the keys for it are there; they are made anew."""
        contents = self._database.read("SELECT kind, ref, content FROM documents")
        rows = [("document", *row) for row in contents]
        rows += [("vector", *row) for row in kept_vectors.every(self._database)]
        broken = 0
        for what, kind, ref, sealed in rows:
            try:
                self._vault.open(sealed, f"{what} {kind} {ref}")
            except KeyGone:
                continue
            except Unreadable:
                broken += 1
        return broken

    def refs(self, kind: str) -> dict[str, int]:
        """Ref → id of all of a kind, whether they can be opened or not."""
        rows = self._database.read("SELECT ref, id FROM documents WHERE kind = ?", kind)
        return {str(ref): int(number) for ref, number in rows}

    def texts(self, kind: str) -> dict[str, str]:
        """Ref → text."""
        return {one.document.ref: one.document.text for one in self._opened("kind", [kind])}

    def keep_vectors(self, vectors: Sequence[tuple[Stored, Vector]], embedder: str) -> None:
        """Of documents that may have been removed meanwhile; no key is made for somebody who has been forgotten."""
        sealed = list[tuple[Stored, bytes]]()
        for stored, vector in vectors:
            people, context = stored.document.scope.about, f"vector {_name(stored.document)}"
            with suppress(KeyGone):
                sealed.append((stored, self._vault.seal(vector.tobytes(), people, context, make=False)))
        with self._database.transaction() as execute:
            for stored, content in sealed:
                part = parts.number(execute, stored.document.scope)
                if part is not None:  # else they have been forgotten meanwhile
                    kept_vectors.keep(execute, part, stored.id, content, embedder)

    def remove(self, kind: str, refs: Iterable[str]) -> list[int]:
        """The ids of those that there were."""
        with self._database.transaction() as execute:
            rows = execute(
                f"DELETE FROM documents WHERE kind = ? AND ref IN {THOSE} RETURNING id, scope",
                *(kind, listed(refs)),
            )
            self._unlist(execute, [(int(number), int(scope)) for number, scope in rows])
        return [int(number) for number, _ in rows]

    def about(self, person: str, kind: str, refs: Iterable[str]) -> list[str]:
        """Refs of those of them that are there, and about a person."""
        rows = self._database.read(
            f"SELECT ref, scopes.scope FROM {_WITH_SCOPES} WHERE kind = ? AND ref IN {THOSE}",
            *(kind, listed(refs)),
        )
        return [str(ref) for ref, scope in rows if person in scope_of(scope).about]

    def remove_person(self, person: str) -> list[int]:
        """All that is about a person, whoever else it is about; their ids. Nor did they hear anything else.

        In steps, between which others get to write; each may be done again. Vectors are left to ``sweep``.
        """
        read = self._database.read
        scopes = {number: scope for number, scope in _SCOPES.every(read).items() if person in scope.about}
        about, shared = listed(scopes), listed(one for one, scope in scopes.items() if len(scope.about) > 1)
        # as one value: row by row, whoever else is at work in this process would be waited for each time
        ids = f"SELECT json_group_array(id) FROM documents WHERE scope IN {THOSE}"
        gone, with_others = (json.loads(read(ids, those)[0][0]) for those in (about, shared))
        for at in range(0, len(with_others), _SHARED_AT_ONCE):
            some = with_others[at : at + _SHARED_AT_ONCE]
            for remove in (kept_vectors.remove, words.remove):
                with self._database.transaction(lasting=False) as execute:
                    remove(execute, parts.SHARED, some)
                breathe()
        with self._database.transaction(lasting=False) as execute:
            for part in parts.drop(execute, person):
                self._drop(execute, part)
        breathe()
        erase(self._database, "documents", f"+scope IN {THOSE}", about)
        with self._database.transaction(lasting=False) as execute:
            _SCOPES.leave_out(execute, person)
            _SCOPES.forget(execute)
        return list(map(int, gone))

    def sweep(self) -> None:
        """Free the place of what nobody can open any more. One at a time."""
        kept_vectors.sweep(self._database)

    def clear(self) -> list[int]:
        """Remove every document; their ids. Vectors are left to ``sweep``."""
        with self._database.transaction() as execute:
            gone = [int(row[0]) for row in execute("DELETE FROM documents RETURNING id")]
            kept_vectors.clear(execute)
            words.clear(execute)
            for part in parts.drop(execute, None):
                self._drop(execute, part)
            _SCOPES.forget(execute)
        return gone

    def supersede(self, gone: Set[tuple[str, str]]) -> list[int]:
        """Of all documents just these, by kind and ref, do not hold any more; their ids."""
        with self._database.transaction() as execute:
            rows = execute("SELECT kind, ref FROM documents WHERE superseded")
            before = {(str(kind), str(ref)) for kind, ref in rows}
            for superseded, those in ((True, gone - before), (False, before - gone)):
                for kind, ref in those:
                    execute(
                        "UPDATE documents SET superseded = ? WHERE kind = ? AND ref = ?",
                        *(superseded, kind, ref),
                    )
            return [int(row[0]) for row in execute("SELECT id FROM documents WHERE superseded")]

    def _insert(self, execute: Execute, document: Document, content: bytes, superseded: bool) -> int:
        scope = _SCOPES.number(execute, document.scope)
        rows = execute(
            "INSERT INTO documents (kind, ref, at_s, session, scope, content, salience, superseded) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            *(document.kind, document.ref, document.at_s, document.session, scope, content),
            *(document.salience, superseded),
        )
        number = int(rows[0][0])
        words.add(execute, self._part(execute, document.scope), number, document.text)
        return number

    def _unlist(self, execute: Execute, gone: Sequence[tuple[int, int]]) -> None:
        """Words and vectors of documents; ``gone``: their ids, and the numbers of their scopes."""
        scopes = _SCOPES.every(execute) if gone else {}
        together: dict[int, list[int]] = {}
        for number, scope in gone:
            together.setdefault(self._part(execute, scopes[scope]), []).append(number)
        for part, numbers in together.items():
            kept_vectors.remove(execute, part, numbers)
            words.remove(execute, part, numbers)
        if gone:
            _SCOPES.forget(execute)

    def _part(self, execute: Execute, scope: Scope) -> int:
        """Under which number it lies; there is one, and its tables."""
        part = parts.number(execute, scope)
        if part is None:
            part = parts.new(execute, scope)
            self._make(execute, part)
        return part

    def _make(self, execute: Execute, part: int) -> None:
        kept_vectors.make(execute, part)
        words.make(execute, part)

    def _drop(self, execute: Execute, part: int) -> None:
        kept_vectors.set_aside(execute, part)
        words.drop(execute, part)

    def _index_words_anew(self) -> None:
        """An earlier version kept all of them in one index."""
        with self._database.transaction() as execute:
            words.clear(execute)
            for stored in self.all():
                part = self._part(execute, stored.document.scope)
                words.add(execute, part, stored.id, stored.document.text)
        self._database.execute("VACUUM")

    def _seal(self, document: Document) -> bytes:
        content = json.dumps([document.speaker, document.text]).encode()
        return self._vault.seal(content, document.scope.about, f"document {_name(document)}")

    def _opened(self, column: str, values: Sequence[int | str]) -> Iterator[Stored]:
        return self._stored(
            self._database.read(
                f"SELECT {_COLUMNS} FROM {_WITH_SCOPES} WHERE {column} IN {THOSE} ORDER BY documents.id",
                listed(values),
            )
        )

    def _stored(self, rows: Sequence[Row]) -> Iterator[Stored]:
        """Those that can be opened."""
        scopes = {text: scope_of(text) for text in {row[5] for row in rows}}
        for number, kind, ref, at_s, session, scope, content, salience, superseded in rows:
            with suppress(KeyGone, Unreadable):
                speaker, text = json.loads(self._vault.open(content, f"document {kind} {ref}"))
                document = Document(kind, ref, text, at_s, speaker, session, scopes[scope], salience)
                yield Stored(number, document, bool(superseded))

    def _vector(self, kind: str, ref: str, sealed: bytes) -> Vector:
        return np.frombuffer(self._vault.open(sealed, f"vector {kind} {ref}"), np.float16)


def _name(document: Document) -> str:
    return f"{document.kind} {document.ref}"
