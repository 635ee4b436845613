"""What every PersonStore has to do. Run over each implementation by ``test_stores.py``."""

from __future__ import annotations

import os
import random
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pytest

from memory.ports import PersonStore

LARGE = 8 * 1024 * 1024  # bytes
MANY = 10_000  # people
WRITES, WRITERS = 40, 2
KILLS = 12
LONGEST_S = 0.15  # that a writer lives once it has begun


@dataclass(frozen=True, slots=True)
class Opening:
    """One store, opened over and over."""

    again: Callable[[], PersonStore]  # as after a restart; what was open before is closed
    beside: Callable[[], PersonStore]  # by another process, while it is open in this one
    put_many: Callable[[Mapping[str, Mapping[str, bytes]]], None]  # quickly, however that is done


def what_was_put_is_there_after_a_restart(opening: Opening) -> None:
    opening.again().put("ann", {"name": b"\x00sealed\xff", "face": b""})
    store = opening.again()
    assert store.get("ann", "name") == b"\x00sealed\xff"
    assert store.fields("ann") == {"name": b"\x00sealed\xff", "face": b""}


def putting_changes_only_the_fields_it_names(opening: Opening) -> None:
    store = opening.again()
    store.put("ann", {"one": b"1", "two": b"2", "three": b"3"})
    store.put("ann", {"one": b"new", "two": None, "never": None})
    assert store.fields("ann") == {"one": b"new", "three": b"3"}


def nothing_is_nothing(opening: Opening) -> None:
    store = opening.again()
    store.put("ann", {})
    assert store.get("ann", "name") is None
    assert store.fields("ann") == {}
    assert store.people() == [] and store.people("name") == []
    assert store.remove("ann") == 0


def people_are_kept_apart(opening: Opening) -> None:
    store = opening.again()
    for person in ("bob", "", "ann:x", "ann", "ann:x:y", "Åse 🙂"):
        store.put(person, {"who": person.encode()})
    assert store.people() == sorted(["", "Åse 🙂", "ann", "ann:x", "ann:x:y", "bob"])
    assert store.remove("ann:x") == 1
    assert store.get("ann:x:y", "who") == b"ann:x:y"
    assert "ann:x" not in opening.again().people()


def people_are_found_by_the_kind_of_their_fields(opening: Opening) -> None:
    store = opening.again()
    store.put("ann", {"roster:met": b"1", "voice": b"2"})
    store.put("bob", {"rosters:met": b"1", "voices": b"2", "voice:": b""})
    store.put("carl", {"roster": b"1"})
    assert store.people("roster") == ["ann", "carl"]
    assert store.people("voice") == ["ann", "bob"]
    assert store.people("ros") == [] and store.people("%") == []


def any_name_and_any_value_is_kept_as_it_is(opening: Opening) -> None:
    store = opening.again()
    names = ["", "Åse 🙂", "a\nb", "a\0b", "{x}", "*", "x" * 1000, "field:with:colons", "'; DROP TABLE x"]
    values: dict[str, bytes | None] = {
        name: bytes(range(256)) + name.encode() + b"\r\n$5\r\n" for name in names
    }
    for person in names:
        store.put(person, values)
    store = opening.again()
    assert store.people() == sorted(names)
    for person in names:
        assert store.fields(person) == values
        assert all(store.get(person, name) == values[name] for name in names)


def values_may_be_empty_and_large(opening: Opening) -> None:
    large = random.Random(1).randbytes(LARGE)
    opening.again().put("ann", {"large": large, "empty": b""})
    store = opening.again()
    assert store.get("ann", "large") == large and store.get("ann", "empty") == b""
    store.put("ann", {"large": b"small now"})
    assert store.fields("ann") == {"large": b"small now", "empty": b""}


def a_person_may_have_many_fields(opening: Opening) -> None:
    values: dict[str, bytes | None] = {f"field:{number}": str(number).encode() for number in range(20_000)}
    store = opening.again()
    store.put("ann", values)
    assert opening.again().fields("ann") == values
    assert opening.again().remove("ann") == len(values)


def a_person_without_fields_is_nobody(opening: Opening) -> None:
    store = opening.again()
    store.put("ann", {"one": b"1"})
    store.put("ann", {"one": None})
    assert store.people() == []


def removing_takes_everything_and_tells_how_much(opening: Opening) -> None:
    store = opening.again()
    store.put("ann", {"one": b"1", "two": b"2"})
    assert store.remove("ann") == 2
    assert opening.again().fields("ann") == {}
    assert opening.again().remove("ann") == 0


def threads_do_not_lose_each_other_s_writes(opening: Opening) -> None:
    store = opening.again()

    def write(number: int) -> None:
        for count in range(WRITES):
            store.put("ann", {f"{number}/{count}": b"x", "last": str(number).encode()})
            assert store.get("ann", f"{number}/{count}") == b"x"

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.fields("ann")) == 4 * WRITES + 1


def two_processes_do_not_lose_each_other_s_writes(opening: Opening) -> None:
    """And what one has put is there for the other at once."""
    _needs_fork()
    store = opening.again()
    children = [_forked(lambda number=number: _write_beside(opening, number)) for number in range(WRITERS)]
    assert [_status(child) for child in children] == [0] * WRITERS
    found = store.fields("shared")
    assert len(found) == WRITERS * WRITES + 1
    assert store.people() == sorted(["shared", *(f"writer {number}" for number in range(WRITERS))])


def a_put_is_seen_by_others_as_a_whole(opening: Opening) -> None:
    """Or not at all: two fields that always change together are always the same."""
    _needs_fork()
    store = opening.again()
    store.put("ann", {"one": b"0", "two": b"0"})
    child = _forked(lambda: _write_pairs(opening))
    seen = set[bytes]()
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        fields = store.fields("ann")
        assert fields["one"] == fields["two"]
        seen.add(fields["one"])
    assert store.get("ann", "one") == str(WRITES - 1).encode() and seen


def nothing_acknowledged_is_lost_when_the_writer_is_killed(opening: Opening) -> None:
    """kill -9 at random moments; and what was being put then is there as a whole or not at all."""
    _needs_fork()
    chance, acknowledged = random.Random(7), dict[str, int]()
    for number in range(KILLS):
        for line in _killed(lambda pipe, number=number: _write_for_ever(opening, number, pipe), chance):  # type: ignore[misc]
            acknowledged[f"writer {number}"] = int(line)
        store = opening.again()
        for person, last in acknowledged.items():
            fields = store.fields(person)
            assert int(fields["one"]) >= last and fields["one"] == fields["two"]
    assert len(acknowledged) > KILLS // 2, "it was killed too soon"


def it_is_quick_with_ten_thousand_people(opening: Opening) -> None:
    """Whatever it is asked: each of them has a value of 2 KiB and two small ones."""
    value = random.Random(2).randbytes(2048)
    opening.put_many(
        {
            f"discord:{number}": {"face:sface": value, "roster:met": b"m", "voice": b"v"}
            for number in range(MANY)
        }
    )
    store = opening.again()
    assert len(store.people()) == len(store.people("face")) == MANY
    took = []
    for number in random.Random(3).sample(range(MANY), 200):
        began = time.perf_counter()
        assert store.get(f"discord:{number}", "face:sface") == value
        took.append(time.perf_counter() - began)
    print(f"get, {MANY} people: {statistics.median(took) * 1e3:.3f} ms")


CONTRACT = (
    what_was_put_is_there_after_a_restart,
    putting_changes_only_the_fields_it_names,
    nothing_is_nothing,
    people_are_kept_apart,
    people_are_found_by_the_kind_of_their_fields,
    any_name_and_any_value_is_kept_as_it_is,
    values_may_be_empty_and_large,
    a_person_may_have_many_fields,
    a_person_without_fields_is_nobody,
    removing_takes_everything_and_tells_how_much,
    threads_do_not_lose_each_other_s_writes,
    two_processes_do_not_lose_each_other_s_writes,
    a_put_is_seen_by_others_as_a_whole,
    nothing_acknowledged_is_lost_when_the_writer_is_killed,
    it_is_quick_with_ten_thousand_people,
)


# What other processes do


def _write_beside(opening: Opening, number: int) -> None:
    store = opening.beside()
    for count in range(WRITES):
        store.put("shared", {f"{number}/{count}": b"x", "last": str(number).encode()})
        store.put(f"writer {number}", {"count": str(count).encode()})
        assert store.get("shared", f"{number}/{count}") == b"x"


def _write_pairs(opening: Opening) -> None:
    store = opening.beside()
    for count in range(WRITES):
        store.put("ann", {"one": str(count).encode(), "two": str(count).encode()})


def _write_for_ever(opening: Opening, number: int, pipe: int) -> None:
    store = opening.again()
    os.write(pipe, b"open\n")
    for count in range(100_000):
        text = str(count).encode()
        store.put(f"writer {number}", {"one": text, "two": text})
        os.write(pipe, text + b"\n")


def _needs_fork() -> None:
    if not hasattr(os, "fork"):
        pytest.skip("needs fork and kill -9")


def _forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def _status(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _killed(work: Callable[[int], None], chance: random.Random) -> Iterable[bytes]:
    """What ``work`` has written into its pipe until it was killed, a moment after its first line."""
    read, write = os.pipe()

    def in_child() -> None:
        os.close(read)
        work(write)

    child = _forked(in_child)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.readline() == b"open\n"
        time.sleep(chance.uniform(0.01, LONGEST_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return [line for line in pipe.readlines() if line.endswith(b"\n")]
