"""What every PersonStore has to do. Run over each implementation by ``test_stores.py``."""

from __future__ import annotations

from collections.abc import Callable

from memory.ports import PersonStore

Open = Callable[[], PersonStore]  # opens the same store once more, as after a restart


def what_was_put_is_there_after_a_restart(open_: Open) -> None:
    open_().put("ann", {"name": b"\x00sealed\xff", "face": b""})
    store = open_()
    assert store.get("ann", "name") == b"\x00sealed\xff"
    assert store.fields("ann") == {"name": b"\x00sealed\xff", "face": b""}


def putting_changes_only_the_fields_it_names(open_: Open) -> None:
    store = open_()
    store.put("ann", {"one": b"1", "two": b"2", "three": b"3"})
    store.put("ann", {"one": b"new", "two": None, "never": None})
    assert store.fields("ann") == {"one": b"new", "three": b"3"}


def nothing_is_nothing(open_: Open) -> None:
    store = open_()
    store.put("ann", {})
    assert store.get("ann", "name") is None
    assert store.fields("ann") == {}
    assert store.people() == []
    assert store.remove("ann") == 0


def people_are_kept_apart(open_: Open) -> None:
    store = open_()
    for person in ("bob", "", "ann:x", "ann", "ann:x:y", "Åse 🙂"):
        store.put(person, {"who": person.encode()})
    assert store.people() == sorted(["", "Åse 🙂", "ann", "ann:x", "ann:x:y", "bob"])
    assert store.remove("ann:x") == 1
    assert store.get("ann:x:y", "who") == b"ann:x:y"
    assert "ann:x" not in open_().people()


def a_person_without_fields_is_nobody(open_: Open) -> None:
    store = open_()
    store.put("ann", {"one": b"1"})
    store.put("ann", {"one": None})
    assert store.people() == []


def removing_takes_everything_and_tells_how_much(open_: Open) -> None:
    store = open_()
    store.put("ann", {"one": b"1", "two": b"2"})
    assert store.remove("ann") == 2
    assert open_().fields("ann") == {}


CONTRACT = (
    what_was_put_is_there_after_a_restart,
    putting_changes_only_the_fields_it_names,
    nothing_is_nothing,
    people_are_kept_apart,
    a_person_without_fields_is_nobody,
    removing_takes_everything_and_tells_how_much,
)
