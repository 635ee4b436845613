"""The values of people in a Redis: several programs may look after it, and it may lie on another machine.

One hash for each person; names and values are sealed before they leave (``seals.py``). Where Redis does not answer, what
is written waits on our own disk (``waiting.py``), and is stored when it does: first what was forgotten meanwhile, then the
rest in the order in which it was written. Until then what waits is read from there, and of all else StoreAway is raised.

What it has lost of the last seconds, as it does when it crashes before that is on its disk, it is given once more. Whoever
opens it last is its owner: what another process with the same vault writes after that is refused. So is everything where
Redis has been put back to an earlier state: only a start goes through what has been forgotten since.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import NoReturn, TypeVar

from memory.database import Database
from memory.errors import MemoryFault, StoreAway, StoreError
from memory.stores.address import Address
from memory.stores.link import Link
from memory.stores.seals import Seals
from memory.stores.waiting import Queue, Whereabouts
from memory.vault import Vault

AGAIN_S, AGAIN_MOST_S = 0.5, 5.0  # until it is asked again whether it answers
LATELY_S = 5.0  # with appendfsync everysec it writes two seconds late, at most

T = TypeVar("T")
Again = Callable[[set[str]], Sequence[str]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Write:
    number: int
    at_s: float  # on this machine's clock
    person: str
    values: Mapping[str, bytes | None]
    removed: bool  # all that there was before


class RedisStore:
    """See FarStore."""

    def __init__(self, address: Address, database: Database, vault: Vault, *, alone: bool = True) -> None:
        """``alone``: nobody else uses this database. Without it nothing waits: StoreAway is raised instead."""
        self.address = address
        self._seals = Seals(vault)
        self._link = Link(address, f"kith:{{{vault.name}}}")
        self._queue, self._where = Queue(database), Whereabouts(database)
        self._alone = alone
        self._lock = threading.RLock()  # of whoever writes
        self._owner, self._sent, self._done = token_hex(16) if alone else "", 0, 0
        self._lately = deque[_Write]()  # what it has acknowledged, but may not have on its disk yet
        self._over = 0  # the last one that is not among these any more
        self._taken = False  # it is ours since the start
        self._here = not alone  # it answers
        self._settled = not alone  # and has all that waited
        self._refused = ""  # why it cannot be used until the next start
        self._again: Again = lambda _: ()
        self._closed = threading.Event()
        self._coming_back: threading.Thread | None = None

    def open(self, again: Again) -> None:
        """Begin to use it; where it does not answer, as soon as it does. Raises StoreError where it must not be used.

        ``again`` is given the tombstones that it has gone through whenever it is there anew, before anything is stored,
        does what the others say, and tells which these were.
        """
        self._again = again
        try:
            self._settle()
        except StoreAway as error:
            self._lost(error)

    def close(self) -> None:
        self._closed.set()
        if (thread := self._coming_back) is not None:
            thread.join()
        self._link.close()

    @property
    def settled(self) -> bool:
        """Whether it answers, and has all that was written."""
        return self._settled and self._queue.empty

    def put(self, person: str, values: Mapping[str, bytes | None]) -> None:
        if not values:
            return
        with self._lock:
            if self._settled:
                try:
                    self._send(person, values)
                    return
                except StoreAway as error:
                    self._lost(error)
            self._queue.put(person, values)

    def get(self, person: str, field: str) -> bytes | None:
        waiting = self._queue.of(person)
        if waiting is not None and (waiting.removed or field in waiting.values):
            return waiting.values.get(field)
        pseudonym = self._seals.field(person, field)
        sealed = self._ask(lambda: self._link.value(self._seals.person(person), pseudonym))
        return self._seals.opened(person, {pseudonym: sealed}).get(field) if sealed is not None else None

    def fields(self, person: str) -> dict[str, bytes]:
        waiting = self._queue.of(person)
        found = dict[str, bytes]()
        if waiting is None or not waiting.removed:
            found = self._seals.opened(
                person, self._ask(lambda: self._link.values(self._seals.person(person)))
            )
        for field, value in waiting.values.items() if waiting is not None else ():
            found.pop(field, None)
            if value is not None:
                found[field] = value
        return found

    def people(self, kind: str = "") -> list[str]:
        people = self._seals.names(self._ask(self._link.names))
        if kind:
            there = self._ask(lambda: dict(self._link.fields_of(list(people.values()))))
            starts = {person: self._seals.kind(person, kind) for person in people}
            people = {
                person: token
                for person, token in people.items()
                if any(field.startswith(starts[person]) for field in there[token])
            }
        found = set(people)
        for person in self._queue.people() if not self._queue.empty else ():
            fields = self.fields(person)
            has = any(not kind or field.partition(":")[0] == kind for field in fields)
            (found.add if has else found.discard)(person)
        return sorted(found)

    def remove(self, person: str) -> int:
        with self._lock:
            if self._settled:
                try:
                    return self._send(person, {}, removed=True)
                except StoreAway as error:
                    self._lost(error)
            return self._queue.remove(person)

    def purge(self) -> None:
        self._where.set(purge="due")
        if not self.settled:
            raise StoreAway(f"{self.address} does not answer just now.")
        self._rewrite()

    def note_forgotten(self, uids: Iterable[str]) -> None:
        self._ask(lambda: self._link.note_forgotten(uids))

    def empty_out(self) -> None:
        """Leave nothing behind there, in its files neither; whoever opens it next begins anew. Raises StoreError."""
        for person in self.people():
            self.remove(person)
        self._link.drop_state()
        self._rewrite()

    def damaged(self) -> int:
        """How much there cannot be opened. Nothing waits meanwhile. Raises StoreError."""
        names = self._ask(self._link.names)
        people = self._seals.names(names)
        lost = len(names) - len(people)
        for person, token in people.items():
            sealed = self._ask(lambda token=token: self._link.values(token))  # type: ignore[misc]
            lost += len(sealed) - len(self._seals.opened(person, sealed))
        return lost

    # Going there and back

    def _send(self, person: str, values: Mapping[str, bytes | None], *, removed: bool = False) -> int:
        """Raises StoreAway where nobody knows whether it is stored: sent once more it does no harm."""
        with self._lock:
            self._sent += 1
            one = _Write(self._sent, time.monotonic(), person, values, removed)
            had = self._write(one)
            self._lately.append(one)
            while self._lately and self._lately[0].at_s < one.at_s - LATELY_S:
                self._over = self._lately.popleft().number
            return had

    def _write(self, one: _Write) -> int:
        seals, person = self._seals, one.person
        kept = {
            seals.field(person, field): seals.seal(person, field, value)
            for field, value in one.values.items()
            if value is not None
        }
        gone = [seals.field(person, field) for field, value in one.values.items() if value is None]
        had = self._link.write(
            *(seals.person(person), seals.seal_name(person), kept, gone),
            removed=one.removed,
            owner=(self._owner, self._done, one.number),
        )
        if had is None:  # what has become of it is found out when it is gone back to
            raise StoreAway(f"{self.address} is not as it was left.")
        self._done = one.number
        return had

    def _catch_up(self, number: int) -> None:
        """Have it take once more what it has lost since the write with this ``number``, as a crash makes it do."""
        with self._lock:
            self._done = number
            for at, one in enumerate(self._lately):
                if one.number > number:
                    self._sent += 1
                    self._lately[at] = replace(one, number=self._sent)
            for one in self._lately:
                if one.number > number:
                    self._write(one)

    def _ask(self, work: Callable[[], T]) -> T:
        """What it answers. Raises StoreAway, at once where it is known not to answer."""
        if not self._here:
            raise StoreAway(self._refused or f"{self.address} does not answer just now.")
        try:
            return work()
        except StoreAway as error:
            self._lost(error)
            raise

    def _refuse(self) -> NoReturn:
        """It is not as it was left; only a start can tell what has to be done."""
        self._refused = (
            f"{self.address} is not as it was left: it was put back to an earlier state, or another Kith with the same "
            "memory uses it. Stop that one, and start this one anew."
        )
        self._here = self._settled = False
        log.error("%s What is written meanwhile waits on this disk.", self._refused)
        raise StoreAway(self._refused)

    def _lost(self, error: StoreAway) -> None:
        """It does not answer. Raises it where nothing can wait."""
        if not self._alone:
            raise error
        with self._lock:
            self._here = self._settled = False
            if self._refused or self._coming_back is not None or self._closed.is_set():
                return
            log.warning("%s What is written meanwhile waits on this disk.", error)
            self._coming_back = threading.Thread(target=self._come_back, name="redis", daemon=True)
            self._coming_back.start()

    def _come_back(self) -> None:
        pause_s, told = AGAIN_S, ""
        while not self._closed.wait(pause_s):
            pause_s = min(2 * pause_s, AGAIN_MOST_S)
            try:
                self._settle()
            except StoreAway:
                if self._refused:
                    return
            except MemoryFault as error:
                if str(error) != told:
                    log.error("%s", error)
                told = str(error)
            with self._lock:
                if self._here:
                    log.warning("%s answers again.", self.address)
                    self._coming_back = None
                    return

    def _settle(self) -> None:
        """Make it as it should be. Raises StoreAway, and StoreError where somebody has to look after it."""
        if self._taken:
            number = self._link.left_at(self._owner)
            if number is None or number < self._over:
                self._refuse()
            self._catch_up(number)
        else:
            self._take()
        self._here = True
        try:
            done = self._again(self._link.forgotten())
            self._flush()
            if done or self._where.get("purge"):
                self._clear_up(done)
        except BaseException:
            self._here = self._settled = False
            raise

    def _take(self) -> None:
        if self._where.get("met") and not self._link.known():
            raise StoreError(
                f"What is kept of people should lie in {self.address}, but there is nothing: put a copy of it back, or, "
                "where it is lost, begin anew with `python -m memory move --lost`."
            )
        for doubt in self._link.doubts():
            log.warning("%s", doubt)
        self._link.take(self._owner)
        self._where.set(met="yes")
        self._taken = True

    def _flush(self) -> None:
        """Store what has waited; what goes first."""
        for person in self._queue.people():
            self._flush_one(person)
        while True:
            with self._lock:
                left = self._queue.people()
                if not left:
                    self._settled = True
                    return
            self._flush_one(left[0])

    def _flush_one(self, person: str) -> None:
        with self._lock:
            waiting = self._queue.of(person)
            if waiting is None:
                return
            if waiting.removes:
                self._where.set(purge="due")
            self._send(person, waiting.values, removed=waiting.removed)
            self._queue.drop(person)

    def _clear_up(self, done: Sequence[str]) -> None:
        """What was removed while it was away is gone from its files, too; or it is tried again at the next start."""
        try:
            self._rewrite()
            self._link.note_forgotten(done)
        except StoreAway:
            raise
        except StoreError as error:
            log.error("what has been forgotten may still lie in its files: %s", error)

    def _rewrite(self) -> None:
        self._ask(self._link.rewrite)
        self._where.set(purge="")
