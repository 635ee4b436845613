"""What is forgotten goes everywhere, all of it and no more, whatever cuts it short."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from memory.commands import new_key
from memory.consent import Purpose
from memory.database import Database
from memory.entry import new_id
from memory.errors import EntryError, StoreError, VaultError
from memory.forget import POSTS, Forgetting, Receipt, Wish
from memory.journal import Journal
from memory.journal_files import names
from memory.master import KeyPlace
from memory.memory import Memory, open_memory
from memory.posts import Posts
from memory.profile import Profile
from memory.recall import Recall
from memory.rekeying import old_keys
from memory.roster import Roster
from memory.tombstones import EVERYBODY, Tombstones
from memory.turns import Turns
from memory.types import HERS, Entry, StoredTurn
from memory.vault import Vault
from tests.memory.kept import DAY_S, NOON_S, everything_under
from tests.memory.lives import (
    ALONE,
    ANN,
    ANNS_POST,
    BOB,
    BOBS_POST,
    THEIR_POST,
    Lives,
    decide,
    everything,
    found,
    live,
    opened,
    scope,
    texts,
)

KILLS = 40
LONGEST_S = 0.08  # that whoever forgets lives once it has begun


BOBS = {"I have a dog called Rex.", "I paint in Hull.", "Bob has a small dog.", "Bob is a painter."}
ANNS_ALONE = {"My interview is in Ghent.", "Good luck in Ghentish.", "Ann has a job interview."}
# Wishes by what they are about, and what is left of the texts
WISHES: dict[str, tuple[Callable[[Lives], Wish], set[str]]] = {
    "a person": (lambda lives: Wish(ANN), BOBS),
    "a person, and no posts": (lambda lives: Wish(ANN, everywhere=False), BOBS),
    "everything": (lambda lives: Wish(EVERYBODY), set()),
    "an entry": (lambda lives: Wish(ANN, entry=lives.entries["hives"].id), BOBS | ANNS_ALONE),
    "turns": (lambda lives: Wish(ANN, turns=(lives.turns["Amble"].id,)), BOBS | ANNS_ALONE),
    "the last": (
        lambda lives: Wish(ANN, since_s=lives.turns["Ghent"].at_s),
        BOBS
        | {
            *("I keep bees in Amble.", "Amblebees, how nice.", "So you have hives and you have Rexdog."),
            *("Ann keeps many hives.", "Bees and dog have met."),
        },
    ),
}
wishes = pytest.mark.parametrize("name", WISHES)


def wish_of(name: str, lives: Lives) -> Wish:
    return WISHES[name][0](lives)


# What goes


@wishes
def test_what_is_meant_goes_and_all_else_stays(memory: Memory, lives: Lives, name: str) -> None:
    memory.forget(wish_of(name, lives))
    assert texts(memory) == WISHES[name][1]
    assert found(memory, "bees dog interview paint hives") <= WISHES[name][1]


@wishes
def test_what_would_go_is_what_goes_and_then_nothing_is_left_to_go(
    memory: Memory, lives: Lives, name: str
) -> None:
    wish = wish_of(name, lives)
    preview = memory.forgetting.look(wish)
    before = texts(memory)
    assert memory.forgetting.look(wish) == preview and texts(memory) == before  # looking changes nothing
    assert memory.forget(wish) == preview and not preview.empty
    if not wish.entry:
        assert memory.forgetting.look(wish).empty and memory.forget(wish).empty
    else:
        with pytest.raises(EntryError, match="no such note"):
            memory.forgetting.look(wish)


def test_a_receipt_counts_what_went_from_each_place(memory: Memory, lives: Lives) -> None:
    everywhere = {
        "turns": 5,
        "journal": 3,
        "index": 8,
        "profile": 1,
        "roster": 2,
        "voices": 0,
        "faces": 0,
        "encounters": 0,
        POSTS: 2,
    }
    assert memory.forgetting.look(Wish(ANN)) == Receipt(ANN, everywhere)
    assert memory.forgetting.look(Wish(ANN, everywhere=False)).counts == everywhere | {POSTS: 0}
    assert memory.forgetting.look(Wish(EVERYBODY)).counts == {
        "people": 2,
        **{
            "turns": 7,
            "journal": 5,
            "index": 12,
            "profile": 3,
            "roster": 3,
            "voices": 0,
            "faces": 0,
            "encounters": 0,
            POSTS: 3,
        },
    }
    assert memory.forgetting.look(Wish(ANN, turns=(lives.turns["Amble"].id,))).counts == {
        **{
            "turns": 3,
            "journal": 2,
            "index": 5,
            "profile": 1,
            "roster": 2,
            "voices": 0,
            "faces": 0,
            "encounters": 0,
            POSTS: 2,
        }
    }
    assert memory.forgetting.look(Wish("discord:9")).empty


def test_nothing_says_that_they_were_there(tmp_path: Path, memory: Memory, lives: Lives) -> None:
    assert names(everything(memory), ANN)
    memory.forget(Wish(ANN))
    for post in memory.posts.doomed():  # once she has deleted them
        memory.posts.drop(post)
    assert not names(everything(memory), ANN)
    memory.close()
    again = opened(tmp_path)
    again.catch_up()
    assert not names(everything(again), ANN) and again.journal.check() == []
    assert again.database.check() == [] and again.turns.damaged() == [] and again.recall.damaged() == 0
    again.close()


@pytest.mark.parametrize("name", ["a person", "everything", "an entry", "turns"])
def test_no_form_of_it_is_left(memory: Memory, lives: Lives, name: str) -> None:
    """In versions, undone changes, what words the index knows, and with whatever key."""
    memory.forget(wish_of(name, lives))
    left = everything(memory).lower()
    for word in ("amble", "amblebees", "hive", "beekeeper", "honey"):
        assert word not in left


def test_an_entry_takes_along_what_it_superseded_and_what_superseded_it(memory: Memory) -> None:
    decide(memory, ANN, True)
    notes, old = [], ()
    for place in ("Oslo", "Bern", "Rome"):
        note = Entry("", NOON_S, f"Ann lives in {place}.", scope(ANN), supersedes=old)
        kept = memory.keep_entry(note)
        assert kept is not None
        notes.append(kept)
        old = (kept.id,)
    other = memory.keep_entry(Entry("", NOON_S, "Ann sings.", scope(ANN)))
    memory.forget(Wish(ANN, entry=notes[1].id))
    assert memory.journal.entries() == [other] and found(memory, "lives") == set()


def test_entries_that_supersede_each_other_go_together(memory: Memory) -> None:
    decide(memory, ANN, True)
    first = memory.keep_entry(Entry(new_id(NOON_S), NOON_S, "One.", scope(ANN)))
    assert first is not None
    second = memory.keep_entry(Entry(new_id(NOON_S), NOON_S, "Two.", scope(ANN), supersedes=(first.id,)))
    assert second is not None
    memory.journal.write(replace(first, supersedes=(second.id,)))
    assert memory.forget(Wish(ANN, entry=first.id)).counts["journal"] == 2


def test_an_entry_takes_its_sources_along_and_her_answers_after_it(memory: Memory, lives: Lives) -> None:
    memory.forget(Wish(ANN, entry=lives.entries["interview"].id))
    assert memory.turns.of_session(ALONE) == [] and len(memory.turns) == 5


def test_what_she_repeated_of_it_in_other_conversations_goes_along(memory: Memory, lives: Lives) -> None:
    """And what was noted of that; not what she may know from something that stays."""
    asked = said(memory, lives.turns["Ghent"], "Where is my interview?", "direct@9")
    told = said(memory, lives.turns["Ghentish"], "Your interview is in Ghent, Ann.", "direct@9")
    note = memory.keep_entry(
        Entry("", NOON_S + DAY_S, "Ann asked for Ghent.", scope(ANN), sources=(asked.id, told.id))
    )
    hull = said(memory, lives.turns["Rexdog"], "Bob paints, Ann, and has a dog.", "lounge@9")
    assert note is not None
    assert memory.forget(Wish(ANN, entry=lives.entries["interview"].id)).counts["turns"] == 3
    left = {one.id for one in memory.turns.after(0)}
    assert {asked.id, hull.id} <= left and told.id not in left
    assert note.id not in {one.id for one in memory.journal.entries()}
    assert [one.text for some in memory.turns.waiting().values() for one in some] == [
        "Where is my interview?"
    ]


def said(memory: Memory, like: StoredTurn, text: str, session: str) -> StoredTurn:
    kept = memory.turns.add(replace(like, text=text, session=session, at_s=NOON_S + DAY_S))
    assert kept is not None
    memory.turns.set_reflected([kept.id])
    return kept


def test_what_is_made_of_others_words_too_is_thought_over_anew(memory: Memory, lives: Lives) -> None:
    memory.forget(Wish(ANN, turns=(lives.turns["Amble"].id,)))
    waiting = [one.text for turns in memory.turns.waiting().values() for one in turns]
    assert waiting == ["I have a dog called Rex."]  # what is left of the note about both


def test_nobody_erases_what_is_about_others_alone(memory: Memory, lives: Lives) -> None:
    before = everything(memory)
    with pytest.raises(EntryError, match="no such note about you"):
        memory.forget(Wish(ANN, entry=lives.entries["painter"].id))
    with pytest.raises(EntryError, match="no such note about you"):
        memory.forget(Wish(ANN, entry="20260101-000000-000000"))
    assert memory.forget(Wish(ANN, turns=(lives.turns["Rex"].id, 99))).empty
    assert everything(memory) == before


@pytest.mark.parametrize("wish", [Wish(HERS), Wish(HERS, since_s=0.0), Wish(EVERYBODY, since_s=0.0)])
def test_somebody_has_to_be_meant(memory: Memory, lives: Lives, wish: Wish) -> None:
    before = everything(memory)
    with pytest.raises(EntryError, match="Nobody is named"):
        memory.forget(wish)
    assert everything(memory) == before


def test_her_posts_that_hold_it_are_to_be_deleted(memory: Memory, lives: Lives) -> None:
    memory.forget(Wish(ANN, turns=(lives.turns["Ghent"].id,)))
    assert memory.posts.doomed() == []
    memory.forget(Wish(ANN, turns=(lives.turns["Amble"].id,)))
    assert memory.posts.doomed() == [ANNS_POST, THEIR_POST]
    memory.forget(Wish(EVERYBODY))
    assert memory.posts.doomed() == [ANNS_POST, BOBS_POST, THEIR_POST]


# Agreeing


def test_whoever_is_forgotten_has_agreed_to_nothing(tmp_path: Path, memory: Memory, lives: Lives) -> None:
    for purpose in (Purpose.VOICE, Purpose.FACE, Purpose.TRAINING, Purpose.HEARING):
        memory.database.execute("INSERT INTO consent VALUES (?, ?, 1, 1, 'test')", ANN, purpose.value)
    memory.forget(Wish(ANN))
    memory.close()
    again = opened(tmp_path)
    allowed = {one for one in Purpose if (said := again.consent.decision(ANN, one)) and said.allowed}
    assert allowed == {Purpose.HEARING}
    assert again.may_remember(BOB)
    again.close()


def test_who_agrees_anew_is_remembered_from_then_on(tmp_path: Path, memory: Memory, lives: Lives) -> None:
    memory.forget(Wish(ANN))
    decide(memory, ANN, True)
    new = replace(lives.turns["Amble"], text="I keep goats now.")
    kept = memory.turns.add(new, memory.may_remember)
    assert kept is not None and memory.index([kept]) == [kept]
    memory.close()
    again = opened(tmp_path)
    assert again.may_remember(ANN) and "I keep goats now." in texts(again)
    assert found(again, "goats") == {"I keep goats now."}
    again.close()


# Cut short


class Broken(Exception):
    """The power went."""


STEPS: list[tuple[object, str]] = [
    (Tombstones, "_append"),
    (Tombstones, "_insert"),
    (Posts, "doom"),
    (Vault, "destroy"),
    (Vault, "destroy_all"),
    *((place, "remove_person") for place in (Turns, Journal, Recall, Profile, Roster)),
    *((place, "remove_resting") for place in (Turns, Journal, Recall, Profile, Roster)),
    *((place, "clear") for place in (Turns, Journal, Recall, Profile, Roster)),
    (Forgetting, "_withdraw"),
    (Turns, "set_reflected"),
    (Database, "purge"),
    (Tombstones, "finish"),
]
steps = pytest.mark.parametrize(
    ("owner", "step"), STEPS, ids=[f"{owner.__name__}.{step}" for owner, step in STEPS]
)


def cut(monkeypatch: pytest.MonkeyPatch, owner: object, step: str, *, done: bool) -> None:
    real: Callable[..., object] = getattr(owner, step)

    def broken(*arguments: object, **named: object) -> None:
        if done:
            real(*arguments, **named)
        raise Broken

    monkeypatch.setattr(owner, step, broken)


@wishes
@steps
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_cut_short_anywhere_it_is_finished_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, owner: object, step: str, done: bool
) -> None:
    memory = opened(tmp_path)
    lives = live(memory)
    before = texts(memory)
    cut(monkeypatch, owner, step, done=done)
    try:
        memory.forget(wish_of(name, lives))
    except Broken:
        pass
    else:
        pytest.skip("it does not come there")
    finally:
        monkeypatch.undo()
        memory.close()
    again = opened(tmp_path)
    nothing_yet = (owner, step, done) == (Tombstones, "_append", False)  # nobody knows of it
    assert texts(again) == (before if nothing_yet else WISHES[name][1])
    assert again.forgetting._tombstones.unfinished() == []
    if not nothing_yet and name != "the last":
        assert "amble" not in everything(again).lower()
    again.catch_up()
    assert found(again, "bees dog interview paint hives") == found(again, "dog paint hives bees interview")
    assert again.journal.check() == [] and again.database.check() == []
    again.close()


def forget_for_ever(folder: Path, name: str, lives: Lives, acknowledge: int) -> None:
    memory = opened(folder)
    os.write(acknowledge, b"open\n")
    memory.forget(wish_of(name, lives))
    os.write(acknowledge, b"forgotten\n")
    time.sleep(60)


def killed(folder: Path, name: str, lives: Lives, after_s: float) -> list[bytes]:
    """What was acknowledged by whoever forgot until they were killed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        forget_for_ever(folder, name, lives, write)
        os._exit(1)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        lines = [pipe.readline()]
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return lines + pipe.readlines()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")
def test_killed_at_any_moment_all_of_it_is_there_or_nothing(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    memory = opened(whole)
    lives = live(memory)
    before = texts(memory)
    memory.close()
    chance, seen = random.Random(3), set[str]()
    for number in range(KILLS):
        name = chance.choice(["a person", "everything", "an entry", "turns"])
        folder = tmp_path / f"copy-{number}"
        shutil.copytree(whole, folder)
        lines = killed(folder, name, lives, chance.uniform(0, LONGEST_S))
        assert lines[0] == b"open\n"
        again = opened(folder)
        left = texts(again)
        assert left in (before, WISHES[name][1])
        assert left != before or b"forgotten\n" not in lines
        seen.add("all" if left == before else "nothing")
        assert again.forgetting._tombstones.unfinished() == [] and again.database.check() == []
        if left != before:
            assert "amble" not in everything(again).lower()
        again.close()
        shutil.rmtree(folder)
    assert "nothing" in seen


# Backups


@wishes
@pytest.mark.parametrize("rekeyed", [False, True], ids=["", "after a new key"])
def test_a_backup_that_is_put_back_does_not_bring_it_back(tmp_path: Path, name: str, rekeyed: bool) -> None:
    place = KeyPlace(tmp_path / "config" / "key", "file")
    memory = opened(tmp_path)
    lives = live(memory)
    memory.close()
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    memory = opened(tmp_path)
    memory.forget(wish_of(name, lives))
    if rekeyed:
        new_key(memory, place)
    memory.close()
    shutil.rmtree(tmp_path / "data")
    shutil.copytree(tmp_path / "backup", tmp_path / "data")
    if rekeyed:  # a backup from before opens with the key of then
        place = KeyPlace(old_keys(place)[-1], "file")
    again = open_memory(tmp_path / "data", place)
    again.catch_up()
    assert texts(again) == WISHES[name][1]
    if name != "the last":
        assert "amble" not in everything(again).lower()
    assert again.forgetting._tombstones.unfinished() == []
    if name.startswith("a person"):
        assert not again.may_remember(ANN) and again.may_remember(BOB)
    again.close()


@pytest.mark.parametrize("key_too", [False, True], ids=["data alone", "data and key"])
def test_a_backup_from_before_a_new_key_says_what_is_wrong_or_brings_nobody_back(
    tmp_path: Path, key_too: bool
) -> None:
    place = KeyPlace(tmp_path / "config" / "key", "file")
    memory = opened(tmp_path)
    live(memory)
    memory.close()
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    key = place.file.read_bytes()
    memory = opened(tmp_path)
    memory.forget(Wish(ANN))
    new_key(memory, place)
    memory.close()
    shutil.rmtree(tmp_path / "data")
    shutil.copytree(tmp_path / "backup", tmp_path / "data")
    if key_too:
        place.file.write_bytes(key)
    else:
        with pytest.raises(VaultError, match="is not the key"):
            opened(tmp_path)
        place.file.write_bytes(old_keys(place)[-1].read_bytes())
    again = opened(tmp_path)
    assert texts(again) == BOBS and again.vault.people() == [BOB] and not again.may_remember(ANN)
    again.close()


def test_forgetting_before_the_backup_does_not_touch_what_was_said_since(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    lives = live(memory)
    memory.forget(Wish(ANN))
    decide(memory, ANN, True)
    kept = memory.turns.add(replace(lives.turns["Amble"], text="I keep goats now."))
    assert kept is not None
    memory.close()
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    shutil.rmtree(tmp_path / "data")
    shutil.copytree(tmp_path / "backup", tmp_path / "data")
    again = opened(tmp_path)
    assert "I keep goats now." in texts(again)
    again.close()


def test_another_data_folder_with_the_same_key_is_left_alone(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    live(memory)
    other = open_memory(tmp_path / "other", KeyPlace(tmp_path / "config" / "key", "file"))
    live(other)
    before = texts(other)
    other.close()
    memory.forget(Wish(ANN))
    memory.forget(Wish(EVERYBODY))
    memory.close()
    other = open_memory(tmp_path / "other", KeyPlace(tmp_path / "config" / "key", "file"))
    assert texts(other) == before and other.forgetting.last_s(ANN) is None
    other.close()


def test_a_copy_that_has_gone_on_by_itself_loses_nobody_else_s_words(tmp_path: Path) -> None:
    """There the same number may be something that Bob has said."""
    memory = opened(tmp_path)
    lives = live(memory)
    memory.close()
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    memory = opened(tmp_path)
    said = memory.turns.add(replace(lives.turns["Amble"], text="I keep goats now."))
    assert said is not None
    copy = open_memory(tmp_path / "copy", KeyPlace(tmp_path / "config" / "key", "file"))
    there = copy.turns.add(replace(lives.turns["Rex"], text="Rex is old now."))
    assert there is not None and there.id == said.id
    copy.index([there])
    copy.close()
    memory.forget(Wish(ANN, turns=(said.id,)))
    memory.close()
    copy = open_memory(tmp_path / "copy", KeyPlace(tmp_path / "config" / "key", "file"))
    assert "Rex is old now." in texts(copy) and found(copy, "old") == {"Rex is old now."}
    copy.close()


# The disk


@pytest.mark.parametrize("encrypted", [True, False], ids=["sealed", "plain"])
@pytest.mark.parametrize("name", ["a person", "everything", "an entry", "turns"])
def test_no_byte_of_it_is_left_in_the_journal(tmp_path: Path, encrypted: bool, name: str) -> None:
    memory = opened(tmp_path, encrypted=encrypted)
    lives = live(memory)
    assert encrypted or b"hives" in everything_under(tmp_path)
    memory.forget(wish_of(name, lives))
    written = everything_under(tmp_path / "data" / "journal").lower()
    for word in (b"hives", b"bees and dog", b"amble"):
        assert word not in written
    if name == "a person":
        assert not names(written.decode("latin-1"), ANN)
    memory.close()


def test_what_another_process_reads_is_not_left_in_the_log(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    live(memory)
    reading = memory.database._reader.cursor()
    reading.execute("SELECT * FROM turns")
    reading.fetchone()  # and there are more
    memory.database._writer.execute("PRAGMA busy_timeout = 100")
    with pytest.raises(StoreError, match="in use by something else"):
        memory.forget(Wish(ANN))
    reading.close()
    memory.close()
    again = opened(tmp_path)  # what was not finished is
    assert texts(again) == BOBS and again.forgetting._tombstones.unfinished() == []
    again.close()


# Age


def test_what_is_old_goes_but_for_what_is_pinned_and_what_that_rests_on(memory: Memory, lives: Lives) -> None:
    pinned = memory.journal.write(replace(lives.entries["interview"], pinned=True))
    memory.index_entry(pinned)
    counts = memory.expire(NOON_S + DAY_S)
    assert texts(memory) == {"My interview is in Ghent.", "Ann has a job interview."}
    assert counts == {"turns": 6, "journal": 4, "profile": 3, "roster": 5}
    assert memory.expire(NOON_S + DAY_S) == {}
    assert found(memory, "interview dog bees") == texts(memory) and memory.roster.people() == []


def test_what_is_not_old_enough_stays(memory: Memory, lives: Lives) -> None:
    before = everything(memory)
    assert memory.expire(NOON_S - 1) == {} and everything(memory) == before


def test_lines_grow_old_without_turns_and_notes(memory: Memory) -> None:
    line = {"section": "tastes", "text": "rain", "at_s": NOON_S, "scope": scope()}
    memory.profile.apply({"add": [line]})  # type: ignore[dict-item]
    assert memory.expire(NOON_S + 1) == {"profile": 1} and memory.profile.items() == []
