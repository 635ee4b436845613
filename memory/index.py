"""The documents on disk: sealed text and vectors, who may hear them, and the index of their words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memory import kept_vectors, words
from memory.audience import without
from memory.database import THOSE, Database, Execute, listed
from memory.errors import KeyGone, Unreadable
from memory.types import Document, Origin, Scope
from memory.vault import Vault

_COLUMNS = "documents.id, kind, ref, at_s, session, scope, content, salience, superseded"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS scopes (id INTEGER PRIMARY KEY, scope TEXT UNIQUE)",
    "CREATE TABLE IF NOT EXISTS documents (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, ref TEXT, at_s REAL, "
    "session TEXT, scope INTEGER, content BLOB, salience REAL, superseded INTEGER DEFAULT 0, UNIQUE (kind, ref))",
    "CREATE INDEX IF NOT EXISTS documents_of_scope ON documents (scope)",
    "CREATE INDEX IF NOT EXISTS documents_superseded ON documents (kind, ref) WHERE superseded",
)
_AT_ONCE = 500  # documents

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
            kept_vectors.make(execute)
            old = "vector" in {row[1] for row in execute("PRAGMA table_info(documents)")}
            if old:  # made by an earlier version
                kept_vectors.move(execute, _scopes(execute))
        if old:
            database.execute("VACUUM")

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
            numbers = self._unlist(execute, gone)
        return stored, numbers

    def read(self, ids: Sequence[int]) -> list[Stored]:
        """In ascending order of id; those are left out that nobody can open any more."""
        return list(self._opened("id", ids))

    def all(self) -> Iterator[Stored]:
        """Every document that can be opened, by ascending id."""
        last = 0
        while rows := self._database.read(
            f"SELECT {_COLUMNS} FROM documents WHERE id > ? ORDER BY id LIMIT {_AT_ONCE}", last
        ):
            last = int(rows[-1][0])
            scopes = self._scopes({row[5] for row in rows})
            for row in rows:
                try:
                    yield self._stored(row, scopes)
                except (KeyGone, Unreadable):
                    continue

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

    def texts(self, kind: str) -> dict[str, str]:
        """Ref → text."""
        return {one.document.ref: one.document.text for one in self._opened("kind", [kind])}

    def keep_vectors(self, vectors: Sequence[tuple[Stored, Vector]], embedder: str) -> None:
        """Of documents that may have been removed meanwhile; no key is made for somebody who has been forgotten."""
        rows = list[tuple[int, Scope, bytes]]()
        for stored, vector in vectors:
            scope, context = stored.document.scope, f"vector {_name(stored.document)}"
            with suppress(KeyGone):
                sealed = self._vault.seal(vector.tobytes(), scope.about, context, make=False)
                rows.append((stored.id, scope, sealed))
        kept_vectors.keep(self._database, rows, embedder)

    def remove(self, kind: str, refs: Iterable[str]) -> list[int]:
        """The ids of those that there were."""
        with self._database.transaction() as execute:
            rows = execute(
                f"DELETE FROM documents WHERE kind = ? AND ref IN {THOSE} RETURNING id, scope",
                *(kind, listed(refs)),
            )
            return self._unlist(execute, [(int(number), int(scope)) for number, scope in rows])

    def about(self, person: str, kind: str, refs: Iterable[str]) -> list[str]:
        """Refs of those of them that are there, and about a person."""
        rows = self._database.read(
            "SELECT ref, scopes.scope FROM documents JOIN scopes ON scopes.id = documents.scope "
            f"WHERE kind = ? AND ref IN {THOSE}",
            *(kind, listed(refs)),
        )
        return [str(ref) for ref, scope in rows if person in scope_of(scope).about]

    def remove_person(self, person: str) -> list[int]:
        """All that is about a person, whoever else it is about; their ids. Nor did they hear anything else."""
        with self._database.transaction() as execute:
            scopes = _scopes(execute)
            about = [number for number, scope in scopes.items() if person in scope.about]
            rows = execute(f"DELETE FROM documents WHERE scope IN {THOSE} RETURNING id, scope", listed(about))
            kept_vectors.drop_person(execute, person)
            alone = {number for number in about if scopes[number].about == (person,)}
            gone = self._unlist(execute, [(int(row[0]), int(row[1])) for row in rows], but=alone)
            for number, scope in scopes.items():
                if person in scope.heard_by and person not in scope.about:
                    narrower = self._number_of(execute, without(scope, person))
                    execute("UPDATE documents SET scope = ? WHERE scope = ?", narrower, number)
            self._forget_scopes(execute)
        return gone

    def clear(self) -> list[int]:
        """Remove every document; their ids."""
        with self._database.transaction() as execute:
            gone = [int(row[0]) for row in execute("DELETE FROM documents RETURNING id")]
            kept_vectors.clear(execute)
            words.clear(execute)
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

    def _unlist(
        self, execute: Execute, gone: Sequence[tuple[int, int]], but: Set[int] = frozenset()
    ) -> list[int]:
        """``gone``: ids of documents and the numbers of their scopes; ``but``: scopes whose vectors are gone already. The
        ids."""
        numbers = [number for number, _ in gone]
        if gone:
            scopes = _scopes(execute)
            kept_vectors.drop(execute, {number: scopes[scope] for number, scope in gone if scope not in but})
            words.remove(execute, numbers)
            words.tidy(execute)
            self._forget_scopes(execute)
        return numbers

    def _forget_scopes(self, execute: Execute) -> None:
        execute("DELETE FROM scopes WHERE id NOT IN (SELECT scope FROM documents)")

    def _seal(self, document: Document) -> bytes:
        content = json.dumps([document.speaker, document.text]).encode()
        return self._vault.seal(content, document.scope.about, f"document {_name(document)}")

    def _opened(self, column: str, values: Sequence[int | str]) -> Iterator[Stored]:
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM documents WHERE {column} IN {THOSE} ORDER BY id", listed(values)
        )
        scopes = self._scopes({row[5] for row in rows})
        for row in rows:
            try:
                yield self._stored(row, scopes)
            except (KeyGone, Unreadable):
                continue

    def _scopes(self, numbers: Set[int]) -> dict[int, Scope]:
        rows = self._database.read(f"SELECT id, scope FROM scopes WHERE id IN {THOSE}", listed(numbers))
        return {int(number): scope_of(scope) for number, scope in rows}

    def _stored(self, row: tuple[Any, ...], scopes: dict[int, Scope]) -> Stored:
        number, kind, ref, at_s, session, scope, content, salience, superseded = row[:9]
        speaker, text = json.loads(self._vault.open(content, f"document {kind} {ref}"))
        document = Document(kind, ref, text, at_s, speaker, session, scopes[scope], salience)
        return Stored(number, document, bool(superseded))

    def _vector(self, kind: str, ref: str, sealed: bytes) -> Vector:
        return np.frombuffer(self._vault.open(sealed, f"vector {kind} {ref}"), np.float16)


def _scopes(execute: Execute) -> dict[int, Scope]:
    return {int(number): scope_of(text) for number, text in execute("SELECT id, scope FROM scopes")}


def text_of(scope: Scope) -> str:
    """As it lies in the database: ids and keys of places, no words."""
    return json.dumps([scope.origin, scope.place, scope.about, scope.heard_by, scope.private])


def scope_of(text: str) -> Scope:
    origin, place, about, heard_by, private = json.loads(text)
    return Scope(Origin(origin), place, tuple(about), tuple(heard_by), private)


def _name(document: Document) -> str:
    return f"{document.kind} {document.ref}"
