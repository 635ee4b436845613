"""What people may do with what is kept of them: see it, put it right, pin it, say who may hear it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from memory import own
from memory.audience import Listeners, may_hear
from memory.errors import EntryError
from memory.memory import Memory
from memory.types import Entry, Origin, Scope
from tests.memory.kept import DAY_S, NOON_S
from tests.memory.lives import ANN, BOB, Lives, decide, found, scope

LATER_S = NOON_S + DAY_S


def texts(entries: list[Entry]) -> list[str]:
    return [one.text for one in entries]


# Seeing


def test_one_s_own_notes_are_shown_newest_first(memory: Memory, lives: Lives) -> None:
    assert texts(own.entries(memory, ANN)) == [
        *("Ann has a job interview.", "Bees and dog have met.", "Ann keeps many hives.")
    ] or {*texts(own.entries(memory, ANN))[1:]} == {"Bees and dog have met.", "Ann keeps many hives."}
    assert {*texts(own.entries(memory, BOB))} == {
        *("Bob has a small dog.", "Bees and dog have met.", "Bob is a painter.")
    }
    assert own.entries(memory, "discord:9") == []


def test_a_day_has_what_happened_on_it(memory: Memory, lives: Lives) -> None:
    note = own.add(memory, ANN, "Ann", "I sold honey.", "direct", LATER_S)
    assert own.entries(memory, ANN, datetime.fromtimestamp(LATER_S).date()) == [note]


def test_of_a_note_about_others_alone_nothing_is_told(memory: Memory, lives: Lives) -> None:
    for entry_id in (lives.entries["painter"].id, "20260101-000000-abcdef", "nonsense"):
        for act in (own.entry, own.versions, own.keep_between_us, own.share, own.pin):
            with pytest.raises(EntryError, match="There is no such note about you"):
                act(memory, ANN, entry_id)
    with pytest.raises(EntryError, match="no such note"):
        own.correct(memory, ANN, lives.entries["painter"].id, "Bob is nobody.", LATER_S)


def test_a_note_about_oneself_that_others_told_her_alone_stays_theirs(memory: Memory) -> None:
    """What Bob said of Ann to her alone is his confidence."""
    for person in (ANN, BOB):
        decide(memory, person, True)
    secret = Scope(Origin.DIRECT, "direct", (ANN, BOB), (BOB,))
    note = memory.keep_entry(Entry("", NOON_S, "Bob likes Ann.", secret))
    assert note is not None and own.entries(memory, ANN) == [] and own.entries(memory, BOB) == [note]
    with pytest.raises(EntryError, match="no such note"):
        own.entry(memory, ANN, note.id)


def test_every_version_is_shown_and_those_of_what_it_took_the_place_of(memory: Memory, lives: Lives) -> None:
    hives = lives.entries["hives"]
    newer = own.correct(memory, ANN, hives.id, "I keep wasps.", LATER_S)
    assert texts(own.versions(memory, ANN, newer.id)) == [
        *("Ann keeps bees in hives.", "Ann keeps many hives.", "I keep wasps.")
    ]


def test_notes_that_supersede_each_other_are_shown_once(memory: Memory) -> None:
    decide(memory, ANN, True)
    first = own.add(memory, ANN, "Ann", "One.", "direct", NOON_S)
    second = own.correct(memory, ANN, first.id, "Two.", NOON_S + 1)
    memory.journal.write(replace(first, supersedes=(second.id,)))
    assert sorted(texts(own.versions(memory, ANN, second.id))) == ["One.", "One.", "Two."]


# Writing


def test_what_one_adds_is_for_oneself_alone_and_is_found(memory: Memory) -> None:
    decide(memory, ANN, True)
    note = own.add(memory, ANN, "Ann", "My cat is called Ada.", "direct", NOON_S)
    assert note.scope == Scope(Origin.DIRECT, "direct", (ANN,), (ANN,)) and note.partners == ("Ann",)
    assert found(memory, "cat") == {"My cat is called Ada."}
    assert not may_hear(note.scope, Listeners(frozenset({ANN, BOB}), "lounge"))


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 20_001])
def test_what_cannot_be_a_note_is_one_sentence(memory: Memory, text: str) -> None:
    decide(memory, ANN, True)
    with pytest.raises(EntryError, match=r"\.$"):
        own.add(memory, ANN, "Ann", text, "direct", NOON_S)
    assert memory.journal.entries() == []


def test_nothing_is_kept_of_who_has_not_agreed(memory: Memory, lives: Lives) -> None:
    decide(memory, ANN, False)
    with pytest.raises(EntryError, match="You have not agreed"):
        own.add(memory, ANN, "Ann", "My cat is called Ada.", "direct", NOON_S)
    with pytest.raises(EntryError, match="You have not agreed"):
        own.correct(memory, ANN, lives.entries["hives"].id, "I keep wasps.", LATER_S)


# Putting right


def test_what_was_wrong_holds_no_more_nor_does_what_it_was_made_from(memory: Memory, lives: Lives) -> None:
    newer = own.correct(memory, ANN, lives.entries["hives"].id, "I keep wasps.", LATER_S)
    assert newer.scope.about == (ANN,) and newer.at_s == LATER_S and newer.sources == ()
    assert found(memory, "keep") == {"I keep wasps."}
    assert lives.entries["hives"].id in memory.journal.superseded()
    known = memory.roster.acquaintance(ANN)
    assert known.history == () and known.meetings.name == "Ann"  # "a beekeeper" rested on it alone
    assert {one.text for one in memory.profile.items()} == {"fetching", "rain"}


def test_what_rests_on_more_than_what_was_wrong_stays(memory: Memory, lives: Lives) -> None:
    line = {"text": "talks a lot", "scope": lives.turns["Amble"].scope}
    line["sources"] = (lives.turns["Amble"].id, lives.turns["Ghent"].id)
    memory.roster.apply({"person": ANN, "at_s": NOON_S, "history": [line]})
    own.correct(memory, ANN, lives.entries["hives"].id, "I keep wasps.", LATER_S)
    assert [one.text for one in memory.roster.acquaintance(ANN).history] == ["talks a lot"]


def test_a_note_is_put_right_once(memory: Memory, lives: Lives) -> None:
    first = lives.entries["hives"]
    newer = own.correct(memory, ANN, first.id, "I keep wasps.", LATER_S)
    with pytest.raises(EntryError, match="correct the newer one"):
        own.correct(memory, ANN, first.id, "I keep goats.", LATER_S)
    newest = own.correct(memory, ANN, newer.id, "I keep goats.", LATER_S)
    assert found(memory, "keep") == {"I keep goats."} and newest.supersedes == (newer.id,)


def test_the_same_words_change_nothing(memory: Memory) -> None:
    decide(memory, ANN, True)
    note = own.add(memory, ANN, "Ann", "I keep bees.", "direct", NOON_S)
    assert own.correct(memory, ANN, note.id, "I keep bees.", NOON_S + 1) == note
    assert memory.journal.entries() == [note] and memory.journal.superseded() == set()


def test_what_another_note_says_already_takes_the_place_of_what_was_wrong(memory: Memory) -> None:
    decide(memory, ANN, True)
    wrong = own.add(memory, ANN, "Ann", "I keep bees.", "direct", NOON_S)
    right = own.add(memory, ANN, "Ann", "I keep wasps.", "direct", NOON_S + 1)
    kept = own.correct(memory, ANN, wrong.id, "I keep wasps.", NOON_S + 2)
    assert kept.id == right.id and found(memory, "keep") == {"I keep wasps."}


def test_nobody_puts_words_into_a_note_about_others_too(memory: Memory, lives: Lives) -> None:
    both = lives.entries["met"].id
    for act in (own.share, own.pin):
        with pytest.raises(EntryError, match="about others as well"):
            act(memory, ANN, both)
    with pytest.raises(EntryError, match="about others as well"):
        own.correct(memory, ANN, both, "They have not.", LATER_S)
    with pytest.raises(EntryError, match="about others as well"):
        own.restore(memory, ANN, both, 1)


def test_an_earlier_version_is_made_the_newest(memory: Memory, lives: Lives) -> None:
    note = own.restore(memory, ANN, lives.entries["hives"].id, 1)
    assert (note.text, note.version) == ("Ann keeps bees in hives.", 3)
    assert "Ann keeps bees in hives." in found(memory, "keeps")
    with pytest.raises(EntryError, match="no version 9"):
        own.restore(memory, ANN, note.id, 9)


def test_what_is_pinned_does_not_grow_old(memory: Memory, lives: Lives) -> None:
    own.pin(memory, ANN, lives.entries["hives"].id)
    memory.expire(LATER_S)
    assert texts(own.entries(memory, ANN)) == ["Ann keeps many hives."]
    own.pin(memory, ANN, lives.entries["hives"].id, False)
    memory.expire(LATER_S)
    assert own.entries(memory, ANN) == []


# Who may hear it

WITH_CARL = Listeners(frozenset({ANN, "discord:7"}), "lounge")
ALONE = Listeners(frozenset({ANN}), "lounge")


def recalled(memory: Memory, listeners: Listeners, query: str) -> set[str]:
    hits = memory.recall.find(query, lambda scope: may_hear(scope, listeners), LATER_S, 50)
    return {hit.document.text for hit in hits if any(one.name == "words" for one in hit.reasons)}


def told(memory: Memory, listeners: Listeners) -> str:
    line = memory.roster.line(ANN, lambda scope: may_hear(scope, listeners))
    profile = memory.profile.snapshot(lambda scope: may_hear(scope, listeners), 1000)
    return " ".join([line.text if line else "", *(one.text for one in profile)])


def test_what_is_kept_between_us_is_told_to_nobody_who_was_not_there(memory: Memory, lives: Lives) -> None:
    """Neither the note, nor what it was made from, nor what else was made from that."""
    heard = recalled(memory, WITH_CARL, "bees hives Amble")
    assert {"Ann keeps many hives.", "I keep bees in Amble."} <= heard
    assert "beekeeper" in told(memory, WITH_CARL) and "honey" in told(memory, WITH_CARL)
    kept = own.keep_between_us(memory, ANN, lives.entries["hives"].id)
    assert kept.scope.private and kept.version == 3
    heard = recalled(memory, WITH_CARL, "bees hives Amble dog met")
    assert not {one for one in heard if "hives" in one or "Amble" in one or "met" in one}
    assert "beekeeper" not in told(memory, WITH_CARL) and "honey" not in told(memory, WITH_CARL)
    assert "beekeeper" in told(memory, ALONE) and "honey" in told(memory, ALONE)
    assert {"Ann keeps many hives.", "I keep bees in Amble."} <= recalled(memory, ALONE, "bees hives")


def test_undoing_a_change_does_not_tell_it_again(memory: Memory, lives: Lives) -> None:
    line = {"text": "a beekeeper of wasps", "scope": lives.turns["Amble"].scope}
    line["sources"] = (lives.turns["Amble"].id,)
    memory.roster.apply({"person": ANN, "at_s": NOON_S, "relationship": line})
    again = memory.roster.apply(
        {"person": ANN, "at_s": NOON_S + 1, "relationship": {**line, "text": "a friend"}}
    )
    own.keep_between_us(memory, ANN, lives.entries["hives"].id)
    memory.roster.undo(ANN, again)
    assert "wasps" in told(memory, ALONE) and "wasps" not in told(memory, WITH_CARL)


def test_others_keep_their_own_words_as_they_were(memory: Memory, lives: Lives) -> None:
    own.keep_between_us(memory, ANN, lives.entries["hives"].id)
    (dog,) = memory.turns.get([lives.turns["Rex"].id])
    assert not dog.scope.private and not memory.journal.read(lives.entries["dog"].id).scope.private


def test_what_is_about_several_each_of_them_may_keep_between_them(memory: Memory, lives: Lives) -> None:
    kept = own.keep_between_us(memory, BOB, lives.entries["met"].id)
    assert kept.scope.private and kept.scope.about == (ANN, BOB)


def test_what_was_written_to_her_alone_may_be_shared(memory: Memory) -> None:
    decide(memory, ANN, True)
    note = own.add(memory, ANN, "Ann", "I keep bees.", "direct", NOON_S)
    assert recalled(memory, WITH_CARL, "bees") == set()
    shared = own.share(memory, ANN, note.id)
    assert shared.scope.origin is Origin.VOICE and recalled(memory, WITH_CARL, "bees") == {"I keep bees."}
    assert recalled(memory, Listeners(frozenset({"discord:7"}), "lounge"), "bees") == set()


def test_what_is_shared_again_is_told_again(memory: Memory, lives: Lives) -> None:
    own.keep_between_us(memory, ANN, lives.entries["hives"].id)
    own.share(memory, ANN, lives.entries["hives"].id)
    heard = recalled(memory, WITH_CARL, "bees hives Amble")
    assert {"Ann keeps many hives.", "I keep bees in Amble."} <= heard


def test_lines_are_read_as_a_person_reads_them() -> None:
    note = Entry("", NOON_S, "Ann\nsings.", scope(ANN))
    assert own.lines([note]) == [f"{datetime.fromtimestamp(NOON_S):%d %B %Y}: Ann sings."]
