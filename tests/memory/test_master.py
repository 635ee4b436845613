"""The master key comes from where the settings say; a lost or wrong one is said, and nothing is overwritten."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from memory.database import NAME
from memory.errors import StoreError, VaultError
from memory.master import CREDENTIAL, PROOF, KeyPlace, unlock


@pytest.fixture
def place(tmp_path: Path) -> KeyPlace:
    return KeyPlace(tmp_path / "config" / "key", "file")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_the_key_is_made_once_outside_the_data_folder(place: KeyPlace, data: Path) -> None:
    key = unlock(place, data)
    assert key == place.file.read_bytes() == unlock(place, data) and len(key) == 32
    assert key not in b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_key_is_its_owners_alone(place: KeyPlace, data: Path) -> None:
    unlock(place, data)
    assert place.file.stat().st_mode & 0o777 == 0o600 and (data / PROOF).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda key: key.unlink(), "is missing"),
        (lambda key: key.write_bytes(bytes(32)), "not the key"),
        (lambda key: key.write_bytes(b"short"), "is no key"),
    ],
)
def test_a_lost_or_wrong_key_is_said_and_nothing_is_overwritten(
    place: KeyPlace, data: Path, harm: Callable[[Path], object], words: str
) -> None:
    whole = unlock(place, data)
    harm(place.file)
    with pytest.raises(VaultError, match=words):
        unlock(place, data)
    place.file.write_bytes(whole)
    assert unlock(place, data) == whole


@pytest.mark.parametrize("passphrase", ["", "correct horse"], ids=["file", "passphrase"])
def test_beside_a_database_neither_key_nor_proof_is_ever_made(
    place: KeyPlace, data: Path, passphrase: str
) -> None:
    chosen = KeyPlace(place.file, "auto", passphrase)
    whole = unlock(chosen, data)
    (data / NAME).write_bytes(b"what is kept")
    (data / PROOF).unlink()
    if not passphrase:
        assert unlock(chosen, data) == whole  # nothing is lost but the proof
        place.file.unlink()
    with pytest.raises(VaultError, match=r"missing.*from a backup, or move .* away to begin anew"):
        unlock(chosen, data)
    assert not place.file.exists() and not (data / PROOF).exists()


def test_a_passphrase_opens_and_a_wrong_one_does_not(place: KeyPlace, data: Path) -> None:
    right = KeyPlace(place.file, "auto", "correct horse")
    assert unlock(right, data) == unlock(right, data) and not place.file.exists()
    with pytest.raises(VaultError, match="not the key"):
        unlock(KeyPlace(place.file, "passphrase", "wrong horse"), data)
    with pytest.raises(VaultError, match="empty"):
        unlock(KeyPlace(place.file, "passphrase"), data)


def test_a_credential_of_systemd_goes_before_the_file(
    place: KeyPlace, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(VaultError, match="is missing"):
        unlock(KeyPlace(place.file, "credential"), data)
    (tmp_path / CREDENTIAL).write_bytes(b"k" * 32)
    assert unlock(KeyPlace(place.file), data) == b"k" * 32 and not place.file.exists()


def test_the_keyring_keeps_the_key_where_it_is_chosen(
    place: KeyPlace, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = pytest.importorskip("keyring", reason="needs the package keyring")
    held: dict[tuple[str, str], str] = {}
    monkeypatch.setattr(keyring, "get_password", lambda service, user: held.get((service, user)))
    monkeypatch.setattr(
        keyring, "set_password", lambda service, user, text: held.update({(service, user): text})
    )
    chosen = KeyPlace(place.file, "keyring")
    assert unlock(chosen, data) == unlock(chosen, data) and len(held) == 1 and not place.file.exists()
    held.clear()
    with pytest.raises(VaultError, match="missing"):
        unlock(chosen, data)


def test_a_damaged_proof_is_said(place: KeyPlace, data: Path) -> None:
    unlock(place, data)
    (data / PROOF).write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        unlock(place, data)


def test_a_data_folder_that_is_a_file_is_said(place: KeyPlace, data: Path) -> None:
    data.write_text("")
    with pytest.raises(StoreError):
        unlock(place, data)
