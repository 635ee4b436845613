"""What is kept cannot be read from the disk, opens with everybody's key or not at all, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory.errors import KeyGone, Unreadable
from memory.vault import Vault
from tests.memory.kept import MASTER, everything_under, open_vault


def test_what_is_sealed_opens_again_after_a_restart(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    sealed = vault.seal(b"keeps bees in Lisbon", ["ann", "bob"], "a note")
    database.close()
    _, again = open_vault(tmp_path)
    assert again.open(sealed, "a note") == b"keeps bees in Lisbon"
    assert again.people_of(sealed) == ("ann", "bob")


def test_nothing_said_and_nobodys_id_stands_on_the_disk(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    vault.seal(b"keeps bees", ["a-person-called-ann"])
    database.close()
    written = everything_under(tmp_path)
    assert len(written) > 4096 and b"a-person-called-ann" not in written and b"bees" not in written


def test_what_is_about_two_people_dies_with_either_key(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    both = vault.seal(b"they climb together", ["ann", "bob"])
    bobs, hers = vault.seal(b"has a dog", ["bob"]), vault.seal(b"likes rain")
    assert vault.destroy("ann")
    for one in (vault, open_vault(tmp_path)[1]):
        with pytest.raises(KeyGone):
            one.open(both)
        assert one.people_of(both) is None
        assert (one.open(bobs), one.open(hers)) == (b"has a dog", b"likes rain")
    assert not vault.destroy("ann")
    database.close()


def test_a_person_who_comes_back_gets_another_key(tmp_path: Path) -> None:
    _, vault = open_vault(tmp_path)
    before = vault.seal(b"old", ["ann"])
    vault.destroy("ann")
    after = vault.seal(b"new", ["ann"])
    assert vault.open(after) == b"new"
    with pytest.raises(KeyGone):
        vault.open(before)


@pytest.mark.parametrize("at", [0, 1, 5, 20, -1])
def test_whatever_was_tampered_with_does_not_open(tmp_path: Path, at: int) -> None:
    _, vault = open_vault(tmp_path)
    sealed = bytearray(vault.seal(b"words", ["ann"], "turn 1"))
    sealed[at] ^= 1
    with pytest.raises((Unreadable, KeyGone)):
        vault.open(bytes(sealed), "turn 1")


@pytest.mark.parametrize("length", [0, 1, 2, 9, 33, 40])
def test_whatever_was_cut_short_does_not_open(tmp_path: Path, length: int) -> None:
    _, vault = open_vault(tmp_path)
    with pytest.raises((Unreadable, KeyGone)):
        vault.open(vault.seal(b"words", ["ann"])[:length])


def test_nothing_sealed_passes_for_something_else(tmp_path: Path) -> None:
    _, vault = open_vault(tmp_path)
    sealed = vault.seal(b"words", ["ann"], "turn 1")
    with pytest.raises(Unreadable):
        vault.open(sealed, "turn 2")
    with pytest.raises(Unreadable):  # without any key there is nothing that could open it
        vault.open(bytes([1, 0]) + sealed[10:], "turn 1")


def test_a_key_is_never_made_in_a_transaction_that_may_be_taken_back(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    with pytest.raises(RuntimeError), database.transaction():
        vault.seal(b"words", ["ann"])
    vault.seal(b"words", ["ann"])


def test_another_master_key_opens_nothing(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    with pytest.raises(Unreadable):
        Vault(bytes(32), database)
    vault.wrap_for(bytes(32))
    sealed = vault.seal(b"words", ["ann"])
    assert Vault(bytes(32), database).open(sealed) == b"words"
    vault.keep_only(bytes(32))
    with pytest.raises(Unreadable):
        Vault(MASTER, database)


def test_a_key_that_another_process_has_made_is_found(tmp_path: Path) -> None:
    _, vault = open_vault(tmp_path)
    _, other = open_vault(tmp_path)
    sealed = other.seal(b"words", ["ann"])
    assert vault.open(sealed) == b"words" and vault.people_of(sealed) == ("ann",)
    assert vault.open(vault.seal(b"more", ["ann"])) == b"more" == other.open(vault.seal(b"more", ["ann"]))


def test_everybody_s_keys_go_at_once_and_she_begins_anew(tmp_path: Path) -> None:
    _, vault = open_vault(tmp_path)
    sealed = [vault.seal(b"words", people) for people in (["ann"], ["ann", "bob"], [])]
    vault.destroy_all()
    for one in (vault, open_vault(tmp_path)[1]):
        assert one.people() == [] and [one.people_of(each) for each in sealed] == [None] * 3
        for each in sealed:
            with pytest.raises(KeyGone):
                one.open(each)
    assert vault.open(vault.seal(b"rain")) == b"rain"


def test_what_is_sealed_for_ever_opens_whoever_is_forgotten_and_with_any_master_key(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    sealed, name = vault.seal_for_ever(b"ids and times", "tombstone"), vault.name
    vault.seal(b"words", ["ann"])
    vault.destroy_all()
    vault.wrap_for(bytes(32))
    again = Vault(bytes(32), database)
    assert again.open_for_ever(sealed, "tombstone") == b"ids and times" and again.name == name
    for context in ("another", ""):
        with pytest.raises(Unreadable):
            again.open_for_ever(sealed, context)
    with pytest.raises(Unreadable):
        open_vault(tmp_path / "other")[1].open_for_ever(sealed, "tombstone")


def test_a_token_stands_for_nobody_once_their_key_is_destroyed(tmp_path: Path) -> None:
    _, vault = open_vault(tmp_path)
    token = vault.token("ann")
    assert "ann" not in token and vault.token("ann") == token
    for one in (vault, open_vault(tmp_path)[1]):
        assert one.person_of(token) == "ann"
    vault.destroy("ann")
    for one in (vault, open_vault(tmp_path)[1]):
        assert one.person_of(token) is None
    assert vault.token("ann") != token
