"""Prints by which she recognises people who agreed to it: of their voices, of their faces. Of nobody else is there one.

A print is sealed with its person's key, opens for nobody who has not agreed, goes with ``/forget``, with a no to being
recognised, and when its person has not been recognised for a year.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Annotated, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import PlainSerializer, PlainValidator, TypeAdapter

from memory.errors import KeyGone, StoreAway, Unreadable
from memory.ports import PersonStore
from memory.tombstones import Tombstone
from memory.vault import Vault

LONGEST_S = 365 * 86_400.0  # since its person was last recognised
AGAIN_S = 86_400.0  # so often it is noted that they were


def _from_hex(kept: str | npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    if isinstance(kept, str):
        return np.frombuffer(bytes.fromhex(kept), "<f4").astype(np.float32)
    return kept


def _to_hex(vector: npt.NDArray[np.float32]) -> str:
    return vector.astype("<f4").tobytes().hex()


# Of unit length; in what is kept float32, little-endian, in hex
Vector = Annotated[
    npt.NDArray[np.float32], PlainValidator(_from_hex), PlainSerializer(_to_hex, return_type=str)
]


class Kept(Protocol):
    """The print of one person."""

    @property
    def encoder(self) -> str:
        """By which it was made; another one's cannot be compared with it."""
        ...


Print = TypeVar("Print", bound=Kept)


class Prints(ABC, Generic[Print]):
    """From any thread; blocks for a disk write. Raises StoreError."""

    def __init__(
        self,
        store: PersonStore,
        vault: Vault,
        may_recognise: Callable[[str], bool],
        field: str,
        kind: type[Print],
    ) -> None:
        """``may_recognise``: whether a person agrees to be, asked whenever it matters. ``field``: of the store."""
        self._store, self._vault, self.may_recognise = store, vault, may_recognise
        self._field, self._form = field, TypeAdapter(kind)
        self._lock = threading.RLock()
        self._listeners: list[Callable[[str, Print | None], None]] = []

    def listen(self, changed: Callable[[str, Print | None], None]) -> None:
        """``changed`` is called with whose print is another one now; None: they have none any more."""
        self._listeners.append(changed)

    @abstractmethod
    def _last_s(self, one: Print) -> float:
        """When its person was last recognised by it, or enrolled (Unix time)."""

    @abstractmethod
    def _recognised_at(self, one: Print, at_s: float) -> Print:
        """The same, of somebody who was recognised then."""

    def of(self, person: str) -> Print | None:
        """None: there is none, they do not agree any more, or it cannot be opened."""
        return self._open(person) if self.may_recognise(person) else None

    def all(self, encoder: str) -> dict[str, Print]:
        """Everybody's who agrees, by their id, as far as this encoder made them."""
        found = {person: self.of(person) for person in self._people()}
        return {person: one for person, one in found.items() if one is not None and one.encoder == encoder}

    def recognised(self, person: str, at_s: float) -> None:
        """They were once more (Unix time)."""
        with self._lock:
            one = self.of(person)
            if one is not None and at_s - self._last_s(one) >= AGAIN_S:
                self._put(person, self._recognised_at(one, at_s))

    def expire(self, now_s: float) -> int:
        """Erase the prints of people who have not been recognised for too long, do not agree, or have no key any more;
        how many."""
        with self._lock:
            gone = 0
            for person in self._people():
                one = self.of(person)
                if one is None or self._last_s(one) < now_s - LONGEST_S:
                    gone += self.remove_person(person)
            return gone

    # Forgetting: see forget.Place

    def count_of(self, person: str) -> int:
        return int(self._store.get(person, self._field) is not None)

    def remove_person(self, person: str) -> int:
        """Erase a person's print; how many there were. Before or after their key is destroyed."""
        with self._lock:
            self._tell(person, None)
            try:
                count = self.count_of(person)
            except StoreAway:
                self._store.put(person, {self._field: None})  # it goes when the store is back
                raise
            if count:
                self._store.put(person, {self._field: None})
            return count

    def count_resting(self, gone: Tombstone) -> int:
        """No print is made of what is said in a conversation."""
        return 0

    def remove_resting(self, gone: Tombstone) -> int:
        return 0

    def count(self) -> int:
        return len(self._people())

    def clear(self) -> int:
        return sum(map(self.remove_person, self._people()))

    def _keep(self, person: str, one: Print) -> bool:
        """In place of an earlier one; False: they have not agreed, and nothing is kept."""
        with self._lock:
            if not self.may_recognise(person):
                return False
            self._put(person, one)
            return True

    def _people(self) -> list[str]:
        return self._store.people(self._field)

    def _put(self, person: str, one: Print) -> None:
        sealed = self._vault.seal(self._form.dump_json(one), [person], f"{self._field}/{person}")
        self._store.put(person, {self._field: sealed})
        self._tell(person, one)

    def _tell(self, person: str, one: Print | None) -> None:
        for changed in self._listeners:
            changed(person, one)

    def _open(self, person: str) -> Print | None:
        sealed = self._store.get(person, self._field)
        if sealed is None:
            return None
        try:
            return self._form.validate_json(self._vault.open(sealed, f"{self._field}/{person}"))
        except (KeyGone, Unreadable):
            return None
