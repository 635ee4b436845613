"""What tests of memory share: a vault that is quick to make, and turns that say who heard them."""

from __future__ import annotations

from pathlib import Path

from memory.database import NAME, Database
from memory.types import HERS, Origin, Scope, StoredTurn
from memory.vault import Vault

MASTER = bytes(range(32))
DAY_S = 86_400.0
NOON_S = 1_795_780_800.0  # 27 November 2026, 12:00 UTC


def open_vault(folder: Path) -> tuple[Database, Vault]:
    """As after a restart, if ``folder`` was used before."""
    database = Database(folder / NAME, MASTER)
    return database, Vault(MASTER, database)


def scope(*about: str, heard_by: tuple[str, ...] | None = None, place: str = "lounge") -> Scope:
    return Scope(Origin.VOICE, place, tuple(sorted(about)), tuple(sorted(heard_by or about)))


def turn(speaker: str, text: str, at_s: float = NOON_S, *, about: tuple[str, ...] = ()) -> StoredTurn:
    """``about``: of hers, whose words it may repeat."""
    name = speaker.capitalize() if speaker else "Mira"
    people = (speaker,) if speaker != HERS else about
    return StoredTurn(0, at_s, speaker, name, text, "lounge@1", scope(*people))


def everything_under(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
