"""All that is kept, together: what is forgotten stays forgotten, and what holds no more is not recalled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from memory.consent import Purpose
from memory.entry import new_id
from memory.master import KeyPlace
from memory.memory import Memory, open_memory
from memory.types import Entry, StoredTurn
from tests.memory.kept import DAY_S, NOON_S, scope, turn


def opened(folder: Path) -> Memory:
    return open_memory(folder / "data", KeyPlace(folder / "key", "file"))


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = opened(tmp_path)
    decide(memory, "ann", True)
    decide(memory, "bob", True)
    yield memory
    memory.close()


def decide(memory: Memory, person: str, allowed: bool) -> None:
    asyncio.run(memory.consent.decide(person, Purpose.REMEMBERING, allowed, "test"))


def said(memory: Memory, speaker: str, text: str, **changed: object) -> StoredTurn:
    kept = memory.turns.add(replace(turn(speaker, text), **changed))  # type: ignore[arg-type]
    assert kept is not None
    memory.index([kept])
    return kept


def noted(memory: Memory, text: str, *sources: StoredTurn, supersedes: tuple[str, ...] = ()) -> Entry:
    ids = tuple(one.id for one in sources)
    entry = Entry(new_id(NOON_S), NOON_S, text, scope("ann"), sources=ids, supersedes=supersedes)
    kept = memory.keep_entry(entry)
    assert kept is not None
    return kept


def found(memory: Memory, query: str) -> set[str]:
    return {hit.document.text for hit in memory.recall.find(query, lambda _: True, NOON_S + DAY_S, 50)}


# Forgetting


def test_what_was_forgotten_does_not_come_back_when_its_person_agrees_anew(memory: Memory) -> None:
    """What the cogs still hold in RAM was read before."""
    held = memory.turns.add(turn("ann", "I keep bees."))
    assert held is not None
    about_her = Entry(new_id(NOON_S), NOON_S, "Ann keeps bees.", scope("ann"), sources=(held.id,))
    decide(memory, "ann", False)
    memory.forget_person("ann")
    decide(memory, "ann", True)
    assert memory.index([held]) == []
    assert memory.keep_entry(about_her) is None and memory.keep_entry(about_her, owners=True) is None
    with memory.allowed(["ann"], ["an entry's id", held.id]) as allowed:
        assert not allowed
    assert found(memory, "bees") == set() and memory.journal.entries() == []
    assert memory.keep_entry(replace(about_her, sources=())) is not None
