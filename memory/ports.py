"""What memory needs from outside, one small protocol each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    Every method raises StoreError.
    """

    def put(self, person: str, values: Mapping[str, bytes | None]) -> None:
        """Write these fields of a person, None: remove it. All or none, durably; other fields stay."""
        ...

    def get(self, person: str, field: str) -> bytes | None: ...

    def fields(self, person: str) -> dict[str, bytes]:
        """Every field of a person with its value; empty when there is nothing of them."""
        ...

    def people(self) -> list[str]:
        """Of whom there is anything, sorted."""
        ...

    def remove(self, person: str) -> int:
        """Everything of a person; how many fields there were."""
        ...
