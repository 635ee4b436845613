"""A store that may be away, be put back to an earlier state, or belong to others: a real Redis that all this is done to."""

from __future__ import annotations

import logging
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from memory.database import NAME, Database
from memory.errors import StoreAway, StoreError
from memory.stores import redis as redis_store
from memory.stores.address import Address, parse_address
from memory.stores.redis import RedisStore
from memory.vault import Vault
from tests.memory.kept import MASTER
from tests.memory.redis_server import CARELESS, DURABLE, RedisServer, redis_server

pytestmark = pytest.mark.usefixtures("soon")


WORDS = (b"canary of Ann", b"discord:1234", b"roster", b"voice", b"face")


class Again:
    """What is done whenever Redis is there anew; ``before`` is what it held then."""

    def __init__(self) -> None:
        self.calls: list[set[str]] = []
        self.work: Callable[[], list[str]] = list

    def __call__(self, known: set[str]) -> list[str]:
        self.calls.append(known)
        return self.work()


@contextmanager
def opened(
    folder: Path, url: str, again: Callable[[set[str]], list[str]] | None = None
) -> Iterator[RedisStore]:
    database = Database(folder / NAME, MASTER)
    store = RedisStore(Address(url), database, Vault(MASTER, database))
    try:
        store.open(again or (lambda _: []))
        yield store
    finally:
        store.close()
        database.close()


def settled(store: RedisStore, within_s: float = 20.0) -> None:
    until = time.monotonic() + within_s
    while not store.settled:
        assert time.monotonic() < until, "it does not come back"
        time.sleep(0.01)


# Away


def test_what_is_written_while_it_is_away_is_read_at_once_and_stored_later(
    server: RedisServer, tmp_path: Path
) -> None:
    with opened(tmp_path, server.url) as store:
        store.put("ann", {"one": b"1", "two": b"2"})
        server.stop()
        store.put("ann", {"one": b"new", "three": b"3"})
        store.put("bob", {"one": b"b"})
        store.put("ann", {"three": None})
        assert store.get("ann", "one") == b"new" and store.get("ann", "three") is None
        assert not store.settled
        for asks in (
            lambda: store.get("ann", "two"),
            lambda: store.fields("ann"),
            store.people,
            store.purge,
        ):
            with pytest.raises(StoreAway, match="does not answer just now"):
                asks()
        server.start()
        settled(store)
        assert store.fields("ann") == {"one": b"new", "two": b"2"} and store.people() == ["ann", "bob"]
    with opened(tmp_path, server.url) as store:
        assert store.fields("ann") == {"one": b"new", "two": b"2"} and store.get("bob", "one") == b"b"


def test_who_is_removed_while_it_is_away_is_nobody_at_once_and_goes_first(
    server: RedisServer, tmp_path: Path
) -> None:
    again = Again()
    with opened(tmp_path, server.url, again) as store:
        store.put("ann", {"one": b"1"})
        store.put("bob", {"one": b"b"})
        server.stop()
        store.put("bob", {"two": b"2"})
        store.put("ann", {"two": b"2"})
        assert store.remove("ann") == 1  # as far as it is known here
        assert store.fields("ann") == {} and store.get("ann", "one") is None
        store.put("ann", {"anew": b"3"})
        assert store.fields("ann") == {"anew": b"3"}
        assert store._queue.people() == ["ann", "bob"]
        server.start()
        settled(store)
        assert store.fields("ann") == {"anew": b"3"} and store.fields("bob") == {"one": b"b", "two": b"2"}
    assert len(again.calls) == 2


def test_forgetting_comes_before_anything_is_stored(server: RedisServer, tmp_path: Path) -> None:
    again, seen = Again(), []
    with opened(tmp_path, server.url, again) as store, server.client() as client:
        store.put("ann", {"one": b"1"})
        server.stop()
        store.put("ann", {"two": b"of before"})

        def forget() -> list[str]:
            before = client.keys("*:p:*")
            seen.append(client.hlen(before[0]))
            assert store.fields("ann") == {"one": b"1", "two": b"of before"}  # it can be asked by then
            store.remove("ann")
            return ["tombstone"]

        again.work = forget
        server.start()
        settled(store)
        deadline = time.monotonic() + 10
        while not client.sismember(f"kith:{{{store._seals._vault.name}}}:forgotten", "tombstone"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert seen == [1] and store.people() == []  # "two" has never been there


def test_what_waits_survives_kill_9_of_who_wrote_it(server: RedisServer, tmp_path: Path) -> None:
    with opened(tmp_path, server.url) as store:
        store.put("ann", {"count": b"-1"})
    server.stop()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with opened(tmp_path, server.url) as store:
            for count in range(100_000):
                store.put("ann", {"count": str(count).encode(), f"f{count % 7}": str(count).encode()})
                os.write(write, f"{count}\n".encode())
        os._exit(1)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        lines = [pipe.readline()]
        time.sleep(0.3)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines += pipe.readlines()
    last = int([line for line in lines if line.endswith(b"\n")][-1])
    server.start()
    with opened(tmp_path, server.url) as store:
        fields = store.fields("ann")
        count = int(fields["count"])
        assert store.settled and count >= last and fields[f"f{count % 7}"] == fields["count"]


@pytest.mark.parametrize("options", [DURABLE, ("--appendonly", "yes", "--appendfsync", "everysec")])
def test_nothing_acknowledged_is_lost_when_redis_is_killed(tmp_path: Path, options: tuple[str, ...]) -> None:
    """kill -9 at random moments in the middle of writes, and started again; everysec is safe but for a power cut."""
    chance = random.Random(5)
    with redis_server(tmp_path / "redis", *options) as server, opened(tmp_path, server.url) as store:
        for number in range(8):
            kill = time.monotonic() + chance.uniform(0.02, 0.2)
            count = killed = 0
            while not killed or time.monotonic() < kill + 0.1:
                if not killed and time.monotonic() > kill:
                    server.kill()
                    killed = 1
                store.put(f"p{number}", {f"f{count}": b"x", "last": str(count).encode()})
                count += 1
            server.start()
            settled(store)
            fields = store.fields(f"p{number}")
            assert len(fields) == count + 1 and fields["last"] == str(count - 1).encode()


def test_a_redis_that_hangs_is_away_and_what_it_was_sent_does_not_come_too_late(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.stores.link.ANSWER_S", 0.3)
    with opened(tmp_path, server.url) as store:
        store.put("ann", {"one": b"1"})
        os.kill(server.pid, signal.SIGSTOP)
        try:
            store.put("ann", {"one": b"2"})
            store.put("ann", {"one": b"3"})
            assert store.get("ann", "one") == b"3"
        finally:
            os.kill(server.pid, signal.SIGCONT)
        settled(store)
        time.sleep(0.2)
        assert store.get("ann", "one") == b"3"


def test_a_write_that_comes_too_late_changes_nothing(server: RedisServer, tmp_path: Path) -> None:
    with opened(tmp_path, server.url) as store:
        store.put("ann", {"one": b"1"})
        store.put("ann", {"one": b"2"})
        seals = store._seals
        late = {seals.field("ann", "one"): seals.seal("ann", "one", b"late")}
        arguments = seals.person("ann"), seals.seal_name("ann"), late, ()
        assert store._link.write(*arguments, owner=(store._owner, 0, 1)) == 0
        assert store.get("ann", "one") == b"2"
        assert store._link.write(*arguments, owner=("another", 0, 9)) is None


def test_a_full_redis_is_away_until_there_is_room(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis") as server, opened(tmp_path, server.url) as store:
        store.put("ann", {"one": b"1"})
        with server.client() as client:
            client.config_set("maxmemory", "1mb")
            store.put("ann", {"one": b"2"})
            assert store.get("ann", "one") == b"2" and not store.settled
            client.config_set("maxmemory", "0")
        settled(store)
        assert store.get("ann", "one") == b"2"


def test_it_may_be_away_at_the_start(server: RedisServer, tmp_path: Path) -> None:
    server.stop()
    again = Again()
    with opened(tmp_path, server.url, again) as store:
        store.put("ann", {"one": b"1"})
        assert again.calls == []
        server.start()
        settled(store)
        assert again.calls == [set()] and store.fields("ann") == {"one": b"1"}


def test_it_may_be_restarted_between_two_writes(server: RedisServer, tmp_path: Path) -> None:
    with opened(tmp_path, server.url) as store:
        for count in range(3):
            store.put("ann", {"count": str(count).encode()})
            server.stop()
            server.start()
        settled(store)
        assert store.get("ann", "count") == b"2"


# Not as it was left


@pytest.mark.parametrize("by", ["another order", "a crash"])
def test_what_redis_has_lost_of_the_last_seconds_it_is_given_once_more(
    server: RedisServer, tmp_path: Path, by: str
) -> None:
    """In the order in which it was written, and what has waited meanwhile after it."""
    with opened(tmp_path, server.url) as store:
        store.put("ann", {"one": b"1", "two": b"2"})
        store.put("bob", {"one": b"b"})
        server.stop()
        shutil.copytree(server.folder, tmp_path / "old")
        server.start()
        settled(store)
        store.put("ann", {"one": b"new", "two": None})
        store.remove("bob")
        store.put("carl", {"one": b"c"})
        server.kill()
        if by == "a crash":
            store.put("ann", {"three": b"3"})
        shutil.rmtree(server.folder)
        shutil.copytree(tmp_path / "old", server.folder)
        server.start()
        store.put("ann", {"one": b"newest"})
        settled(store)
        assert store.people() == ["ann", "carl"] and store.get("carl", "one") == b"c"
        assert store.fields("ann") == {"one": b"newest"} | ({"three": b"3"} if by == "a crash" else {})


def test_it_may_lose_the_same_more_than_once(server: RedisServer, tmp_path: Path) -> None:
    with opened(tmp_path, server.url) as store:
        store.put("ann", {"one": b"1"})
        server.stop()
        shutil.copytree(server.folder, tmp_path / "old")
        server.start()
        settled(store)
        for count in range(3):
            store.put("ann", {f"f{count}": b"x", "one": str(count).encode()})
            server.kill()
            shutil.rmtree(server.folder)
            shutil.copytree(tmp_path / "old", server.folder)
            server.start()
            store.put("bob", {"one": str(count).encode()})
            settled(store)
            assert store.fields("ann").keys() == {"one", *(f"f{at}" for at in range(count + 1))}
            assert store.get("ann", "one") == store.get("bob", "one") == str(count).encode()


def test_a_redis_that_is_put_back_is_refused_until_the_next_start_and_nothing_is_lost(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_store, "LATELY_S", -1.0)
    again = Again()
    with opened(tmp_path, server.url, again) as store:
        store.put("ann", {"one": b"1"})
        server.stop()
        shutil.copytree(server.folder, tmp_path / "old")
        server.start()
        settled(store)
        store.put("ann", {"one": b"2"})
        server.stop()
        shutil.rmtree(server.folder)
        shutil.copytree(tmp_path / "old", server.folder)
        server.start()
        deadline = time.monotonic() + 10
        while not store._refused:
            store.put("bob", {"one": b"b"})
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert store.get("bob", "one") == b"b"
        with pytest.raises(StoreAway, match="put back to an earlier state"):
            store.fields("ann")
    calls = len(again.calls)
    with opened(tmp_path, server.url, again) as store:
        assert store.fields("ann") == {"one": b"1"} and store.fields("bob") == {"one": b"b"}
    assert len(again.calls) == calls + 1


def test_one_that_has_lost_everything_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis", *CARELESS) as server:
        with opened(tmp_path, server.url) as store:
            store.put("ann", {"one": b"1"})
        server.kill()
        server.start()
        with (
            pytest.raises(StoreError, match="there is nothing: put a copy of it back"),
            opened(tmp_path, server.url),
        ):
            pass


def test_another_process_with_the_same_vault_takes_over_and_the_first_one_is_refused(
    server: RedisServer, tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    with opened(tmp_path / "one", server.url) as store:
        store.put("ann", {"one": b"1"})
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    with opened(tmp_path / "one", server.url) as first, opened(tmp_path / "two", server.url) as second:
        second.put("ann", {"one": b"2"})
        first.put("ann", {"one": b"3"})
        deadline = time.monotonic() + 10
        while not first._refused:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with pytest.raises(StoreAway, match="another Kith with the same memory"):
            first.people()
        assert second.get("ann", "one") == b"2" and first.get("ann", "one") == b"3"


def test_two_vaults_on_one_redis_know_nothing_of_each_other(server: RedisServer, tmp_path: Path) -> None:
    with opened(tmp_path / "one", server.url) as one, opened(tmp_path / "two", server.url) as two:
        one.put("ann", {"one": b"1"})
        assert two.people() == [] and two.get("ann", "one") is None
        two.put("ann", {"one": b"2"})
        assert one.remove("ann") == 1 and two.get("ann", "one") == b"2"


def test_what_somebody_else_puts_there_is_left_out(
    server: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path, server.url) as store, server.client() as client:
        store.put("ann", {"one": b"1", "two": b"2"})
        store.put("bob", {"one": b"b"})
        ann, bob = store._seals.person("ann").decode(), store._seals.person("bob").decode()
        key = f"kith:{{{store._seals._vault.name}}}"
        theirs = client.hget(f"{key}:p:{bob}", store._seals.field("bob", "one"))
        own = client.hget(f"{key}:p:{ann}", store._seals.field("ann", "two"))
        client.hset(f"{key}:p:{ann}", store._seals.field("ann", "one"), own)  # moved to another field
        assert store.fields("ann") == {"two": b"2"}
        client.hset(f"{key}:p:{ann}", store._seals.field("ann", "one"), theirs)  # another person's
        assert store.fields("ann") == {"two": b"2"} and store.get("ann", "one") is None
        client.hset(f"{key}:people", "x", "y")
        assert store.people() == ["ann", "bob"] and store.damaged() == 2
    assert "is damaged" in caplog.text


# What it can see, and what its files hold


@pytest.mark.parametrize("options", [DURABLE, ("--appendonly", "no", "--save", "3600 1")], ids=["AOF", "RDB"])
def test_no_name_and_no_value_can_be_read_there_and_what_was_removed_is_in_no_file(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with redis_server(tmp_path / "redis", *options) as server:
        with opened(tmp_path, server.url) as store, server.client() as client:
            for person in ("discord:1234", "discord:5678"):
                store.put(person, {"roster:met": b"canary of Ann", "voice": b"x" * 200, "face:1": b""})
            client.bgsave()
            until_saved(client)
            key = f"kith:{{{store._seals._vault.name}}}:p:"
            ann, bob = (store._seals.person(one).decode() for one in ("discord:1234", "discord:5678"))
            gone, stays = client.hgetall(key + ann), client.hgetall(key + bob)
            before = server.files()
            assert all(one in before for one in (*gone.values(), *stays.values(), ann.encode()))
            assert not any(word in before for word in WORDS)
            store.remove("discord:1234")
            store.purge()
            after = server.files()
            assert not any(one in after for one in (*gone, *gone.values(), ann.encode()))
            assert all(one in after for one in stays.values())
        server.kill()
        server.start()
        with opened(tmp_path, server.url) as store:
            assert store.people() == ["discord:5678"] and store.settled


def test_what_was_to_be_purged_while_it_was_away_is_when_it_is_back(
    server: RedisServer, tmp_path: Path
) -> None:
    with opened(tmp_path, server.url) as store, server.client() as client:
        store.put("ann", {"one": b"1"})
        token = store._seals.person("ann")
        sealed = client.hvals(f"kith:{{{store._seals._vault.name}}}:p:{token.decode()}")[0]
        server.stop()
        store.put("ann", {"one": None})
        with pytest.raises(StoreAway):
            store.purge()
        assert sealed in server.files()
        server.start()
        settled(store)
        deadline = time.monotonic() + 10
        while store._where.get("purge"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert sealed not in server.files() and token not in server.files()


def until_saved(client: Redis) -> None:
    while client.info("persistence")["rdb_bgsave_in_progress"]:
        time.sleep(0.01)


# How it is reached


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_password_and_a_user_of_its_own_with_the_rights_of_the_page(tmp_path: Path, tls: bool) -> None:
    page = (Path(__file__).parents[2] / "docs" / "redis.md").read_text("utf-8")
    line = next(line for line in page.splitlines() if line.startswith("user kith "))
    rights = line.replace("PASSWORD", "s3cr:et").split()[1:]
    options = (*DURABLE, "--user", *rights, "--user", "default", "off")
    with redis_server(tmp_path / "redis", *options, user="kith:s3cr%3Aet@", tls=tls) as server:
        with opened(tmp_path, server.url) as store:
            store.put("ann", {"one": b"1"})
            assert store.settled and store.people("one") == ["ann"] and store.remove("ann") == 1
            store.put("ann", {"one": b"1"})
            store.note_forgotten(["x"])
            store.purge()
            store.empty_out()
        wrong = server.url.replace("s3cr%3Aet", "wrong-one")
        refused = pytest.raises(StoreError, match="user or the password in STORE is wrong")
        with refused as said, opened(tmp_path, wrong):
            pass
        assert "wrong-one" not in str(said.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis", tls=True) as server:
        untrusted = server.url.partition("?")[0]
        with pytest.raises(StoreError, match="certificate that is not trusted"), opened(tmp_path, untrusted):
            pass
        with opened(tmp_path, server.url) as store:
            store.put("ann", {"one": b"1"})
            assert store.settled


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (DURABLE, ""),
        (("--appendonly", "yes"), "last seconds"),
        (("--appendonly", "no"), "since its last snapshot"),
        ((*DURABLE, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"), "throws away"),
    ],
)
def test_it_says_in_one_sentence_what_could_be_lost(
    tmp_path: Path, options: tuple[str, ...], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_server(tmp_path / "redis", *options) as server, opened(tmp_path, server.url):
        warned = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
        assert len(warned) == bool(says) and all(says in one for one in warned)


def test_only_commands_are_used_that_redis_7_0_has_and_none_that_looks_through_all_keys(
    server: RedisServer, tmp_path: Path
) -> None:
    with server.client() as client:
        client.config_resetstat()
        with opened(tmp_path, server.url) as store:
            store.put("ann", {"one": b"1", "two": None})
            assert store.get("ann", "one") == b"1" and store.fields("ann") and store.people("one")
            store.remove("ann")
            store.note_forgotten(["x"])
            store.purge()
        used = {name.removeprefix("cmdstat_").partition("|")[0] for name in client.info("commandstats")}
        errors = client.info("errorstats")
    assert not used & {"keys", "flushdb", "flushall", "scan"}
    assert {name for name in errors if "NOSCRIPT" not in name} == set()


@pytest.mark.parametrize("text", ["", " ", "embedded"])
def test_without_an_address_it_is_our_own_database(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "http://user:pa55@host",
            "redis",
            "redis://:pa55@host:port/0",
            "redis://h/pa55",
            "file:///etc/pa55",
        ),
        *("rediss://:pa55@h?ssl_cert_reqs=none", "rediss://h?ssl_check_hostname=false", "unix://"),
    ],
)
def test_an_address_that_makes_no_sense_is_one_sentence_without_the_password(text: str) -> None:
    with pytest.raises(StoreError) as wrong:
        parse_address(text)
    assert "pa55" not in str(wrong.value) and str(wrong.value).endswith(".")


@pytest.mark.parametrize(
    ("text", "shown", "exposed"),
    [
        ("redis://kith:pa55@10.0.0.7:6380/2", "Redis at 10.0.0.7:6380", True),
        ("redis://127.0.0.1", "Redis at 127.0.0.1", False),
        ("rediss://:pa55@redis.example:6380", "Redis at redis.example:6380", False),
        ("unix:///run/redis/redis.sock?db=1", "Redis at /run/redis/redis.sock", False),
    ],
)
def test_what_is_shown_of_an_address_leaves_the_password_out(text: str, shown: str, exposed: bool) -> None:
    address = parse_address(text)
    assert address is not None and str(address) == shown and address.exposed == exposed
    assert "pa55" not in repr(address)
