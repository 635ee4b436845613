"""Her journal: Markdown notes that a person can read, with every version of each.

Writing puts the new version down first and then the entry as it is now; whatever a crash leaves between the two is
mended when it is next looked at. What differs from its latest version was changed by hand and becomes a version
itself. An entry whose file somebody deletes by hand comes back: ``remove`` takes it away.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from memory.entry import from_markdown, is_id, new_id, to_markdown, words_and_signs
from memory.errors import EntryError, KeyGone, Unreadable
from memory.journal_files import VERSIONS
from memory.shelf import Shelf
from memory.tombstones import Tombstone
from memory.types import Entry
from memory.vault import Vault

SITTING_S = 6 * 3600.0  # the same words about the same people within this time are one entry


class Journal:
    """May be used from any thread; blocks for milliseconds. Raises StoreError."""

    def __init__(self, folder: Path, vault: Vault, *, encrypted: bool = True, notes: bool = True) -> None:
        """``notes``: take up those that somebody puts here; only for the process that occupies the data folder, as
        it may take a new key, of which other processes would not know.
        """
        self.folder = folder
        self.encrypted = encrypted
        self._shelf = Shelf(folder, vault, encrypted, notes)
        self._files = self._shelf.files
        self._lock = threading.RLock()

    def entries(self, *, look: bool = True) -> list[Entry]:
        """All as they are now, oldest first; of those that cannot be understood the last good version.

        What opens no more, because a key is gone, is not there. ``look`` False: as they were when the disk was last
        looked at.
        """
        with self._lock:
            if look:
                self._shelf.look()
            else:
                self._shelf.look_once()
            return sorted(self._shelf.entries(), key=_age)

    def holding(self, people: Collection[str]) -> list[Entry]:
        """Those about any of these people that no other one has taken the place of, oldest first; as they were when the
        disk was last looked at. Takes no longer where there are many others.
        """
        with self._lock:
            self._shelf.look_once()
            return sorted(self._shelf.holding(people), key=_age)

    def damaged(self) -> list[str]:
        """One sentence for each file that cannot be understood. They are left as they are."""
        with self._lock:
            self._shelf.look()
            found = self._shelf.problems()
            return [f"{path.relative_to(self.folder)}: {found[path]}" for path in sorted(found)]

    def read(self, entry_id: str) -> Entry:
        """Raises EntryError when there is no such entry, KeyGone when it opens no more."""
        with self._changing():
            known = self._shelf.look_at(entry_id)
            if known is None:
                raise EntryError("There is no such entry.")
            if known.entry is None or not self._shelf.opens(known):
                raise EntryError(known.problem) if known.problem else KeyGone("This entry opens no more.")
            return known.entry

    def add(self, entry: Entry) -> Entry:
        """Write a new entry; without an id it gets one. What was already said in the same sitting is not written twice.

        Takes no longer where there are many. Raises EntryError.
        """
        about, words = (entry.scope.about, entry.scope.place), words_and_signs(entry.text)
        with self._changing():
            self._shelf.look_once()
            for other in self._shelf.near(entry.at_s, SITTING_S):
                if (other.scope.about, other.scope.place) == about and words_and_signs(other.text) == words:
                    return other
            return self.write(replace(entry, id=entry.id or new_id(entry.at_s), version=1))

    def write(self, entry: Entry) -> Entry:
        """Write a new entry, or the next version of one; returns it as it was kept.

        Raises EntryError when it cannot be written down, and when somebody has changed it meanwhile: ``entry`` has
        to carry the version that it is made from.
        """
        entry = from_markdown(to_markdown(entry))  # what is kept can be read again
        with self._changing():
            known = self._shelf.look_at(entry.id)
            if known is None and entry.version != 1:
                raise EntryError("The entry has been removed meanwhile.")
            if known is not None:
                if known.problem:
                    raise EntryError(f"The entry was left alone, as it cannot be understood. {known.problem}")
                if known.entry is None or not self._shelf.opens(known):
                    raise KeyGone("That cannot be opened any more.")
                if entry.version != known.entry.version:
                    raise EntryError("The entry has been changed meanwhile: read it again.")
                there = known.entry.scope.heard_by  # of whom some may have been forgotten since it was read
                heard_by = tuple(one for one in entry.scope.heard_by if one in there)
                entry = replace(entry, scope=replace(entry.scope, heard_by=heard_by))
            return self._shelf.save(entry)

    def versions(self, entry_id: str) -> list[Entry]:
        """All that can still be opened, oldest first."""
        with self._changing():
            self._shelf.look_at(entry_id)
            return [version.entry for version in self._shelf.versions.all_of(entry_id)]

    def restore(self, entry_id: str, version: int) -> Entry:
        """Make an earlier version the newest one; who may hear it stays as it is now. Raises EntryError.

        A file that could not be understood is put among the versions, under a name of its own.
        """
        with self._changing():
            known = self._shelf.look_at(entry_id)
            found = {held.number: held.entry for held in self._shelf.versions.all_of(entry_id)}
            if known is None or version not in found:
                raise EntryError(f"There is no version {version} of such an entry.")
            if known.problem:
                self._files.put_aside(found[max(found)])
            return self._shelf.save(replace(found[version], scope=found[max(found)].scope))

    def remove(self, entry_id: str) -> bool:
        """Remove an entry with all its versions, durably. Whether there was one."""
        return self.remove_all([entry_id]) > 0

    def remove_all(self, entry_ids: Iterable[str]) -> int:
        """Remove entries with all their versions, durably; how many there were."""
        ids = set(filter(is_id, entry_ids))
        with self._changing():
            for entry_id in ids:
                self._shelf.known.pop(entry_id, None)
                self._shelf.news.pop(entry_id, None)
            return self._files.delete_all(ids)

    # Forgetting: see forget.Place

    def count_of(self, person: str) -> int:
        """How many entries are about somebody."""
        return sum(person in entry.scope.about for entry in self.entries())

    def remove_person(self, person: str) -> int:
        """Remove all that is about somebody, in any version, and all that opens no more. Returns how many entries.

        What is left was not heard by them. May be called before or after their key is destroyed, and again.
        """
        with self._changing():
            self._shelf.look(unwanted=self._files.about(person))
            removed = self.remove_all(self._shelf.about(person))
            self._shelf.leave_out(person)
            return removed

    def count_resting(self, gone: Tombstone) -> int:
        """How many of its entries are there."""
        return sum(bool(is_id(one) and self._files.all_of(one)) for one in set(gone.entries))

    def remove_resting(self, gone: Tombstone) -> int:
        """Remove them with all their versions; how many."""
        return self.remove_all(gone.entries)

    def count(self) -> int:
        """How many entries there are, also those that nobody can open."""
        with self._lock:
            return len(self._files.with_versions() | set(self._files.scan()[0]))

    def clear(self) -> int:
        """Remove every entry, and every note that lies here; how many entries there were."""
        with self._changing():
            current, notes = self._files.scan()
            self._files.delete(*notes)
            return self.remove_all(self._files.with_versions() | set(current))

    def take_up(self) -> list[Entry]:
        """Entries that somebody else has changed or added since the last call: by hand, or in another process.

        Notes without an id that lie anywhere in the folder become entries. What cannot be understood is reported in
        the log, once, and left alone. The first call tells only what was edited by hand while nobody was looking.
        """
        with self._lock:
            self._shelf.look()
            news, self._shelf.news = list(self._shelf.news.values()), {}
            return sorted(news, key=_age)

    def convert(self) -> int:
        """Bring every file into the form that ``encrypted`` asks for. Returns how many were in the other one."""
        with self._changing():
            count = sum(other is not None for _, other in self._files.scan()[0].values())
            for entry_id in self._files.with_versions():
                count += self._shelf.versions.convert(entry_id)
            self._shelf.look()
            return count

    def superseded(self) -> set[str]:
        """Ids of entries that do not hold any more, since another one has taken their place."""
        return {old for entry in self.entries() for old in entry.supersedes}

    def check(self) -> list[str]:
        """Open every entry and every version; one sentence for each file that is damaged."""
        with self._changing():
            found = self.damaged()
            for entry_id in sorted(self._files.with_versions()):
                for path in self._files.all_of(entry_id):
                    if path.parent.parent.name != VERSIONS:
                        continue  # the current one, looked at already
                    try:
                        self._shelf.versions.parse(path, self._files.read(path), entry_id)
                    except (EntryError, Unreadable) as error:
                        found.append(f"{path.relative_to(self.folder)}: {error}")
                    except KeyGone:
                        continue
            return found

    @contextmanager
    def _changing(self) -> Generator[None, None, None]:
        with self._lock, self._files.locked():
            yield


def _age(entry: Entry) -> tuple[float, str]:
    return entry.at_s, entry.id
