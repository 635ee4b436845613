"""Copies of a data folder in which everything has been told: to be cut short, put back and searched over and over."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memory.database import Database
from memory.journal_files import JournalFiles
from memory.master import KeyPlace
from memory.memory import Memory, open_memory
from memory.tombstones import EVERYBODY, Tombstones
from memory.wishes import Wish
from tests.erasure.canaries import Words
from tests.erasure.routes import ANN, BOB, CARL, DORA, GUS, WORDS, words_of
from tests.erasure.searching import Found, in_pages, on_disk, opened, search
from tests.memory.lives import Letters

SEEKING = Words(list(WORDS.values()))
STEPS: tuple[tuple[Any, str], ...] = (  # whatever reaches the disk goes through one of these
    *((Database, name) for name in ("execute", "transaction", "purge")),
    *((JournalFiles, name) for name in ("put", "put_all", "delete", "delete_all")),
    (Tombstones, "_append"),
)


@dataclass(frozen=True, slots=True)
class Home:
    """A data folder with the key outside; ``people``: their ids by name."""

    folder: Path
    people: dict[str, str]
    encrypted: bool = True

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def key(self) -> KeyPlace:
        return KeyPlace(self.folder / "config" / "key", "file")

    def open(self, key: KeyPlace | None = None) -> Memory:
        return open_memory(self.data, key or self.key, encrypted=self.encrypted, embedder=Letters())

    def copied(self, to: Path) -> Home:
        shutil.copytree(self.folder, to)
        return Home(to, self.people, self.encrypted)

    def wishes(self) -> dict[str, tuple[Wish, set[str], set[str]]]:
        """By name: what goes at least, and what stays at least, of what is there."""
        memory = self.open()
        there = set(search_all(self, memory).places)
        me = self.people[ANN]
        note = next(one for one in memory.journal.entries() if WORDS["/journal add"] in one.text)
        alone = next(one for one in memory.turns.after(0) if WORDS["written to her alone"] in one.text)
        since_s = min(one.at_s for one in memory.turns.of_person(me))
        memory.close()
        others, dora = words_of(BOB, CARL, DORA, GUS), words_of(DORA)
        direct = {WORDS["written to her alone"], WORDS["her answer there"]}
        aloud = {WORDS["said in a call, with captions"], WORDS["her answer aloud, with captions"]}
        wanted: dict[str, tuple[Wish, set[str], set[str]]] = {
            "a person": (Wish(me), words_of(ANN), others),
            "who withdraws": (Wish(self.people[DORA], everywhere=False), dora, words_of(ANN, BOB, CARL, GUS)),
            "everything": (Wish(EVERYBODY), set(WORDS.values()), set()),
            "a note": (Wish(me, entry=note.id), {WORDS["/journal add"]}, others | direct),
            "a line": (Wish(me, turns=(alone.id,)), direct, others | aloud),
            "the last": (Wish(me, since_s=since_s), direct | aloud | {WORDS["/journal add"]}, others),
        }

        return {name: (wish, gone & there, stays & there) for name, (wish, gone, stays) in wanted.items()}


def settled(folder: Path, to: Path, people: dict[str, str], *, encrypted: bool) -> Home:
    """A copy of a folder that is in use, with its key beside it."""
    shutil.copytree(folder, to / "data")
    (to / "config").mkdir()
    (to / "data" / "key").rename(to / "config" / "key")
    return Home(to, people, encrypted)


def search_all(home: Home, memory: Memory, key: KeyPlace | None = None) -> Found:
    """All that lies on the disk, in any form."""
    return search(
        SEEKING,
        [*on_disk(home.data, home.folder / "config"), *in_pages(home.data, key or home.key), *opened(memory)],
    )


@contextmanager
def counted(at: Callable[[int, str], None]) -> Iterator[None]:
    """``at`` is called with the number and the name of each step before it is done."""
    lock, number = threading.Lock(), 0
    before: dict[tuple[Any, str], Any] = {}
    for owner, name in STEPS:
        real = before[owner, name] = getattr(owner, name)

        def counting(*arguments: object, real: Any = real, step: str = name, **named: object) -> object:
            nonlocal number
            with lock:
                number += 1
                at(number, step)
            return real(*arguments, **named)

        setattr(owner, name, counting)
    try:
        yield
    finally:
        for (owner, name), real in before.items():
            setattr(owner, name, real)


def steps_of(home: Home, wish: Wish) -> list[str]:
    """Names of all there are when it is forgotten."""
    memory, names = home.open(), list[str]()
    with counted(lambda _, name: names.append(name)):
        memory.forget(wish)
    memory.close()
    return names


def killed(home: Home, wish: Wish, *, at: int = 0, after_s: float = 0.0) -> bool:
    """A process of its own forgets, and is killed before step ``at``, or so long after it has begun; whether it was."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _forget(home, wish, at, write)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.readline() == b"open\n"
        if not at:
            time.sleep(after_s)
            os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _forget(home: Home, wish: Wish, at: int, tell: int) -> None:
    def reached(number: int, _: str) -> None:
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    memory = home.open()
    os.write(tell, b"open\n")
    with counted(reached):
        memory.forget(wish)
