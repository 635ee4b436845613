"""An echo's path through the room, learned while it is heard, and the echo taken out. Pure: blocks in, blocks out.

A partitioned-block frequency-domain Kalman filter (Enzner and Vary 2006; Kuech, Mabande and Enzner 2014). It knows in each
frequency how sure it is of the path and how loud whatever else is heard is, so that people who speak over the echo do not
mislead it. How unsure it is tells how much of the echo must still be left, and so much is taken out by Wiener's rule:
nearly everything in the first half second, in which people's voices suffer too, and hardly anything later.
"""

from __future__ import annotations

import numpy as np

from persona_core.types import EAR_RATE, Samples

_LOUDEST = 0.3  # squared gain of the path in each of its blocks, before anything is known of it
_FULL_S = 0.2  # of the path may be so loud; then a room fades by 60 dB within _FADING_S
_FADING_S = 0.3
_FORGETTING = 0.99  # how much of the path stays as it is from one block to the next
_SMOOTHING = 0.5  # of the loudness of all else
_CHECKED = 0.9  # likewise, of what is heard and what is left: 0.2 s
_WORSE = 1.1  # times as loud as without it: the path is another one
_SURPLUS = 1.5  # times the echo that should be left is taken out: it is not sure how unsure it is
_BENT = 0.03  # of the expected echo, the share that loudspeakers add and no path explains
_LEAST = 0.03  # of a frequency's amplitude is left in any case
_QUIETEST = 1e-9


class AdaptiveFilter:
    """Use ``cleaned`` for one block after the other, each of ``block`` samples at EAR_RATE.

    The path may be ``blocks`` of them long.
    """

    def __init__(self, block: int, blocks: int) -> None:
        self._block = block
        bins = block + 1
        late_s = np.maximum(0.0, np.arange(blocks) * block / EAR_RATE - _FULL_S)
        loudest = _LOUDEST * 10 ** (-6 * late_s / _FADING_S)
        self._guess = np.repeat(loudest[:, None], bins, axis=1).astype(np.float32)
        self._played = np.zeros((blocks, bins), np.complex64)  # the newest first
        self._path = np.zeros((blocks, bins), np.complex64)
        self._unsure = self._guess.copy()
        self._else = np.full(bins, _QUIETEST, np.float32)
        self._last = np.zeros(block, np.float32)
        self._heard = self._left = 0.0  # mean squares, smoothed
        self._suppressor = _Suppressor(block)

    def doubt(self) -> None:
        """The path may have changed."""
        self._unsure = np.maximum(self._unsure, self._guess)

    def cleaned(self, played: Samples, heard: Samples) -> Samples:
        """``heard`` one block ago, without the echo of what has been ``played`` until then."""
        self._played = np.roll(self._played, 1, axis=0)
        self._played[0] = np.fft.rfft(np.concatenate([self._last, played]))
        self._last = np.asarray(played, np.float32)
        echo = np.fft.irfft((self._path * self._played).sum(axis=0))[self._block :]
        expected = np.asarray(echo, np.float32)
        left = np.asarray(heard - expected, np.float32)
        power = np.asarray(np.abs(self._played) ** 2, np.float32)
        unknown = np.asarray((self._unsure * power).sum(axis=0), np.float32)
        self._learn(left, power, unknown)
        self._check(heard, left)
        return self._suppressor.bare(left, expected, unknown)

    def _learn(self, left: Samples, power: Samples, unknown: Samples) -> None:
        error = np.fft.rfft(np.concatenate([np.zeros(self._block, np.float32), left]))
        loudness = _SMOOTHING * self._else + (1 - _SMOOTHING) * np.abs(error) ** 2
        self._else = np.asarray(loudness, np.float32)
        step = self._unsure / (unknown + 2 * self._else + _QUIETEST)
        change = np.fft.irfft(step * np.conj(self._played) * error, axis=1)
        change[:, self._block :] = 0.0
        self._path += np.fft.rfft(change, axis=1).astype(np.complex64)
        kept = _FORGETTING**2 * (1 - 0.5 * step * power) * self._unsure
        changed = (1 - _FORGETTING**2) * np.abs(self._path) ** 2
        self._unsure = np.asarray(kept + changed, np.float32)

    def _check(self, heard: Samples, left: Samples) -> None:
        """Begin anew where it is louder without the echo than with it."""
        self._heard = _smoothed(self._heard, heard)
        self._left = _smoothed(self._left, left)
        if self._left > _WORSE * self._heard:
            self._path[:] = 0.0
            self.doubt()
            self._left = self._heard


class _Suppressor:
    """Takes out, frequency by frequency, what is probably left of the echo; a block late."""

    def __init__(self, block: int) -> None:
        self._block = block
        self._window = np.sqrt(np.hanning(2 * block + 1)[:-1]).astype(np.float32)
        self._left = self._expected = self._rest = np.zeros(block, np.float32)  # of the block before
        self._echo = np.zeros(block + 1, np.float32)

    def bare(self, left: Samples, expected: Samples, unknown: Samples) -> Samples:
        """``unknown``: squared magnitudes of what may be left of the echo in this block."""
        sound = np.fft.rfft(self._window * np.concatenate([self._left, left]))
        hers = np.fft.rfft(self._window * np.concatenate([self._expected, expected]))
        self._left, self._expected = left, expected
        echo = _SURPLUS * 0.5 * unknown + _BENT * np.abs(hers) ** 2  # half: the window's share
        self._echo = np.maximum(echo, 0.5 * self._echo)
        gain = np.maximum(_LEAST, 1 - self._echo / (np.abs(sound) ** 2 + _QUIETEST))
        out = (self._window * np.fft.irfft(gain * sound)).astype(np.float32)
        ready: Samples = self._rest + out[: self._block]
        self._rest = out[self._block :]
        return ready


def _smoothed(before: float, block: Samples) -> float:
    return _CHECKED * before + (1 - _CHECKED) * float(np.mean(np.square(block)))
