"""An echo's path through the room, learned while it is heard. Pure: blocks in, blocks out.

A partitioned-block frequency-domain Kalman filter (Enzner and Vary 2006; Kuech, Mabande and Enzner 2014). It knows in each
frequency how sure it is of the path and how loud whatever else is heard is, so that people who speak over the echo neither
mislead it nor lose anything of their voices: it only ever subtracts what it expects of the echo.
"""

from __future__ import annotations

import numpy as np

from persona_core.types import Samples

_FORGETTING = 0.9995  # how much of the path stays as it is from one block to the next
_DOUBT = 0.1
_SMOOTHING = 0.8  # of the loudness of all else
_QUIETEST = 1e-6


class AdaptiveFilter:
    """Use ``cleaned`` for one block after the other, each of ``block`` samples; the path may be ``blocks`` of them long."""

    def __init__(self, block: int, blocks: int) -> None:
        self._block = block
        bins = block + 1
        self._played = np.zeros((blocks, bins), np.complex64)  # the newest first
        self._path = np.zeros((blocks, bins), np.complex64)
        self._unsure = np.ones((blocks, bins), np.float32)
        self._else = np.full(bins, _QUIETEST, np.float32)
        self._last = np.zeros(block, np.float32)

    def doubt(self) -> None:
        """The path may have changed."""
        self._unsure += _DOUBT

    def cleaned(self, played: Samples, heard: Samples) -> Samples:
        """``heard`` without the echo of what has been ``played`` until now."""
        block = self._block
        self._played = np.roll(self._played, 1, axis=0)
        self._played[0] = np.fft.rfft(np.concatenate([self._last, played]))
        self._last = np.asarray(played, np.float32)
        expected = np.fft.irfft((self._path * self._played).sum(axis=0))[block:]
        left: Samples = (heard - expected).astype(np.float32)
        error = np.fft.rfft(np.concatenate([np.zeros(block, np.float32), left]))
        loudness = _SMOOTHING * self._else + (1 - _SMOOTHING) * np.abs(error) ** 2
        self._else = np.asarray(loudness, np.float32)
        power = np.abs(self._played) ** 2
        step = self._unsure / ((self._unsure * power).sum(axis=0) + 2 * self._else + _QUIETEST)
        change = np.fft.irfft(step * np.conj(self._played) * error, axis=1)
        change[:, block:] = 0.0
        self._path += np.fft.rfft(change, axis=1).astype(np.complex64)
        kept = _FORGETTING**2 * (1 - 0.5 * step * power) * self._unsure
        self._unsure = kept + (1 - _FORGETTING**2) * np.abs(self._path) ** 2
        return left
