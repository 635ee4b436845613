"""The people she knows: dated, filtered by who listens, undone, and gone when they ask for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from memory.errors import EntryError
from memory.roster import LINE, Roster
from memory.roster_update import MOST
from memory.stores.embedded import EmbeddedStore
from memory.types import Origin, Scope
from memory.vault import Vault
from tests.memory.kept import open_vault


def line_of(roster: Roster, person: str, allowed: Callable[[Scope], bool]) -> str | None:
    line = roster.line(person, allowed)
    return line.text if line is not None else None


def scope(*people: str, origin: Origin = Origin.VOICE) -> Scope:
    return Scope(origin, "voice", people, ("ann", "bob"))


def words(text: str, *people: str, **more) -> dict:
    return {"text": text, "scope": scope(*(people or ("ann",))), **more}


def everybody(scope: Scope) -> bool:
    return True


@pytest.fixture
def opened(tmp_path: Path) -> tuple[EmbeddedStore, Vault]:
    database, vault = open_vault(tmp_path)
    return EmbeddedStore(database), vault


@pytest.fixture
def roster(opened) -> Roster:
    return Roster(*opened)


def test_meeting_is_counted_and_dated(roster: Roster, opened) -> None:
    roster.met("ann", "Ann", 100)
    roster.met("ann", "Annie", 300)
    roster.met("ann", "Annie", 200)  # the clock went back
    meetings = Roster(*opened).acquaintance("ann").meetings
    assert (meetings.first_met_s, meetings.last_met_s, meetings.times_met) == (100, 300, 3)
    assert (meetings.name, meetings.names) == ("Annie", ("Ann",))
    assert Roster(*opened).people() == ["ann"]


def test_of_a_stranger_nothing_is_known(roster: Roster) -> None:
    known = roster.acquaintance("zoe")
    assert (known.history, known.relationship, known.meetings.times_met) == ((), None, 0)
    assert line_of(roster, "zoe", everybody) is None
    assert roster.people() == []


def test_a_changed_fact_takes_the_place_of_the_old_and_both_are_dated(roster: Roster, opened) -> None:
    roster.apply(
        {"person": "ann", "at_s": 100, "history": [words("Ann lives in Berlin.", sources=("e1", 4))]}
    )
    (old,) = roster.acquaintance("ann").history
    number = roster.apply(
        {
            "person": "ann",
            "at_s": 900,
            "history": [words("Ann lives in Porto.", sources=("e2", 9), supersedes=("e1",))],
        }
    )
    before, now = Roster(*opened).acquaintance("ann").history
    assert (before.text, before.at_s, before.until_s) == ("Ann lives in Berlin.", 100, 900)
    assert (now.text, now.at_s, now.until_s) == ("Ann lives in Porto.", 900, None)
    line = line_of(roster, "ann", everybody)
    assert line is not None and "Porto" in line and "Berlin" not in line
    roster.undo("ann", number)
    assert roster.acquaintance("ann").history == (old,)


def test_the_same_again_is_no_second_line(roster: Roster) -> None:
    roster.apply({"person": "ann", "at_s": 100, "history": [words("Ann sails.", sources=(1,))]})
    roster.apply({"person": "ann", "at_s": 200, "history": [words("ann sails", sources=(2,))]})
    (item,) = roster.acquaintance("ann").history
    assert (item.at_s, item.sources) == (200, (1, 2))


def test_feelings_are_kept_over_time_the_newest_of_them(roster: Roster) -> None:
    for n in range(MOST["feeling"] + 3):
        roster.apply({"person": "ann", "at_s": n, "feelings": [words("a talk", score=-1 if n < 40 else 1)]})
    feelings = roster.acquaintance("ann").feelings
    assert len(feelings) == MOST["feeling"] and feelings[0].at_s == 3
    roster.met("ann", "Ann", 1)
    assert line_of(roster, "ann", everybody) == "Ann: she is very fond of them"


def test_a_line_is_short_and_says_what_matters_most(roster: Roster) -> None:
    roster.met("ann", "Ann", 1)
    lines = [words(f"fact {n} " + "long " * 12, salience=n / 10) for n in range(10)]
    roster.apply(
        {
            "person": "ann",
            "at_s": 5,
            "relationship": words("an old friend who sails"),
            "aliases": [words("Captain")],
            "history": lines,
        }
    )
    line = line_of(roster, "ann", everybody)
    assert line is not None and len(line) <= LINE
    assert line.startswith("Ann: an old friend who sails; also called Captain; fact 9")


def test_what_may_not_be_heard_is_in_no_line(roster: Roster) -> None:
    roster.met("ann", "Ann", 1)
    secret = {"text": "is pregnant", "scope": scope("ann", origin=Origin.DIRECT)}
    roster.apply({"person": "ann", "at_s": 5, "relationship": secret, "history": [words("sails")]})
    assert line_of(roster, "ann", lambda scope: scope.origin is Origin.VOICE) == "Ann: sails"
    assert line_of(roster, "ann", lambda scope: False) is None


def test_undoing_waits_for_what_was_built_on_it(roster: Roster) -> None:
    one = roster.apply({"person": "ann", "at_s": 1, "relationship": words("a stranger")})
    roster.met("ann", "Ann", 2)  # no change of what she was told
    two = roster.apply({"person": "ann", "at_s": 3, "relationship": words("a friend")})
    with pytest.raises(EntryError, match="Undo that one first"):
        roster.undo("ann", one)
    roster.undo("ann", two)
    known = roster.acquaintance("ann")
    assert known.relationship is not None and known.relationship.text == "a stranger"
    assert known.meetings.times_met == 1
    assert [update.undone_s is None for update in roster.history("ann")] == [False, True]


def test_what_somebody_has_put_right_is_told_apart_also_after_a_restart(roster: Roster, opened) -> None:
    one = roster.apply({"person": "ann", "at_s": 1, "history": [words("Ann sails.", sources=(1,))]})
    (line,) = roster.acquaintance("ann").history
    two = roster.apply({"person": "ann", "at_s": 2, "own": True, "drop": [line.id]})
    again = Roster(*opened)
    assert {update.id: update.own for update in again.history("ann")} == {one: False, two: True}
    again.undo("ann", two)
    assert again.acquaintance("ann").history == (line,)
    assert [update.own for update in Roster(*opened).history("ann")] == [True, False]


def test_changes_of_earlier_versions_are_nobody_s_own(roster: Roster, opened) -> None:
    store, vault = opened
    roster.apply({"person": "ann", "at_s": 1, "own": True, "history": [words("Ann sails.")]})
    context = "roster/ann/roster:update:1"
    sealed = store.get("ann", "roster:update:1")
    assert sealed is not None
    at_s, changes, undone_s, _ = json.loads(vault.open(sealed, context))
    before = json.dumps([at_s, changes, undone_s]).encode()
    store.put("ann", {"roster:update:1": vault.seal(before, ["ann"], context)})
    (update,) = Roster(store, vault).history("ann")
    assert not update.own and update.undone_s is None


def test_what_somebody_is_to_her_by_their_own_hand_stays_until_they_change_it(roster: Roster) -> None:
    def now() -> str:
        relationship = roster.acquaintance("ann").relationship
        return relationship.text if relationship is not None else ""

    roster.apply({"person": "ann", "at_s": 1, "relationship": words("said “your aunt”", sources=(1,))})
    roster.apply({"person": "ann", "at_s": 2, "own": True, "relationship": words("said “a friend”")})
    said = {"person": "ann", "at_s": 3, "relationship": words("said “your boss”", sources=(2,))}
    with pytest.raises(EntryError, match="changes nothing"):
        roster.apply(said)
    roster.apply({**said, "aliases": [words("Sam", sources=(2,))]})
    assert now() == "said “a friend”" and len(roster.acquaintance("ann").aliases) == 1
    roster.apply({"person": "ann", "at_s": 4, "own": True, "drop": ["relationship"]})
    roster.apply(said)
    assert now() == "said “your boss”"


@pytest.mark.parametrize("key_first", [True, False])
def test_a_person_goes_and_takes_their_words_about_others_along(roster: Roster, opened, key_first) -> None:
    roster.met("ann", "Ann", 1)
    roster.met("bob", "Bob", 1)
    roster.apply({"person": "ann", "at_s": 1, "history": [words("Ann sails.")]})
    roster.apply({"person": "bob", "at_s": 1, "history": [words("Bob sings.", "bob")]})
    roster.apply({"person": "bob", "at_s": 2, "history": [words("Ann says Bob snores.", "ann", "bob")]})
    opened[0].put("ann", {"face": b"of another room"})
    if key_first:
        opened[1].destroy("ann")
    assert roster.remove_person("ann") == 2  # hers, and the one of Bob's that rests on her words
    for one in (roster, Roster(*opened)):
        assert one.people() == ["bob"]
        assert [item.text for item in one.acquaintance("bob").history] == ["Bob sings."]
        assert one.acquaintance("ann").meetings.times_met == 0
    assert opened[0].fields("ann") == {"face": b"of another room"}
    assert roster.remove_person("ann") == 0


def test_a_key_that_is_gone_leaves_nobody_known(roster: Roster, opened) -> None:
    roster.met("ann", "Ann", 1)
    roster.apply({"person": "ann", "at_s": 1, "history": [words("Ann sails.")]})
    opened[1].destroy("ann")
    again = Roster(*opened)
    assert line_of(again, "ann", everybody) is None
    assert again.acquaintance("ann").meetings.name == ""


@pytest.mark.parametrize(
    "update",
    [
        {"person": "", "at_s": 1, "history": [words("x y")]},
        {"person": "ann", "at_s": -1, "history": [words("x y")]},
        {"person": "ann", "at_s": 1, "relationship": words("x" * 121)},
        {"person": "ann", "at_s": 1, "feelings": [words("why", score=1.5)]},
        {"person": "ann", "at_s": 1, "feelings": [words("x" * 81, score=1)]},
        {"person": "ann", "at_s": 1, "history": [words("x" * 201)]},
        {"person": "ann", "at_s": 1, "drop": ["unknown"]},
        {"person": "ann", "at_s": 1},
        [],
    ],
)
def test_a_bad_update_is_one_sentence(roster: Roster, update) -> None:
    with pytest.raises(EntryError) as error:
        roster.apply(update)
    assert str(error.value).endswith(".") and "xxx" not in str(error.value)
    assert roster.acquaintance("ann").history == ()


def test_whom_she_has_not_met_for_long_and_knows_nothing_of_is_forgotten(roster: Roster, opened) -> None:
    for person, at_s in (("ann", 100), ("bob", 100), ("carl", 900)):
        roster.met(person, person.capitalize(), at_s)
    roster.apply({"person": "bob", "at_s": 100, "history": [words("has a dog", "bob")]})
    assert roster.remove_unmet(500) == 1 and roster.people() == ["bob", "carl"]
    assert Roster(*opened).people() == ["bob", "carl"] and roster.remove_unmet(500) == 0
