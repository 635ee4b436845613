"""Her voice on the computer's loudspeaker."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from persona_core.errors import AudioError
from persona_core.types import Pcm

BLOCK_S = 0.04  # handed to the device at once: so soon a stop or a duck takes effect
DUCKED = 0.25  # gain, -12 dB, as in a Discord call


class SpeakerPlayback:
    """Plays on the default output device; opened with the first sound, at that sound's rate."""

    def __init__(self) -> None:
        try:
            import sounddevice  # only here: it needs PortAudio, which a server has no use for
        except OSError as error:
            raise AudioError(
                "--speak needs PortAudio: sudo apt install libportaudio2 (Debian, Ubuntu)."
            ) from error
        self._sounddevice = sounddevice
        try:
            sounddevice.query_devices(kind="output")
        except (sounddevice.PortAudioError, ValueError) as error:
            raise AudioError("--speak found no loudspeaker on this computer.") from error
        self._stream: Any = None
        self._rate = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="speaker")
        self._blocks: deque[Pcm] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._gain = self._target = 1.0
        self._written_s = self._heard_s = 0.0
        self._written_at = 0.0  # time.monotonic() of the last block

    @property
    def heard_s(self) -> float:
        """Seconds that have been written, less what is still on its way through the device."""
        if self._stream is not None:
            latency_s = self._stream.latency
            under_way_s = min(latency_s, max(0.0, self._written_at + latency_s - time.monotonic()))
            self._heard_s = max(self._heard_s, self._written_s - under_way_s)
        return self._heard_s

    async def play(self, pcm: Pcm, rate: int) -> None:
        """Queue int16 mono. Raises AudioError when the loudspeaker has stopped working meanwhile."""
        self._rate = self._rate or rate
        step = round(rate * BLOCK_S)
        self._blocks += [pcm[start : start + step] for start in range(0, len(pcm), step)]
        if self._writing is None or self._writing.done():
            self._raise_failure()
            self._writing = asyncio.create_task(self._write_all(), name="speaker")

    async def drain(self) -> None:
        """Raises AudioError, as ``play`` does."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
            self._raise_failure()
        if self._stream is not None:
            await asyncio.sleep(self._written_at + self._stream.latency - time.monotonic())

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

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)
        if self._stream is not None:
            self._stream.close()

    def _raise_failure(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None and not writing.cancelled() and writing.exception() is not None:
            self._blocks.clear()
            raise AudioError("The loudspeaker stopped working.") from writing.exception()

    async def _write_all(self) -> None:
        while self._blocks:
            block = self._blocks.popleft()
            gain = np.linspace(self._gain, self._target, len(block), dtype=np.float32)
            self._gain = self._target
            sound = (block * gain).astype(np.int16)
            await asyncio.get_running_loop().run_in_executor(self._thread, self._write, sound)
            self._written_s += len(block) / self._rate
            self._written_at = time.monotonic()

    def _write(self, pcm: Pcm) -> None:
        if self._stream is None:
            self._stream = self._sounddevice.OutputStream(self._rate, channels=1, dtype="int16")
            self._stream.start()
        self._stream.write(pcm)

    def _fall_silent(self) -> None:
        if self._stream is not None:
            self._stream.abort()
            self._stream.start()
