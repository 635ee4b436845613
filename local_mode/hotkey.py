"""Push-to-talk with keys that work in any window, where the system and ``pynput`` allow it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from persona_core.errors import SettingsError


@contextmanager
def hotkey(keys: str, pressed: Callable[[], None]) -> Iterator[None]:
    """``pressed`` is called on the event loop at every press of ``keys``, e.g. <ctrl>+<alt>+k. Raises SettingsError."""
    try:
        from pynput import keyboard  # only here: it is optional, and wants a desktop
    except ImportError as error:  # also where there is no desktop
        raise SettingsError(
            "DESK_HOTKEY needs pynput and a desktop that lets programs see keys (X11, Windows, macOS): pip install pynput; "
            "Enter in this terminal works without."
        ) from error
    loop = asyncio.get_running_loop()
    try:
        listener = keyboard.GlobalHotKeys({keys: lambda: loop.call_soon_threadsafe(pressed)})
    except ValueError as error:
        raise SettingsError(f"DESK_HOTKEY={keys!r} names no keys; write it like <ctrl>+<alt>+k.") from error
    listener.start()
    try:
        yield
    finally:
        listener.stop()
