"""Taking what is known of people from one store to another: all of it, or it stays where it was.

1. everything is copied, whatever lies there from before goes   2. all of it is read back and compared   3. the database
notes that it lies there now   4. the place where it lay is emptied. Cut short before 3 nothing has changed, after it
the next time finishes what is left; both by doing the same once more.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from memory.errors import StoreAway, StoreError
from memory.memory import Memory
from memory.ports import PersonStore
from memory.stores.address import EMBEDDED, Address, parse_address
from memory.stores.choosing import REDIS, Elsewhere, clear_embedded
from memory.stores.embedded import EmbeddedStore
from memory.stores.redis import RedisStore
from memory.stores.waiting import Queue, Waiting, Whereabouts


@dataclass(frozen=True, slots=True)
class Moved:
    people: int = 0
    values: int = 0
    there: bool = False  # it lay there already


def move(opened: Callable[[str], Memory], configured: str, to: str) -> Moved:
    """Blocks. ``opened`` opens what is kept, given in which store it lies; nobody else uses it meanwhile. ``configured``:
    what STORE says; ``to``: the same of where it is to go. Raises StoreError, and all stays where it was.
    """
    target, source = parse_address(to), parse_address(configured)
    if target is None and source is None:
        raise StoreError(
            "It lies in DATA_DIR: say where to take it, with --to redis://…, or set STORE and leave --to away."
        )
    try:
        memory = opened(EMBEDDED if target is not None else configured)
    except Elsewhere:  # where it is to go, or this says where it lies
        with closing(opened(to)) as memory:
            _leave(memory, source)
        return Moved(there=True)
    with closing(memory):
        return _to_redis(memory, target) if target is not None else _back(memory)


def begin_anew(memory: Memory) -> Moved:
    """The Redis in which it lay is lost: from now on it lies in DATA_DIR, where what has waited for that is all there is.

    ``memory`` is open beside whoever uses it, who is nobody. Raises StoreError.
    """
    queue, embedded = Queue(memory.database), EmbeddedStore(memory.database)
    moved = Moved()
    for person in queue.people():
        waiting = queue.of(person) or Waiting()
        embedded.put(person, waiting.values)
        queue.drop(person)
        moved = Moved(moved.people + 1, moved.values + len(embedded.fields(person)))
    Whereabouts(memory.database).set(place=EMBEDDED, leaving="", met="", purge="")
    memory.database.purge()
    return moved


def _to_redis(memory: Memory, target: Address) -> Moved:
    database, where = memory.database, Whereabouts(memory.database)
    where.set(met="")  # whatever lies there is not what is kept
    with closing(RedisStore(target, database, memory.vault)) as store:
        store.open(lambda _: ())
        if not store.settled:
            raise StoreAway(f"{target} does not answer, so nothing was moved.")
        moved = _copied(memory.store, store)
        store.purge()
        store.note_forgotten(memory.forgetting.uids())
        where.set(place=REDIS, leaving=EMBEDDED)
    clear_embedded(EmbeddedStore(database), database, where)
    return moved


def _back(memory: Memory) -> Moved:
    store = memory.store
    if not isinstance(store, RedisStore) or not store.settled:
        raise StoreAway("Redis does not answer, so nothing was moved.")
    if damaged := store.damaged():
        raise StoreError(
            f"{damaged} values in Redis are damaged, so nothing was moved: put a copy of it back."
        )
    moved = _copied(store, EmbeddedStore(memory.database))
    Whereabouts(memory.database).set(place=EMBEDDED, leaving=REDIS)
    _empty_out(memory, store)
    return moved


def _leave(memory: Memory, source: Address | None) -> None:
    """What was cut short in its last step."""
    where = Whereabouts(memory.database)
    if where.get("leaving") == REDIS and source is not None:
        where.set(met="")  # it may be empty by now
        with closing(RedisStore(source, memory.database, memory.vault)) as store:
            store.open(lambda _: ())
            _empty_out(memory, store)


def _empty_out(memory: Memory, store: RedisStore) -> None:
    """Raises StoreError; what is kept has moved by then."""
    try:
        store.empty_out()
    except StoreError as error:
        raise StoreError(
            f"It lies in DATA_DIR now, but a sealed copy stays in Redis: do the same once more. {error}"
        ) from error
    Whereabouts(memory.database).set(leaving="", met="", purge="")


def _copied(source: PersonStore, target: PersonStore) -> Moved:
    """Raises StoreError where afterwards it is not the same."""
    people, values = source.people(), 0
    for person in sorted({*target.people()} - {*people}):
        target.remove(person)
    for person in people:
        fields = source.fields(person)
        if target.fields(person) != fields:
            target.remove(person)
            target.put(person, fields)
        values += len(fields)
    same = target.people() == people and all(source.fields(one) == target.fields(one) for one in people)
    if not same:
        raise StoreError("What was copied is not the same as before, so it stays where it was; try again.")
    return Moved(len(people), values)
