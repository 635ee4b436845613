"""That whoever looks for a word finds it, in whatever form, wherever it lies: else finding nothing proves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory.database import NAME, Database
from memory.words import Stems
from tests.erasure.canaries import TAIL, Words, canary, folded, forms
from tests.erasure.pages import are_pages, pages
from tests.memory.kept import MASTER

ALL = [canary(number) for number in range(85)]


def test_every_word_is_another_and_can_be_told_from_all_others() -> None:
    assert len(set(ALL)) == len(ALL) and Words(ALL).within(b"quo vix") == set()
    stems = Stems()
    assert [stems.of(word) for word in ALL] == [
        folded(word) for word in ALL
    ]  # an index does not shorten them


@pytest.mark.parametrize("form", forms(ALL[0]))
@pytest.mark.parametrize("number", [0, 1, 5, 40])
def test_it_is_found_in_every_form(form: str, number: int) -> None:
    assert Words(ALL).within(b"\0\x01 " + forms(ALL[number])[form] + b"\xff\0") == {ALL[number]}


def test_what_nobody_has_planted_is_found_too() -> None:
    assert Words(ALL[:3]).within(f"xenoquar{TAIL}".encode()) == {"?noquar" + TAIL}


def test_pages_that_are_free_and_the_log_are_read_as_well(tmp_path: Path) -> None:
    database = Database(tmp_path / NAME, MASTER)
    database.execute("PRAGMA secure_delete = OFF")
    database.execute("CREATE TABLE things (word TEXT)")
    database.write_many("INSERT INTO things VALUES (?)", [(word * 99,) for word in ALL[:40]])
    assert Words(ALL).within(b"".join(pages(database.path, MASTER))) == set(ALL[:40])  # in the log
    database.execute("DROP TABLE things")
    database.purge()
    found = pages(database.path, MASTER)
    assert are_pages(found) and Words(ALL).within(b"".join(found)) == set(ALL[:40])  # in no table
    assert Words(ALL).within(database.path.read_bytes()) == set()
    assert not are_pages(pages(database.path, bytes(32)))
    database.close()


def test_nothing_that_is_deleted_stays_in_a_page(tmp_path: Path) -> None:
    database = Database(tmp_path / NAME, MASTER)
    database.execute("CREATE TABLE things (word TEXT)")
    database.write_many("INSERT INTO things VALUES (?)", [(word * 99,) for word in ALL[:40]])
    database.execute("DELETE FROM things WHERE rowid > 20")
    database.purge()
    assert Words(ALL).within(b"".join(pages(database.path, MASTER))) == set(ALL[:20])
    database.execute("DROP TABLE things")
    database.purge()
    assert Words(ALL).within(b"".join(pages(database.path, MASTER))) == set()
    database.close()
