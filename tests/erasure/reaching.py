"""Every text that can be reached from an object, as a debugger would find it."""

from __future__ import annotations

import gc
import sys
import types
from collections.abc import Iterator

_NOT_FOLLOWED = (type, types.ModuleType, types.FrameType)


def texts_from(*roots: object, but: tuple[object, ...] = ()) -> Iterator[str]:
    """Strings, and bytes as text. Neither through modules and classes, nor into ``but``."""
    seen = {id(one) for one in (*but, *_globals())}
    waiting = list(roots)
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, _NOT_FOLLOWED):
            continue
        seen.add(id(one))
        if isinstance(one, str):
            yield one
        elif isinstance(one, bytes | bytearray):
            yield bytes(one).decode("utf-8", "replace")
        else:
            waiting += _inside(one)


def _inside(one: object) -> list[object]:
    found = list(gc.get_referents(one))
    frame = getattr(one, "cr_frame", None) or getattr(one, "gi_frame", None) or getattr(one, "ag_frame", None)
    if isinstance(frame, types.FrameType):  # of what is being carried out just now
        found += list(frame.f_locals.values())
    return found


def _globals() -> list[object]:
    """The names of modules: whatever a function could see, not what it holds."""
    return [vars(module) for module in list(sys.modules.values()) if isinstance(module, types.ModuleType)]
