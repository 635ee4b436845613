"""A text in somebody's editor, and back. It lies in a folder of its own, in RAM where there is one, and goes again."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from memory.errors import EntryError, StoreError

RAM = Path("/dev/shm")  # on Linux


def edit(text: str, name: str, command: str = "") -> str:
    """What the editor left. Blocks until it ends.

    ``command``: the editor with its options, e.g. ``code --wait``; else $VISUAL or $EDITOR. Raises EntryError when it
    cannot be started or fails, StoreError when no file can be written.
    """
    words = shlex.split(command or os.environ.get("VISUAL") or os.environ.get("EDITOR") or _usual())
    try:
        folder = Path(tempfile.mkdtemp(prefix="kith-", dir=RAM if os.access(RAM, os.W_OK) else None))
    except OSError as error:
        raise StoreError(f"No file for the editor can be written ({error.strerror}).") from error
    try:
        path = folder / f"{name}.md"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        ended = subprocess.run([*words, str(path)], check=False)
        if ended.returncode != 0:
            raise EntryError("The editor ended with an error, so nothing was changed.")
        return path.read_text("utf-8")
    except (FileNotFoundError, PermissionError) as error:
        raise EntryError("The editor cannot be started: set EDITOR, or give --editor.") from error
    except UnicodeDecodeError as error:
        raise EntryError("What the editor left is no text in UTF-8, so nothing was changed.") from error
    except OSError as error:
        raise StoreError(f"No file for the editor can be written ({error.strerror}).") from error
    finally:
        _shred(folder)


def _usual() -> str:
    if sys.platform == "win32":
        return "notepad"
    return next((name for name in ("nano", "vi") if shutil.which(name)), "vi")


def _shred(folder: Path) -> None:
    """Overwrite what lies there, the editor's own copies too, and remove it."""
    for path in folder.rglob("*"):
        with suppress(OSError):
            if path.is_file() and not path.is_symlink():
                with path.open("r+b") as file:
                    file.write(bytes(path.stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
    shutil.rmtree(folder, ignore_errors=True)
