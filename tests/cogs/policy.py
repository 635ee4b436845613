"""The tables of ``docs/privacy.md``, as tests read them: who may do what where, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import discord

PAGE = Path(__file__).parents[2] / "docs" / "privacy.md"
PLACES = ("DM", "text channel", "thread", "voice chat")
ROLES = ("member", "moderator", "owner")
WHO = {"everybody": frozenset(ROLES), "moderators": frozenset(ROLES[1:]), "owner": frozenset(ROLES[2:])}
NOT_OFFERED = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """Who may use a command; ``command``: as it is typed, or the name of a menu's entry."""

    command: str
    allowed: dict[str, frozenset[str] | None]  # by place: roles; None: it is not offered there
    shown_to: int | None  # permissions, as they are registered

    @property
    def is_menu(self) -> bool:
        return not self.command.startswith("/")


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may be done; ``each``: by or in which it is counted."""

    what: str
    most: int
    within_s: float
    each: str


def rows() -> dict[str, Row]:
    """By their command."""
    found: dict[str, Row] = {}
    for command, *cells in _table("roles"):
        who = {
            place: None if cell == NOT_OFFERED else WHO[cell]
            for place, cell in zip(PLACES, cells, strict=False)
        }
        name = command.strip("`")
        assert name not in found, f"{name} is there twice"
        found[name] = Row(name, who, _permissions(cells[len(PLACES)]))
    return found


def limits() -> list[Limit]:
    found = []
    for what, most, within, each in _table("limits"):
        number, unit = within.split()
        assert unit == "s"
        found.append(Limit(what.strip("`"), int(most), float(number), each))
    return found


def _table(mark: str) -> Iterator[list[str]]:
    """The cells of the rows of the table below a mark."""
    lines = PAGE.read_text("utf-8").partition(f"<!-- {mark}: read by ")[2].splitlines()[1:]
    for number, line in enumerate(lines):
        if not line.startswith("|"):
            return
        if number > 1:  # below the heading and its rule
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def _permissions(names: str) -> int | None:
    """What Discord calls these permissions, as bits; None where there is none."""
    wanted = [name.strip().lower().replace(" ", "_") for name in names.split(",") if name.strip()]
    return discord.Permissions(**dict.fromkeys(wanted, True)).value if wanted else None
