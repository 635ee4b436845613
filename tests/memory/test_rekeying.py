"""A new master key opens everything that the old one did, wherever making it was cut short."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from memory import rekeying
from memory.database import NAME, Database, occupied
from memory.errors import MemoryFault, StoreError, VaultError
from memory.master import KeyPlace, derive, pending, unlock
from memory.rekeying import finish_rekey, old_keys, rekey
from memory.vault import Vault


class Broken(Exception):
    """The power went."""


STEPS: list[tuple[object, str]] = [
    (rekeying, "write_secret"),
    (Vault, "wrap_for"),
    (Database, "rekey"),
    (rekeying, "write_proof"),
    (rekeying, "_keep_old"),
    (rekeying, "keep"),
    (Vault, "keep_only"),
    (rekeying, "discard"),
]


@pytest.fixture
def place(tmp_path: Path) -> KeyPlace:
    return KeyPlace(tmp_path / "config" / "key", "file")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def opened(folder: Path, place: KeyPlace) -> tuple[Database, Vault]:
    finish_rekey(folder, place)
    master = unlock(place, folder)
    database = Database(folder / NAME, derive(master, "database"))
    return database, Vault(master, database)


def opens_with(folder: Path, master: bytes) -> bool:
    try:
        database = Database(folder / NAME, derive(master, "database"))
        Vault(master, database)
    except MemoryFault:
        return False
    database.close()
    return True


def test_a_new_key_opens_everything_and_the_old_one_nothing(folder: Path, place: KeyPlace) -> None:
    database, vault = opened(folder, place)
    old, sealed = place.file.read_bytes(), vault.seal(b"bees", ["ann"])
    rekey(folder, place, database, vault)
    assert vault.open(sealed) == b"bees" and vault.open(vault.seal(b"goats", ["bob"])) == b"goats"
    database.close()
    assert place.file.read_bytes() != old and not pending(place).exists() and not opens_with(folder, old)
    database, vault = opened(folder, place)
    assert vault.open(sealed) == b"bees"


def test_another_data_folder_with_the_same_key_file_can_still_be_opened(
    folder: Path, place: KeyPlace, tmp_path: Path
) -> None:
    database, vault = opened(folder, place)
    other = tmp_path / "other"
    others, others_vault = opened(other, place)
    sealed = others_vault.seal(b"bees", ["ann"])
    others.close()
    rekey(folder, place, database, vault)
    database.close()
    with pytest.raises(VaultError, match="is not the key"):
        opened(other, place)
    (old,) = old_keys(place)
    assert opened(other, KeyPlace(old, "file"))[1].open(sealed) == b"bees"
    assert os.name != "posix" or old.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "name"), STEPS, ids=[name for _, name in STEPS])
@pytest.mark.parametrize("passphrase", ["", "correct horse"], ids=["file", "passphrase"])
def test_cut_short_anywhere_it_is_finished_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, done: bool, passphrase: str
) -> None:
    folder, file = tmp_path / "data", tmp_path / "config" / "key"
    place = KeyPlace(file, "passphrase" if passphrase else "file", "the old one" if passphrase else "")
    if passphrase and name in ("keep", "_keep_old"):
        pytest.skip("a passphrase is kept nowhere")
    database, vault = opened(folder, place)
    old, sealed = unlock(place, folder), vault.seal(b"bees", ["ann"])
    real: Callable[..., object] = getattr(owner, name)

    def cut(*arguments: object) -> None:
        if done:
            real(*arguments)
        raise Broken

    monkeypatch.setattr(owner, name, cut)
    with pytest.raises(Broken):
        rekey(folder, place, database, vault, passphrase)
    monkeypatch.undo()
    database.close()
    begun = name != "write_secret" or done
    finish_rekey(folder, place)
    after = KeyPlace(file, place.source, passphrase if begun else place.passphrase)
    database, vault = opened(folder, after)
    assert vault.open(sealed) == b"bees" and not pending(place).exists()
    database.close()
    assert opens_with(folder, old) is not begun
    assert [path.read_bytes() for path in old_keys(place)] == [old] * (begun and not passphrase)
    assert not finish_rekey(folder, after)


def test_a_new_passphrase_is_asked_for(folder: Path, tmp_path: Path) -> None:
    place = KeyPlace(tmp_path / "key", "passphrase", "the old one")
    database, vault = opened(folder, place)
    with pytest.raises(VaultError, match="new passphrase is empty"):
        rekey(folder, place, database, vault)
    assert not pending(place).exists()


def test_a_credential_is_left_to_systemd(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "kith-key").write_bytes(bytes(range(32)))
    place = KeyPlace(tmp_path / "key", "credential")
    database, vault = opened(folder, place)
    with pytest.raises(VaultError, match="systemd credential"):
        rekey(folder, place, database, vault)


def test_nobody_finishes_while_somebody_is_at_it(folder: Path, place: KeyPlace) -> None:
    opened(folder, place)[0].close()
    pending(place).write_bytes(bytes(32))
    lock = occupied(folder)
    with pytest.raises(StoreError, match="Another Kith"):
        finish_rekey(folder, place)
    lock.release()
    assert finish_rekey(folder, place) and place.file.read_bytes() == bytes(32)


def test_what_is_no_key_ends_nothing(folder: Path, place: KeyPlace) -> None:
    database, vault = opened(folder, place)
    sealed = vault.seal(b"bees", ["ann"])
    database.close()
    pending(place).write_bytes(b"short")
    with pytest.raises(VaultError, match="is no key"):
        finish_rekey(folder, place)
    pending(place).unlink()
    assert opened(folder, place)[1].open(sealed) == b"bees"


def test_a_new_key_without_anything_kept_is_left_alone(folder: Path, place: KeyPlace) -> None:
    place.file.parent.mkdir()
    pending(place).write_bytes(bytes(32))
    assert not finish_rekey(folder, place) and pending(place).exists() and not folder.exists()


def test_a_lost_old_key_is_said_and_nothing_is_overwritten(folder: Path, place: KeyPlace) -> None:
    opened(folder, place)[0].close()
    pending(place).write_bytes(bytes(32))
    key = place.file.read_bytes()
    place.file.write_bytes(bytes([7]) * 32)
    with pytest.raises(VaultError, match="not the key of what is kept here"):
        finish_rekey(folder, place)
    place.file.write_bytes(key)
    assert finish_rekey(folder, place)
