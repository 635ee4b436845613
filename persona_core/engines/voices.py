"""Several voices as one: each language is spoken by its own, where there is one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import numpy as np
import soxr

from persona_core.ports import TextToSpeech
from persona_core.types import Pcm


class ByLanguage:
    """A ``TextToSpeech``; what another voice says is brought to the rate of ``default``."""

    def __init__(
        self, default: TextToSpeech, default_language: str, others: Mapping[str, TextToSpeech]
    ) -> None:
        """``others`` by ISO 639-1; ``default`` speaks whatever none of them does."""
        self._default = default
        self._others = dict(others)
        self.languages = frozenset([default_language, *self._others])
        self.rate = default.rate

    def speaks(self, language: str) -> bool:
        """Whether a voice knows how ``language`` is read; an unknown language ("") is the default voice's."""
        return not language or language in self.languages

    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        voice = self._others.get(language, self._default)
        async with aclosing(voice.speak(text, language)) as sound:
            if voice.rate == self.rate:
                async for pcm in sound:
                    yield pcm
                return
            stream = soxr.ResampleStream(voice.rate, self.rate, 1, dtype="int16")
            async for pcm in sound:
                yield await asyncio.to_thread(stream.resample_chunk, pcm)
            rest: Pcm = stream.resample_chunk(np.zeros(0, np.int16), last=True)
            if rest.size:
                yield rest
