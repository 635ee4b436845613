"""Her voice on a loudspeaker, or on whatever takes sound like one."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import soxr

from local_mode import portaudio
from local_mode.devices import Device
from persona_core.errors import AudioError
from persona_core.types import Pcm

BLOCK_S = 0.04  # handed to the device at once: so soon a stop or a duck takes effect
DUCKED = 0.25  # gain, -12 dB, as in a Discord call

Tap = Callable[[Pcm, int], None]


class SpeakerPlayback:
    """Plays on the default output device; opened with the first sound, at that sound's rate.

    A device that fails is given up: what is being said is lost, and the next sound opens it anew.
    """

    def __init__(self, choose: Callable[[], Device] | None = None, tap: Tap = lambda pcm, rate: None) -> None:
        """``choose`` names the device whenever it is opened, and raises AudioError; None: PortAudio's own.

        ``tap`` is given every block (int16 mono) and its rate in Hz just before the device is, in another thread. Raises
        AudioError where there is nothing to play on.
        """
        sounddevice = portaudio.sounddevice()
        try:
            if choose is None:
                sounddevice.query_devices(kind="output")
        except (sounddevice.PortAudioError, ValueError) as error:
            raise AudioError("--speak found no loudspeaker on this computer.") from error
        self._choose = choose
        self._tap = tap
        self.device: Device | None = None  # that it plays on, or did last
        self._stream: Any = None
        self._rate = 0
        self._given_up = ""  # why, until the next sound
        self._broke = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="speaker")
        self._blocks: deque[Pcm] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._gain = self._target = 1.0
        self._written_s = self._heard_s = 0.0
        self._written_at = 0.0  # time.monotonic() of the last block

    @property
    def heard_s(self) -> float:
        """Seconds that have been written, less what is still on its way through the device."""
        stream = self._stream
        if stream is not None:
            latency_s = stream.latency
            under_way_s = min(latency_s, max(0.0, self._written_at + latency_s - time.monotonic()))
            self._heard_s = max(self._heard_s, self._written_s - under_way_s)
        return self._heard_s

    @property
    def playing(self) -> bool:
        return self._writing is not None and not self._writing.done()

    @property
    def failed(self) -> bool:
        """The device has stopped working, and has not been opened since."""
        return self._stream is None and self._broke

    async def open(self, rate: int) -> None:
        """Open the device before there is sound at ``rate`` Hz: some take a second to begin. Raises AudioError."""
        self._rate = self._rate or rate
        nothing = np.zeros(round(self._rate * BLOCK_S), np.int16)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, nothing)

    async def play(self, pcm: Pcm, rate: int) -> None:
        """Queue int16 mono. Raises AudioError when the loudspeaker has stopped working meanwhile."""
        self._rate = self._rate or rate
        if rate != self._rate:
            pcm = soxr.resample(pcm, rate, self._rate)
        step = round(self._rate * BLOCK_S)
        self._blocks += [pcm[start : start + step] for start in range(0, len(pcm), step)]
        if self._writing is None or self._writing.done():
            self._raise_failure()
            self._writing = asyncio.create_task(self._write_all(), name="speaker")

    async def drain(self) -> None:
        """Raises AudioError, as ``play`` does."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
            self._raise_failure()
        stream = self._stream
        if stream is not None:
            await asyncio.sleep(self._written_at + stream.latency - time.monotonic())

    def duck(self) -> None:
        self._target = DUCKED

    def resume(self) -> None:
        self._target = 1.0

    def stop(self) -> None:
        """The block at the device is finished, what the device holds of it is not played."""
        self._written_s = self.heard_s
        self._written_at = 0.0
        self._blocks.clear()
        self._target = 1.0
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
            self._thread.submit(self._fall_silent)

    async def give_up(self, why: str) -> None:
        """Let go of the device until the next sound; what is queued is lost, and whoever plays it is told ``why``."""
        self._given_up = why
        self._blocks.clear()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close_stream)

    def close(self) -> None:
        self._blocks.clear()
        self._thread.submit(self._close_stream)
        self._thread.shutdown()

    def _raise_failure(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None and not writing.cancelled() and (error := writing.exception()) is not None:
            self._blocks.clear()
            if isinstance(error, AudioError):
                raise error
            raise AudioError("The loudspeaker stopped working.") from error

    async def _write_all(self) -> None:
        self._given_up = ""
        while self._blocks:
            block = self._blocks.popleft()
            gain = np.linspace(self._gain, self._target, len(block), dtype=np.float32)
            self._gain = self._target
            sound = (block * gain).astype(np.int16)
            await asyncio.get_running_loop().run_in_executor(self._thread, self._write, sound)
            self._written_s += len(block) / self._rate
            self._written_at = time.monotonic()
        if self._given_up:
            raise AudioError(self._given_up)

    def _write(self, pcm: Pcm) -> None:
        self._open()
        if self._opened_rate != self._rate:
            pcm = soxr.resample(pcm, self._rate, self._opened_rate)
        self._tap(pcm, self._opened_rate)
        try:
            self._stream.write(pcm)
        except portaudio.sounddevice().PortAudioError:
            self._close_stream()
            self._broke = True
            raise

    def _open(self) -> None:
        if self._stream is not None:
            return
        device = self._choose() if self._choose is not None else None
        number, pulse, own_rate, name = (
            (device.number, device.pulse, device.rate, device.name)
            if device is not None
            else (None, "", self._rate, "The loudspeaker")
        )
        stream, self._opened_rate = portaudio.opened(
            "OutputStream", number, pulse, self._rate, own_rate, name
        )
        stream.start()
        self._stream, self.device, self._broke = stream, device, False

    def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            portaudio.close(stream)

    def _fall_silent(self) -> None:
        if self._stream is not None:
            self._stream.abort()
            self._stream.start()
