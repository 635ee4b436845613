"""Frames of any rate in, windows of 512 samples at 16 kHz out: what tells speech from silence takes at once."""

from __future__ import annotations

import numpy as np
import soxr

from persona_core.hearing.segmenter import WINDOW
from persona_core.types import EAR_RATE, Frame, Samples


class Windows:
    """Of one stream."""

    def __init__(self) -> None:
        self._rate = 0
        self._resampler: soxr.ResampleStream | None = None
        self._rest: Samples = np.zeros(0, np.float32)  # not yet a whole window

    @property
    def rest_s(self) -> float:
        """How much of what was taken is in no window yet."""
        return len(self._rest) / EAR_RATE

    def take(self, frame: Frame) -> list[Samples]:
        samples = np.concatenate([self._rest, self._resample(frame)])
        whole = len(samples) // WINDOW * WINDOW
        self._rest = samples[whole:]
        return [samples[start : start + WINDOW] for start in range(0, whole, WINDOW)]

    def _resample(self, frame: Frame) -> Samples:
        samples: Samples = frame.pcm.astype(np.float32) / 32768.0
        if frame.rate != self._rate:
            self._rate = frame.rate
            self._resampler = soxr.ResampleStream(frame.rate, EAR_RATE, 1) if frame.rate != EAR_RATE else None
        return samples if self._resampler is None else self._resampler.resample_chunk(samples)
