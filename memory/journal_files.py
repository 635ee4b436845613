"""Where the journal's entries lie, and in what form: plain Markdown, or sealed with their people's keys.

    2026/11/<id>.md.sealed            the entry as it is now
    .versions/<id>/0001.md.sealed …   every version of it, never overwritten

Nothing here decides; ``journal.py`` does, and holds ``locked`` while it changes anything.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from filelock import FileLock, Timeout

from memory.entry import MOST_BYTES, from_markdown, is_id, to_markdown
from memory.errors import EntryError, StoreError, Unreadable
from memory.master import sync_folder, write_secret
from memory.types import Entry
from memory.vault import Vault

PLAIN, SEALED = ".md", ".md.sealed"
VERSIONS = ".versions"
WAIT_S = 10.0  # another process may be writing so long
_MOST_DEEP = 5  # folders of notes that somebody puts into the journal

Signature = tuple[int, int, int]  # of a file: when it was changed (ns), its size (bytes), its inode
Signatures = tuple[
    Signature | None, Signature | None
]  # of an entry's file in the form asked for, and the other


class JournalFiles:
    """Raises StoreError."""

    def __init__(self, folder: Path, vault: Vault, encrypted: bool) -> None:
        self.folder = folder
        self.suffix, self.other_suffix = (SEALED, PLAIN) if encrypted else (PLAIN, SEALED)
        self._vault = vault
        with plainly(folder):
            make_folder(folder / VERSIONS)
        self._lock = FileLock(folder / ".lock", thread_local=False)

    @contextmanager
    def locked(self) -> Generator[None, None, None]:
        """No other process changes the journal meanwhile. May be nested."""
        with plainly(self.folder):
            try:
                self._lock.acquire(timeout=WAIT_S)
            except Timeout as error:
                raise StoreError("The journal is in use by something else; try again in a moment.") from error
            try:
                yield
            finally:
                self._lock.release()

    def current(self, entry_id: str, suffix: str = "") -> Path:
        return Path(f"{self.folder}/{entry_id[:4]}/{entry_id[4:6]}/{entry_id}{suffix or self.suffix}")

    def version(self, entry_id: str, number: int) -> Path:
        return Path(f"{self.folder}/{VERSIONS}/{entry_id}/{number:04}{self.suffix}")

    def versions(self, entry_id: str) -> dict[int, list[Path]]:
        """Number → its file, or its files where they have not all been converted; lowest first."""
        found: dict[int, list[Path]] = {}
        with suppress(FileNotFoundError), os.scandir(f"{self.folder}/{VERSIONS}/{entry_id}") as items:
            for item in items:
                number, dot, suffix = item.name.partition(".")
                if number.isdecimal() and dot + suffix in (PLAIN, SEALED):
                    found.setdefault(int(number), []).append(Path(item.path))
        return dict(sorted(found.items()))

    def all_of(self, entry_id: str) -> list[Path]:
        """Its files, current ones and versions, in either form."""
        current = [path for suffix in (PLAIN, SEALED) if (path := self.current(entry_id, suffix)).is_file()]
        return current + [path for paths in self.versions(entry_id).values() for path in paths]

    def with_versions(self) -> set[str]:
        """Ids of which there are versions."""
        with plainly(self.folder):
            return {name for name in os.listdir(self.folder / VERSIONS) if is_id(name)}  # noqa: PTH208 (quick)

    def has_versions(self, entry_id: str) -> bool:
        """Whether there is a folder for them, be it empty."""
        return (self.folder / VERSIONS / entry_id).is_dir()

    def scan(self) -> tuple[dict[str, Signatures], dict[Path, Signature]]:
        """Id → its current files; and whatever else lies outside the versions that may become an entry.

        Links are not followed.
        """
        current: dict[str, Signatures] = {}
        others = {}
        with plainly(self.folder):
            for item in _files(self.folder, _MOST_DEEP):
                entry_id, dot, suffix = item.name.partition(".")
                try:
                    signature = _signature(item.stat(follow_symlinks=False))
                except FileNotFoundError:  # just renamed or removed
                    continue
                place = f"{self.folder}{os.sep}{entry_id[:4]}{os.sep}{entry_id[4:6]}{os.sep}{item.name}"
                if not is_id(entry_id) or item.path != place:
                    others[Path(item.path)] = signature
                elif dot + suffix == self.suffix:
                    current[entry_id] = signature, current.get(entry_id, (None, None))[1]
                else:
                    current[entry_id] = current.get(entry_id, (None, None))[0], signature
        return current, others

    def signature(self, path: Path) -> Signature | None:
        """None: there is no such file."""
        try:
            return _signature(path.lstat())
        except FileNotFoundError:
            return None

    def read(self, path: Path) -> bytes:
        """Raises EntryError when it is far too long."""
        with plainly(path), path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise EntryError("The file is far too long for an entry.")
        return raw

    def markdown(self, path: Path, raw: bytes, entry_id: str) -> str:
        """What stands in a file. Raises KeyGone and Unreadable."""
        if path.name.endswith(SEALED):
            raw = self._vault.open(raw, _context(entry_id))
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Unreadable("The file is no text in UTF-8.") from error

    def encode(self, entry: Entry) -> bytes:
        """The bytes of its file."""
        plain = to_markdown(entry).encode()
        if self.suffix == PLAIN:
            return plain
        return self._vault.seal(plain, entry.scope.about, _context(entry.id))

    def put(self, path: Path, raw: bytes) -> None:
        """Durably, whole or not at all."""
        with plainly(self.folder):
            try:
                make_folder(path.parent)
                write_secret(path, raw)
            except OSError:
                with suppress(OSError):
                    path.with_name(path.name + ".new").unlink(missing_ok=True)
                raise

    def put_aside(self, latest: Entry) -> None:
        """Keep among the versions what stands in the place of an entry and cannot be understood."""
        for suffix in (PLAIN, SEALED):
            path = self.current(latest.id, suffix)
            if path.is_file():
                raw = path.read_bytes()
                if suffix != SEALED and self.suffix == SEALED:
                    raw = self._vault.seal(raw, latest.scope.about, _context(latest.id))
                name = f"{latest.version:04}.left-{token_hex(3)}{self.suffix if suffix == PLAIN else SEALED}"
                self.put(self.folder / VERSIONS / latest.id / name, raw)
                self.delete(path)

    def aside(self, entry_id: str) -> list[Path]:
        """What ``put_aside`` has kept."""
        return list((self.folder / VERSIONS / entry_id).glob("*.left-*"))

    def delete(self, *paths: Path) -> None:
        with plainly(self.folder):
            for path in paths:
                path.unlink(missing_ok=True)
            for parent in {path.parent for path in paths}:
                if parent.exists():
                    sync_folder(parent)

    def delete_all(self, entry_id: str) -> bool:
        """Every file of an entry, half-written ones and editors' copies among them. Whether there was any."""
        versions, month = self.folder / VERSIONS / entry_id, self.current(entry_id).parent
        with plainly(self.folder):
            files = [*versions.iterdir()] if versions.is_dir() else []
            files += [path for path in month.iterdir() if entry_id in path.name] if month.is_dir() else []
            self.delete(*files)
            for folder in (versions, month, month.parent):
                with suppress(OSError):  # it may hold others, or not be there
                    folder.rmdir()
                    sync_folder(folder.parent)
        return bool(files)

    def is_about(self, path: Path, person: str) -> bool:
        """Whether a file is about ``person``, or sealed with a key that is gone. No key is needed to tell.

        Of a plain file that cannot be understood: whether it names them at all.
        """
        with plainly(path), path.open("rb") as file:
            raw = file.read(MOST_BYTES)
        if path.name.endswith(SEALED):
            people = self._vault.people_of(raw)
            return people is None or person in people
        text = raw.decode("utf-8", "replace")
        try:
            return person in from_markdown(text).scope.about
        except EntryError:
            return names(text, person)

    def opens(self, raw: bytes) -> bool:
        """Whether the keys are there that a sealed file takes; of ``raw`` its first bytes are enough."""
        return self._vault.people_of(raw) is not None


def names(text: str, person: str) -> bool:
    """Whether a person's id stands in ``text``."""
    return re.search(rf"(?<!\w){re.escape(person)}(?!\w)", text) is not None


def make_folder(folder: Path) -> None:
    """A folder for its owner alone, and durably so. Raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """What the system complains about, as one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sentence = f"The disk with {path} is full, so nothing new can be kept; make room."
        else:
            sentence = f"The journal cannot be used: {path} ({error.strerror})."
        raise StoreError(sentence) from error


def _files(folder: str | Path, deep: int) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as items:
        for item in items:
            if item.name.startswith("."):
                continue
            if deep and item.is_dir(follow_symlinks=False):
                yield from _files(item.path, deep - 1)
            elif item.name.endswith((PLAIN, SEALED)) and item.is_file(follow_symlinks=False):
                yield item


def _signature(stat: os.stat_result) -> Signature:
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _context(entry_id: str) -> str:
    return f"entry {entry_id}"
