"""All that is kept, together: what is forgotten stays forgotten, and what holds no more is not recalled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from memory.consent import Purpose
from memory.database import occupied
from memory.entry import new_id, to_markdown
from memory.errors import EntryError, StoreError
from memory.forget import Wish
from memory.journal_files import names
from memory.master import PROOF, KeyPlace
from memory.memory import Memory, open_memory
from memory.types import HERS, Entry, StoredTurn
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
    memory.forget(Wish("ann"))
    decide(memory, "ann", True)
    assert memory.index([held]) == []
    assert memory.keep_entry(about_her) is None and memory.keep_entry(about_her, owners=True) is None
    with memory.allowed(["ann"], ["an entry's id", held.id]) as allowed:
        assert not allowed
    assert found(memory, "bees") == set() and memory.journal.entries() == []
    assert memory.keep_entry(replace(about_her, sources=())) is not None


def test_a_no_that_was_cut_short_is_finished_at_the_next_start(tmp_path: Path, memory: Memory) -> None:
    bees = said(memory, "ann", "I keep bees.")
    noted(memory, "Ann keeps bees.", bees)
    memory.roster.met("ann", "Ann", NOON_S)
    decide(memory, "ann", False)  # and the power goes
    memory.close()
    again = opened(tmp_path)
    assert len(again.turns) == 0 and again.journal.entries() == [] and again.roster.people() == []
    assert (
        found(again, "bees") == set() and again.database.read("SELECT * FROM keys WHERE person = 'ann'") == []
    )
    again.close()


def test_what_the_owner_writes_about_somebody_after_their_no_is_there_at_the_next_start(
    tmp_path: Path, memory: Memory
) -> None:
    decide(memory, "ann", False)
    memory.forget(Wish("ann"))
    memory.keep_entry(Entry("", NOON_S, "Ann sings.", scope("ann")), owners=True)
    memory.close()
    again = opened(tmp_path)
    assert [one.text for one in again.journal.entries()] == ["Ann sings."]
    again.close()


def test_nobody_cannot_be_forgotten_as_that_would_be_herself(tmp_path: Path, memory: Memory) -> None:
    memory.profile.apply(
        {"add": [{"section": "tastes", "text": "rain", "at_s": NOON_S, "scope": scope()}]}  # type: ignore[dict-item]
    )
    with pytest.raises(EntryError, match="Nobody is named"):
        memory.forget(Wish(HERS))
    memory.close()
    again = opened(tmp_path)
    assert [one.text for one in again.profile.items()] == ["rain"]
    again.close()


ANN = "discord:1234"  # and Bob's begins with it
BOB = "discord:12345"


def everything_opened(memory: Memory) -> dict[str, str]:
    """All that is kept, by where it is, and as whoever has every key would read it."""
    memory.swept()
    tables = [row[0] for row in memory.database.read("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {name: repr(memory.database.read(f"SELECT * FROM {name}")) for name in tables}
    found["turns, opened"] = repr(memory.turns.after(0))
    versions = [memory.journal.versions(entry.id) for entry in memory.journal.entries()]
    found["journal"] = "".join(to_markdown(one) for each in versions for one in each)
    ledgers = [memory.profile.items(), memory.profile.history()]
    ledgers += [memory.roster.acquaintance(one) for one in memory.roster.people()]  # type: ignore[list-item]
    ledgers += [memory.roster.history(one) for one in memory.roster.people()]
    found["profile and roster"] = repr(ledgers)
    found["in RAM"] = repr([memory.recall._scopes._numbers, memory.journal._shelf.known])
    return found


def naming(memory: Memory, person: str) -> set[str]:
    return {where for where, text in everything_opened(memory).items() if names(text, person)}


def test_that_somebody_was_there_is_forgotten_with_them(tmp_path: Path, memory: Memory) -> None:
    for person in (ANN, BOB):
        decide(memory, person, True)
    said(memory, ANN, "I keep bees.", scope=scope(ANN, heard_by=(ANN, BOB)))
    there = scope(BOB, heard_by=(ANN, BOB))
    dog = said(memory, BOB, "I have a dog.", scope=there)
    alone = said(memory, BOB, "I sing alone.", scope=scope(BOB))
    entry = memory.keep_entry(Entry("", NOON_S, "Bob has a dog.", there, sources=(dog.id,)))
    assert entry is not None
    memory.index_entry(memory.journal.write(replace(entry, text="Bob has a small dog.")))
    for text in ("dogs", "small dogs"):
        line = {"text": text, "scope": there, "sources": (dog.id,)}
        memory.profile.apply({"add": [{**line, "section": "tastes", "at_s": NOON_S}]})  # type: ignore[dict-item]
        memory.roster.apply({"person": BOB, "at_s": NOON_S, "relationship": line})
    memory.roster.met(ANN, "Ann", NOON_S)
    assert {"turns", "scopes", "journal", "profile and roster", "in RAM"} <= naming(memory, ANN)

    decide(memory, ANN, False)
    memory.forget(Wish(ANN))

    remaining = {"consent", "tombstones"}  # that they said no, and when that was done
    assert naming(memory, ANN) == remaining
    (version, newest) = memory.journal.versions(entry.id)
    assert (version.text, newest.text) == ("Bob has a dog.", "Bob has a small dog.")
    assert version.scope.heard_by == newest.scope.heard_by == (BOB,)
    assert {one.text for one in memory.profile.items()} == {"dogs", "small dogs"}
    memory.roster.undo(BOB, 2)
    known = memory.roster.acquaintance(BOB).relationship
    assert known is not None and known.text == "dogs"
    assert found(memory, "dog alone") == {"Bob has a small dog.", "I have a dog.", "I sing alone."}
    assert memory.database.read("SELECT count(*) FROM scopes") == [(1,)] and alone.scope.heard_by == (BOB,)
    memory.close()
    again = opened(tmp_path)
    again.catch_up()
    assert naming(again, ANN) == remaining and again.journal.check() == []
    assert again.journal.take_up() == []
    again.close()


# What holds no more


@pytest.fixture
def corrected(memory: Memory) -> tuple[Entry, Entry]:
    """What she noted first, and what took its place."""
    first = noted(memory, "Ann lives in Berlin.", said(memory, "ann", "I live in Berlin."))
    second = said(memory, "ann", "I live in Oslo now.")
    newer = noted(memory, "Ann lives in Oslo.", second, supersedes=(first.id,))
    assert found(memory, "live") == {"Ann lives in Oslo.", "I live in Oslo now."}
    return first, newer


BOTH = {"Ann lives in Oslo.", "I live in Oslo now.", "Ann lives in Berlin.", "I live in Berlin."}


def test_what_was_superseded_holds_again_once_the_newer_entry_is_removed(
    memory: Memory, corrected: tuple[Entry, Entry]
) -> None:
    memory.remove_entry(corrected[1].id)
    assert found(memory, "live") == BOTH - {"Ann lives in Oslo."}


def test_what_was_superseded_holds_again_once_the_newer_entry_says_so(
    memory: Memory, corrected: tuple[Entry, Entry]
) -> None:
    changed = memory.journal.write(replace(corrected[1], supersedes=()))
    memory.index_entry(changed)
    assert found(memory, "live") == BOTH
    memory.index_entry(memory.journal.restore(changed.id, 1))
    assert found(memory, "live") == {"Ann lives in Oslo.", "I live in Oslo now."}


def test_what_was_superseded_holds_again_once_the_newer_entry_is_forgotten_with_somebody(
    memory: Memory,
) -> None:
    first = noted(memory, "Ann lives in Berlin.", said(memory, "ann", "I live in Berlin."))
    both = Entry("", NOON_S, "Ann lives with Bob.", scope("ann", "bob"), supersedes=(first.id,))
    assert memory.keep_entry(both) is not None
    assert found(memory, "live") == {"Ann lives with Bob."}
    memory.forget(Wish("bob"))
    assert found(memory, "live") == {"Ann lives in Berlin.", "I live in Berlin."}


def test_catching_up_finds_what_was_changed_while_nobody_looked(
    tmp_path: Path, memory: Memory, corrected: tuple[Entry, Entry]
) -> None:
    memory.journal.remove(corrected[1].id)
    memory.close()
    again = opened(tmp_path)
    again.catch_up()
    assert found(again, "live") == BOTH - {"Ann lives in Oslo."}
    again.close()


def test_catching_up_looks_at_the_whole_journal_a_few_times_however_much_was_superseded(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    last: tuple[str, ...] = ()
    for number in range(20):
        last = (noted(memory, f"Ann has read {number} books.", supersedes=last).id,)
    looked, look = [], memory.journal.entries
    monkeypatch.setattr(memory.journal, "entries", lambda **how: looked.append(how) or look(**how))
    memory.catch_up()
    assert len(looked) <= 2 and found(memory, "books") == {"Ann has read 19 books."}


# Opening


def test_who_comes_second_at_the_first_start_makes_no_key(tmp_path: Path) -> None:
    lock = occupied(tmp_path / "data")  # the first one, which is about to make it
    with pytest.raises(StoreError, match="Another Kith"):
        opened(tmp_path)
    assert not (tmp_path / "key").exists() and not (tmp_path / "data" / PROOF).exists()
    lock.release()
    opened(tmp_path).close()
    opened(tmp_path).close()
