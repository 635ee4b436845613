"""What lies in the journal's folder: looked at, mended, and taken up where somebody changed it by hand.

Not safe for threads by itself: ``Journal`` holds its lock around every call.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from memory.audience import without
from memory.entry import from_note, is_id, same
from memory.errors import EntryError, KeyGone, Unreadable
from memory.journal_files import HEAD, JournalFiles, Signature, Signatures, head_of
from memory.known_entries import Known, KnownEntries
from memory.types import Entry
from memory.vault import Vault
from memory.versions import Version, Versions

log = logging.getLogger(__name__)


class Shelf:
    """Raises StoreError."""

    def __init__(self, folder: Path, vault: Vault, encrypted: bool, notes: bool) -> None:
        self.files = JournalFiles(folder, vault, encrypted)
        self.versions = Versions(self.files)
        self.known = KnownEntries()
        self.news: dict[str, Entry] = {}  # changed by somebody else, and not yet told
        self._encrypted = encrypted
        # What somebody put here and cannot be taken up → why
        self._notes: dict[Path, tuple[Signature, str]] = {}
        self._looked = False
        self._take_notes = notes

    def entries(self) -> list[Entry]:
        """Those whose keys are there."""
        opening: dict[bytes, bool] = {}
        return [known.entry for known in self.known.values() if known.entry and self.opens(known, opening)]

    def holding(self, people: Collection[str]) -> list[Entry]:
        """Those about any of these people that no other one has taken the place of, as they were last looked at."""
        opening: dict[bytes, bool] = {}

        def there(entry_id: str) -> Entry | None:
            known = self.known.get(entry_id)
            return known.entry if known is not None and self.opens(known, opening) else None

        found = [
            there(one) for one in self.known.about(people) if not any(map(there, self.known.superseding(one)))
        ]
        return [entry for entry in found if entry is not None]

    def near(self, at_s: float, within_s: float) -> list[Entry]:
        """Those of about that time (s) that still hold, by what was seen of the others when they were looked at."""
        ids = [
            one
            for one, known in self.known.items()
            if known.entry is not None and abs(known.entry.at_s - at_s) <= within_s
        ]
        found = [known for one in ids if (known := self.look_at(one)) is not None]
        gone = {old for known in self.known.values() if known.entry for old in known.entry.supersedes}
        opening: dict[bytes, bool] = {}
        return [
            one.entry for one in found if one.entry and one.entry.id not in gone and self.opens(one, opening)
        ]

    def problems(self) -> dict[Path, str]:
        """File → what is wrong with it."""
        found = {self.files.current(one): known.problem for one, known in self.known.items() if known.problem}
        return found | {path: problem for path, (_, problem) in self._notes.items()}

    def look(self, unwanted: Callable[[Path], bool] = lambda path: False) -> None:
        """Find what has changed on the disk; what lies there, is no entry and is ``unwanted`` goes."""
        with_versions, (current, notes) = self.files.with_versions(), self.files.scan()
        gone = list(filter(unwanted, notes))
        self.files.delete(*gone)
        notes = {path: signature for path, signature in notes.items() if path not in gone}
        for entry_id in [one for one in self.known if one not in with_versions and one not in current]:
            del self.known[entry_id]  # removed by another process
        changed = [
            entry_id
            for entry_id in with_versions | set(current)
            if (known := self.known.get(entry_id)) is None
            or known.files != current.get(entry_id, (None, None))
        ]
        if changed:
            with self.files.locked():
                for entry_id in changed:
                    self.look_at(entry_id)
        self._notes = {path: self._notes[path] for path in notes if path in self._notes}
        for path, signature in notes.items() if self._take_notes else ():
            if self._notes.get(path, (None, ""))[0] != signature:
                self._adopt(path, signature)
        self._looked = True

    def look_once(self) -> None:
        """As ``look``, unless that was done before."""
        if not self._looked:
            self.look()

    def look_at(self, entry_id: str) -> Known | None:
        """What there is of an entry, mended and with what was edited by hand. None: nothing."""
        if not is_id(entry_id):
            return None
        before, now = self.known.get(entry_id), self._signatures(entry_id)
        if before is not None and before.files == now and now[0]:
            return before
        found = self._examine(entry_id, now)
        if found is None:
            self.known.pop(entry_id, None)
            if self.files.has_versions(entry_id):  # half a file, of a first version that was never finished
                self.files.delete_all({entry_id})
            return None
        if found.problem and (before is None or found.problem != before.problem):
            log.warning("entry %s was left alone: %s", entry_id, found.problem)
        changed = found.entry != before.entry if before else self._looked
        if found.entry is not None and changed:
            self.news[entry_id] = found.entry
        self.known[entry_id] = found
        return found

    def save(self, entry: Entry) -> Entry:
        """Write the next version down."""
        number = max(self.files.versions(entry.id), default=0) + 1
        entry = replace(entry, version=number, written_s=round(time.time(), 3))
        raw, version = self.files.encode(entry), self.files.version(entry.id, number)
        self.files.put(version, raw)
        try:
            self.files.put(self.files.current(entry.id), raw)
        except BaseException:  # it was not written, so it must not turn up later
            self.files.delete(version)
            raise
        self.known[entry.id] = Known(self._signatures(entry.id), entry, raw[:HEAD])
        self.news.pop(entry.id, None)
        return entry

    def about(self, person: str) -> list[str]:
        """Ids of those that are about somebody, in any version, or open no more. They have just been looked at."""
        opening: dict[bytes, bool] = {}
        is_about = self.files.about(person)

        def goes(entry_id: str, known: Known) -> bool:
            if not self.opens(known, opening):
                return True
            if known.entry is None or known.problem:
                return any(map(is_about, self.files.all_of(entry_id)))
            if person in known.entry.scope.about:
                return True
            return known.entry.version > 1 and any(map(is_about, self._older(known.entry)))

        return [entry_id for entry_id, known in self.known.items() if goes(entry_id, known)]

    def _older(self, entry: Entry) -> list[Path]:
        """Files of the versions before this one."""
        versions = self.files.versions(entry.id)
        return [path for number, paths in versions.items() if number != entry.version for path in paths]

    def leave_out(self, person: str) -> None:
        """Of entries that are not about this person: as if they had never been there, in any version. By what was seen
        when they were last looked at.
        """
        files: dict[Path, bytes] = {}
        aside: list[Path] = []
        changed: dict[str, Known] = {}
        for entry_id, known in list(self.known.items()):
            if known.entry is None or person not in known.entry.scope.heard_by:
                continue
            versions = {} if self.files.hides_listeners else self.versions.without(known.entry, person)
            aside += self.versions.aside_naming(entry_id, person)
            entry = replace(known.entry, scope=without(known.entry.scope, person))
            if not versions:
                self.known[entry_id] = replace(known, entry=entry)
                continue
            files |= versions
            latest = versions.get(self.files.version(entry_id, entry.version))
            if latest is None or known.problem:
                changed[entry_id] = replace(known, entry=entry)
            else:
                files[self.files.current(entry_id)] = latest
                changed[entry_id] = Known(known.files, entry, latest[:HEAD])
        self.files.put_all(files)
        self.files.delete(*aside)
        for entry_id, known in changed.items():
            self.known[entry_id] = replace(known, files=self._signatures(entry_id))

    def opens(self, known: Known, opening: dict[bytes, bool] | None = None) -> bool:
        """Whether its keys are still there. ``opening``: what is known of that already."""
        opening = {} if opening is None else opening
        if not self._encrypted or not known.head:
            return True
        head = head_of(known.head)
        if head not in opening:
            opening[head] = self.files.opens(head)
        return opening[head]

    def _examine(self, entry_id: str, now: Signatures) -> Known | None:
        """``now``: of its files, before they are read."""
        versions = self.files.versions(entry_id)
        if any(not path.name.endswith(self.files.suffix) for paths in versions.values() for path in paths):
            self.versions.convert(entry_id)
        latest = next(self.versions.newest_first(entry_id), None)
        if not any(now):
            if latest is not None:
                return self._mend(latest)
            return Known(now) if versions else None
        path = self.files.current(entry_id, self.files.other_suffix if now[1] else self.files.suffix)
        try:
            raw = self.files.read(path)
            if latest and not now[1]:
                if raw == latest.raw:
                    return Known(now, latest.entry, raw[:HEAD])
                if raw == self.versions.raw_before(entry_id, latest.number):  # a crash between the two files
                    return self._mend(latest)
            entry = self.versions.parse(path, raw, entry_id, latest.entry if latest else None)
        except KeyGone:
            if latest is None:
                return Known(now)
            return self._left(now, latest, "The file was damaged or changed; it cannot be opened.")
        except (Unreadable, EntryError) as error:
            return self._left(now, latest, str(error))
        if latest and same(entry, latest.entry):
            known = self._mend(latest)
        else:
            self.news[entry_id] = self.save(entry)
            known = self.known[entry_id]
        if now[1]:
            self.files.delete(path)
            known = replace(known, files=self._signatures(entry_id))
        return known

    def _mend(self, latest: Version) -> Known:
        entry_id = latest.entry.id
        self.files.put(self.files.current(entry_id), latest.raw)
        return Known(self._signatures(entry_id), latest.entry, latest.raw[:HEAD])

    def _left(self, now: Signatures, latest: Version | None, problem: str) -> Known:
        if latest is None:
            return Known(now, problem=problem)
        return Known(now, latest.entry, latest.raw[:HEAD], problem)

    def _adopt(self, path: Path, signature: Signature) -> None:
        """Take up a note that somebody put here."""
        try:
            with self.files.locked():
                entry = from_note(self.files.markdown(path, self.files.read(path), path.name), time.time())
                if self.look_at(entry.id) is not None:
                    raise EntryError("The note has the id of another entry: take that line out.")
                self.news[entry.id] = self.save(entry)
                self.files.delete(path)
        except (EntryError, Unreadable, KeyGone) as error:
            self._notes[path] = signature, str(error)
            log.warning("a note put into the journal was left alone: %s", error)

    def _signatures(self, entry_id: str) -> Signatures:
        current, other = (
            self.files.current(entry_id, suffix) for suffix in (self.files.suffix, self.files.other_suffix)
        )
        return self.files.signature(current), self.files.signature(other)
