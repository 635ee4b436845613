"""One reply on its way from words to sound: cut into clauses and voiced one ahead of what is played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from time import perf_counter

import numpy as np

from persona_core.errors import KithError
from persona_core.ports import TextToSpeech
from persona_core.speaking.heard import Voiced
from persona_core.speaking.sentences import Clause, Sentences
from persona_core.stopwatch import Stopwatch
from persona_core.types import Pcm

CLAUSES_AHEAD = 64  # written and not yet voiced; a reply has fewer, and a model run wild waits
CHUNKS_AHEAD = 1  # voiced and not yet asked for; with them the one that waits for its place
QUIET = 300  # of 32767, -41 dB; what follows a clause's last sample above it is its closing silence


class Voicing:
    """``read`` and ``voice`` run side by side as tasks; ``sounds`` gives what they make."""

    def __init__(self, tts: TextToSpeech, language: str) -> None:
        self._tts = tts
        self._language = language
        self._clauses: asyncio.Queue[Clause | None] = asyncio.Queue(CLAUSES_AHEAD)
        self._sounds: asyncio.Queue[tuple[Voiced, Pcm] | None] = asyncio.Queue(CHUNKS_AHEAD)
        self.begun = asyncio.Event()  # the first sound is made, or there will be none
        self.written = ""  # the reply so far
        self.first_clause_at: float | None = None  # time.perf_counter() when it was complete
        self.first_audio_ms: float | None = None  # first clause handed to the voice → its first sound
        self.error: KithError | None = None  # the voice failed; no sound follows, the words are read on
        self.failure: Exception | None = None  # the words failed; what came before them is voiced

    async def read(self, words: AsyncIterator[str]) -> None:
        """Cut ``words`` into clauses to their end."""
        sentences = Sentences()
        try:
            async for text in words:
                self.written += text
                await self._hand_on(sentences.feed(text))
        except Exception as failure:  # noqa: BLE001  # whoever gave the words knows what it means
            self.failure = failure
        await self._hand_on(sentences.flush())
        await self._clauses.put(None)

    async def _hand_on(self, clauses: list[Clause]) -> None:
        for clause in clauses:
            if self.first_clause_at is None:
                self.first_clause_at = perf_counter()
            await self._clauses.put(clause)

    async def voice(self) -> None:
        """Make the sound of each clause."""
        start = 0
        while (clause := await self._clauses.get()) is not None:
            if self.error is None:
                await self._voice(clause, Voiced(start, clause.end))
            start = clause.end
        self.begun.set()
        await self._sounds.put(None)

    async def _voice(self, clause: Clause, voiced: Voiced) -> None:
        watch = Stopwatch()
        try:
            async with aclosing(self._tts.speak(clause.text, self._language)) as sound:
                async for pcm in sound:
                    if self.first_audio_ms is None:
                        self.first_audio_ms = watch.ms()
                        self.begun.set()
                    await self._sounds.put((voiced, pcm))
            voiced.whole = True
        except KithError as error:
            self.error = error

    async def sounds(self) -> AsyncGenerator[tuple[Voiced, Pcm], None]:
        """The sound in order, each chunk with its clause, which counts what has been given out of it."""
        while (made := await self._sounds.get()) is not None:
            voiced, pcm = made
            voiced.samples += len(pcm)
            voiced.closing = _closing(pcm)
            yield voiced, pcm


def _closing(pcm: Pcm) -> int:
    """Length of the silence at the end of ``pcm``, in samples."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > QUIET)
    return len(pcm) - 1 - int(loud[-1]) if loud.size else 0
