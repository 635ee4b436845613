"""Hashes, room and whole-file writes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from persona_core.errors import ModelError

SPARE = 200_000_000  # bytes beside the files themselves: the wheel at hand, records


class NoRoom(ModelError):
    """The disk is too full for a model."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, in lower-case hexadecimal; about a second per gigabyte."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_room(folder: Path, needed: int, what: str) -> None:
    """Raise NoRoom unless ``needed`` bytes and some spare are free on the disk of ``folder``, which exists."""
    needed, free = needed + SPARE, shutil.disk_usage(folder).free
    if free < needed:
        raise NoRoom(
            f"Fetching {what} needs {gigabytes(needed)} on the disk of {folder}, where {gigabytes(free)} are "
            f"free: make room, or set MODELS_DIR to a folder on another disk."
        )


def gigabytes(count: int) -> str:
    return f"{count / 1e9:.2f} GB"


def write_json(path: Path, value: object) -> None:
    """See ``write_whole``."""
    write_whole(path, json.dumps(value, indent=1, sort_keys=True).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` so that a reader, or a crash, sees either the old one or the new; in several processes, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
