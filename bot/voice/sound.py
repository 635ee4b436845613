"""What she is about to say: sound of any rate in, frames of 20 ms at 48 kHz out."""

from __future__ import annotations

from collections import deque

import numpy as np
import soxr

from bot.voice.opus import RATE
from bot.voice.packets import FRAME_SAMPLES
from persona_core.types import Pcm

NONE: Pcm = np.zeros(0, np.int16)


class Resampler:
    """Chunks of one rate to 48 kHz, without a seam between them. Call it off the event loop."""

    def __init__(self) -> None:
        self._rate = RATE
        self._stream: soxr.ResampleStream | None = None

    def take(self, pcm: Pcm, rate: int) -> Pcm:
        """int16 mono at ``rate`` Hz; a change of rate first lets out what was held back."""
        rest = self.rest() if rate != self._rate else NONE
        self._rate = rate
        if rate == RATE:
            return np.concatenate([rest, pcm])
        if self._stream is None:
            self._stream = soxr.ResampleStream(rate, RATE, 1, dtype="int16")
        return np.concatenate([rest, self._stream.resample_chunk(pcm)])

    def rest(self) -> Pcm:
        """What the filter still holds back; the next chunk begins a new sound."""
        stream, self._stream = self._stream, None
        return NONE if stream is None else stream.resample_chunk(NONE, last=True)


class SoundQueue:
    """Sound at 48 kHz in the order it is to be said."""

    def __init__(self) -> None:
        self.samples = 0
        self._chunks: deque[Pcm] = deque()

    def put(self, pcm: Pcm) -> None:
        if len(pcm):
            self._chunks.append(pcm)
            self.samples += len(pcm)

    def take(self) -> Pcm:
        """The next 960 samples, or fewer when there are no more."""
        taken: list[Pcm] = []
        wanted = FRAME_SAMPLES
        while wanted and self._chunks:
            chunk = self._chunks.popleft()
            taken.append(chunk[:wanted])
            if len(chunk) > wanted:
                self._chunks.appendleft(chunk[wanted:])
            wanted -= len(taken[-1])
        self.samples -= FRAME_SAMPLES - wanted
        return np.concatenate(taken) if taken else NONE

    def clear(self) -> None:
        self._chunks.clear()
        self.samples = 0


def ramp(frame: Pcm, start: float, end: float) -> Pcm:
    """``frame`` with a gain that glides from ``start`` to ``end``: no click."""
    if start == end == 1.0:
        return frame
    return (frame * np.linspace(start, end, len(frame), dtype=np.float32)).astype(np.int16)
