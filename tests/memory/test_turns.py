"""What was said is kept word for word, at once, with who was there, and goes when somebody is forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from memory.errors import StoreError
from memory.forget import Wish
from memory.master import KeyPlace
from memory.memory import open_memory
from memory.tombstones import Tombstone
from memory.turns import Turns
from memory.types import HERS, Origin, Scope, StoredTurn
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


def test_those_that_follow_in_their_session(turns: Turns) -> None:
    first, second = turns.add(turn("ann", "one")), turns.add(turn("bob", "two"))
    turns.add(replace(turn("ann", "elsewhere"), session="lounge@2"))
    assert first is not None and turns.of_session("lounge@1") == [first, second]
    assert turns.of_session("lounge@1", after=first.id) == [second]


def test_what_is_kept_between_them_is_kept_so_and_the_rest_is_not(turns: Turns) -> None:
    kept = [turns.add(turn("ann", text)) for text in ("one", "two", "three")]
    turns.set_private([1, 3, 99], True)
    assert [one.scope.private for one in turns.after(0)] == [True, False, True]
    turns.set_private([1, 2], False)
    assert [one.scope.private for one in turns.after(0)] == [False, False, True]
    assert turns.get([1]) == [kept[0]] and len(turns) == 3


def test_of_what_is_to_go_only_what_holds_their_words_goes(turns: Turns) -> None:
    for speaker in ("ann", "bob", "ann"):
        turns.add(turn(speaker, "words"))
    gone = Tombstone("a", 0.0, "ann", whole=False, turns=(1, 2, 77))
    assert turns.count_resting(gone) == 1 == turns.remove_resting(gone)
    assert turns.count_resting(gone) == 0 == turns.remove_resting(gone)
    assert [one.id for one in turns.after(0)] == [2, 3]


def test_all_of_them_go(turns: Turns) -> None:
    for speaker in ("ann", "bob"):
        turns.add(turn(speaker, "words"))
    assert turns.count() == 2 == turns.clear() and turns.count() == 0 and turns.people() == set()
    new = turns.add(turn("ann", "again"))
    assert new is not None and new.id == 3


def test_who_heard_it_is_left_out_and_the_rest_stays_as_it_was(turns: Turns) -> None:
    heard = replace(turn("bob", "I have a dog."), scope=scope("bob", heard_by=("ann", "bob", "carl")))
    alone = turns.add(turn("bob", "I sing alone."))
    kept = turns.add(heard)
    assert turns.remove_person("ann") == 0 and kept is not None and alone is not None
    assert turns.after(0) == [alone, replace(kept, scope=scope("bob", heard_by=("bob", "carl")))]


def test_turns_of_an_earlier_version_are_as_they_were(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    database.execute(
        "CREATE TABLE turns (id INTEGER PRIMARY KEY AUTOINCREMENT, at_s REAL, speaker TEXT, session TEXT, "
        "origin TEXT, place TEXT, heard_by TEXT, private INTEGER, reflected INTEGER, sealed BLOB)"
    )
    database.execute("CREATE INDEX turns_waiting ON turns (reflected, session, id)")
    database.execute(
        "CREATE TABLE turn_people (person TEXT, turn INTEGER, PRIMARY KEY (person, turn)) WITHOUT ROWID"
    )
    database.execute("CREATE INDEX turn_people_by_turn ON turn_people (turn)")
    before = [
        replace(turn("ann", "one"), id=3, scope=scope("ann", heard_by=("ann", "bob"))),
        replace(turn("ann", "two"), id=4),
        replace(turn(HERS, "three", about=("ann", "bob")), id=5),
        replace(turn("bob", "four"), id=7, scope=replace(scope("bob", place="den"), private=True)),
    ]
    for one in before:
        content = json.dumps({"name": one.name, "text": one.text, "cut": one.cut}).encode()
        sealed = vault.seal(content, one.scope.about, f"turn {one.at_s!r} {one.speaker}")
        database.execute(
            "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(one.id, one.at_s, one.speaker, one.session, one.scope.origin.value, one.scope.place),
            *(json.dumps(one.scope.heard_by), one.scope.private, one.id == 4, sealed),
        )
        for person in one.scope.about:
            database.execute("INSERT INTO turn_people VALUES (?, ?)", person, one.id)
    database.execute("DELETE FROM turns WHERE id = 7")
    database.execute("INSERT INTO turns SELECT 6, at_s, speaker, session, origin, place, heard_by, private, 0, sealed "
                     "FROM turns WHERE id = 3")  # fmt: skip
    database.execute("INSERT INTO turn_people VALUES ('ann', 6)")
    turns = Turns(database, vault)
    assert turns.after(0) == [*before[:3], replace(before[0], id=6)]
    assert [one.id for some in turns.waiting().values() for one in some] == [3, 5, 6]
    assert Turns(database, vault).count_of("ann") == 4 and turns.count_of("bob") == 1
    new = turns.add(turn("ann", "new"))
    assert new is not None and new.id == 8  # an id never comes back for something else


def test_a_message_is_known_for_as_long_as_its_turn_is_kept(tmp_path: Path) -> None:
    memory = open_memory(tmp_path / "data", KeyPlace(tmp_path / "keys" / "key", "file"))
    written = Scope(Origin.TEXT, "c", ("ann",), ("ann",))
    first, second = (
        memory.turns.add(StoredTurn(0, at_s, "ann", "Ann", "hello", "s", written, message=message))
        for at_s, message in ((1.0, "1/10"), (2.0, "1/11"))
    )
    assert first is not None and second is not None
    assert memory.turns.written_as("1/11") == [second] and memory.turns.written_as("2/10") == []
    memory.forget(Wish("ann", turns=(first.id,)))
    assert memory.turns.written_as("1/10") == [] and memory.turns.written_as("1/11") == [second]
    memory.forget(Wish("ann"))
    assert memory.database.read("SELECT message FROM turns") == []
    memory.close()
