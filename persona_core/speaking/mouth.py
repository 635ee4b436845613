"""Her mouth: what she says, from words that are being written to sound that has been played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from persona_core.errors import KithError
from persona_core.ports import Playback, TextToSpeech
from persona_core.speaking.heard import Voiced, cut_at
from persona_core.speaking.loudness import Measured
from persona_core.speaking.voicing import Voicing


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a reply was spoken."""

    audio_s: float = 0.0  # length of the sound handed to playback
    first_clause_at: float | None = None  # time.perf_counter() when the first clause was written
    first_audio_at: float | None = None  # time.perf_counter() when its sound was handed to playback
    first_audio_ms: float | None = None  # first clause handed to the voice → its first sound made
    heard: str = ""  # the words whose sound has left
    unheard: str = ""  # the rest of what was written, from the start of the clause that was cut
    stopped: bool = False  # by ``Mouth.stop``
    error: KithError | None = None  # the voice or its playback failed; the words are complete all the same


class Mouth:
    """Says one reply at a time; others may be made ready meanwhile, and wait for leave or for their turn."""

    def __init__(self, tts: TextToSpeech, playback: Playback) -> None:
        self._tts = tts
        self._playback = Measured(playback)
        self._turn = asyncio.Lock()
        self._sayings: list[_Saying] = []

    async def say(
        self,
        words: AsyncIterator[str],
        leave: asyncio.Event | None = None,
        *,
        language: str = "",
        audible: Callable[[], None] = lambda: None,
    ) -> Spoken:
        """Make sound of ``words`` as they come; nothing is played before ``leave`` is set (None: at once).

        Until the first sound ``leave`` may be taken back by clearing it.
        ``audible`` is called once, right before the first sound is handed to playback. Returns when all
        of it has been played, or right after ``stop``. Cancelled, it leaves nothing sounding or queued.
        What ``words`` raises is raised here once what came before it has been played.
        """
        saying = _Saying(self._tts, self._playback, language, leave, audible)
        self._sayings.append(saying)
        try:
            async with asyncio.TaskGroup() as tasks:
                saying.tasks = [
                    tasks.create_task(saying.voicing.read(words), name="mouth reads"),
                    tasks.create_task(saying.voicing.voice(), name="mouth voices"),
                    tasks.create_task(self._play(saying), name="mouth plays"),
                ]
        finally:
            self._sayings.remove(saying)
        if saying.voicing.failure is not None and not saying.stopped:
            raise saying.voicing.failure
        return saying.spoken()

    def loudness(self) -> float:
        """RMS (0..1) of what is heard of her at this moment."""
        return self._playback.loudness()

    def measured(self, playback: Playback) -> Playback:
        """``playback``; what goes there beside her replies counts as hers as well, where it is the one she speaks through."""
        return self._playback if self._playback.measures(playback) else playback

    def duck(self) -> None:
        """Speak more softly until ``resume``, or until this reply ends."""
        self._playback.duck()

    def resume(self) -> None:
        """Speak at full voice again."""
        self._playback.resume()

    def stop(self) -> None:
        """Fall silent at once. Ends every reply that has leave, audible already or not; no other."""
        for saying in self._sayings:
            if saying.leave.is_set():
                saying.stop()
        self._playback.stop()

    async def _play(self, saying: _Saying) -> None:
        await saying.voicing.begun.wait()  # who has nothing to say yet keeps nobody waiting
        await saying.leave.wait()
        async with self._turn:
            try:
                await saying.play()
            finally:
                self._playback.resume()


class _Saying:
    """One reply being said."""

    def __init__(
        self,
        tts: TextToSpeech,
        playback: Playback,
        language: str,
        leave: asyncio.Event | None,
        audible: Callable[[], None],
    ) -> None:
        self.voicing = Voicing(tts, language)
        self.leave = leave or asyncio.Event()
        if leave is None:
            self.leave.set()
        self.tasks: list[asyncio.Task[None]] = []
        self.stopped = False
        self._rate = tts.rate
        self._playback = playback
        self._audible = audible
        self._clauses: list[Voiced] = []  # whose sound has been handed over
        self._first_audio_at: float | None = None
        self._heard_s = 0.0
        self._error: KithError | None = None  # of playback

    async def play(self) -> None:
        """Play what is made until it ends; interrupted, nothing of it goes on sounding."""
        before_s = self._playback.heard_s
        try:
            async for voiced, pcm in self.voicing.sounds():
                await self._until_leave()
                if self._error is None:  # else the words are read on without a sound
                    self._note(voiced)
                    await self._played(self._playback.play(pcm, self._rate))
            await self._played(self._playback.drain())
        except BaseException:
            if self._clauses and not self.stopped:
                self._playback.stop()
            raise
        finally:
            self._heard_s = self._playback.heard_s - before_s

    async def _until_leave(self) -> None:
        """Once she is audible she goes on; before, leave may have been taken back."""
        while self._first_audio_at is None and not self.leave.is_set():
            await self.leave.wait()

    def _note(self, voiced: Voiced) -> None:
        if not self._clauses or voiced is not self._clauses[-1]:
            self._clauses.append(voiced)
        if self._first_audio_at is None:
            self._audible()
            self._first_audio_at = perf_counter()

    async def _played(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except KithError as error:
            self._error = error

    def stop(self) -> None:
        self.stopped = True
        for task in self.tasks:
            task.cancel()

    def spoken(self) -> Spoken:
        voicing = self.voicing
        error = self._error or voicing.error
        heard, cut = len(voicing.written), len(voicing.written)
        if self.stopped or error is not None:
            samples = round(self._heard_s * self._rate)
            heard, cut = cut_at(voicing.written, self._clauses, samples, self._rate)
        return Spoken(
            audio_s=sum(clause.samples for clause in self._clauses) / self._rate,
            first_clause_at=voicing.first_clause_at,
            first_audio_at=self._first_audio_at,
            first_audio_ms=voicing.first_audio_ms,
            heard=voicing.written[:heard].strip(),
            unheard=voicing.written[cut:].strip(),
            stopped=self.stopped,
            error=error,
        )
