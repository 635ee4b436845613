"""Lines go, and are kept private, in every form they have ever had."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from memory.ledger import Item, Ledger, resting_on
from memory.stores.embedded import EmbeddedStore
from memory.tombstones import Tombstone
from memory.types import HERS
from memory.vault import Vault
from tests.memory.kept import NOON_S, open_vault, scope


@pytest.fixture
def opened(tmp_path: Path) -> tuple[EmbeddedStore, Vault]:
    database, vault = open_vault(tmp_path)
    return EmbeddedStore(database), vault


def ledger(opened: tuple[EmbeddedStore, Vault]) -> Ledger:
    """As at the next start."""
    return Ledger(*opened, HERS, "profile")


def item(name: str, text: str, *sources: int | str, about: tuple[str, ...] = ("ann",)) -> Item:
    return Item(name, "tastes", text, NOON_S, scope(*about), sources)


def texts(lines: Ledger) -> dict[str, str]:
    return {one.id: one.text for one in lines.items}


def forms(lines: Ledger) -> set[str]:
    """Every text that a line has ever had, as far as that can be undone."""
    changes = [one for update in lines.history() for one in update.changes]
    return {form.text for one in changes for form in (one.before, one.after) if form is not None}


@pytest.fixture
def lines(opened: tuple[EmbeddedStore, Vault]) -> Ledger:
    kept = ledger(opened)
    kept.apply({"a": item("a", "bees", 1), "b": item("b", "rain", about=())}, NOON_S)
    kept.apply({"a": item("a", "honey", 2)}, NOON_S + 1)
    kept.apply({"c": item("c", "hives", 1, "entry")}, NOON_S + 2)
    return kept


def test_what_rests_on_what_goes_goes_and_what_it_was_before_too(
    lines: Ledger, opened: tuple[EmbeddedStore, Vault]
) -> None:
    gone = resting_on(Tombstone("x", 0.0, "ann", whole=False, turns=(1,)))
    assert lines.count_where(gone) == 1 == lines.remove_where(gone)
    for one in (lines, ledger(opened)):
        assert texts(one) == {"a": "honey", "b": "rain"}
        assert forms(one) == {
            "rain"
        }  # that it was "bees" before is not there any more, so nor can that be undone
    assert lines.count_where(gone) == 0 == lines.remove_where(gone)


@pytest.mark.parametrize(
    ("person", "turns", "entries", "left"),
    [
        ("ann", (2,), (), {"b", "c"}),
        ("ann", (), ("entry",), {"a", "b"}),
        ("ann", (9,), ("other",), {"a", "b", "c"}),
        ("bob", (1, 2), ("entry",), {"a", "b", "c"}),
    ],
)
def test_only_a_line_about_its_person_rests_on_a_tombstone(
    lines: Ledger, person: str, turns: tuple[int, ...], entries: tuple[str, ...], left: set[str]
) -> None:
    lines.remove_where(resting_on(Tombstone("x", 0.0, person, whole=False, turns=turns, entries=entries)))
    assert set(texts(lines)) == left


def test_as_many_go_with_somebody_as_were_counted(lines: Ledger) -> None:
    lines.apply({"d": item("d", "they met", about=("ann", "bob"))}, NOON_S)
    assert lines.count() == 4 and lines.count_of("ann") == 3 and lines.count_of("bob") == 1
    assert lines.remove_person("ann") == 3
    assert lines.count() == 1 and lines.count_of("ann") == 0 and forms(lines) == {"rain"}


def test_what_nobody_can_open_any_more_is_counted_too(
    opened: tuple[EmbeddedStore, Vault], lines: Ledger
) -> None:
    opened[1].destroy("ann")
    again = ledger(opened)
    assert texts(again) == {"b": "rain"} and again.count_of("ann") == 2 == again.remove_person("ann")


def test_what_is_kept_private_is_so_in_every_form(lines: Ledger, opened: tuple[EmbeddedStore, Vault]) -> None:
    lines.keep_private(lambda one: 1 in one.sources)
    for one in (lines, ledger(opened)):
        assert {each.id for each in one.items if each.scope.private} == {"c"}
    lines.undo(3)
    lines.undo(2)
    assert texts(lines) == {"a": "bees", "b": "rain"}
    assert {each.id for each in lines.items if each.scope.private} == {"a"}


def test_all_of_it_goes_and_it_begins_anew(lines: Ledger, opened: tuple[EmbeddedStore, Vault]) -> None:
    assert lines.clear() == 3
    for one in (lines, ledger(opened)):
        assert one.count() == 0 and one.items == [] and one.history() == []
    lines.apply({"a": item("a", "goats", 5)}, NOON_S)
    assert texts(ledger(opened)) == {"a": "goats"}
    assert opened[0].fields(HERS).keys() == {"profile:item:a", "profile:update:4"}


def test_that_somebody_heard_it_is_left_out_of_every_form(opened: tuple[EmbeddedStore, Vault]) -> None:
    kept = ledger(opened)
    heard = scope("bob", heard_by=("ann", "bob"))
    kept.apply({"a": replace(item("a", "dogs"), scope=heard)}, NOON_S)
    kept.apply({"a": replace(item("a", "small dogs"), scope=heard)}, NOON_S)
    assert kept.remove_person("ann") == 0
    again = ledger(opened)
    assert forms(again) == {"dogs", "small dogs"} and "ann" not in repr(again.history()) + repr(again.items)
