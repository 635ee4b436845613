"""The browser as microphone and loudspeaker (``cogs.host.Line``)."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping

import numpy as np

from cogs.overlay.ports import Json
from persona_core.types import Frame, Pcm, Person

LOWEST_RATE, HIGHEST_RATE = 8_000, 96_000  # Hz, of a microphone
FRAMES_A_S = 50
MOST_WAITING = 100  # frames, 2 s; a listener further behind loses the oldest
GAP_S = 0.3  # behind the clock: sound is missing in between
BLOCK_S = 0.04  # sent at once
AHEAD_S = 0.4  # sent before it is played: little of it is lost when she stops
STALLED_S = 3.0  # without word of what was played: nobody hears it any more
QUIET_S = 0.3
STILL_S = 1.0  # without a frame: the browser sends nothing any more
_HEAD = struct.Struct("<I")  # which stretch of sound a block belongs to


class BrowserLine:
    """``send`` gives the page a message or a block of sound; ``clock`` is the conversation's (seconds)."""

    def __init__(
        self,
        person: Person,
        send: Callable[[Json | bytes], None],
        counts: Counter[str],
        clock: Callable[[], float],
    ) -> None:
        self.transport = BrowserMicrophone(person, counts, clock)
        self.playback = BrowserSpeaker(send)

    @property
    def quiet(self) -> bool:
        return self.transport.quiet and self.playback.quiet

    @property
    def others_talking(self) -> bool:
        """One person sits before a page."""
        return False

    async def wait_until_may_speak(self, timeout_s: float) -> bool:
        return not self.playback.closed

    async def deafen(self, deaf: bool) -> None:
        """The page shows by itself whether the microphone is open."""

    def forget(self, person_id: str) -> None:
        if person_id == self.transport.person.id:
            self.transport.forget()

    def state(self) -> Mapping[str, object]:
        return {"microphone": f"{self.transport.rate} Hz" if self.transport.rate else ""}

    async def close(self) -> None:
        self.transport.close()
        self.playback.close()


class BrowserMicrophone:
    """A ``persona_core.ports.Transport``: frames of 20 ms as they come, at the rate that the browser has."""

    def __init__(self, person: Person, counts: Counter[str], clock: Callable[[], float]) -> None:
        self.person = person
        self.rate = 0  # Hz; 0: off
        self._counts = counts
        self._clock = clock
        self._frames: deque[Frame] = deque()
        self._wake = asyncio.Event()
        self._next_s = 0.0
        self._heard_at = float("-inf")  # on the clock
        self._sending = False  # the last of it was no end
        self._closed = False

    @property
    def quiet(self) -> bool:
        return self._clock() - self._heard_at > QUIET_S

    async def frames(self) -> AsyncIterator[Frame]:
        while True:
            while self._frames:
                yield self._frames.popleft()
            if self._closed:
                return
            self._wake.clear()
            try:
                async with asyncio.timeout(STILL_S if self._sending else None):
                    await self._wake.wait()
            except TimeoutError:
                self.pause()

    def open(self, rate: int) -> None:
        self.rate = rate

    def hear(self, sound: bytes) -> bool:
        """Take one frame, int16 little-endian mono; whether it is one. Dropped where the microphone is off."""
        if not self.rate:
            return True  # it was on its way when it was switched off
        if not sound or len(sound) % 2 or len(sound) > 2 * (self.rate // FRAMES_A_S):
            return False
        pcm: Pcm = np.frombuffer(sound, "<i2").astype(np.int16)
        now_s = self._clock()
        if now_s - self._next_s > GAP_S:
            self._next_s = now_s
        self._add(Frame(self.person, pcm, self.rate, self._next_s))
        self._next_s += len(pcm) / self.rate
        self._heard_at = now_s
        self._sending = True
        return True

    def pause(self) -> None:
        """The key was let go: nothing follows for now."""
        if self._sending:
            self._sending = False
            silence: Pcm = np.zeros(self.rate // FRAMES_A_S, np.int16)
            self._add(Frame(self.person, silence, self.rate, self._next_s, sending=False))

    def switch_off(self) -> None:
        self.pause()
        self.rate = 0

    def forget(self) -> None:
        self._frames.clear()

    def close(self) -> None:
        self._closed = True
        self._frames.clear()
        self._wake.set()

    def _add(self, frame: Frame) -> None:
        if len(self._frames) >= MOST_WAITING:
            self._frames.popleft()
            self._counts["page: frames dropped"] += 1
        self._frames.append(frame)
        self._wake.set()


class BrowserSpeaker:
    """A ``persona_core.ports.Playback``. The page says what it has played; little is sent ahead of that."""

    def __init__(self, send: Callable[[Json | bytes], None]) -> None:
        self.closed = False
        self.stalled: Callable[[], None] = lambda: None  # told when the page plays nothing any more
        self._send = send
        self._blocks: deque[tuple[Pcm, int]] = deque()  # with their rates
        self._stretch = 0  # number of what lies between two stops, or of one rate
        self._rate = 0
        self._sent = self._played = 0  # samples of this stretch
        self._before_s = 0.0  # heard of those before
        self._sending: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()  # something was played

    @property
    def heard_s(self) -> float:
        return self._before_s + (self._played / self._rate if self._rate else 0.0)

    @property
    def quiet(self) -> bool:
        return self._played >= self._sent and not self._blocks

    async def play(self, pcm: Pcm, rate: int) -> None:
        if self.closed:
            return
        step = round(rate * BLOCK_S)
        self._blocks += [(pcm[start : start + step], rate) for start in range(0, len(pcm), step)]
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all(), name="page: her voice")

    async def drain(self) -> None:
        if self._sending is not None:
            await asyncio.wait({self._sending})
        while not (self.closed or self._played >= self._sent):
            await self._wait()

    def duck(self) -> None:
        self._send({"do": "duck", "on": True})

    def resume(self) -> None:
        self._send({"do": "duck", "on": False})

    def stop(self) -> None:
        self._blocks.clear()
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        self._begin(self._rate)
        self._send({"do": "stop", "stretch": self._stretch})

    def on_played(self, stretch: int, samples: int) -> None:
        """The page has played so many samples of a stretch."""
        if stretch == self._stretch:
            self._played = min(max(self._played, samples), self._sent)
            self._moved.set()

    def open(self) -> None:
        """The page plays, perhaps again."""
        self.closed = False
        self._begin(0)

    def close(self) -> None:
        """The page is gone, or somebody hears her elsewhere."""
        self.closed = True
        self._blocks.clear()
        if self._sending is not None:
            self._sending.cancel()
        self._moved.set()

    def _begin(self, rate: int) -> None:
        self._before_s = self.heard_s
        self._stretch, self._rate = self._stretch + 1, rate
        self._sent = self._played = 0
        self._moved.set()

    async def _send_all(self) -> None:
        while self._blocks and not self.closed:
            pcm, rate = self._blocks[0]
            if rate != self._rate:
                while self._played < self._sent and not self.closed:
                    await self._wait()
                self._begin(rate)
                self._send({"do": "sound", "stretch": self._stretch, "rate": rate})
            while self._sent - self._played > AHEAD_S * rate and not self.closed:
                await self._wait()
            if self._blocks:
                self._blocks.popleft()
                self._sent += len(pcm)
                self._send(_HEAD.pack(self._stretch) + pcm.astype("<i2").tobytes())

    async def _wait(self) -> None:
        """Until more is played; a page that does not play any more is not waited for."""
        self._moved.clear()
        try:
            async with asyncio.timeout(STALLED_S):
                await self._moved.wait()
        except TimeoutError:
            self.close()
            why = "This page played nothing, so her voice is off here."
            self._send({"do": "voice", "on": False, "why": why})
            self.stalled()
