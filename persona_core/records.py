"""What is being written down of one conversation: nothing is answered before it is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable

from persona_core.errors import KithError
from persona_core.ports import Memories
from persona_core.types import Turn, Utterance

Start = Callable[[Coroutine[None, None, None], str], asyncio.Task[None]]


class Records:
    """``fail`` is told what could not be written; the conversation goes on."""

    def __init__(
        self, memories: Memories | None, start: Start, fail: Callable[[BaseException], None]
    ) -> None:
        """``memories`` None: nothing is kept."""
        self._memories = memories
        self._start = start
        self._fail = fail
        self._last: asyncio.Task[None] | None = None

    @property
    def pending(self) -> asyncio.Task[None] | None:
        """All that has been said is written when this is done; None: it is."""
        return self._last if self._last is not None and not self._last.done() else None

    @property
    def closed(self) -> bool:
        """See Memories.closed."""
        return self._memories is not None and self._memories.closed

    def tellable(self, turns: Iterable[Turn], reader: str | None) -> tuple[Turn, ...]:
        """See Memories.tellable; where nothing is kept everybody is in one room."""
        return tuple(turns) if self._memories is None else self._memories.tellable(turns, reader)

    def heard(self, utterance: Utterance, present: frozenset[str]) -> None:
        """See Memories.heard; what is said first is written first."""
        if self._memories is not None:
            self._write(self._memories.heard(utterance, present))

    def said(self, reply: Turn) -> None:
        """See Memories.said."""
        if self._memories is not None:
            self._write(self._memories.said(reply))

    def _write(self, writing: Coroutine[None, None, None]) -> None:
        self._last = self._start(self._after(self.pending, writing), "write down")

    async def _after(self, before: asyncio.Task[None] | None, writing: Coroutine[None, None, None]) -> None:
        try:
            if before is not None:
                await asyncio.wait([before])
            await writing
        except KithError as error:
            self._fail(error)
        finally:
            writing.close()
