"""All that is kept with a Redis as its store: forgetting while it is away, old copies of it, and moving there and back."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from memory import moving
from memory.__main__ import main
from memory.consent import Purpose
from memory.errors import StoreAway, StoreError
from memory.forget import Wish
from memory.master import KeyPlace
from memory.memory import Memory, open_memory
from memory.moving import Moved, move
from memory.stores.choosing import Elsewhere
from memory.stores.embedded import EmbeddedStore
from memory.stores.redis import RedisStore
from memory.tombstones import EVERYBODY
from tests.memory.lives import ANN, BOB, Letters, Lives, live
from tests.memory.redis_server import DURABLE, RedisServer, redis_server

pytestmark = pytest.mark.usefixtures("soon")


WISHES: dict[str, Callable[[Lives], Wish]] = {
    "a person": lambda _: Wish(ANN),
    "who withdraws": lambda _: Wish(ANN, everywhere=False),
    "everything": lambda _: Wish(EVERYBODY),
    "turns": lambda lives: Wish(ANN, turns=(lives.turns["Amble"].id, lives.turns["Rexdog"].id)),
}
ON = ("beekeeper", "honey", "likes hives")  # lines that rest on what Ann said
wishes = pytest.mark.parametrize("name", WISHES)


def opened(folder: Path, store: str, *, occupy: bool = True) -> Memory:
    place = KeyPlace(folder / "config" / "key", "file")
    return open_memory(folder / "data", place, embedder=Letters(), store=store, occupy=occupy)


def redis_of(memory: Memory) -> RedisStore:
    assert isinstance(memory.store, RedisStore)
    return memory.store


def until(true: Callable[[], bool], what: str = "it never came to that") -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def at_rest(memory: Memory) -> None:
    """It answers, has all that waited, and knows of all that was forgotten."""
    store = redis_of(memory)
    until(lambda: store.settled, "it does not come back")
    until(lambda: store._link.forgotten() >= set(memory.forgetting.uids()), "it is not told")


def lines(memory: Memory) -> set[str]:
    """Everything that is known of anybody, and of herself, as whoever has every key reads it."""
    found = {item.text for item in memory.profile.items()}
    for person in memory.roster.people():
        known = memory.roster.acquaintance(person)
        found |= {item.text for item in known.history} | {known.meetings.name}
    return found


def raw(memory: Memory, person: str) -> set[bytes]:
    """What Redis holds of somebody, as it lies there."""
    store = redis_of(memory)
    return set(store._link.values(store._seals.person(person)).values())


def test_the_same_is_known_as_without_it(server: RedisServer, tmp_path: Path) -> None:
    with closing(opened(tmp_path / "one", server.url)) as memory:
        live(memory)
        there = lines(memory)
    with closing(opened(tmp_path / "two", "")) as memory:
        live(memory)
        assert lines(memory) == there and {"Ann", "Bob", *ON} <= {*there, "beekeeper"}
    with closing(opened(tmp_path / "one", server.url)) as memory:
        assert lines(memory) == there


@wishes
def test_what_is_forgotten_is_gone_from_it_and_from_its_files(
    server: RedisServer, tmp_path: Path, name: str
) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        lives = live(memory)
        before = {person: raw(memory, person) for person in (ANN, BOB, "")}
        wish = WISHES[name](lives)
        look = memory.forgetting.look(wish)
        receipt = memory.forget(wish)
        assert receipt == look and not receipt.waits and receipt.counts["roster"] > 0
        gone = set[bytes]().union(*(before[one] - raw(memory, one) for one in before))
        files = server.files()
        assert gone and not any(one in files for one in gone)
        assert lines(memory) & {"honey", "likes hives", "a beekeeper"} == set()
        assert redis_of(memory)._link.forgotten() == set(memory.forgetting.uids())
        if name.startswith(("a person", "who")):
            assert raw(memory, ANN) == set() and redis_of(memory).people() == ["", BOB]


@wishes
def test_it_waits_for_a_redis_that_is_away_and_is_told_nobody_meanwhile(
    server: RedisServer, tmp_path: Path, name: str
) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        lives = live(memory)
        before = {person: raw(memory, person) for person in (ANN, BOB, "")}
        server.stop()
        wish = WISHES[name](lives)
        assert memory.forgetting.look(wish).waits
        receipt = memory.forget(wish)
        assert receipt.waits and receipt.counts["turns"] > 0
        held = {item.text for ledger, _ in memory.roster._known.values() for item in ledger.items}
        held |= {item.text for item in memory.profile.items()} if name != "everything" else set()
        assert not held & {"honey", "likes hives", "a beekeeper"}
        server.start()
        at_rest(memory)
        assert lines(memory) & {"honey", "likes hives", "a beekeeper"} == set()
        gone = set[bytes]().union(*(before[one] - raw(memory, one) for one in before))
        files = server.files()
        assert gone and not any(one in files for one in gone)
        if name != "everything":
            assert "a dog owner" in lines(memory) and not memory.forgetting.look(wish).counts["roster"]


@wishes
@pytest.mark.parametrize("killed", [False, True], ids=["closed", "killed"])
def test_it_is_finished_at_a_start_that_finds_redis_again(
    server: RedisServer, tmp_path: Path, name: str, killed: bool
) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        lives = live(memory)
        before = raw(memory, ANN)
    child = os.fork()
    if child == 0:
        try:
            memory = opened(tmp_path, server.url)
            os.kill(server.pid, signal.SIGTERM)
            until(lambda: not server._answers())
            memory.forget(WISHES[name](lives))
            if not killed:
                memory.close()
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    server.stop()
    with closing(opened(tmp_path, server.url)) as memory:  # still away: she starts all the same
        assert not redis_of(memory).settled
    server.start()
    with closing(opened(tmp_path, server.url)) as memory:
        at_rest(memory)
        assert lines(memory) & {"honey", "likes hives", "a beekeeper"} == set()
        gone, files = before - raw(memory, ANN), server.files()
        assert gone and not any(one in files for one in gone)


@wishes
def test_an_old_copy_of_redis_that_is_put_back_brings_nothing_back(
    server: RedisServer, tmp_path: Path, name: str
) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        lives = live(memory)
    server.stop()
    shutil.copytree(server.folder, tmp_path / "old")
    server.start()
    with closing(opened(tmp_path, server.url)) as memory:
        before = raw(memory, ANN)
        memory.forget(WISHES[name](lives))
    server.stop()
    shutil.rmtree(server.folder)
    shutil.copytree(tmp_path / "old", server.folder)
    server.start()
    with closing(opened(tmp_path, server.url)) as memory:
        at_rest(memory)
        assert lines(memory) & {"honey", "likes hives", "a beekeeper"} == set()
        gone, files = before - raw(memory, ANN), server.files()
        assert gone and not any(one in files for one in gone)
        if name != "everything":
            assert "a dog owner" in lines(memory)


def test_what_is_said_after_forgetting_is_kept_also_where_redis_is_put_back(
    server: RedisServer, tmp_path: Path
) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        live(memory)
        memory.forget(Wish(ANN))
        asyncio.run(memory.consent.decide(ANN, Purpose.REMEMBERING, True, "test"))
        memory.roster.met(ANN, "Anna", 5.0)
    with closing(opened(tmp_path, server.url)) as memory:
        assert memory.roster.acquaintance(ANN).meetings.name == "Anna"


def test_a_voice_that_may_not_be_known_any_more_goes_when_redis_is_back(
    server: RedisServer, tmp_path: Path
) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        asyncio.run(memory.consent.decide(ANN, Purpose.VOICE, True, "test"))
        assert memory.keep_voice(ANN, np.ones(8, np.float32), "letters")
        before = raw(memory, ANN)
        server.stop()
        asyncio.run(memory.consent.decide(ANN, Purpose.VOICE, False, "test"))
        assert memory.voices.of(ANN) is None
        server.start()
        until(lambda: redis_of(memory).settled)
        until(lambda: not redis_of(memory)._where.get("purge"))
        assert redis_of(memory).people() == [] and not any(one in server.files() for one in before)


def test_meetings_wait_and_are_there_when_redis_is_back(server: RedisServer, tmp_path: Path) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        memory.roster.met(ANN, "Ann", 1.0)
        server.kill()
        memory.roster.met(ANN, "Ann", 2.0)
        assert memory.roster.acquaintance(ANN).meetings.times_met == 2
        with pytest.raises(StoreAway):
            memory.roster.acquaintance(BOB)
        server.start()
        until(lambda: redis_of(memory).settled)
        assert memory.roster.people() == [ANN]
    with closing(opened(tmp_path, server.url)) as memory:
        assert memory.roster.acquaintance(ANN).meetings.times_met == 2


def test_another_process_reads_it_beside_the_one_that_uses_it(server: RedisServer, tmp_path: Path) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        live(memory)
        with closing(opened(tmp_path, server.url, occupy=False)) as beside:
            assert lines(beside) == lines(memory)
        memory.roster.met(ANN, "Anna", 9.0)
        assert redis_of(memory).settled
        server.stop()
        with (
            closing(opened(tmp_path, server.url, occupy=False)) as beside,
            pytest.raises(StoreAway, match="does not answer just now"),
        ):
            lines(beside)


# Where it lies


def kept(memory: Memory) -> dict[str, dict[str, bytes]]:
    return {person: memory.store.fields(person) for person in memory.store.people()}


def test_a_setting_that_is_wrong_makes_her_forget_nobody(server: RedisServer, tmp_path: Path) -> None:
    with closing(opened(tmp_path, "")) as memory:
        live(memory)
        before = kept(memory)
    with pytest.raises(Elsewhere, match="lies in DATA_DIR, not in Redis"):
        opened(tmp_path, server.url)
    with closing(opened(tmp_path, "embedded")) as memory:
        assert kept(memory) == before


def test_where_nothing_is_kept_yet_the_setting_alone_decides(server: RedisServer, tmp_path: Path) -> None:
    opened(tmp_path, "").close()
    with closing(opened(tmp_path, server.url)) as memory:
        memory.roster.met(ANN, "Ann", 1.0)
    with pytest.raises(Elsewhere, match="lies in Redis: set STORE"):
        opened(tmp_path, "")


def test_it_moves_there_and_back_and_is_nowhere_else(server: RedisServer, tmp_path: Path) -> None:
    with closing(opened(tmp_path, "")) as memory:
        live(memory)
        before, known = kept(memory), lines(memory)
        memory.forget(Wish(BOB, turns=()))
        memory.roster.met(BOB, "Bob", 1.0)
        before, known = kept(memory), lines(memory)
    values = sum(map(len, before.values()))

    def again(store: str) -> Memory:
        return opened(tmp_path, store)

    assert move(again, "", server.url) == Moved(len(before), values)
    with closing(opened(tmp_path, server.url)) as memory:
        assert kept(memory) == before and lines(memory) == known
        assert EmbeddedStore(memory.database).people() == []
        sealed = set[bytes]().union(*(raw(memory, person) for person in before))
    assert move(again, server.url, server.url) == Moved(there=True)
    with pytest.raises(
        StoreError, match="there is nothing: put a copy of it back"
    ):  # another one than it lies in
        move(again, "", server.url.replace("/0", "/1"))
    assert move(again, server.url, "embedded") == Moved(len(before), values)
    with closing(opened(tmp_path, "")) as memory:
        assert kept(memory) == before and lines(memory) == known
    assert not any(one in server.files() for one in sealed)
    with server.client() as client:
        assert client.dbsize() == 0
    with pytest.raises(StoreError, match="say where to take it"):
        move(again, "", "embedded")
    assert move(again, server.url, "embedded") == Moved(there=True)


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_a_move_that_is_killed_at_any_step_is_all_or_nothing_and_done_by_doing_it_again(
    server: RedisServer, tmp_path: Path, back: bool
) -> None:
    with closing(opened(tmp_path, "")) as memory:
        live(memory)
        before = kept(memory)

    def again(store: str) -> Memory:
        return opened(tmp_path, store)

    if back:
        move(again, "", server.url)
    target = "embedded" if back else server.url
    configured = server.url
    killed = 0
    for step in range(1, 60):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                _dies_before(step)
                move(again, configured, target)
                status = 0
            finally:
                os._exit(status)
        status = os.waitpid(child, 0)[1]
        if os.WIFEXITED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            break
        killed += 1
        try:
            memory = opened(tmp_path, server.url)
        except Elsewhere:
            memory = opened(tmp_path, "")
        with closing(memory):
            assert kept(memory) == before
    assert killed > 5
    with closing(opened(tmp_path, target)) as memory:
        assert kept(memory) == before
        if not back:
            assert EmbeddedStore(memory.database).people() == []
    if back:
        with server.client() as client:
            assert client.dbsize() == 0


def _dies_before(step: int) -> None:
    """kill -9 before the so manieth write to either store, or to the database's note of where it lies."""
    count = 0

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def one(*arguments: object, **named: object) -> object:
            nonlocal count
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        return one

    for owner, names in (
        (RedisStore, ("put", "remove", "purge", "note_forgotten", "empty_out", "_rewrite")),
        (EmbeddedStore, ("put", "remove")),
        (moving.Whereabouts, ("set",)),
    ):
        for name in names:
            setattr(owner, name, counted(getattr(owner, name)))


def test_a_redis_that_does_not_answer_moves_nothing(server: RedisServer, tmp_path: Path) -> None:
    with closing(opened(tmp_path, "")) as memory:
        live(memory)
        before = kept(memory)
    server.stop()

    def again(store: str) -> Memory:
        return opened(tmp_path, store)

    with pytest.raises(StoreAway, match="does not answer, so nothing was moved"):
        move(again, "", server.url)
    with closing(opened(tmp_path, "")) as memory:
        assert kept(memory) == before
    server.start()
    move(again, "", server.url)
    server.stop()
    with pytest.raises(StoreAway, match="does not answer, so nothing was moved"):
        move(again, server.url, "embedded")
    server.start()
    with closing(opened(tmp_path, server.url)) as memory:
        assert kept(memory) == before


def test_what_cannot_be_opened_there_is_not_moved(server: RedisServer, tmp_path: Path) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        live(memory)
        key, field = redis_of(memory)._link._prefix + redis_of(memory)._seals.person(ANN), b"x"
    with server.client() as client:
        client.hset(key, field, b"damaged")
    with pytest.raises(StoreError, match="1 values in Redis are damaged, so nothing was moved"):
        move(lambda store: opened(tmp_path, store), server.url, "embedded")


def test_one_that_is_lost_can_be_left_and_what_has_waited_is_not_lost(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis", *DURABLE) as server:
        with closing(opened(tmp_path, server.url)) as memory:
            live(memory)
        server.stop()
        with closing(opened(tmp_path, server.url)) as memory:
            memory.store.put(ANN, {"voice": b"waits"})
        shutil.rmtree(server.folder)
        server.start()
        with pytest.raises(StoreError, match="there is nothing"):
            opened(tmp_path, server.url)
        environ = {
            "DATA_DIR": str(tmp_path / "data"),
            "KEY_FILE": str(tmp_path / "config" / "key"),
            "STORE": server.url,
            "EMBEDDER": "off",
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            assert main(["move", "--lost"]) == 0
        with closing(opened(tmp_path, "")) as memory:
            assert kept(memory) == {ANN: {"voice": b"waits"}} or memory.store.people() == []
            assert lines(memory) == set() and len(memory.turns.after(0)) > 0


def test_it_is_moved_on_the_command_line(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(opened(tmp_path, "")) as memory:
        live(memory)
        before = kept(memory)
    monkeypatch.chdir(tmp_path)
    for name, value in (("DATA_DIR", "data"), ("KEY_FILE", "config/key"), ("EMBEDDER", "off")):
        monkeypatch.setenv(name, str(tmp_path / value))
    monkeypatch.setenv("EMBEDDER", "off")
    assert main(["move"]) == 2 and "say where to take it" in capsys.readouterr().err
    monkeypatch.setenv("STORE", server.url)
    assert main(["stats"]) == 2 and "take it there with `python -m memory move`" in capsys.readouterr().err
    assert (
        main(["move"]) == 0 and f"known of {len(before)} people lies in Redis now" in capsys.readouterr().out
    )
    assert main(["move"]) == 0 and "lies in Redis already" in capsys.readouterr().out
    assert main(["verify"]) == 0
    server.stop()
    assert main(["forget", ANN, "--yes"]) == 0
    assert "What lies in Redis goes when it answers again" in capsys.readouterr().out
    assert main(["list"]) == 0  # what lies in DATA_DIR is read all the same
    server.start()
    assert main(["forget", ANN, "--yes"]) == 0 and "goes when" not in capsys.readouterr().out
    assert main(["move", "--to", "embedded"]) == 0
    assert "lies in DATA_DIR now" in capsys.readouterr().out
    with closing(opened(tmp_path, "")) as memory:
        assert ANN not in kept(memory) and "a dog owner" in lines(memory)
