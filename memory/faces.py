"""Prints of faces, by which she recognises people who agreed to it. Of nobody else is there one.

A print is the average of what an engine made of some pictures, and no picture; none is kept. It is sealed with its
person's key, opens for nobody who has not agreed, goes with ``/forget``, with a no to being recognised, and when its person
has not been seen for a year.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from memory.errors import KeyGone, StoreAway, Unreadable
from memory.ports import PersonStore
from memory.tombstones import Tombstone
from memory.vault import Vault

FIELD = "face"
LONGEST_S = 365 * 86_400.0  # since its person was last recognised
AGAIN_S = 86_400.0  # so often it is noted that they were

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class KeptFace:
    """The face of one person."""

    vector: Vector  # of unit length
    encoder: str  # by which it was made; another one's cannot be compared with it
    frames: int  # that it is the average of
    enrolled_s: float  # Unix time
    seen_s: float  # when they were last recognised by it, or enrolled


@dataclass(frozen=True, slots=True)
class _Record:
    vector: str  # float32, little-endian, in hex
    encoder: str
    frames: int
    enrolled_s: float
    seen_s: float


_RECORD = TypeAdapter(_Record)


class Faces:
    """From any thread; blocks for a disk write. Raises StoreError."""

    def __init__(self, store: PersonStore, vault: Vault, may_recognise: Callable[[str], bool]) -> None:
        """``may_recognise``: whether a person agrees to be, asked whenever it matters."""
        self._store, self._vault, self._may_recognise = store, vault, may_recognise
        self._lock = threading.RLock()

    def keep(self, person: str, vector: Vector, encoder: str, frames: int, at_s: float) -> bool:
        """Keep a person's print, in place of an earlier one; False: they have not agreed, and nothing is kept.

        ``at_s``: Unix time.
        """
        with self._lock:
            if not self._may_recognise(person):
                return False
            self._put(person, KeptFace(np.asarray(vector, np.float32), encoder, frames, at_s, at_s))
            return True

    def of(self, person: str) -> KeptFace | None:
        """None: there is none, they do not agree any more, or it cannot be opened."""
        return self._open(person) if self._may_recognise(person) else None

    def all(self, encoder: str) -> dict[str, KeptFace]:
        """Everybody's who agrees, by their id, as far as this encoder made them."""
        found = {person: self.of(person) for person in self._people()}
        return {person: one for person, one in found.items() if one is not None and one.encoder == encoder}

    def recognised(self, person: str, at_s: float) -> None:
        """They were seen again (Unix time)."""
        with self._lock:
            one = self.of(person)
            if one is not None and at_s - one.seen_s >= AGAIN_S:
                self._put(person, replace(one, seen_s=at_s))

    def expire(self, now_s: float) -> int:
        """Erase the prints of people who have not been recognised for too long, do not agree, or have no key any more;
        how many."""
        with self._lock:
            gone = 0
            for person in self._people():
                one = self.of(person)
                if one is None or one.seen_s < now_s - LONGEST_S:
                    gone += self.remove_person(person)
            return gone

    # Forgetting: see forget.Place

    def count_of(self, person: str) -> int:
        return int(self._store.get(person, FIELD) is not None)

    def remove_person(self, person: str) -> int:
        """Erase a person's print; how many there were. Before or after their key is destroyed."""
        with self._lock:
            try:
                count = self.count_of(person)
            except StoreAway:
                self._store.put(person, {FIELD: None})  # it goes when the store is back
                raise
            if count:
                self._store.put(person, {FIELD: None})
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

    def _people(self) -> list[str]:
        return self._store.people(FIELD)

    def _put(self, person: str, one: KeptFace) -> None:
        vector = one.vector.astype("<f4").tobytes().hex()
        record = _Record(vector, one.encoder, one.frames, one.enrolled_s, one.seen_s)
        sealed = self._vault.seal(json.dumps(asdict(record)).encode(), [person], f"{FIELD}/{person}")
        self._store.put(person, {FIELD: sealed})

    def _open(self, person: str) -> KeptFace | None:
        sealed = self._store.get(person, FIELD)
        if sealed is None:
            return None
        try:
            record = _RECORD.validate_json(self._vault.open(sealed, f"{FIELD}/{person}"))
        except (KeyGone, Unreadable):
            return None
        vector = np.frombuffer(bytes.fromhex(record.vector), "<f4").astype(np.float32)
        return KeptFace(vector, record.encoder, record.frames, record.enrolled_s, record.seen_s)
