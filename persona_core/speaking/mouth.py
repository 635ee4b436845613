"""Her mouth: words as they are written → clauses → sound → playback, each while the next is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from time import perf_counter

from persona_core.errors import KithError
from persona_core.ports import Playback, TextToSpeech
from persona_core.speaking.sentences import Sentences
from persona_core.stopwatch import Stopwatch

CLAUSES_AHEAD = 64  # a reply has fewer; bounds what a model run wild can queue


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a reply was spoken."""

    audio_s: float = 0.0
    first_audio_at: float | None = None  # time.perf_counter(); None when nothing was audible
    first_audio_ms: float | None = None  # first clause handed to the voice → its first sound
    error: KithError | None = None  # the voice failed on the way; the words are complete all the same


class Mouth:
    def __init__(self, tts: TextToSpeech, playback: Playback) -> None:
        self._tts = tts
        self._playback = playback

    async def say(self, words: AsyncIterator[str]) -> Spoken:
        """Speak ``words`` as they come; returns when the last sound has been handed to playback."""
        clauses: asyncio.Queue[str | None] = asyncio.Queue(CLAUSES_AHEAD)
        voicing = asyncio.create_task(self._voice(clauses), name="mouth")
        try:
            sentences = Sentences()
            async for text in words:
                for clause in sentences.feed(text):
                    await clauses.put(clause)
            for clause in sentences.flush():
                await clauses.put(clause)
            await clauses.put(None)
            return await voicing
        finally:  # nothing of this reply sounds any more when the next one begins
            voicing.cancel()
            await asyncio.gather(voicing, return_exceptions=True)

    async def _voice(self, clauses: asyncio.Queue[str | None]) -> Spoken:
        spoken = Spoken()
        while (clause := await clauses.get()) is not None:
            if spoken.error is None:
                spoken = await self._speak(clause, spoken)
        return spoken

    async def _speak(self, clause: str, before: Spoken) -> Spoken:
        watch = Stopwatch()
        samples, first_at, first_ms = 0, before.first_audio_at, before.first_audio_ms
        error = None
        try:
            async with aclosing(self._tts.speak(clause)) as sound:
                async for pcm in sound:
                    if first_at is None:
                        first_at, first_ms = perf_counter(), watch.ms()
                    samples += len(pcm)
                    await self._playback.play(pcm, self._tts.rate)
        except KithError as failure:
            error = failure
        return Spoken(before.audio_s + samples / self._tts.rate, first_at, first_ms, error)
