"""The scopes of turns and of documents, each in a table of its own: many rows share one, and go or change with it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from memory.audience import without
from memory.database import Execute
from memory.types import Origin, Scope


@dataclass(frozen=True, slots=True)
class Scopes:
    """Every method but ``every`` is part of a transaction."""

    table: str  # theirs
    rows: str  # the table whose column ``scope`` holds their numbers

    def make(self, execute: Execute) -> None:
        execute(f"CREATE TABLE IF NOT EXISTS {self.table} (id INTEGER PRIMARY KEY, scope TEXT UNIQUE)")

    def number(self, execute: Execute, scope: Scope) -> int:
        """It gets one where it has none."""
        text = text_of(scope)
        execute(f"INSERT OR IGNORE INTO {self.table} (scope) VALUES (?)", text)
        return int(execute(f"SELECT id FROM {self.table} WHERE scope = ?", text)[0][0])

    def every(self, read: Execute) -> dict[int, Scope]:
        """All of them, by their numbers."""
        return {int(number): scope_of(text) for number, text in read(f"SELECT id, scope FROM {self.table}")}

    def about(self, read: Execute, person: str) -> list[int]:
        """Numbers of those that are about a person, whoever else they are about."""
        return [number for number, scope in self.every(read).items() if person in scope.about]

    def change(self, execute: Execute, number: int, scope: Scope) -> None:
        """What has the scope ``number`` has this one from now on."""
        execute(f"UPDATE {self.rows} SET scope = ? WHERE scope = ?", self.number(execute, scope), number)

    def leave_out(self, execute: Execute, person: str) -> None:
        """As if this person had heard nothing that is not about them."""
        for number, scope in self.every(execute).items():
            if person in scope.heard_by and person not in scope.about:
                self.change(execute, number, without(scope, person))

    def forget(self, execute: Execute) -> None:
        """Those that nothing has any more."""
        execute(f"DELETE FROM {self.table} WHERE id NOT IN (SELECT scope FROM {self.rows})")


def text_of(scope: Scope) -> str:
    """As it lies in the database: ids and keys of places, no words."""
    return json.dumps([scope.origin, scope.place, scope.about, scope.heard_by, scope.private])


def scope_of(text: str) -> Scope:
    origin, place, about, heard_by, private = json.loads(text)
    return Scope(Origin(origin), place, tuple(about), tuple(heard_by), bool(private))
