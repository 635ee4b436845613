"""What is to be forgotten is written down twice, and each place learns what only the other one knows."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest

from memory.database import Database
from memory.master import KeyPlace
from memory.rekeying import rekey
from memory.tombstones import EVERYBODY, Tombstone, Tombstones, beside
from memory.vault import Vault
from tests.memory.kept import MASTER, NOON_S, everything_under, open_vault

PART = Tombstone(
    *("b2", NOON_S + 1, "discord:1234", False),
    turns=(3, 4),
    entries=("20261127-120000-abcdef",),
    again=(5,),
    posts=("1/10",),
)
WHOLE = Tombstone("a1", NOON_S, "discord:1234", posts=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "key.forgotten"


def opened(folder: Path, file: Path) -> Tombstones:
    """As at the next start."""
    return Tombstones(*open_vault(folder), file)


def test_what_was_not_finished_is_there_at_the_next_start(tmp_path: Path, file: Path) -> None:
    tombstones = opened(tmp_path / "data", file)
    tombstones.put(PART)
    tombstones.put(WHOLE)
    assert opened(tmp_path / "data", file).unfinished() == [WHOLE, PART]  # oldest first
    tombstones.finish(WHOLE)
    assert opened(tmp_path / "data", file).unfinished() == [PART]
    tombstones.finish(PART)
    assert opened(tmp_path / "data", file).unfinished() == []


def test_a_data_folder_that_is_put_back_learns_what_has_been_forgotten_since(
    tmp_path: Path, file: Path
) -> None:
    first = opened(tmp_path / "data", file)
    first.put(WHOLE)
    first.finish(WHOLE)
    first._database.close()
    backup = everything_of(tmp_path / "data")
    again = opened(tmp_path / "data", file)
    again.put(PART)
    again.finish(PART)
    again._database.close()
    put_back(tmp_path / "data", backup)
    restored = opened(tmp_path / "data", file)
    assert restored.unfinished() == [PART]
    restored.finish(PART)
    assert restored.unfinished() == []


def test_a_lost_file_is_written_anew(tmp_path: Path, file: Path) -> None:
    tombstones = opened(tmp_path / "data", file)
    tombstones.put(WHOLE)
    tombstones.finish(WHOLE)
    before = len(tombstones._outside())
    file.unlink()
    assert opened(tmp_path / "data", file).unfinished() == []
    assert len(tombstones._outside()) == before == 1


def test_nobody_else_can_read_it_and_no_id_stands_there(tmp_path: Path, file: Path) -> None:
    opened(tmp_path / "data", file).put(PART)
    written = everything_under(tmp_path)
    for word in (b"discord", b"1234", b"abcdef", PART.uid.encode() + b'"'):
        assert word not in written
    assert os.name != "posix" or file.stat().st_mode & 0o777 == 0o600


def test_another_data_folder_shares_the_file_and_nothing_else(
    tmp_path: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened(tmp_path / "data", file).put(WHOLE)
    other = opened(tmp_path / "other", file)
    assert other.unfinished() == [] and other.last_s(WHOLE.person) is None
    other.put(PART)
    assert opened(tmp_path / "data", file).unfinished() == [WHOLE]
    assert not caplog.records


@pytest.mark.parametrize("torn", [1, 30, 200])
def test_a_line_that_was_cut_short_is_told_and_the_others_count(
    tmp_path: Path, file: Path, torn: int, caplog: pytest.LogCaptureFixture
) -> None:
    tombstones = opened(tmp_path / "data", file)
    tombstones._append([WHOLE])
    whole = file.read_bytes()
    tombstones._append([PART])
    file.write_bytes(file.read_bytes()[: len(whole) + torn])
    with caplog.at_level(logging.WARNING):
        assert opened(tmp_path / "data", file).unfinished() == [WHOLE]
    assert all("discord" not in record.getMessage() for record in caplog.records)
    tombstones._append([PART])
    assert opened(tmp_path / "data", file).unfinished() == [WHOLE, PART]


def test_where_the_file_cannot_be_written_it_is_forgotten_all_the_same(
    tmp_path: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.mkdir(parents=True)  # whatever is wrong with it
    tombstones = Tombstones(*open_vault(tmp_path / "data"), file)
    tombstones.put(WHOLE)
    tombstones.finish(WHOLE)
    assert "a backup from before would bring back what is forgotten now" in caplog.text
    assert "discord" not in caplog.text
    file.rmdir()
    assert opened(tmp_path / "data", file).unfinished() == [] and file.is_file()


def test_what_an_earlier_version_wrote_counts(tmp_path: Path, file: Path) -> None:
    database = Database(tmp_path / "data" / "memory.sqlite3", MASTER)
    database.execute(
        "CREATE TABLE tombstones (id INTEGER PRIMARY KEY, person TEXT, at_s REAL, again TEXT, finished_s REAL)"
    )
    database.execute("INSERT INTO tombstones VALUES (1, 'ann', 5.0, '[7, 8]', NULL)")
    database.execute("INSERT INTO tombstones VALUES (2, 'bob', 6.0, '[]', 7.0)")
    database.close()
    tombstones = opened(tmp_path / "data", file)
    assert tombstones.unfinished() == [Tombstone("old-1", 5.0, "ann", again=(7, 8))]
    assert tombstones.last_s("ann") == 5.0 and tombstones.last_s("bob") == 6.0
    assert {one.uid for one in tombstones._outside()} == {"old-1", "old-2"}


def test_when_somebody_was_last_forgotten_altogether(tmp_path: Path, file: Path) -> None:
    tombstones = opened(tmp_path / "data", file)
    assert tombstones.last_s("discord:1234") is None
    tombstones.put(WHOLE)
    tombstones.put(PART)  # which is not all of it
    assert tombstones.last_s("discord:1234") == WHOLE.at_s and tombstones.last_s("discord:5") is None
    tombstones.put(replace(WHOLE, uid="c3", person=EVERYBODY, at_s=NOON_S + 9))
    assert tombstones.last_s("discord:1234") == tombstones.last_s("discord:5") == NOON_S + 9


def test_a_new_key_reads_what_was_written_with_the_old_one(tmp_path: Path) -> None:
    place = KeyPlace(tmp_path / "config" / "key", "file")
    place.file.parent.mkdir()
    place.file.write_bytes(MASTER)
    database, vault = open_vault(tmp_path / "data")
    Tombstones(database, vault, beside(place.file)).put(WHOLE)
    rekey(tmp_path / "data", place, database, vault)
    assert Tombstones(database, vault, beside(place.file))._outside() == [WHOLE]


@pytest.mark.parametrize("name", ["key", "key.old-20261128-120000", "key.old-20261128-120000-1"])
def test_an_old_key_has_the_same_file_as_the_new_one(name: str) -> None:
    assert beside(Path("/config") / name) == Path("/config/key.forgotten")


def test_two_vaults_have_different_names(tmp_path: Path) -> None:
    names = {Vault(MASTER, Database(tmp_path / one / "db", MASTER)).name for one in ("a", "b")}
    assert len(names) == 2 and all(len(name) == 16 for name in names)


def everything_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def put_back(folder: Path, backup: dict[Path, bytes]) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()
    for path, raw in backup.items():
        path.write_bytes(raw)
