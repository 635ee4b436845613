"""What is written is on disk, encrypted; what goes wrong is one sentence and harms nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from memory import steps
from memory.database import CHECKPOINT_PAGES, Database, occupied
from memory.errors import StoreError

KEY = bytes(32)


def test_nothing_can_be_read_without_the_key(tmp_path: Path) -> None:
    path = tmp_path / "data" / "memory.sqlite3"
    database = Database(path, KEY)
    database.execute("CREATE TABLE words (text TEXT)")
    database.execute("INSERT INTO words VALUES (?)", "thunderstorm")
    database.close()
    assert b"thunderstorm" not in path.read_bytes() and b"SQLite" not in path.read_bytes()
    with pytest.raises(StoreError, match="damaged"):
        Database(path, bytes([1] * 32))
    assert Database(path, KEY).read("SELECT text FROM words") == [("thunderstorm",)]


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "memory.sqlite3", KEY)
    database.execute("CREATE TABLE words (text TEXT UNIQUE)")
    with pytest.raises(StoreError):
        database.write_many("INSERT INTO words VALUES (?)", [("a",), ("b",), ("a",)])
    assert database.read("SELECT * FROM words") == []


def test_what_is_read_together_is_as_of_one_moment_whatever_is_dropped_meanwhile(tmp_path: Path) -> None:
    database = Database(tmp_path / "memory.sqlite3", KEY)
    database.execute("CREATE TABLE words (text TEXT)")
    database.execute("INSERT INTO words VALUES ('a')")
    with database.reading() as read:
        assert read("SELECT * FROM words") == [("a",)]
        database.execute("DROP TABLE words")
        assert read("SELECT * FROM words") == [("a",)]
    with pytest.raises(StoreError), database.reading() as read:
        read("SELECT * FROM words")
    assert database.read("SELECT 1") == [(1,)]  # and it goes on


@pytest.mark.parametrize("broken", [False, True])
def test_what_need_not_last_is_all_or_nothing_and_what_follows_lasts(tmp_path: Path, broken: bool) -> None:
    database = Database(tmp_path / "memory.sqlite3", KEY)
    database.execute("CREATE TABLE words (text TEXT UNIQUE)")
    try:
        with database.transaction(lasting=False) as execute:
            execute("INSERT INTO words VALUES ('a')")
            if broken:
                execute("INSERT INTO words VALUES ('a')")
    except StoreError:
        assert broken
    assert database.read("SELECT * FROM words") == ([] if broken else [("a",)])
    assert database.execute("PRAGMA synchronous") == [(2,)]  # FULL
    assert database.execute("PRAGMA wal_autocheckpoint") == [(0,)]  # nobody waits for that in between
    database.purge()
    assert database.execute("PRAGMA wal_autocheckpoint") == [(CHECKPOINT_PAGES,)]


@pytest.mark.parametrize("unreadable", [False, True])
def test_much_is_erased_in_steps_between_which_others_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unreadable: bool
) -> None:
    database = Database(tmp_path / "memory.sqlite3", KEY)
    database.execute("CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT)")
    database.write_many("INSERT INTO words (text) VALUES (?)", [("ann",), ("bob",)] * 50)
    monkeypatch.setattr(steps, "ROWS", 30)
    written: list[int] = []

    def others_write() -> None:
        writer = threading.Thread(
            target=database.execute, args=("INSERT INTO words (text) VALUES ('carl')",), daemon=True
        )
        writer.start()
        writer.join(5)
        assert not writer.is_alive()
        written.append(1)

    monkeypatch.setattr(steps, "breathe", others_write)
    assert steps.erase(database, "words", "text = ?", "ann", unreadable=unreadable) == 50
    left = [("bob", 50), ("carl", len(written))]
    assert database.read("SELECT text, count(*) FROM words GROUP BY text") == left and len(written) == 4
    assert database.execute("PRAGMA secure_delete") == [(1,)]


def test_a_second_process_is_told_that_the_folder_is_in_use(tmp_path: Path) -> None:
    lock = occupied(tmp_path)
    program = f"""
from pathlib import Path
from memory.database import occupied
from memory.errors import StoreError
try:
    occupied(Path({str(tmp_path)!r}))
except StoreError as error:
    print(error)
"""
    again = [sys.executable, "-c", program]
    refused = subprocess.run(again, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert "Another Kith is using" in refused.stdout, refused.stderr
    lock.release()
    assert subprocess.run(again, capture_output=True, text=True, cwd=Path(__file__).parents[2]).stdout == ""


@pytest.mark.parametrize("size", [0.3, 0.6])
def test_a_truncated_file_is_said_and_left_alone(tmp_path: Path, size: float) -> None:
    path = tmp_path / "memory.sqlite3"
    database = Database(path, KEY)
    database.execute("CREATE TABLE words (text TEXT)")
    database.write_many("INSERT INTO words VALUES (?)", [("word" * 200,)] * 500)
    database.close()
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * size))
    left = path.read_bytes()
    with pytest.raises(StoreError, match="damaged"):
        Database(path, KEY).read("SELECT count(text) FROM words")
    assert path.read_bytes() == left


def test_damage_inside_the_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite3"
    database = Database(path, KEY)
    database.execute("CREATE TABLE words (text TEXT)")
    database.write_many("INSERT INTO words VALUES (?)", [("word" * 200,)] * 500)
    assert database.check() == []
    database.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"x")
    assert Database(path, KEY).check()


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    database = Database(tmp_path / "memory.sqlite3", KEY)
    database.execute("CREATE TABLE words (text TEXT)")
    database.execute("INSERT INTO words VALUES ('first')")
    database.execute("PRAGMA max_page_count = 10")
    with pytest.raises(StoreError, match="full"):
        database.write_many("INSERT INTO words VALUES (?)", [("word" * 1000,)] * 100)
    assert database.read("SELECT text FROM words") == [("first",)]
    database.execute("PRAGMA max_page_count = 100000")
    database.execute("INSERT INTO words VALUES ('second')")


def test_rekeying_the_file_leaves_everything_there(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite3"
    database = Database(path, KEY)
    database.execute("CREATE TABLE words (text TEXT)")
    database.execute("INSERT INTO words VALUES ('first')")
    database.rekey(bytes([7] * 32))
    database.execute("INSERT INTO words VALUES ('second')")
    database.close()
    with pytest.raises(StoreError):
        Database(path, KEY)
    assert Database(path, bytes([7] * 32)).read("SELECT count(*) FROM words") == [(2,)]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        Database(tmp_path / "file" / "memory.sqlite3", KEY)
