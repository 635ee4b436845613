"""The versions of entries: every one of them, as far as it can be opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from memory.audience import without
from memory.entry import from_markdown, is_id, to_markdown, with_listeners
from memory.errors import EntryError, KeyGone, Unreadable
from memory.journal_files import JournalFiles, names
from memory.types import Entry


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    raw: bytes
    entry: Entry


class Versions:
    """Raises StoreError."""

    def __init__(self, files: JournalFiles) -> None:
        self._files = files

    def all_of(self, entry_id: str) -> list[Version]:
        """Those that can be opened, oldest first; none when the newest takes a key that is gone."""
        return list(self.newest_first(entry_id))[::-1]

    def newest_first(self, entry_id: str) -> Iterator[Version]:
        """The versions that can be opened; none when the newest takes a key that is gone."""
        versions = self._files.versions(entry_id) if is_id(entry_id) else {}
        newest = max(versions, default=0)
        for number in reversed(versions):
            try:
                raw = self._files.read(versions[number][0])
                entry = self.parse(versions[number][0], raw, entry_id)
                yield Version(number, raw, replace(entry, version=number))
            except KeyGone:
                if number == newest:
                    return
            except (Unreadable, EntryError):
                continue  # ``check`` reports it

    def raw_before(self, entry_id: str, number: int) -> bytes | None:
        """The bytes of the version before this one."""
        path = self._files.version(entry_id, number - 1)
        return self._files.read(path) if path.is_file() else None

    def parse(self, path: Path, raw: bytes, entry_id: str, before: Entry | None = None) -> Entry:
        """Raises KeyGone, Unreadable and EntryError."""
        entry = from_markdown(self._files.markdown(path, raw, entry_id), before)
        if entry.id != entry_id:
            raise EntryError("The file has the id of another entry.")
        return entry

    def without(self, entry: Entry, person: str) -> dict[Path, bytes]:
        """Every version that names this person, whom it is not about, as if they had never been there; newest last."""
        found = {}
        for paths in self._files.versions(entry.id).values():
            with suppress(KeyGone, Unreadable, EntryError):
                text = self._files.as_written(paths[0], self._files.read(paths[0]), entry.id)
                if names(text, person):
                    found[paths[0]] = self._files.sealed(self._without(text, person), entry)
        return found

    def aside_naming(self, entry_id: str, person: str) -> list[Path]:
        """What was left aside of an entry and names this person."""
        found = []
        for path in self._files.aside(entry_id):
            with suppress(KeyGone, Unreadable, EntryError):
                if names(self._files.markdown(path, self._files.read(path), entry_id), person):
                    found.append(path)
        return found

    def _without(self, text: str, person: str) -> str:
        left = with_listeners(text, lambda one: None if one == person else one)
        if left is not None:
            return left
        entry = from_markdown(text)
        return to_markdown(replace(entry, scope=without(entry.scope, person)))

    def convert(self, entry_id: str) -> int:
        """Bring the versions of an entry into the form that is asked for; those that open. Returns how many."""
        count = 0
        for number, paths in self._files.versions(entry_id).items():
            target = self._files.version(entry_id, number)
            for path in paths:
                if path.name == target.name:
                    continue
                try:
                    if target not in paths:
                        entry = self.parse(path, self._files.read(path), entry_id)
                        self._files.put(target, self._files.encode(entry))
                    self._files.delete(path)
                    count += 1
                except (KeyGone, Unreadable, EntryError):
                    continue  # it stays as it is
        return count
