"""Her voice into a Discord call: 20 ms frames on an absolute schedule, encoded off the event loop."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from bot.voice.opus import RATE, Encoder
from bot.voice.packets import FRAME_SAMPLES, SILENCE
from bot.voice.sound import Resampler, SoundQueue, ramp
from persona_core.types import Pcm

FRAME_S = FRAME_SAMPLES / RATE  # 20 ms
AHEAD_S = 0.01  # encoded so long before it is due: encoding takes 0.5 ms, and a stop comes 10 ms sooner
SILENT_FRAMES = 5  # Discord's clients end with these, so that nobody's decoder invents more
DUCKED = 0.25  # gain, -12 dB: still there, easily talked over
STARVED_FRAMES = 2  # the next sound may be so late before what was said counts as all of it
LATE_S = 0.2  # further behind than this, the schedule moves instead of catching up
PATIENCE_S = 10.0  # a call that cannot carry sound for so long loses what is queued
MOST_QUEUED_S = 30.0  # then ``play`` waits

Result = TypeVar("Result")


class Line(Protocol):
    """The call, as its playback sees it."""

    @property
    def may_speak(self) -> bool:
        """Whether what is sent now reaches the others, encrypted as the call demands."""
        ...

    def send(self, frame: bytes, timestamp: int) -> bool:
        """Send an Opus frame; False: it cannot be sent now."""
        ...

    async def speaking(self, speaking: bool) -> None:
        """Tell the others that sound is about to come, or has ended."""
        ...


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A frame that is ready to go."""

    opus: bytes
    samples: int  # of her sound; the rest of the frame is padding


class DiscordPlayback:
    """A ``persona_core.ports.Playback``."""

    def __init__(self, line: Line, counts: Counter[str]) -> None:
        self._line = line
        self._counts = counts
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="voice-encoder")
        self._encoder: Encoder | None = None
        self._resampler = Resampler()
        self._queue = SoundQueue()
        self._room = asyncio.Event()
        self._played = asyncio.Event()
        self._played.set()
        self._pacer: asyncio.Task[None] | None = None
        self._closed = False
        self._complete = False  # no more sound is announced: play out what is shorter than a frame
        self._generation = 0  # grows with every stop
        self._gain = self._target = 1.0
        self._timestamp = secrets.randbits(32)
        self._heard_samples = 0

    @property
    def heard_s(self) -> float:
        """Seconds of her sound that have been sent since the call began, to the sample."""
        return self._heard_samples / RATE

    @property
    def queued_s(self) -> float:
        return self._queue.samples / RATE

    @property
    def playing(self) -> bool:
        return not self._played.is_set()

    async def play(self, pcm: Pcm, rate: int) -> None:
        """Queue int16 mono at ``rate`` Hz; waits only while 30 s are queued already.

        After ``close`` it does nothing: nobody is there any more.
        """
        if self._closed:
            return
        generation = self._generation
        while self.queued_s > MOST_QUEUED_S and generation == self._generation:
            self._room.clear()
            await self._room.wait()
        sound = await self._in_worker(lambda: self._resampler.take(pcm, rate))
        if generation != self._generation:  # stopped meanwhile
            return
        self._queue.put(sound)
        self._complete = False
        self._played.clear()
        if self._pacer is None:
            self._pacer = asyncio.create_task(self._pace(), name="voice playback")

    async def drain(self) -> None:
        """Wait until the last queued sound has been sent, or stopped."""
        self._complete = True
        await self._played.wait()

    def duck(self) -> None:
        """Speak more softly: 10 to 30 ms from now one frame glides down, and the next are soft."""
        self._target = DUCKED

    def resume(self) -> None:
        """Speak at full voice again."""
        self._target = 1.0

    def stop(self) -> None:
        """Fall silent: a frame that is ready still goes out, one more fades, the rest is gone.

        The last frame is sent after 30 ms at most.
        """
        fading = ramp(self._queue.take(), 1.0, 0.0)
        self._drop()
        self._queue.put(fading)

    async def close(self) -> None:
        """End at once, and for good."""
        self._closed = True
        self._drop()
        if self._pacer is not None:
            self._pacer.cancel()
            await asyncio.wait({self._pacer})
        self._worker.shutdown(wait=False)

    async def _pace(self) -> None:
        """Lives from the first sound to the last silent frame."""
        try:
            while self.playing:
                await self._spurt()
        finally:  # whatever happens, nobody waits for sound that does not come
            self._pacer = None
            self._played.set()

    async def _spurt(self) -> None:
        loop = asyncio.get_running_loop()
        await self._line.speaking(True)
        due = loop.time()
        ahead: _Encoded | None = None
        held = starved = silent = 0
        while silent < SILENT_FRAMES:
            if ahead is None:
                await asyncio.sleep(due - AHEAD_S - loop.time())
                ahead = await self._encode_next(starved)
            await asyncio.sleep(due - loop.time())
            due = max(due + FRAME_S, loop.time() - LATE_S)
            if ahead is None:
                starved += 1
                if starved > STARVED_FRAMES or self._complete:
                    silent += 1
                    self._send(SILENCE)
            elif self._send(ahead.opus):
                self._heard_samples += ahead.samples
                ahead, held, starved, silent = None, 0, 0, 0
            else:
                held += 1
                if held * FRAME_S > PATIENCE_S:
                    self._counts["unsent"] += 1 + self._queue.samples // FRAME_SAMPLES
                    self._drop()
                    ahead = None
        await self._line.speaking(False)

    def _send(self, opus: bytes) -> bool:
        """One frame of the schedule: the timestamp goes on even when nothing can be sent."""
        sent = self._line.may_speak and self._line.send(opus, self._timestamp)
        self._timestamp += FRAME_SAMPLES
        self._counts["sent"] += sent
        return sent

    async def _encode_next(self, starved: int) -> _Encoded | None:
        """The next frame; None: there is no sound for it."""
        if self._queue.samples < FRAME_SAMPLES and (self._complete or starved >= STARVED_FRAMES):
            generation = self._generation
            rest = await self._in_worker(self._resampler.rest)
            if generation == self._generation:
                self._queue.put(rest)
            if not self._queue.samples:
                self._played.set()
                return None
        elif self._queue.samples < FRAME_SAMPLES:
            return None
        pcm = self._queue.take()
        self._room.set()
        start, self._gain = self._gain, self._target
        whole = np.zeros(FRAME_SAMPLES, np.int16)
        whole[: len(pcm)] = ramp(pcm, start, self._gain)
        return _Encoded(await self._in_worker(lambda: self._opus(whole)), len(pcm))

    def _drop(self) -> None:
        self._generation += 1
        self._queue.clear()
        self._resampler = Resampler()
        self._target = 1.0
        self._complete = True
        self._room.set()

    def _opus(self, pcm: Pcm) -> bytes:
        if self._encoder is None:
            self._encoder = Encoder()
        return self._encoder.encode(pcm)

    async def _in_worker(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)
