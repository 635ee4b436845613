"""Her medium-term self: what has been on her mind, what she has come to like, how she has felt, what has become a joke.

It changes by updates that are checked, merged with what is there, and can be undone. Between her character, which
stays, and her journal, which tells what happened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Literal, get_args
from uuid import uuid4

from pydantic import Field

from memory.audience import narrowest
from memory.errors import EntryError
from memory.ledger import Item, Ledger, Update, resting_on, same_people
from memory.likeness import normalised
from memory.ports import PersonStore
from memory.tombstones import Tombstone
from memory.types import HERS, Scope, Told
from memory.validated import Line, Moment, Source, Strict, Weight, parsed
from memory.vault import Vault

Section = Literal["reflections", "hobbies", "tastes", "moods", "running_jokes"]
SECTIONS: tuple[str, ...] = get_args(Section)
MOST = 12  # lines in one section
DAYS_PER_SALIENCE = (
    60.0  # a line that matters as much as possible stands as high as a trivial one so much newer
)

_TITLES = {
    "reflections": "On her mind",
    "hobbies": "Hobby",
    "tastes": "Taste",
    "moods": "Mood",
    "running_jokes": "Running joke",
}


class Addition(Strict):
    section: Section
    text: Line
    at_s: Moment
    scope: Scope
    sources: tuple[Source, ...] = ()
    salience: Weight = 0.5


class Replacement(Strict):
    id: str
    text: Line
    at_s: Moment
    scope: Scope
    sources: tuple[Source, ...] = ()
    salience: Weight = 0.5


class ProfileUpdate(Strict):
    """What is to change."""

    add: Annotated[tuple[Addition, ...], Field(max_length=20)] = ()
    replace: Annotated[tuple[Replacement, ...], Field(max_length=20)] = ()
    drop: Annotated[tuple[str, ...], Field(max_length=60)] = ()


class Profile:
    """From any thread; blocks for a disk write. Raises StoreError."""

    def __init__(self, store: PersonStore, vault: Vault) -> None:
        self._store, self._vault = store, vault

    @cached_property
    def _ledger(self) -> Ledger:
        """Read when it is needed: the store may be away at the start."""
        return Ledger(self._store, self._vault, HERS, "profile")

    @property
    def damaged(self) -> int:
        """How many lines or changes cannot be opened, though the keys are there; they are left as they are."""
        return len(self._ledger.damaged)

    def items(self) -> list[Item]:
        """Oldest first."""
        return self._ledger.items

    def apply(self, update: ProfileUpdate | dict[str, object]) -> int:
        """Merge ``update`` with what is there; its id, for ``undo``. Raises EntryError when it cannot be used."""
        changes = merged(self._ledger.items, parsed(ProfileUpdate, update))
        if not changes:
            raise EntryError("This update changes nothing.")
        return self._ledger.apply(changes, time.time())

    def history(self) -> list[Update]:
        """Newest first."""
        return self._ledger.history()

    def undo(self, update_id: int) -> None:
        """Everything as it was before this update. Raises EntryError when a later one has built on it."""
        self._ledger.undo(update_id)

    def snapshot(self, allowed: Callable[[Scope], bool], most_characters: int) -> list[Told]:
        """Short lines for a prompt that may be told where ``allowed`` says so; the newest and weightiest first."""
        lines: list[Told] = []
        told: set[str] = set()
        for item in ranked([item for item in self._ledger.items if allowed(item.scope)]):
            line = f"{_TITLES[item.section]}: {item.text}"
            same = normalised(line)
            if same in told or len(line) + 1 > most_characters:
                continue
            told.add(same)
            most_characters -= len(line) + 1  # and its line break
            lines.append(Told(line, frozenset(item.scope.about)))
        return lines

    def remove_where(self, goes: Callable[[Item], bool]) -> int:
        """See Ledger.remove_where."""
        return self._ledger.remove_where(goes)

    def keep_private(self, which: Callable[[Item], bool]) -> None:
        """See Ledger.keep_private."""
        self._ledger.keep_private(which)

    # Forgetting: see forget.Place

    def count_of(self, person: str) -> int:
        """How many lines rest on this person's words."""
        return self._ledger.count_of(person)

    def remove_person(self, person: str) -> int:
        """Drop what rests on this person's words, earlier forms included; how many lines that were."""
        return self._ledger.remove_person(person)

    def count_resting(self, gone: Tombstone) -> int:
        """How many lines rest on what goes."""
        return self._ledger.count_where(resting_on(gone))

    def remove_resting(self, gone: Tombstone) -> int:
        """Drop them, earlier forms included; how many."""
        return self._ledger.remove_where(resting_on(gone))

    def count(self) -> int:
        """How many lines there are."""
        return self._ledger.count()

    def clear(self) -> int:
        """Drop all of it; how many lines there were."""
        return self._ledger.clear()


def merged(items: Sequence[Item], update: ProfileUpdate) -> dict[str, Item | None]:
    """What ``update`` changes of ``items``. Raises EntryError when it names a line that is not there."""
    now = {item.id: item for item in items}
    missing = [name for name in (*update.drop, *(one.id for one in update.replace)) if name not in now]
    if missing:
        raise EntryError("This update cannot be used: a line that it would change is not there any more.")
    touched = {one.section for one in update.add}
    for one in update.replace:
        now[one.id] = replace(
            now[one.id],
            text=one.text,
            at_s=one.at_s,
            scope=one.scope,
            sources=one.sources,
            weight=one.salience,
        )
    for name in update.drop:
        now.pop(name, None)
    for addition in update.add:
        item = _merged_with(now, addition)
        now[item.id] = item
    for section in touched:
        kept = sorted((item for item in now.values() if item.section == section), key=_staying)
        for item in kept[:-MOST]:
            del now[item.id]
    before = {item.id: item for item in items}
    changed = {name: item for name, item in now.items() if before.get(name) != item}
    return {**changed, **{name: None for name in before if name not in now}}


def ranked(items: Sequence[Item]) -> list[Item]:
    """The newest and weightiest first; a line's age counts from the newest of all."""
    newest = max((item.at_s for item in items), default=0.0)
    return sorted(
        items,
        key=lambda item: item.weight - (newest - item.at_s) / (86_400 * DAYS_PER_SALIENCE),
        reverse=True,
    )


def _staying(item: Item) -> tuple[float, float]:
    """Of the least that matters, the oldest leaves first."""
    return item.weight, item.at_s


def _merged_with(items: dict[str, Item], addition: Addition) -> Item:
    """The line that says the same already, renewed; or a new one.

    Where the same rests on other people's words it stays a line of its own, as others may hear it.
    """
    for item in items.values():
        if (
            item.section == addition.section
            and normalised(item.text) == normalised(addition.text)
            and same_people(item.scope, addition.scope)
        ):
            return replace(
                item,
                at_s=max(item.at_s, addition.at_s),
                weight=max(item.weight, addition.salience),
                scope=narrowest([item.scope, addition.scope]),
                sources=tuple(dict.fromkeys((*item.sources, *addition.sources))),
            )
    return Item(
        uuid4().hex[:12],
        addition.section,
        addition.text,
        addition.at_s,
        addition.scope,
        addition.sources,
        addition.salience,
    )
