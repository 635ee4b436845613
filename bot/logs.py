"""What the log holds: causes, and no words, names or ids of people."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import Any

ROOMS = ("__main__", "bot", "cogs", "memory", "persona_core")  # LOG_LEVEL is theirs

log = logging.getLogger(__name__)


class Causes(logging.Formatter):
    """Tracebacks without the messages of their errors, as those may quote what somebody said."""

    def formatException(self, ei: Any) -> str:  # logging's own name for it
        lines: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None:
            frames = traceback.extract_tb(error.__traceback__)
            lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
            lines.append(type(error).__name__)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(lines)


def configure(level: str) -> None:
    """Log to standard error; from libraries, which know no such rule, errors and warnings at most."""
    handler = logging.StreamHandler()
    handler.setFormatter(Causes("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=max(logging.WARNING, logging.getLevelName(level)), handlers=[handler])
    for room in ROOMS:
        logging.getLogger(room).setLevel(level)
    logging.getLogger("discord").setLevel(logging.ERROR)  # below that, py-cord logs names and messages


def guard_loop(loop: asyncio.AbstractEventLoop) -> None:
    """What nobody awaits is logged as everything else; asyncio would print what it was called with."""
    loop.set_exception_handler(_on_error)


def _on_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    log.error("unexpected %s in the background", type(error).__name__, exc_info=error)
