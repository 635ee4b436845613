"""Ids that turned out to be one person's. Nothing of either moves: a link says that they are the same, and can be undone.

A link lies with the one that is called like the other from then on, sealed with both keys, so that it goes with either.
"""

from __future__ import annotations

import threading

from memory.errors import EntryError, KeyGone, StoreAway, Unreadable
from memory.ports import PersonStore
from memory.vault import Vault

FIELD = "linked"
_THEMSELVES = "That is one and the same already, so nothing was merged."
_TAKEN = "That one is merged with somebody else already: split it first."
_NOT_MERGED = "There is nothing merged here that could be split."


class Linked:
    """From any thread; blocks for a disk write. Raises StoreError."""

    def __init__(self, store: PersonStore, vault: Vault) -> None:
        self._store, self._vault = store, vault
        self._lock = threading.RLock()
        self._to: dict[str, str] = {}
        self._read = False

    @property
    def any(self) -> bool:
        return bool(self._links())

    def one_of(self, person: str) -> str:
        """The id under which they are known: their own where nothing is merged."""
        to = self._links()
        while person in to:
            person = to[person]
        return person

    def all_of(self, person: str) -> tuple[str, ...]:
        """Every id of theirs, the one under which they are known first."""
        first = self.one_of(person)
        return first, *sorted(one for one in self._links() if self.one_of(one) == first)

    def merge(self, kept: str, gone: str) -> None:
        """``gone`` is known as ``kept`` from now on. Raises EntryError where they are the same already, or ``gone`` is
        somebody else already.
        """
        with self._lock:
            self.read_anew()
            if self.one_of(kept) == self.one_of(gone):
                raise EntryError(_THEMSELVES)
            if gone in self._links():
                raise EntryError(_TAKEN)
            sealed = self._vault.seal(kept.encode(), [kept, gone], _context(gone))
            self._store.put(gone, {FIELD: sealed})
            self._to = {**self._to, gone: kept}

    def split(self, person: str) -> None:
        """They are themselves again; of whom others are known as, these are. Raises EntryError where nothing is merged."""
        with self._lock:
            to = self._links()
            gone = [person] if person in to else [one for one, other in to.items() if other == person]
            if not gone:
                raise EntryError(_NOT_MERGED)
            for one in gone:
                self._drop(one)

    def read_anew(self) -> None:
        """From the store, for what another process has changed; where it is away, later."""
        try:
            found = {
                one: kept for one in self._store.people(FIELD) if (kept := self._opened(one)) is not None
            }
        except StoreAway:
            return
        with self._lock:
            self._to, self._read = _without_circles(found), True

    # Forgetting: what People does as a Place

    def count_of(self, person: str) -> int:
        return len(self._with(person))

    def remove_person(self, person: str) -> int:
        with self._lock:
            self._to = {one: kept for one, kept in self._to.items() if person not in (one, kept)}
            gone = self._with(person)
            for one in gone:
                self._drop(one)
            return len(gone)

    def count(self) -> int:
        return len(self._store.people(FIELD))

    def clear(self) -> int:
        with self._lock:
            self._to = {}
            gone = self._store.people(FIELD)
            for one in gone:
                self._drop(one)
            return len(gone)

    def _links(self) -> dict[str, str]:
        if not self._read:
            self.read_anew()
        return self._to

    def _with(self, person: str) -> list[str]:
        """Who has a link that is theirs as well, or that opens no more."""
        found = []
        for one in self._store.people(FIELD):
            sealed = self._store.get(one, FIELD)
            if sealed is not None and person in (one, *(self._vault.people_of(sealed) or (person,))):
                found.append(one)
        return found

    def _drop(self, one: str) -> None:
        self._store.put(one, {FIELD: None})
        self._to = {gone: kept for gone, kept in self._to.items() if gone != one}

    def _opened(self, one: str) -> str | None:
        sealed = self._store.get(one, FIELD)
        try:
            return self._vault.open(sealed, _context(one)).decode() if sealed is not None else None
        except (KeyGone, Unreadable):
            return None


def _without_circles(links: dict[str, str]) -> dict[str, str]:
    """Two processes at once may have linked the same two both ways: one of these counts, the same for both."""
    found: dict[str, str] = {}
    for one, kept in sorted(links.items()):
        end = kept
        while end in found:
            end = found[end]
        if end != one:
            found[one] = kept
    return found


def _context(one: str) -> str:
    return f"{FIELD}/{one}"
