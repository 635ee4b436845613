"""Waiting until something holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Changes:
    """Wakes whoever waits, so that they look again."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def until(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Wait at most ``timeout_s``; whether it holds."""
        try:
            async with asyncio.timeout(timeout_s):
                while not holds():
                    await self._event.wait()
        except TimeoutError:
            pass
        return holds()
