"""A voice encoder that is loaded when it is first asked: in most calls nobody has to be told by their voice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from persona_core.engines.threads import in_own_thread
from persona_core.errors import EngineError, KithError
from persona_core.ports import VoiceEncoder
from persona_core.types import Samples


class WhenNeeded:
    """See VoiceEncoder. What could not be loaded is tried again the next time."""

    def __init__(self, name: str, load: Callable[[], VoiceEncoder]) -> None:
        """``load`` blocks, perhaps for a download, and raises KithError."""
        self.name = name
        self._load = load
        self._loading = asyncio.Lock()
        self._encoder: VoiceEncoder | None = None

    async def embed(self, samples: Samples) -> Samples:
        """See VoiceEncoder."""
        async with self._loading:
            if self._encoder is None:
                try:
                    self._encoder = await in_own_thread(self._load, f"load {self.name}")
                except KithError as error:
                    raise EngineError(str(error)) from error
        return await self._encoder.embed(samples)
