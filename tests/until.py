"""Wait for something that comes about by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic


async def until(true: Callable[[], bool], within_s: float = 10.0) -> None:
    """Let the loop go round until ``true``. In seconds, not in rounds: threads may do some of the work."""
    end = monotonic() + within_s
    while not true():
        assert monotonic() < end, "it never came to that"
        await asyncio.sleep(0)
