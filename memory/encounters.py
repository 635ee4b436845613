"""What is kept of meeting people who agreed to be remembered: when and where that was, who was there, what was said.

It lies with the person who was met, sealed with their key; what somebody else said in it opens only with both keys. It is
in RAM once it has been read: where the store does not answer, what is there goes on being told, and what is new waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from memory.audience import without
from memory.entry import new_id
from memory.errors import KeyGone, StoreAway, Unreadable
from memory.ports import PersonStore
from memory.tombstones import Tombstone
from memory.types import HERS, EncounterLine, Scope
from memory.vault import Vault

KIND = "encounter"
GAP_S = 600.0  # who is met again within this time is still in the same encounter
NOTED_S = 60.0  # so often it is written down that one goes on in which nothing is said
SAID_S = 30.0  # between a line and the turn that holds the same words, at most
LONGEST = 2_000  # characters of a line


@dataclass(frozen=True, slots=True)
class Meeting:
    """One encounter as it is kept."""

    id: str
    person: str
    since_s: float  # Unix time
    last_s: float  # when they were last seen, or something was said
    likeness: float  # by which they were known, -1..1
    scope: Scope  # who was there when it began
    lines: tuple[EncounterLine, ...] = ()  # oldest first


@dataclass(frozen=True, slots=True)
class _Head:
    since_s: float
    last_s: float
    likeness: float
    scope: Scope


@dataclass(slots=True)
class _Kept:
    head: _Head
    noted_s: float  # ``last_s`` as it is in the store
    there: tuple[str, ...]  # who is there now, as far as they agreed to be remembered
    lines: dict[int, EncounterLine] = field(default_factory=dict)


_HEAD, _LINE = TypeAdapter(_Head), TypeAdapter(EncounterLine)


class Encounters:
    """From any thread; blocks for a disk write. Raises StoreError."""

    def __init__(self, store: PersonStore, vault: Vault) -> None:
        self._store, self._vault = store, vault
        self._lock = threading.RLock()
        self._known: dict[str, dict[str, _Kept]] = {}  # by person and id
        self._partly: set[str] = set()  # people of whom the store could not be asked

    def people(self) -> list[str]:
        """Of whom there is any; where the store is away, as far as is in RAM."""
        try:
            return self._store.people(KIND)
        except StoreAway:
            with self._lock:
                return sorted(person for person, known in self._known.items() if known)

    def of(self, person: str) -> list[Meeting]:
        """Oldest first."""
        with self._lock:
            found = [_meeting(person, one, kept) for one, kept in self._of(person).items()]
        return sorted(found, key=lambda one: (one.since_s, one.id))

    def met(
        self, person: str, at_s: float, likeness: float, scope: Scope, line: EncounterLine | None = None
    ) -> Meeting:
        """They are here at ``at_s``, and say ``line``. A new encounter, unless one with them was going on."""
        with self._lock:
            known = self._of(person)
            going_on = (one for one, kept in known.items() if _goes_on(kept.head, at_s))
            meeting_id = max(going_on, key=lambda one: known[one].head.last_s, default="")
            before = known.get(meeting_id)
            if before is None:
                meeting_id = new_id(at_s)
                head = _Head(at_s, at_s, likeness, scope)
            else:
                head = replace(
                    before.head,
                    last_s=max(before.head.last_s, at_s),
                    likeness=max(before.head.likeness, likeness),
                )
            return self._write(person, meeting_id, head, scope.heard_by, line)

    def add(self, person: str, meeting_id: str, line: EncounterLine) -> None:
        """What somebody said in an encounter with ``person`` that is there."""
        with self._lock:
            kept = self._of(person)[meeting_id]
            head = replace(kept.head, last_s=max(kept.head.last_s, line.at_s))
            self._write(person, meeting_id, head, kept.there, line)

    def find(self, meeting_id: str) -> tuple[str, tuple[str, ...]] | None:
        """Whom it is an encounter with, and who is there; None: there is no such one."""
        with self._lock:
            people = [one for one, known in self._known.items() if meeting_id in known]
            for person in people or self.people():
                if (kept := self._of(person).get(meeting_id)) is not None:
                    return person, kept.there
        return None

    def expire(self, before_s: float) -> int:
        """Erase encounters that ended before this Unix time; how many."""

        def left(names: Mapping[str, bytes], person: str) -> dict[str, bytes | None]:
            old = {one for one, kept in self._of(person).items() if kept.head.last_s < before_s}
            return {name: None for name in names if _id_of(name) in old}

        return self._rewrite(left)

    def read_anew(self) -> None:
        """Another process may have changed it."""
        with self._lock:
            self._known.clear()

    def damaged(self) -> int:
        """How much cannot be opened, though the keys are there; it is left as it is."""
        count = 0
        for person in self._store.people(KIND):
            for name, sealed in self._fields(person).items():
                try:
                    self._vault.open(sealed, _context(person, name))
                except KeyGone:
                    continue
                except Unreadable:
                    count += 1
        return count

    # Forgetting: see forget.Place; counted are encounters of theirs, and others' in which they said something

    def count_of(self, person: str) -> int:
        return sum(len({_id_of(name) for name in self._theirs(person, whose)}) for whose in self._all())

    def remove_person(self, person: str) -> int:
        def left(names: Mapping[str, bytes], whose: str) -> dict[str, bytes | None]:
            if whose == person:
                return dict.fromkeys(names)
            return {name: self._without(person, whose, name, sealed) for name, sealed in names.items()}

        with self._erasing(person):
            return self._rewrite(left)

    def count_resting(self, gone: Tombstone) -> int:
        return sum(len({_id_of(name) for name in self._resting(gone, whose)}) for whose in self._all())

    def remove_resting(self, gone: Tombstone) -> int:
        with self._erasing():
            return self._rewrite(lambda names, whose: dict.fromkeys(self._resting(gone, whose)))

    def count(self) -> int:
        return sum(len({_id_of(name) for name in self._fields(person)}) for person in self._all())

    def clear(self) -> int:
        with self._erasing():
            return self._rewrite(lambda names, whose: dict.fromkeys(names))

    def _theirs(self, person: str, whose: str) -> list[str]:
        """Names of what is gone of ``whose`` encounters once ``person`` is forgotten."""
        fields = self._fields(whose)
        if whose == person:
            return list(fields)
        return [
            name for name, sealed in fields.items() if person in (self._vault.people_of(sealed) or (person,))
        ]

    def _resting(self, gone: Tombstone, whose: str) -> list[str]:
        """Names of what was said when its turns were said, or since, and is about its person; and of encounters with them
        that began since.
        """
        found = []
        with self._lock:
            for one, kept in self._of(whose).items():
                lines = [
                    f"{KIND}:{one}:{number}" for number, line in kept.lines.items() if _rests(line, gone)
                ]
                if whose == gone.person and _is_since(kept.head.since_s, gone):
                    lines = [f"{KIND}:{one}", *(f"{KIND}:{one}:{number}" for number in kept.lines)]
                found += lines
        return found

    def _without(self, person: str, whose: str, name: str, sealed: bytes) -> bytes | None:
        """The same bytes where ``person`` had nothing to do with it."""
        if person in (self._vault.people_of(sealed) or (person,)):  # nor does it open, where a key is gone
            return None
        try:
            text = self._vault.open(sealed, _context(whose, name))
        except KeyGone:
            return None
        except Unreadable:
            return sealed
        if person.encode() not in text:  # this is common, and much quicker than to read all of it
            return sealed
        if _number_of(name) is None:
            head = _HEAD.validate_json(text)
            return self._seal(whose, name, _HEAD.dump_json(replace(head, scope=without(head.scope, person))))
        line = _LINE.validate_json(text)
        line = replace(line, scope=without(line.scope, person))
        return self._seal(whose, name, _LINE.dump_json(line), line.speaker)

    def _rewrite(self, left: Callable[[Mapping[str, bytes], str], Mapping[str, bytes | None]]) -> int:
        """Change everybody's as ``left`` says, given the fields of a person and who it is; how many encounters lost
        something. What is in RAM of them is read anew.
        """
        count = 0
        with self._lock:
            for person in self._all():
                fields = self._fields(person)
                changed = {one: now for one, now in left(fields, person).items() if now != fields[one]}
                if changed:
                    self._store.put(person, changed)
                    self._known.pop(person, None)
                count += len({_id_of(name) for name, now in changed.items() if now is None})
        return count

    @contextmanager
    def _erasing(self, person: str = "") -> Iterator[None]:
        """What a store that is away still has is not held in RAM either."""
        with self._lock:
            self._known.pop(person, None)
            try:
                yield
            except StoreAway:
                self._known.clear()
                raise

    # In the store

    def _all(self) -> list[str]:
        return self._store.people(KIND)

    def _fields(self, person: str) -> dict[str, bytes]:
        fields = self._store.fields(person)
        return {name: value for name, value in fields.items() if name.startswith(f"{KIND}:")}

    def _of(self, person: str) -> dict[str, _Kept]:
        known = self._known.get(person)
        if known is not None and person not in self._partly:
            return known
        try:
            fields = self._fields(person)
        except StoreAway:
            self._partly.add(person)
            return self._known.setdefault(person, {})
        self._partly.discard(person)
        self._known[person] = known = self._opened(person, fields)
        return known

    def _opened(self, person: str, fields: Mapping[str, bytes]) -> dict[str, _Kept]:
        found: dict[str, _Kept] = {}
        lines: list[tuple[str, int, EncounterLine]] = []
        for name, sealed in fields.items():
            try:
                text = self._vault.open(sealed, _context(person, name))
            except (KeyGone, Unreadable):
                continue
            number = _number_of(name)
            if number is None:
                head = _HEAD.validate_json(text)
                found[_id_of(name)] = _Kept(head, head.last_s, head.scope.heard_by)
            else:
                lines.append((_id_of(name), number, _LINE.validate_json(text)))
        for one, number, line in sorted(lines, key=lambda each: each[:2]):
            if one in found:
                found[one].lines[number] = line
        return found

    def _write(
        self, person: str, meeting_id: str, head: _Head, there: tuple[str, ...], line: EncounterLine | None
    ) -> Meeting:
        """Durably, all of it or nothing."""
        kept = self._known[person].get(meeting_id)
        name, values = f"{KIND}:{meeting_id}", dict[str, bytes | None]()
        lines = dict(kept.lines) if kept is not None else {}
        if line is not None:
            text = line.text.encode("utf-8", "replace").decode()[:LONGEST]  # half a character has no bytes
            line = replace(line, text=text)
            number = max(lines, default=-1) + 1
            lines[number] = line
            values[f"{name}:{number}"] = self._seal(
                person, f"{name}:{number}", _LINE.dump_json(line), line.speaker
            )
        noted_s = kept.noted_s if kept is not None else float("-inf")
        if values or head.last_s - noted_s >= NOTED_S:
            values[name] = self._seal(person, name, _HEAD.dump_json(head))
            self._store.put(person, values)
            noted_s = head.last_s
        self._known[person][meeting_id] = now = _Kept(head, noted_s, there, lines)
        return _meeting(person, meeting_id, now)

    def _seal(self, person: str, name: str, text: bytes, *others: str) -> bytes:
        """Raises KeyGone where one of them is being forgotten."""
        people = {person, *others} - {HERS}
        return self._vault.seal(text, people, _context(person, name))


def _goes_on(head: _Head, at_s: float) -> bool:
    return head.since_s - GAP_S < at_s < head.last_s + GAP_S


def _meeting(person: str, meeting_id: str, kept: _Kept) -> Meeting:
    head, lines = kept.head, tuple(kept.lines.values())
    return Meeting(meeting_id, person, head.since_s, head.last_s, head.likeness, head.scope, lines)


def _rests(line: EncounterLine, gone: Tombstone) -> bool:
    near = any(abs(line.at_s - at_s) <= SAID_S for at_s in gone.times)
    return gone.person in line.scope.about and (near or _is_since(line.at_s, gone))


def _is_since(at_s: float, gone: Tombstone) -> bool:
    return gone.since_s is not None and gone.since_s <= at_s <= gone.at_s


def _id_of(name: str) -> str:
    """Of the encounter that a field belongs to."""
    return name.split(":")[1]


def _number_of(name: str) -> int | None:
    """Of the line that a field holds; None: it holds the encounter itself."""
    parts = name.split(":")
    return int(parts[2]) if len(parts) == 3 else None


def _context(person: str, name: str) -> str:
    return f"{KIND}/{person}/{name}"
