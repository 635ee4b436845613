"""What was said is kept word for word, at once, with who was there, and goes when somebody is forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from memory.errors import StoreError
from memory.turns import Turns
from memory.types import HERS
from tests.memory.kept import everything_under, open_vault, scope, turn


@pytest.fixture
def turns(tmp_path: Path) -> Turns:
    return Turns(*open_vault(tmp_path))


def test_a_turn_comes_back_as_it_was_said(tmp_path: Path, turns: Turns) -> None:
    said = turns.add(turn("ann", "I have an interview on Thursday."))
    reply = turns.add(turn(HERS, "Good luck—", about=("ann", "bob")))
    again = Turns(*open_vault(tmp_path))
    assert again.after(0) == [said, reply] == again.get([2, 1]) and len(again) == 2
    assert again.of_session("lounge@1") == [said, reply]
    assert again.people() == {"ann", "bob"} and again.last_id() == 2


def test_no_word_of_it_stands_on_the_disk(tmp_path: Path, turns: Turns) -> None:
    turns.add(turn("ann", "a zebra crossed the road"))
    assert b"zebra" not in everything_under(tmp_path) and b"lounge" not in everything_under(tmp_path)


def test_nothing_is_written_of_who_has_changed_their_mind_meanwhile(turns: Turns) -> None:
    answers = iter([True, False])
    assert turns.add(turn("ann", "words"), lambda _: next(answers)) is None
    assert turns.add(turn("ann", "words"), lambda _: False) is None
    assert len(turns) == 0


def test_that_somebody_is_there_is_not_written_once_they_have_changed_their_mind(turns: Turns) -> None:
    said = replace(turn("ann", "words"), scope=scope("ann", heard_by=("ann", "bob")))
    kept = turns.add(said, lambda person: person != "bob")
    assert kept is not None and kept.scope.heard_by == ("ann",) and turns.after(0) == [kept]


def test_a_person_takes_along_what_she_said_about_them_and_nothing_else(turns: Turns) -> None:
    turns.add(turn("ann", "I keep bees."))
    turns.add(turn(HERS, "Ann keeps bees, and you a dog?", about=("ann", "bob")))
    kept = turns.add(turn("bob", "Yes, a dog."))
    assert turns.remove_person("ann") == 2
    assert turns.after(0) == [kept] and turns.people() == {"bob"}
    new = turns.add(turn("bob", "His name is Rex."))
    assert new is not None and new.id == 4  # an id never comes back for something else


def test_what_nobody_has_thought_about_yet_waits_by_session(turns: Turns) -> None:
    first, second = turns.add(turn("ann", "one")), turns.add(turn("bob", "two"))
    assert turns.waiting() == {"lounge@1": [first, second]}
    turns.set_reflected([1])
    assert turns.waiting() == {"lounge@1": [second]}
    turns.set_reflected([1], reflected=False)
    assert turns.waiting() == {"lounge@1": [first, second]}


def test_a_damaged_turn_is_told_and_the_others_are_there(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    turns = Turns(database, vault)
    turns.add(turn("ann", "one"))
    kept = turns.add(turn("ann", "two"))
    database.execute("UPDATE turns SET sealed = x'0102' WHERE id = 1")
    assert turns.after(0) == [kept] and turns.damaged() == [1]


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    turns = Turns(database, vault)
    kept = turns.add(turn("ann", "one"))
    pages = database.read("PRAGMA page_count")[0][0]
    database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"):
        turns.add(turn("ann", "two " * 10_000))
    assert turns.after(0) == [kept]
