"""What has been written or removed is so after a power cut, too."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """A file made, renamed or removed in ``folder`` is so on its disk. Raises OSError."""
    if os.name == "nt":  # cannot be asked for, and is not needed
        return
    _sync(folder)


def sync_all(folder: Path, files: Iterable[Path], folders: Iterable[Path]) -> None:
    """The same for many, in the file system of ``folder``; of ``files`` what was written into them. Raises OSError.

    On Linux that is one call for all of it, in others' time as well: a thousand files one by one take seconds.
    """
    syncfs = _syncfs()
    if syncfs is None:
        for path in files:
            _sync(path)
        for path in folders:
            sync_folder(path)
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        if syncfs(handle) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(handle)


def _syncfs() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
