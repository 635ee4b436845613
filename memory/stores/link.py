"""The line to one Redis: commands that 7.0 has, what it promises, and what goes wrong as one sentence."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis import exceptions as wrong
from redis.backoff import NoBackoff
from redis.retry import Retry

from memory.errors import StoreAway, StoreError
from memory.stores.address import Address

CONNECT_S, ANSWER_S = 2.0, 5.0  # so long it may take
REWRITE_S = 30.0  # until its files are written anew
LOOK_S = 0.01  # between two looks whether they are
AT_ONCE = 500  # people, in one round trip
_PASSING = {
    "MISCONF",
    "BUSY",
    "NOREPLICAS",
    "UNKILLABLE",
}  # what Redis answers while something is wrong with it
_ASKED = ("appendonly", "appendfsync", "maxmemory", "maxmemory-policy")  # how it keeps what is stored
_ELSEWHERE = -1  # what WRITE returns where this is not the Redis that was left

# All of a write, or nothing. An owner may have been followed by another one, or Redis be put back to an earlier state;
# and what was held up on its way, and has been sent again since, comes too late.
WRITE = """
if ARGV[1] ~= '' then
  local state = redis.call('HMGET', KEYS[1], 'owner', 'seq')
  if state[1] ~= ARGV[1] or tonumber(state[2]) < tonumber(ARGV[2]) then return -1 end
  if tonumber(state[2]) >= tonumber(ARGV[3]) then return 0 end
  redis.call('HSET', KEYS[1], 'seq', ARGV[3])
end
local had = 0
if ARGV[6] == '1' then
  had = redis.call('HLEN', KEYS[3])
  redis.call('DEL', KEYS[3])
end
local at = 8
for _ = 1, tonumber(ARGV[7]) do
  redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for i = at, #ARGV do redis.call('HDEL', KEYS[3], ARGV[i]) end
if redis.call('EXISTS', KEYS[3]) == 1 then
  redis.call('HSET', KEYS[2], ARGV[4], ARGV[5])
else
  redis.call('HDEL', KEYS[2], ARGV[4])
end
return had
"""


class Link:
    """From any thread. Raises StoreAway where Redis does not answer, and StoreError where it will not."""

    def __init__(self, address: Address, prefix: str) -> None:
        """``prefix``: of all keys that are used. Nothing is asked of it yet."""
        self._address = address
        self._state, self._people, self._forgotten = (
            f"{prefix}:{name}".encode() for name in ("state", "people", "forgotten")
        )
        self._prefix = f"{prefix}:p:".encode()
        self._rewriting = threading.Lock()
        with self._plainly():
            self._redis: Any = Redis.from_url(
                address.url,
                socket_connect_timeout=CONNECT_S,
                socket_timeout=ANSWER_S,
                retry=Retry(NoBackoff(), 0),  # whoever asks knows what to do
                protocol=2,
                driver_info=None,  # Redis 7.0 does not know how to be told it
                lib_name=None,
                lib_version=None,
            )
        self._write = self._redis.register_script(WRITE)

    def close(self) -> None:
        self._redis.close()

    # Values

    def write(
        self,
        token: bytes,
        name: bytes,
        values: Mapping[bytes, bytes],
        gone: Sequence[bytes],
        *,
        removed: bool = False,
        owner: tuple[str, int, int] = ("", 0, 0),
    ) -> int | None:
        """All of it or nothing; how many fields there were of whom all is ``removed`` before. None: it is not the Redis
        that it was. ``owner``: whose turn it is, the number of their last write that is known to be done, and of this one.
        """
        pairs = [part for pair in values.items() for part in pair]
        arguments = [*owner, token, name, "1" if removed else "0", len(values), *pairs, *gone]
        with self._plainly():
            done = int(self._write([self._state, self._people, self._prefix + token], arguments))
        return None if done == _ELSEWHERE else done

    def value(self, token: bytes, field: bytes) -> bytes | None:
        with self._plainly():
            found: bytes | None = self._redis.hget(self._prefix + token, field)
            return found

    def values(self, token: bytes) -> dict[bytes, bytes]:
        with self._plainly():
            found: dict[bytes, bytes] = self._redis.hgetall(self._prefix + token)
            return found

    def names(self) -> dict[bytes, bytes]:
        """Of all of whom there is anything, by token."""
        with self._plainly():
            return dict(self._redis.hscan_iter(self._people, count=AT_ONCE))

    def fields_of(self, tokens: Sequence[bytes]) -> Iterator[tuple[bytes, list[bytes]]]:
        """Which fields each of them has."""
        for at in range(0, len(tokens), AT_ONCE):
            some = tokens[at : at + AT_ONCE]
            with self._plainly():
                asked = self._redis.pipeline(transaction=False)
                for token in some:
                    asked.hkeys(self._prefix + token)
                yield from zip(some, asked.execute(), strict=True)

    # Whose it is

    def known(self) -> bool:
        """Whether anybody has used it under this prefix."""
        with self._plainly():
            return bool(self._redis.exists(self._state))

    def take(self, owner: str) -> None:
        """From now on it is ``owner`` who writes, and nobody from before."""
        with self._plainly():
            self._redis.hset(self._state, mapping={"owner": owner, "seq": 0})

    def left_at(self, owner: str) -> int | None:
        """The number of the last write that it has; None: somebody else is its owner."""
        with self._plainly():
            whose, number = self._redis.hmget(self._state, "owner", "seq")
        return int(number) if whose == owner.encode() else None

    def forgotten(self) -> set[str]:
        """The tombstones that it has gone through."""
        with self._plainly():
            return {one.decode() for one in self._redis.smembers(self._forgotten)}

    def note_forgotten(self, uids: Iterable[str]) -> None:
        with self._plainly():
            if some := list(uids):
                self._redis.sadd(self._forgotten, *some)

    def drop_state(self) -> None:
        """Nobody has ever used it."""
        with self._plainly():
            self._redis.delete(self._state, self._people, self._forgotten)

    # Its files

    def rewrite(self) -> None:
        """Have its files say what it holds now, and nothing of before. Raises StoreError where it cannot."""
        with self._rewriting:
            if self._about_files()["aof_enabled"] == 1:
                self._begin(self._redis.bgrewriteaof)
                self._finished("aof_rewrite_in_progress", "aof_last_bgrewrite_status")
            self._begin(self._redis.bgsave)
            self._finished("rdb_bgsave_in_progress", "rdb_last_bgsave_status")

    def _begin(self, order: Callable[[], object]) -> None:
        """After what is being written already, which may be from before."""
        self._finished("rdb_bgsave_in_progress", "")
        self._finished("aof_rewrite_in_progress", "")
        with self._plainly():
            order()

    def _finished(self, running: str, status: str) -> None:
        until = time.monotonic() + REWRITE_S
        while (now := self._about_files())[running] or now["aof_rewrite_scheduled"]:
            if time.monotonic() > until:
                raise StoreError(f"{self._address} takes too long to write its files anew.")
            time.sleep(LOOK_S)
        if status and now[status] != "ok":
            raise StoreError(f"{self._address} cannot write its files anew: its log says why.")

    def _about_files(self) -> dict[str, Any]:
        with self._plainly():
            found: dict[str, Any] = self._redis.info("persistence")
            return found

    def doubts(self) -> list[str]:
        """What could take away something that was stored, one sentence each."""
        found = []
        if self._address.exposed:
            found.append(
                f"The password of {self._address} goes there for all to read: use rediss://, which is TLS."
            )
        try:
            with self._plainly():
                says: dict[str, str] = self._redis.config_get(*_ASKED)
        except StoreError:
            return [
                *found,
                f"{self._address} does not tell how it keeps what is stored: CONFIG GET is not allowed.",
            ]
        if says.get("appendonly") != "yes":
            found.append(
                f"What was stored since its last snapshot is lost when {self._address} crashes: set appendonly yes and "
                "appendfsync always there."
            )
        elif says.get("appendfsync") != "always":
            found.append(
                f"A power cut may take the last seconds of what was stored from {self._address}: set appendfsync "
                "always there."
            )
        if says.get("maxmemory", "0") != "0" and says.get("maxmemory-policy", "").startswith("allkeys"):
            found.append(
                f"{self._address} throws away what is kept when its memory is full: set maxmemory-policy noeviction there."
            )
        return found

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except (wrong.AuthenticationError, wrong.NoPermissionError) as error:
            raise StoreError(f"{self._address} refuses: {_refusal(error)}") from error
        except (wrong.ConnectionError, wrong.TimeoutError, OSError) as error:
            if isinstance(error.__cause__ or error.__context__, ssl.SSLError) or isinstance(
                error, ssl.SSLError
            ):
                raise StoreError(
                    f"{self._address} shows a certificate that is not trusted here: name its authority's with "
                    "?ssl_ca_certs=FILE behind the address."
                ) from error
            raise StoreAway(f"{self._address} does not answer just now.") from error
        except (wrong.ReadOnlyError, wrong.OutOfMemoryError, wrong.MasterDownError) as error:
            raise StoreAway(f"{self._address} takes nothing in just now.") from error
        except wrong.ResponseError as error:
            if str(error).partition(" ")[0] in _PASSING:
                raise StoreAway(f"{self._address} takes nothing in just now.") from error
            raise StoreError(f"{self._address} does not do what is asked of it; its log says why.") from error
        except wrong.RedisError as error:
            raise StoreError(f"{self._address} cannot be used.") from error


def _refusal(error: Exception) -> str:
    if isinstance(error, wrong.NoPermissionError):
        return "its user may not do all that is needed (docs/redis.md)."
    return "the user or the password in STORE is wrong, or missing."
