"""The documents on disk: sealed text and vectors, who may hear them, and the index of their words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memory import words
from memory.audience import without
from memory.database import Database, Execute
from memory.errors import KeyGone, Unreadable
from memory.types import Document, Origin, Scope
from memory.vault import Vault

_COLUMNS = "id, kind, ref, at_s, session, scope, content, salience, superseded"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS scopes (id INTEGER PRIMARY KEY, scope TEXT UNIQUE)",
    "CREATE TABLE IF NOT EXISTS documents (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, ref TEXT, at_s REAL, "
    "session TEXT, scope INTEGER, content BLOB, salience REAL, superseded INTEGER DEFAULT 0, vector BLOB, "
    "embedder TEXT, UNIQUE (kind, ref))",
    "CREATE INDEX IF NOT EXISTS documents_of_scope ON documents (scope)",
    "CREATE INDEX IF NOT EXISTS documents_superseded ON documents (kind, ref) WHERE superseded",
)
_MANY = 500  # placeholders in one statement

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
            for table in _TABLES:
                execute(table)

    def put(self, documents: Sequence[Document]) -> tuple[list[Stored], list[int]]:
        """Write documents in the place of those of the same kind and ref; also the ids of those."""
        sealed = [self._seal(document) for document in documents]  # may make keys, so before the transaction
        stored, gone = [], []
        with self._database.transaction() as execute:
            for document, content in zip(documents, sealed, strict=True):
                old = execute(
                    "DELETE FROM documents WHERE kind = ? AND ref = ? RETURNING id, superseded",
                    *(document.kind, document.ref),
                )
                for number, _ in old:
                    words.remove(execute, number)
                    gone.append(number)
                superseded = any(flag for _, flag in old)  # what did not hold any more still does not
                number = self._insert(execute, document, content, superseded)
                stored.append(Stored(number, document, superseded))
            if gone:
                self._tidy(execute)
        return stored, gone

    def read(self, ids: Sequence[int]) -> list[Stored]:
        """In ascending order of id; those are left out that nobody can open any more."""
        return list(self._opened("id", ids))

    def all(self, embedder: str) -> Iterator[tuple[Stored, Vector | None]]:
        """Every document that can be opened, by ascending id, with its vector where it is by ``embedder``."""
        last = 0
        while True:
            rows = self._database.read(
                f"SELECT {_COLUMNS}, CASE embedder WHEN ? THEN vector END FROM documents WHERE id > ? "
                f"ORDER BY id LIMIT {_MANY}",
                *(embedder, last),
            )
            if not rows:
                return
            last = rows[-1][0]
            scopes = self._scopes([row[5] for row in rows])
            for row in rows:
                try:
                    stored = self._stored(row, scopes)
                except (KeyGone, Unreadable):
                    continue
                vector = None
                if row[9] is not None:
                    with suppress(KeyGone, Unreadable):  # it is worked out anew
                        vector = self._vector(row[1], row[2], row[9])
                yield stored, vector

    def vectors(self, embedder: str) -> Iterator[list[tuple[int, Vector]]]:
        """Those by ``embedder`` with the ids of their documents, some at a time; no text is opened."""
        last = 0
        while rows := self._database.read(
            "SELECT id, kind, ref, vector FROM documents WHERE embedder = ? AND id > ? AND vector IS NOT NULL "
            f"ORDER BY id LIMIT {_MANY}",
            *(embedder, last),
        ):
            last = int(rows[-1][0])
            found = []
            for number, kind, ref, sealed in rows:
                try:
                    found.append((int(number), self._vector(kind, ref, sealed)))
                except (KeyGone, Unreadable):
                    continue
            yield found

    def damaged(self) -> int:
        """How many documents or vectors cannot be opened, though the keys for it are there; they are made anew."""
        broken = 0
        rows = self._database.read("SELECT kind, ref, content, vector FROM documents")
        for kind, ref, content, vector in rows:
            try:
                self._vault.open(content, f"document {kind} {ref}")
                if vector is not None:
                    self._vector(kind, ref, vector)
            except KeyGone:
                continue
            except Unreadable:
                broken += 1
        return broken

    def texts(self, kind: str) -> dict[str, str]:
        """Ref → text."""
        return {one.document.ref: one.document.text for one in self._opened("kind", [kind])}

    def keep_vectors(self, vectors: Sequence[tuple[Stored, Vector]], embedder: str) -> None:
        """Of documents that may have been removed meanwhile; no key is made for somebody who has been forgotten."""
        rows: list[tuple[Any, ...]] = []
        for stored, vector in vectors:
            people, context = stored.document.scope.about, f"vector {_name(stored.document)}"
            try:
                sealed = self._vault.seal(vector.tobytes(), people, context, make=False)
                rows.append((sealed, embedder, stored.id))
            except KeyGone:
                continue
        self._database.write_many("UPDATE documents SET vector = ?, embedder = ? WHERE id = ?", rows)

    def remove(self, kind: str, refs: Sequence[str]) -> list[int]:
        """The ids of those that there were."""
        with self._database.transaction() as execute:
            gone = [
                int(number)
                for ref in refs
                for (number,) in execute(
                    "DELETE FROM documents WHERE kind = ? AND ref = ? RETURNING id", kind, ref
                )
            ]
            self._unlist(execute, gone)
        return gone

    def remove_person(self, person: str) -> list[int]:
        """All that is about a person, whoever else it is about; their ids. Nor did they hear anything else."""
        gone: list[int] = []
        with self._database.transaction() as execute:
            for number, text in execute("SELECT id, scope FROM scopes"):
                scope = scope_of(text)
                if person in scope.about:
                    rows = execute("DELETE FROM documents WHERE scope = ? RETURNING id", number)
                    gone += [int(row[0]) for row in rows]
                elif person in scope.heard_by:
                    narrower = self._number_of(execute, without(scope, person))
                    execute("UPDATE documents SET scope = ? WHERE scope = ?", narrower, number)
            self._unlist(execute, gone)
            self._forget_scopes(execute)
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
        scope = self._number_of(execute, document.scope)
        rows = execute(
            "INSERT INTO documents (kind, ref, at_s, session, scope, content, salience, superseded) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            *(document.kind, document.ref, document.at_s, document.session, scope, content),
            *(document.salience, superseded),
        )
        number = int(rows[0][0])
        words.add(execute, number, document.text)
        return number

    def _number_of(self, execute: Execute, scope: Scope) -> int:
        text = text_of(scope)
        execute("INSERT OR IGNORE INTO scopes (scope) VALUES (?)", text)
        return int(execute("SELECT id FROM scopes WHERE scope = ?", text)[0][0])

    def _unlist(self, execute: Execute, gone: Sequence[int]) -> None:
        for number in gone:
            words.remove(execute, number)
        if gone:
            self._tidy(execute)

    def _tidy(self, execute: Execute) -> None:
        words.tidy(execute)
        self._forget_scopes(execute)

    def _forget_scopes(self, execute: Execute) -> None:
        execute("DELETE FROM scopes WHERE id NOT IN (SELECT scope FROM documents)")

    def _seal(self, document: Document) -> bytes:
        content = json.dumps([document.speaker, document.text]).encode()
        return self._vault.seal(content, document.scope.about, f"document {_name(document)}")

    def _opened(self, column: str, values: Sequence[int | str]) -> Iterator[Stored]:
        for at in range(0, len(values), _MANY):
            some = values[at : at + _MANY]
            rows = self._database.read(
                f"SELECT {_COLUMNS} FROM documents WHERE {column} IN ({', '.join('?' * len(some))}) ORDER BY id",
                *some,
            )
            scopes = self._scopes([row[5] for row in rows])
            for row in rows:
                try:
                    yield self._stored(row, scopes)
                except (KeyGone, Unreadable):
                    continue

    def _scopes(self, numbers: Sequence[int]) -> dict[int, Scope]:
        different = sorted(set(numbers))
        found: dict[int, Scope] = {}
        for at in range(0, len(different), _MANY):
            some = different[at : at + _MANY]
            rows = self._database.read(
                f"SELECT id, scope FROM scopes WHERE id IN ({', '.join('?' * len(some))})", *some
            )
            found.update((int(number), scope_of(scope)) for number, scope in rows)
        return found

    def _stored(self, row: tuple[Any, ...], scopes: dict[int, Scope]) -> Stored:
        number, kind, ref, at_s, session, scope, content, salience, superseded = row[:9]
        speaker, text = json.loads(self._vault.open(content, f"document {kind} {ref}"))
        document = Document(kind, ref, text, at_s, speaker, session, scopes[scope], salience)
        return Stored(number, document, bool(superseded))

    def _vector(self, kind: str, ref: str, sealed: bytes) -> Vector:
        return np.frombuffer(self._vault.open(sealed, f"vector {kind} {ref}"), np.float16)


def text_of(scope: Scope) -> str:
    """As it lies in the database: ids and keys of places, no words."""
    return json.dumps([scope.origin, scope.place, scope.about, scope.heard_by, scope.private])


def scope_of(text: str) -> Scope:
    origin, place, about, heard_by, private = json.loads(text)
    return Scope(Origin(origin), place, tuple(about), tuple(heard_by), private)


def _name(document: Document) -> str:
    return f"{document.kind} {document.ref}"
