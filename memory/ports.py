"""What memory needs from outside, one small protocol each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from memory.types import Vectors


class Embedder(Protocol):
    """Text as vectors. Blocks for milliseconds: call it off the event loop."""

    @property
    def name(self) -> str:
        """Which model; vectors of another model are worked out anew."""
        ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """(len(texts), dimensions) float32, each row of unit length.

        ``query``: these ask for something, instead of being what may be found; some models tell the two apart.
        """
        ...


class PersonStore(Protocol):
    """Named values of each person, sealed before they come here: no implementation can read them.

    What a hash of Redis can do, and no more. Blocks for a disk write or a round trip: call it off the event loop.
    Every method raises StoreError; one that reads raises StoreAway where the store does not answer.
    """

    def put(self, person: str, values: Mapping[str, bytes | None]) -> None:
        """Write these fields of a person, None: remove it. All or none, durably; other fields stay."""
        ...

    def get(self, person: str, field: str) -> bytes | None: ...

    def fields(self, person: str) -> dict[str, bytes]:
        """Every field of a person with its value; empty when there is nothing of them."""
        ...

    def people(self, kind: str = "") -> list[str]:
        """Of whom there is anything, sorted. ``kind``: with a field of that name, or one that begins with it and a
        colon.
        """
        ...

    def remove(self, person: str) -> int:
        """Everything of a person; how many fields there were, as far as the store answers."""
        ...


class FarStore(PersonStore, Protocol):
    """One that may be away, and that somebody may put back to an earlier state: it knows what it was told to forget."""

    def purge(self) -> None:
        """Leave nothing of what was removed in its files either. Raises StoreAway where that has to wait: it is done
        when the store answers again.
        """
        ...

    def note_forgotten(self, uids: Iterable[str]) -> None:
        """What these tombstones say is done here, and in its files. Raises StoreAway."""
        ...
