"""A text in somebody's editor, and back. It lies in a folder of its own, in RAM where there is one, and goes again."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from memory.errors import EntryError, KeyGone, MemoryFault, StoreError
from memory.master import discard

RAM = Path("/dev/shm")  # on Linux


@contextmanager
def draft(text: str, name: str) -> Generator[Path, None, None]:
    """A file with ``text`` that only its owner can read, overwritten and removed in the end.

    Where something goes wrong with what somebody has typed there, it stays, and the EntryError says where. Raises
    StoreError when it cannot be written.
    """
    path, typed = _write(text.encode(), name), False
    try:
        yield path
    except KeyGone:  # of somebody who has been forgotten nothing may stay
        raise
    except (MemoryFault, KeyboardInterrupt) as error:
        typed = path.is_file() and path.read_bytes() != text.encode()
        if not typed:
            raise
        raise EntryError(f"{str(error) or 'Stopped.'} What you wrote is in {path}.") from error
    finally:
        if not typed:
            _shred(path.parent)


def edit(path: Path, command: str = "") -> str:
    """What the editor left in the file. Blocks until it ends.

    ``command``: the editor with its options, e.g. ``code --wait``; else $VISUAL or $EDITOR. Raises EntryError when it
    cannot be started, fails, or leaves no text.
    """
    command = command or os.environ.get("VISUAL") or os.environ.get("EDITOR") or _usual()
    try:
        ended = subprocess.run(_words(command, path), check=False)
    except OSError as error:
        raise EntryError("The editor cannot be started: set EDITOR, or give --editor.") from error
    if ended.returncode != 0:
        raise EntryError("The editor ended with an error, so nothing was changed.")
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise EntryError("The editor left no file, so nothing was changed.") from error
    except UnicodeDecodeError as error:
        raise EntryError("What the editor left is no text in UTF-8, so nothing was changed.") from error


def _write(content: bytes, name: str) -> Path:
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(prefix="kith-", dir=RAM if os.access(RAM, os.W_OK) else None))
        path = folder / f"{name}.md"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        return path
    except OSError as error:
        if folder is not None:
            _shred(folder)
        raise StoreError(f"No file for the editor can be written ({error.strerror}).") from error


def _words(command: str, path: Path) -> str | list[str]:
    """What is to be run. Raises EntryError."""
    if sys.platform == "win32":  # takes one line, and its backslashes as they are
        return f"{command} {subprocess.list2cmdline([str(path)])}"
    try:
        return [*shlex.split(command), str(path)]
    except ValueError as error:
        raise EntryError(
            f"The editor's command has an open quotation mark or a backslash too many: {command}"
        ) from error


def _usual() -> str:
    if sys.platform == "win32":
        return "notepad"
    return next((name for name in ("nano", "vi") if shutil.which(name)), "vi")


def _shred(folder: Path) -> None:
    """Overwrite what lies there, the editor's own copies too, and remove it."""
    for path in list(folder.rglob("*")):
        with suppress(OSError):
            if path.is_file() and not path.is_symlink():
                discard(path)
    shutil.rmtree(folder, ignore_errors=True)
