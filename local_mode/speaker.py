"""Her voice on the computer's loudspeaker."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from persona_core.errors import AudioError
from persona_core.types import Pcm


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
        self._stream: Any = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="speaker")
        try:
            sounddevice.query_devices(kind="output")
        except (sounddevice.PortAudioError, ValueError) as error:
            raise AudioError("--speak found no loudspeaker on this computer.") from error

    async def play(self, pcm: Pcm, rate: int) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, pcm, rate)

    def _write(self, pcm: Pcm, rate: int) -> None:
        try:
            if self._stream is None:
                self._stream = self._sounddevice.OutputStream(rate, channels=1, dtype="int16")
                self._stream.start()
            self._stream.write(pcm)
        except self._sounddevice.PortAudioError as error:
            raise AudioError("The loudspeaker stopped working.") from error

    async def drain(self) -> None:
        if self._stream is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._stop)

    def _stop(self) -> None:
        """Stopping waits until all is played; the next sound starts it anew."""
        self._stream.stop()
        self._stream.start()

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._thread.shutdown()
