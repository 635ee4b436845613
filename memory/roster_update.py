"""What may be changed about a person she knows, checked, and merged with what is there. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from uuid import uuid4

from pydantic import Field

from memory.audience import narrowest
from memory.errors import EntryError
from memory.ledger import Item, same_people
from memory.likeness import normalised
from memory.types import Scope
from memory.validated import Line, Moment, Source, Strict, Weight

RELATIONSHIP, FEELING, HISTORY, ALIAS = "relationship", "feeling", "history", "alias"  # sections
MOST = {FEELING: 50, HISTORY: 100, ALIAS: 8}  # lines that are kept; the newest stay


class Words(Strict):
    """Something said of a person, and what it rests on."""

    text: Line
    scope: Scope
    sources: tuple[Source, ...] = ()


class Relationship(Words):
    text: Annotated[Line, Field(max_length=120)]


class Alias(Words):
    text: Annotated[Line, Field(max_length=32)]


class Feeling(Words):
    text: Annotated[Line, Field(max_length=80)]  # why
    score: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]  # −1 cold .. 1 warm


class Happening(Words):
    salience: Weight = 0.5
    supersedes: tuple[str, ...] = ()  # ids of lines, or of entries behind them, that do not hold any more


class RosterUpdate(Strict):
    """What is to change about one person."""

    person: Annotated[str, Field(min_length=1, max_length=100)]
    at_s: Moment
    relationship: Relationship | None = None
    feelings: Annotated[tuple[Feeling, ...], Field(max_length=5)] = ()
    history: Annotated[tuple[Happening, ...], Field(max_length=10)] = ()
    aliases: Annotated[tuple[Alias, ...], Field(max_length=5)] = ()
    drop: Annotated[tuple[str, ...], Field(max_length=60)] = ()
    own: bool = False  # by the person it is about

    @property
    def lines(self) -> tuple[Words, ...]:
        """All that is to be added."""
        relationship = (self.relationship,) if self.relationship is not None else ()
        return (*relationship, *self.aliases, *self.feelings, *self.history)


def merged(items: Sequence[Item], update: RosterUpdate) -> dict[str, Item | None]:
    """What ``update`` changes of ``items``. Raises EntryError when it names a line that is not there."""
    before = {item.id: item for item in items}
    now = dict(before)
    if any(name not in now for name in update.drop):
        raise EntryError("This update cannot be used: a line that it would drop is not there any more.")
    for name in update.drop:
        now.pop(name, None)
    if update.relationship is not None and not _set_by_hand(now.get(RELATIONSHIP), update.relationship):
        _put(now, _line(update, RELATIONSHIP, update.relationship, name=RELATIONSHIP))
    for alias in update.aliases:
        _put(now, _line(update, ALIAS, alias))
    for feeling in update.feelings:
        item = _line(update, FEELING, feeling, feeling.score)
        now[item.id] = item
    for happening in update.history:
        gone = set(happening.supersedes)
        old = [
            name
            for name, item in now.items()
            if item.section == HISTORY and (name in gone or gone & set(item.sources))
        ]
        item = _put(now, _line(update, HISTORY, happening, happening.salience, supersedes=tuple(old)))
        for name in old:
            if name != item.id:
                now[name] = replace(now[name], until_s=update.at_s)
    for section, most in MOST.items():
        kept = sorted((item for item in now.values() if item.section == section), key=lambda item: item.at_s)
        for item in kept[:-most]:
            del now[item.id]
    changed = {name: item for name, item in now.items() if before.get(name) != item}
    return {**changed, **{name: None for name in before if name not in now}}


def _set_by_hand(old: Item | None, new: Relationship) -> bool:
    """Whether somebody has set ``old`` themselves, which rests on nothing else, and said ``new`` in passing."""
    return old is not None and not old.sources and bool(new.sources)


def _line(
    update: RosterUpdate,
    section: str,
    words: Words,
    weight: float = 0.5,
    supersedes: tuple[str, ...] = (),
    name: str = "",
) -> Item:
    return Item(
        name or uuid4().hex[:12],
        section,
        words.text,
        update.at_s,
        words.scope,
        words.sources,
        weight,
        supersedes,
    )


def _put(items: dict[str, Item], new: Item) -> Item:
    """Add a line; one that says the same already is renewed instead."""
    for item in items.values():
        same = item.section == new.section and normalised(item.text) == normalised(new.text)
        if same and item.until_s is None and same_people(item.scope, new.scope):
            new = replace(
                item,
                at_s=max(item.at_s, new.at_s),
                weight=max(item.weight, new.weight),
                scope=narrowest([item.scope, new.scope]),
                sources=tuple(dict.fromkeys((*item.sources, *new.sources))),
                supersedes=tuple(dict.fromkeys((*item.supersedes, *new.supersedes))),
            )
            break
    items[new.id] = new
    return new
