"""What was found of each entry of the journal when it was last looked at, and which of them are about whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from memory.journal_files import Signatures
from memory.types import Entry


@dataclass(frozen=True, slots=True)
class Known:
    """What was found when an entry was last looked at."""

    files: Signatures  # of its current file in either form
    entry: Entry | None = None  # None: it opens no more, or never could be read
    head: bytes = b""  # of its sealed file
    problem: str = ""  # one sentence


class KnownEntries(dict[str, Known]):
    """By their ids. Whoever they are about finds them without all others being looked through."""

    def __init__(self) -> None:
        super().__init__()
        self._about: dict[str, set[str]] = {}  # person → ids of entries
        self._superseding: dict[str, set[str]] = {}  # id → ids of entries that have taken its place

    def about(self, people: Iterable[str]) -> set[str]:
        """Ids of the entries about any of these people."""
        return set().union(*(self._about.get(person, ()) for person in people))

    def superseding(self, entry_id: str) -> frozenset[str]:
        """Ids of the entries that say they have taken its place."""
        return frozenset(self._superseding.get(entry_id, ()))

    def __setitem__(self, entry_id: str, known: Known) -> None:
        self._leave_out(entry_id)
        super().__setitem__(entry_id, known)
        for found, name in self._places(known):
            found.setdefault(name, set()).add(entry_id)

    def __delitem__(self, entry_id: str) -> None:
        self._leave_out(entry_id)
        super().__delitem__(entry_id)

    def pop(self, entry_id: str, default: Known | None = None) -> Known | None:  # type: ignore[override]
        self._leave_out(entry_id)
        return super().pop(entry_id, default)

    def _leave_out(self, entry_id: str) -> None:
        for found, name in self._places(self.get(entry_id)):
            found[name].discard(entry_id)
            if not found[name]:
                del found[name]

    def _places(self, known: Known | None) -> Iterator[tuple[dict[str, set[str]], str]]:
        if known is not None and known.entry is not None:
            yield from ((self._about, person) for person in known.entry.scope.about)
            yield from ((self._superseding, old) for old in known.entry.supersedes)
