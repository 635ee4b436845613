"""Where the journal's entries lie, and in what form: plain Markdown, or sealed with their people's keys.

    2026/11/<id>.md.sealed            the entry as it is now
    .versions/3f/<id>.0001.md.sealed …  every version of it, never overwritten; 3f: the last two digits of the id

Nothing here decides; ``journal.py`` does, and holds ``locked`` while it changes anything.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from filelock import FileLock, Timeout

from memory.entry import ID, MOST_BYTES, from_markdown, is_id, to_markdown, with_listeners
from memory.errors import EntryError, StoreError, Unreadable
from memory.master import write_secret
from memory.syncing import sync_all, sync_folder
from memory.types import Entry
from memory.vault import Vault

PLAIN, SEALED = ".md", ".md.sealed"
VERSIONS = ".versions"
HIDING = ".listeners-hidden"  # there from the first entry on
AT_ONCE = 16  # threads that remove files: each waits for the disk
TOKEN = "key:"  # before what stands for somebody who heard what is sealed with others' keys
HEAD = 2 + 8 * 255  # bytes of a sealed file that say whose keys it takes
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
            if not (folder / VERSIONS).exists():
                make_folder(folder)
                (folder / HIDING).touch(mode=0o600)
            make_folder(folder / VERSIONS)
            # Whether no sealed file names anybody beside those whom it is about; an earlier version's does
            self.hides_listeners = encrypted and (folder / HIDING).exists()
            self._lock = FileLock(folder / ".lock", thread_local=False)
            self._take_over()

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
        return Path(f"{self._shard(entry_id)}/{entry_id}.{number:04}{self.suffix}")

    def versions(self, entry_id: str) -> dict[int, list[Path]]:
        """Number → its file, or its files where they have not all been converted; lowest first."""
        found: dict[int, list[Path]] = {}
        for name in self._beginning_with(entry_id):
            number, dot, suffix = name[len(entry_id) + 1 :].partition(".")
            if number.isdecimal() and dot + suffix in (PLAIN, SEALED):
                found.setdefault(int(number), []).append(Path(f"{self._shard(entry_id)}/{name}"))
        return dict(sorted(found.items()))

    def all_of(self, entry_id: str) -> list[Path]:
        """Its files, current ones and versions, in either form."""
        current = [path for suffix in (PLAIN, SEALED) if (path := self.current(entry_id, suffix)).is_file()]
        return current + [path for paths in self.versions(entry_id).values() for path in paths]

    def with_versions(self) -> set[str]:
        """Ids of which there are versions, be they half written."""
        with plainly(self.folder):
            shards = _names_in(f"{self.folder}/{VERSIONS}")
            names = (name for shard in shards for name in _names_in(f"{self.folder}/{VERSIONS}/{shard}"))
            return {entry_id for name in names if is_id(entry_id := name.partition(".")[0])}

    def has_versions(self, entry_id: str) -> bool:
        """The same of one."""
        return bool(self._beginning_with(entry_id))

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
        with plainly(path), path.open("rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size > MOST_BYTES:
                raise EntryError("The file is far too long for an entry.")
            return file.readall()

    def markdown(self, path: Path, raw: bytes, entry_id: str) -> str:
        """What stands in a file. Raises KeyGone and Unreadable."""
        text = self.as_written(path, raw, entry_id)
        if not path.name.endswith(SEALED):
            return text
        named = with_listeners(text, self._listener)
        return text if named is None else named

    def as_written(self, path: Path, raw: bytes, entry_id: str) -> str:
        """The same, with tokens in place of the ids of those who heard it where that is sealed with others' keys."""
        if path.name.endswith(SEALED):
            raw = self._vault.open(raw, _context(entry_id))
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Unreadable("The file is no text in UTF-8.") from error

    def encode(self, entry: Entry) -> bytes:
        """The bytes of its file."""
        return self.sealed(to_markdown(entry), entry)

    def sealed(self, text: str, entry: Entry) -> bytes:
        """The bytes of a file with ``text``, which is about the same people as ``entry``, and has its id."""
        if self.suffix == PLAIN:
            return text.encode()

        def hidden(name: str) -> str:
            known = name in entry.scope.about or name.startswith(TOKEN)
            return name if known else f"{TOKEN}{self._vault.token(name)}"

        text = with_listeners(text, hidden) or text
        return self._vault.seal(text.encode(), entry.scope.about, _context(entry.id))

    def _listener(self, name: str) -> str | None:
        """Whom a name in a sealed file stands for."""
        return self._vault.person_of(name.removeprefix(TOKEN)) if name.startswith(TOKEN) else name

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

    def put_all(self, files: Mapping[Path, bytes]) -> None:
        """The same for many that are there already, in their order; much quicker than one after the other."""
        if not files:
            return
        new = {path: Path(f"{path}.new") for path in files}
        with plainly(self.folder):
            try:
                for path, raw in files.items():
                    handle = os.open(new[path], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                    with os.fdopen(handle, "wb") as file:
                        file.write(raw)
                sync_all(self.folder, new.values(), ())
                for path, beside in new.items():
                    os.replace(beside, path)  # noqa: PTH105 (quick)
                sync_all(self.folder, (), {path.parent for path in files})
            except OSError:
                for beside in new.values():
                    with suppress(OSError):
                        beside.unlink(missing_ok=True)
                raise

    def put_aside(self, latest: Entry) -> None:
        """Keep among the versions what stands in the place of an entry and cannot be understood."""
        for suffix in (PLAIN, SEALED):
            path = self.current(latest.id, suffix)
            if path.is_file():
                raw = path.read_bytes()
                if suffix != SEALED and self.suffix == SEALED:
                    raw = self._vault.seal(raw, latest.scope.about, _context(latest.id))
                kept = self.suffix if suffix == PLAIN else SEALED
                name = f"{latest.id}.{latest.version:04}.left-{token_hex(3)}{kept}"
                self.put(Path(f"{self._shard(latest.id)}/{name}"), raw)
                self.delete(path)

    def aside(self, entry_id: str) -> list[Path]:
        """What ``put_aside`` has kept."""
        names = self._beginning_with(entry_id)
        return [Path(f"{self._shard(entry_id)}/{name}") for name in names if ".left-" in name]

    def delete(self, *paths: Path) -> None:
        with plainly(self.folder):
            for path in paths:
                path.unlink(missing_ok=True)
            for parent in {path.parent for path in paths}:
                if parent.exists():
                    sync_folder(parent)

    def delete_all(self, entry_ids: Set[str]) -> int:
        """Every file of these entries, half-written ones and editors' copies among them. How many entries there were."""
        folders = {self.current(one).parent for one in entry_ids} | {self._shard(one) for one in entry_ids}
        places = sorted(map(str, folders))

        def erased(some: Sequence[str]) -> set[str]:
            gone = set[str]()
            for folder in some:
                for name in _names_in(folder):
                    named = ID.search(name)
                    if named and named[0] in entry_ids:
                        os.unlink(f"{folder}/{name}")  # noqa: PTH108 (quick)
                        gone.add(named[0])
            return gone

        with plainly(self.folder), ThreadPoolExecutor(AT_ONCE, "journal") as pool:
            found = set[str]().union(*pool.map(erased, (places[at::AT_ONCE] for at in range(AT_ONCE))))
            parents = {folder.parent for folder in folders}
            for folder in (*folders, *(parents - {self.folder / VERSIONS})):
                with suppress(OSError):  # it may hold others, or not be there
                    folder.rmdir()
            left = [folder for folder in folders | parents | {self.folder} if folder.is_dir()]
            sync_all(self.folder, (), left)
        return len(found)

    def about(self, person: str) -> Callable[[Path], bool]:
        """What tells whether a file is about ``person``, or sealed with a key that is gone. No key is needed for that.

        Of a plain file that cannot be understood: whether it names them at all.
        """
        by_head: dict[bytes, bool] = {}

        def is_about(path: Path) -> bool:
            sealed = path.name.endswith(SEALED)
            with plainly(path), path.open("rb", buffering=0) as file:
                raw = file.read(HEAD) if sealed else file.readall()
            if not sealed:
                return _is_about(raw.decode("utf-8", "replace"), person)
            head = head_of(raw)
            if head not in by_head:
                people = self._vault.people_of(head)
                by_head[head] = people is None or person in people
            return by_head[head]

        return is_about

    def _shard(self, entry_id: str) -> Path:
        """Where its versions lie, among those of others: a folder for each would take longer to make and to remove."""
        return Path(f"{self.folder}/{VERSIONS}/{entry_id[-2:]}")

    def _beginning_with(self, entry_id: str) -> list[str]:
        """Names of what lies there of it."""
        return [name for name in _names_in(str(self._shard(entry_id))) if name.startswith(f"{entry_id}.")]

    def _take_over(self) -> None:
        """Earlier versions kept those of each entry in a folder of its own."""
        old = [name for name in _names_in(f"{self.folder}/{VERSIONS}") if is_id(name)]
        if not old:
            return
        with self.locked():
            for entry_id in old:
                folder = self.folder / VERSIONS / entry_id
                make_folder(self._shard(entry_id))
                for name in _names_in(str(folder)):
                    (folder / name).replace(self._shard(entry_id) / f"{entry_id}.{name}")
                folder.rmdir()
            sync_all(self.folder, (), [self.folder / VERSIONS, *map(self._shard, old)])

    def opens(self, raw: bytes) -> bool:
        """Whether the keys are there that a sealed file takes; of ``raw`` its first bytes are enough."""
        return self._vault.people_of(raw) is not None


def names(text: str, person: str) -> bool:
    """Whether a person's id stands in ``text``."""
    return person in text and re.search(rf"(?<!\w){re.escape(person)}(?!\w)", text) is not None


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


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 (quick)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_about(text: str, person: str) -> bool:
    if not names(text, person):
        return False
    try:
        return person in from_markdown(text).scope.about
    except EntryError:
        return True


def head_of(raw: bytes) -> bytes:
    """What of a sealed file says whose keys it takes."""
    return raw[: 2 + 8 * raw[1]] if len(raw) > 1 else b""


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
