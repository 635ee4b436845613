"""A microphone: 20 ms frames for as long as the device is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from local_mode import portaudio
from local_mode.devices import Device
from persona_core.errors import AudioError
from persona_core.types import Pcm

RATE = 48_000  # Hz, asked for; a card that lacks it is heard at its own rate
FRAME_S = 0.02
LATENCY_S = 0.04  # asked for; shorter costs whole blocks when the processor is busy
STALLED_S = 3.0  # without a frame the device has gone; PulseAudio takes up to 2 s to begin

Take = Callable[[Pcm, int], None]


class Microphone:
    """One device, open from ``open`` to ``close``. ``take`` is called in a thread of its own."""

    def __init__(self, take: Take) -> None:
        """``take`` gets each frame (int16 mono) and its rate in Hz."""
        self._take = take
        self._stream: Any = None
        self._came_at = 0.0  # time.monotonic() of the last frame
        self.device: Device | None = None
        self.overflows = 0  # times that the computer was too slow, and sound was lost

    @property
    def works(self) -> bool:
        """Whether it is open, and sound comes."""
        stream = self._stream
        return stream is not None and stream.active and time.monotonic() - self._came_at < STALLED_S

    def open(self, device: Device) -> None:
        """Begin to hear; takes up to 2 s. Raises AudioError."""
        self.close()
        stream, rate = portaudio.opened(
            "InputStream",
            device.number,
            device.pulse,
            RATE,
            device.rate,
            device.name,
            latency=LATENCY_S,
            callback=self._on_sound,
        )
        self._rate, self._rest = rate, np.zeros(0, np.int16)
        self._came_at = time.monotonic()
        try:
            stream.start()
        except portaudio.sounddevice().PortAudioError as error:
            portaudio.close(stream)
            raise AudioError(f"{device.name} does not work; is it used by another program?") from error
        self.device, self._stream = device, stream

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            portaudio.close(stream)

    def _on_sound(self, sound: Any, count: int, times: object, status: Any) -> None:
        """In PortAudio's thread: whatever came, cut into frames."""
        self._came_at = time.monotonic()
        self.overflows += bool(status)
        self._rest = np.concatenate([self._rest, sound[:, 0]])
        length = round(self._rate * FRAME_S)
        while len(self._rest) >= length:
            frame, self._rest = self._rest[:length], self._rest[length:]
            self._take(frame, self._rate)
