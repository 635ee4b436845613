"""Her medium-term self: merged, filtered by who listens, and undone to the byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from memory.errors import EntryError, StoreError
from memory.ledger import UPDATES_KEPT
from memory.profile import MOST, Profile
from memory.stores.embedded import EmbeddedStore
from memory.types import Origin, Scope
from memory.vault import Vault
from tests.memory.kept import open_vault


def snapshot(profile: Profile, allowed: Callable[[Scope], bool], characters: int) -> list[str]:
    return [line.text for line in profile.snapshot(allowed, characters)]


def scope(*people: str, heard_by: tuple[str, ...] = ("ann", "bob"), place: str = "voice") -> Scope:
    return Scope(Origin.VOICE, place, people, heard_by)


def add(text: str, *people: str, section: str = "hobbies", at_s: float = 100, **more) -> dict:
    return {"section": section, "text": text, "at_s": at_s, "scope": scope(*(people or ("ann",))), **more}


@pytest.fixture
def opened(tmp_path: Path) -> tuple[EmbeddedStore, Vault]:
    database, vault = open_vault(tmp_path)
    return EmbeddedStore(database), vault


@pytest.fixture
def profile(opened) -> Profile:
    return Profile(*opened)


def texts(profile: Profile) -> list[str]:
    return [item.text for item in profile.items()]


def everybody(scope: Scope) -> bool:
    return True


def test_an_update_is_there_after_a_restart(profile: Profile, opened) -> None:
    profile.apply({"add": [add("grows tomatoes", sources=(3, "e1"), salience=0.8)]})
    (item,) = Profile(*opened).items()
    assert (item.text, item.section, item.weight, item.sources) == (
        "grows tomatoes",
        "hobbies",
        0.8,
        (3, "e1"),
    )
    assert item.scope == scope("ann")


def test_nothing_of_it_can_be_read_on_the_disk(profile: Profile, tmp_path: Path, opened) -> None:
    profile.apply({"add": [add("grows zanzibarine tomatoes")]})
    assert not any(b"zanzibarine" in value for value in opened[0].fields("").values())
    assert not any(b"zanzibarine" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_the_same_in_other_words_of_the_same_spelling_is_merged(profile: Profile) -> None:
    profile.apply({"add": [add("Grows tomatoes.", salience=0.9, sources=(1,))]})
    profile.apply({"add": [add("grows  TOMATOES", at_s=200, salience=0.2, sources=(2,))]})
    (item,) = profile.items()
    assert (item.text, item.at_s, item.weight, item.sources) == ("Grows tomatoes.", 200, 0.9, (1, 2))


def test_the_same_from_others_words_stays_apart_and_is_told_once(profile: Profile) -> None:
    profile.apply({"add": [add("likes jazz", "ann", section="tastes")]})
    profile.apply({"add": [add("likes jazz", "bob", section="tastes")]})
    assert len(profile.items()) == 2
    assert snapshot(profile, everybody, 500) == ["Taste: likes jazz"]
    assert snapshot(profile, lambda scope: scope.about == ("bob",), 500) == ["Taste: likes jazz"]
    assert snapshot(profile, lambda scope: False, 500) == []


def test_of_too_many_the_least_that_matters_leaves_the_oldest_first(profile: Profile) -> None:
    lines = [add(f"hobby {n}", at_s=n, salience=0.2 if n in (3, 5) else 0.7) for n in range(MOST)]
    profile.apply({"add": lines})
    number = profile.apply({"add": [add("a new one", at_s=99)]})
    assert "hobby 3" not in texts(profile) and "hobby 5" in texts(profile)
    profile.undo(number)
    assert sorted(texts(profile)) == sorted(f"hobby {n}" for n in range(MOST))


def test_undoing_restores_exactly_also_after_a_restart(profile: Profile, opened) -> None:
    profile.apply({"add": [add("sails", salience=0.3), add("knits")]})
    before = profile.items()
    first, second = before
    number = profile.apply(
        {
            "add": [add("paints")],
            "replace": [{"id": first.id, "text": "sails alone", "at_s": 300, "scope": scope("bob")}],
            "drop": [second.id],
        }
    )
    assert sorted(texts(profile)) == ["paints", "sails alone"]
    again = Profile(*opened)
    again.undo(number)
    assert again.items() == before == Profile(*opened).items()


def test_what_later_updates_built_on_cannot_be_undone_before_them(profile: Profile) -> None:
    one = profile.apply({"add": [add("sails")]})
    (item,) = profile.items()
    other = profile.apply({"add": [add("knits")]})
    two = profile.apply({"replace": [{"id": item.id, "text": "rows", "at_s": 1, "scope": scope("ann")}]})
    with pytest.raises(EntryError, match=f"change {two} has built on it"):
        profile.undo(one)
    profile.undo(other)  # has to do with neither
    profile.undo(two)
    with pytest.raises(EntryError, match="undone already"):
        profile.undo(two)
    profile.undo(one)
    assert profile.items() == []
    with pytest.raises(EntryError, match="no change 99"):
        profile.undo(99)


def test_history_tells_what_was_and_what_became_of_it(profile: Profile) -> None:
    profile.apply({"add": [add("sails")]})
    (item,) = profile.items()
    profile.apply({"drop": [item.id]})
    drop, first = profile.history()
    assert [(one.before, one.after) for one in drop.changes] == [(item, None)]
    assert [(one.before, one.after) for one in first.changes] == [(None, item)]
    profile.undo(drop.id)
    assert profile.history()[0].undone_s is not None


def test_old_updates_leave_so_that_history_does_not_grow_for_ever(profile: Profile, opened) -> None:
    profile._ledger._records.update(
        {n: profile._ledger._records.get(n) or _empty() for n in range(1, UPDATES_KEPT + 1)}
    )
    number = profile.apply({"add": [add("sails")]})
    assert number == UPDATES_KEPT + 1
    assert len(profile.history()) == UPDATES_KEPT


def _empty():
    from memory.ledger import _Record

    return _Record(0.0, {}, None)


def test_the_newest_and_weightiest_come_first_and_fit(profile: Profile) -> None:
    day = 86_400
    profile.apply(
        {
            "add": [
                add("old but dear", at_s=0, salience=0.9),
                add("new and dear", at_s=20 * day, salience=0.9),
                add("new and trivial", at_s=20 * day, salience=0.1),
                add("x" * 190, at_s=20 * day, salience=1.0),
            ]
        }
    )
    assert snapshot(profile, everybody, 80) == [
        "Hobby: new and dear",
        "Hobby: old but dear",
        "Hobby: new and trivial",
    ]
    assert snapshot(profile, everybody, 25) == ["Hobby: new and dear"]
    assert snapshot(profile, everybody, 0) == []


@pytest.mark.parametrize("key_first", [True, False])
def test_a_person_goes_with_every_earlier_form(profile: Profile, opened, key_first: bool) -> None:
    store, vault = opened
    profile.apply({"add": [add("a joke of both", "ann", "bob"), add("of bob", "bob")]})
    joke = next(item for item in profile.items() if len(item.scope.about) == 2)
    profile.apply(
        {"replace": [{"id": joke.id, "text": "now of bob alone", "at_s": 1, "scope": scope("bob")}]}
    )
    profile.apply({"add": [add("of ann", "ann")]})
    if key_first:
        vault.destroy("ann")
    assert profile.remove_person("ann") == 1
    assert sorted(texts(profile)) == ["now of bob alone", "of bob"]
    again = Profile(store, vault)
    assert sorted(texts(again)) == ["now of bob alone", "of bob"]
    told = [change for update in again.history() for change in update.changes]
    assert {one.after.text for one in told if one.after} == {"of bob"}
    assert again.remove_person("ann") == 0


def test_what_nobody_can_open_any_more_is_not_told(profile: Profile, opened) -> None:
    profile.apply({"add": [add("of ann", "ann"), add("of bob", "bob")]})
    opened[1].destroy("ann")
    assert texts(Profile(*opened)) == ["of bob"]


@pytest.mark.parametrize(
    "update",
    [
        {"add": [add("")]},
        {"add": [add(" … ")]},
        {"add": [add("x" * 201)]},
        {"add": [add("fine", section="secrets")]},
        {"add": [add("fine", salience=2)]},
        {"add": [add("fine", at_s=float("nan"))]},
        {"add": [add("fine", extra="field")]},
        {"add": [{"text": "no scope"}]},
        {"drop": ["unknown"]},
        {"replace": [{"id": "unknown", "text": "x y", "at_s": 1, "scope": scope("ann")}]},
        {"remove": ["x"]},
        {},
        "prose",
        None,
    ],
)
def test_a_bad_update_is_one_sentence_and_changes_nothing(profile: Profile, update) -> None:
    profile.apply({"add": [add("sails")]})
    with pytest.raises(EntryError) as error:
        profile.apply(update)
    sentence = str(error.value)
    assert sentence.endswith(".") and "\n" not in sentence and "xxx" not in sentence
    assert texts(profile) == ["sails"] and len(profile.history()) == 1


def test_a_write_that_fails_changes_nothing(profile: Profile, opened, monkeypatch) -> None:
    def full(person, values):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(opened[0], "put", full)
    with pytest.raises(StoreError):
        profile.apply({"add": [add("sails")]})
    assert profile.items() == [] and profile.history() == []
