"""What is kept cannot be read from the disk, and no key is ever overwritten."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from memory.database import Database
from memory.keepsakes import Keepsakes
from memory.vault import Vault, VaultError


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "config" / "key"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "data" / "kith.sqlite3")


def test_what_is_kept_stands_nowhere_on_the_disk(database: Database, key: Path, tmp_path: Path) -> None:
    keepsakes = Keepsakes(database, Vault(key, database))
    keepsakes.keep(["ann"], "keeps bees in Lisbon", 0.9)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"ann" in written and b"bees" not in written
    again = Keepsakes(database, Vault(key, database))
    assert again.of("ann") == ["keeps bees in Lisbon"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_key_is_its_owners_alone(database: Database, key: Path) -> None:
    Vault(key, database)
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda key: key.unlink(), "is missing"),
        (lambda key: key.write_bytes(bytes(32)), "not the key"),
        (lambda key: key.write_bytes(b"short"), "is no key"),
    ],
)
def test_a_lost_or_wrong_key_is_said_and_nothing_is_overwritten(
    database: Database, key: Path, harm, words: str
) -> None:
    Vault(key, database)
    whole = key.read_bytes()
    harm(key)
    with pytest.raises(VaultError, match=words):
        Vault(key, database)
    key.write_bytes(whole)
    Vault(key, database)
