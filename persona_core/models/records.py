"""What the models folder remembers: hashes of unverified files, and which content was already hashed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from persona_core.errors import ModelError
from persona_core.models.disk import sha256_of, write_json


@dataclass(frozen=True, slots=True)
class FirstUse:
    """How an unverified file looked when it was first used."""

    sha256: str
    size: int  # bytes
    origin: str  # hub commit or wheels; empty when it already lay in the folder


class FirstUses:
    """``models.lock.json``: what was recorded on first use, by entry and file; never changed afterwards."""

    def __init__(self, root: Path) -> None:
        self.path = root / "models.lock.json"

    def of(self, entry: str) -> dict[str, FirstUse]:
        """File path → record; raises ModelError when the records cannot be read."""
        return self._read().get(entry, {})

    def add(self, entry: str, path: str, use: FirstUse) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path.with_suffix(".guard")):
            table = self._read()
            table.setdefault(entry, {}).setdefault(path, use)
            write_json(self.path, {name: _plain(uses) for name, uses in table.items()})

    def _read(self) -> dict[str, dict[str, FirstUse]]:
        try:
            table = json.loads(self.path.read_text(encoding="utf-8"))
            return {
                entry: {
                    path: FirstUse(str(use["sha256"]), int(use["size"]), str(use["origin"]))
                    for path, use in uses.items()
                }
                for entry, uses in table.items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{self.path}, the record of models whose hash nobody published, is damaged: restore it, or "
                f"delete it to trust the files as they are now."
            ) from error


def _plain(uses: dict[str, FirstUse]) -> dict[str, Any]:
    return {path: {"sha256": u.sha256, "size": u.size, "origin": u.origin} for path, u in uses.items()}


class KnownHashes:
    """SHA-256 of the files in one folder; a file that was not touched since is not read again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamps_path = folder / ".hashes.json"

    def of(self, path: str) -> str:
        """SHA-256 of ``path``, from its stamp if size, times and inode are those of last time."""
        stamp = self._stamps().get(path)
        if isinstance(stamp, dict) and stamp.get("state") == self._state(path):
            return str(stamp.get("sha256"))
        return self.read(path)

    def read(self, path: str) -> str:
        """SHA-256 of ``path``, read now."""
        state = self._state(path)
        found = sha256_of(self._folder / path)
        self._remember(path, found, state)
        return found

    def remember(self, path: str, sha256: str) -> None:
        """Stamp a file whose hash was just worked out."""
        self._remember(path, sha256, self._state(path))

    def _remember(self, path: str, sha256: str, state: list[int]) -> None:
        stamps = self._stamps() | {path: {"sha256": sha256, "state": state}}
        try:
            write_json(self._stamps_path, stamps)
        except OSError:
            return  # a folder that cannot be written works too: it is hashed each time

    def _stamps(self) -> dict[str, Any]:
        try:
            stamps = json.loads(self._stamps_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamps if isinstance(stamps, dict) else {}

    def _state(self, path: str) -> list[int]:
        stat = (self._folder / path).stat()
        return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
