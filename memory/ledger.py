"""Small lines that change over time, such as her tastes or what she knows of somebody: each change can be undone.

Every line is sealed with the keys of those whose words it rests on. An update lies in the store together with what it
changed, as it was and as it became, sealed as before: undoing puts back the very same bytes.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

from pydantic import TypeAdapter

from memory.audience import without
from memory.errors import EntryError, KeyGone, Unreadable
from memory.ports import PersonStore
from memory.tombstones import Tombstone
from memory.types import Scope
from memory.vault import Vault

UPDATES_KEPT = 200  # of each ledger; older ones cannot be undone any more


@dataclass(frozen=True, slots=True)
class Item:
    """One line."""

    id: str
    section: str
    text: str
    at_s: float  # Unix time at which it came up
    scope: Scope  # of what it rests on; the narrowest of several
    sources: tuple[int | str, ...] = ()  # ids of turns and entries
    weight: float = 0.5  # how much it matters, 0..1; of a feeling: −1 cold .. 1 warm
    supersedes: tuple[str, ...] = ()  # ids of lines that do not hold any more since this one
    until_s: float | None = None  # since when it does not hold any more


def resting_on(gone: Tombstone) -> Callable[[Item], bool]:
    """True of a line about its person that was made from one of its turns and entries."""
    sources = {*gone.turns, *gone.entries}
    return lambda item: gone.person in item.scope.about and not sources.isdisjoint(item.sources)


@dataclass(frozen=True, slots=True)
class Change:
    """What an update did to one line. Before and after are None where there was none, or it cannot be opened."""

    id: str
    before: Item | None
    after: Item | None


@dataclass(frozen=True, slots=True)
class Update:
    id: int
    at_s: float  # Unix time
    changes: tuple[Change, ...]
    undone_s: float | None = None
    own: bool = False  # the person whose lines they are has put them right


@dataclass(frozen=True, slots=True)
class _Record:
    """An update as it is kept: sealed lines, in hex."""

    at_s: float
    changes: dict[str, tuple[str | None, str | None]]
    undone_s: float | None = None
    own: bool = False


_ITEM = TypeAdapter(Item)


class Ledger:
    """The lines of one ``person`` under ``prefix``; HERS: her own. From any thread; blocks. Raises StoreError."""

    def __init__(self, store: PersonStore, vault: Vault, person: str, prefix: str) -> None:
        self._store, self._vault, self._person, self._prefix = store, vault, person, prefix
        self._lock = threading.RLock()
        self._items: dict[str, Item] = {}
        self._sealed: dict[str, bytes] = {}
        self._records: dict[int, _Record] = {}
        self._highest = 0  # number of an update
        self.damaged: set[str] = set()  # lines and changes that cannot be opened, though the keys are there
        for field, value in store.fields(person).items():
            name = field.removeprefix(f"{prefix}:item:")
            if name != field:
                self._hold(name, value)
            elif field.startswith(f"{prefix}:update:"):
                self._hold_record(int(field.rpartition(":")[2]), value)

    @property
    def items(self) -> list[Item]:
        """Oldest first."""
        with self._lock:
            return sorted(self._items.values(), key=lambda item: (item.at_s, item.id))

    def apply(self, changes: Mapping[str, Item | None], at_s: float, *, own: bool = False) -> int:
        """Make these changes, None: the line goes; all of them durably, or none. The update's id.

        ``own``: by the person whose lines they are.
        """
        with self._lock:
            self._highest = number = max(self._highest, *self._records, 0) + 1
            after = {name: self._seal(item) if item else None for name, item in changes.items()}
            record = _Record(
                at_s,
                {name: (_hex(self._sealed.get(name)), _hex(sealed)) for name, sealed in after.items()},
                own=own,
            )
            self._write(after, {number: record})
            return number

    def undo(self, number: int) -> None:
        """Put back what an update changed. Raises EntryError when it cannot be undone."""
        with self._lock:
            record = self._records.get(number)
            if record is None:
                raise EntryError(f"There is no change {number} any more that could be undone.")
            if record.undone_s is not None:
                raise EntryError(f"Change {number} has been undone already.")
            later = [
                other
                for other, one in self._records.items()
                if other > number and one.undone_s is None and one.changes.keys() & record.changes.keys()
            ]
            if later:
                raise EntryError(
                    f"Change {number} cannot be undone yet: change {max(later)} has built on it. Undo that one first."
                )
            before = {name: _raw(sealed) for name, (sealed, _) in record.changes.items()}
            self._write(before, {number: replace(record, undone_s=time.time())})

    def history(self) -> list[Update]:
        """Newest first."""
        with self._lock:
            return [
                Update(
                    number,
                    record.at_s,
                    tuple(
                        Change(name, self._opened(name, _raw(before)), self._opened(name, _raw(after)))
                        for name, (before, after) in record.changes.items()
                    ),
                    record.undone_s,
                    record.own,
                )
                for number, record in sorted(self._records.items(), reverse=True)
            ]

    def remove_person(self, person: str) -> int:
        """Drop every line, and every earlier form of one, that rests on this person's words; how many lines.

        What nobody can open any more goes, too, and of all the rest they heard nothing. May be called again, before
        or after their key is destroyed.
        """
        return self._rewrite(lambda name, sealed: self._left_of(name, sealed, person))

    def count_of(self, person: str) -> int:
        """How many lines ``remove_person`` would drop."""
        with self._lock:
            whose = [self._vault.people_of(sealed) for sealed in self._sealed.values()]
            return sum(not people or person in people for people in whose)

    def count_where(self, goes: Callable[[Item], bool]) -> int:
        """How many lines ``remove_where`` would drop."""
        with self._lock:
            return sum(map(goes, self._items.values()))

    def remove_where(self, goes: Callable[[Item], bool]) -> int:
        """Drop every line, and every earlier form of one, of which ``goes`` is true; how many lines. May be called
        again."""

        def left(name: str, sealed: bytes) -> bytes | None:
            item = self._opened(name, sealed)
            return None if item is not None and goes(item) else sealed

        return self._rewrite(left)

    def keep_private(self, which: Callable[[Item], bool]) -> None:
        """Nobody hears these lines, or earlier forms of them, but those who were there."""

        def left(name: str, sealed: bytes) -> bytes:
            item = self._opened(name, sealed)
            if item is None or item.scope.private or not which(item):
                return sealed
            return self._seal(replace(item, scope=replace(item.scope, private=True)))

        self._rewrite(left)

    def count(self) -> int:
        """How many lines there are, also those that nobody can open."""
        with self._lock:
            return len(self._sealed)

    def clear(self) -> int:
        """Drop every line and every update; how many lines there were."""
        with self._lock:
            count = len(self._sealed)
            self._items, self._sealed, self._records = {}, {}, {}  # at once: the store may be away
            self.damaged = set()
            names = [name for name in self._store.fields(self._person) if name.startswith(f"{self._prefix}:")]
            self._store.put(self._person, dict.fromkeys(names))
            return count

    def _rewrite(self, left: Callable[[str, bytes], bytes | None]) -> int:
        """Every line, and every earlier form of one, as ``left`` makes it of its name and what is sealed, None: it goes;
        how many lines went."""
        with self._lock:
            lines: dict[str, bytes | None] = {}
            for name, sealed in self._sealed.items():
                now = left(name, sealed)
                if now != sealed:
                    lines[name] = now
            records = {}
            for number, record in self._records.items():
                kept = {}
                for name, pair in record.changes.items():
                    before, after = (left(name, bytes.fromhex(one)) if one else None for one in pair)
                    if (before is None, after is None) == (pair[0] is None, pair[1] is None):
                        kept[name] = _hex(before), _hex(after)
                if kept != record.changes:
                    records[number] = _Record(record.at_s, kept, record.undone_s)
            if lines or records:
                self._write(lines, records)
            return sum(line is None for line in lines.values())

    def _write(self, lines: Mapping[str, bytes | None], records: Mapping[int, _Record]) -> None:
        old = sorted({*self._records, *records}, reverse=True)[UPDATES_KEPT:]
        values: dict[str, bytes | None] = {
            f"{self._prefix}:item:{name}": line for name, line in lines.items()
        }
        for number, record in records.items():
            text = json.dumps([record.at_s, record.changes, record.undone_s, record.own])
            field = f"{self._prefix}:update:{number}"
            values[field] = self._vault.seal(text.encode(), [self._person], self._context(field))
        values |= {f"{self._prefix}:update:{number}": None for number in old}
        self._store.put(self._person, values)
        for name, line in lines.items():
            self._items.pop(name, None)
            self._sealed.pop(name, None)
            if line is not None:
                self._hold(name, line)
        self._records.update(records)
        for number in old:
            self._records.pop(number, None)

    def _left_of(self, name: str, sealed: bytes, person: str) -> bytes | None:
        """A line once ``person`` is forgotten; the same bytes where they had nothing to do with it."""
        people = self._vault.people_of(sealed)
        if not people or person in people:
            return None
        text = self._text(name, sealed)
        if text is None:
            return sealed if name in self.damaged else None
        if person.encode() not in text:  # this is common, and much quicker than to read all of it
            return sealed
        item = _ITEM.validate_json(text)
        if person not in item.scope.heard_by:
            return sealed
        return self._seal(replace(item, scope=without(item.scope, person)))

    def _hold(self, name: str, sealed: bytes) -> None:
        self._sealed[name] = sealed
        item = self._opened(name, sealed)
        if item is not None:
            self._items[name] = item

    def _hold_record(self, number: int, sealed: bytes) -> None:
        self._highest = max(self._highest, number)
        field = f"{self._prefix}:update:{number}"
        try:
            text = self._vault.open(sealed, self._context(field))
        except KeyGone:
            return
        except Unreadable:
            self.damaged.add(str(number))
            return
        at_s, changes, undone_s, *own = json.loads(text)  # earlier versions did not tell whose it was
        pairs = {name: tuple(pair) for name, pair in changes.items()}
        self._records[number] = _Record(at_s, pairs, undone_s, *own)

    def _seal(self, item: Item) -> bytes:
        people = {self._person, *item.scope.about}
        text = json.dumps(asdict(item), ensure_ascii=False)
        return self._vault.seal(text.encode(), people, self._context(item.id))

    def _opened(self, name: str, sealed: bytes | None) -> Item | None:
        text = self._text(name, sealed) if sealed is not None else None
        return _ITEM.validate_json(text) if text is not None else None

    def _text(self, name: str, sealed: bytes) -> bytes | None:
        try:
            return self._vault.open(sealed, self._context(name))
        except KeyGone:
            return None
        except Unreadable:
            self.damaged.add(name)
            return None

    def _context(self, name: str) -> str:
        return f"{self._prefix}/{self._person}/{name}"


def _hex(sealed: bytes | None) -> str | None:
    return sealed.hex() if sealed is not None else None


def _raw(sealed: str | None) -> bytes | None:
    return bytes.fromhex(sealed) if sealed is not None else None


def same_people(one: Scope, other: Scope) -> bool:
    """Whether both come from the same place and the same people, whoever else was there."""
    return replace(one, heard_by=()) == replace(other, heard_by=())
