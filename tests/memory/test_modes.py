"""The mode of a place outlives the process, and a full disk does not undo it."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory.database import Database
from memory.errors import StoreError
from memory.modes import Modes


def test_the_last_mode_of_each_place_is_there_after_a_restart(tmp_path: Path) -> None:
    modes = Modes(Database(tmp_path / "kith.sqlite3", bytes(32)))
    assert modes.of("lounge") is None
    for mode in ("always", "quiet"):
        modes.keep("lounge", mode)
    modes.keep("kitchen", "always")
    again = Modes(Database(tmp_path / "kith.sqlite3", bytes(32)))
    assert (again.of("lounge"), again.of("kitchen"), again.of("attic")) == ("quiet", "always", None)


def test_a_mode_that_cannot_be_written_counts_until_the_end(tmp_path: Path) -> None:
    database = Database(tmp_path / "kith.sqlite3", bytes(32))
    modes = Modes(database)
    database.execute("DROP TABLE modes")
    with pytest.raises(StoreError):
        modes.keep("lounge", "quiet")
    assert modes.of("lounge") == "quiet"
