"""Her own voice taken out of what the microphone hears: what she plays meets what is heard; ``adaptive.py`` does the rest."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np
import soxr

from local_mode.adaptive import AdaptiveFilter
from persona_core.types import EAR_RATE, Pcm, Samples

BLOCK = EAR_RATE // 50  # 20 ms
PATH_BLOCKS = 16  # of the way from here through loudspeaker, room and microphone: 320 ms
AHEAD = BLOCK  # of what is played, before the first of it is taken: a gap would shift the echo's path
MOST_AHEAD_S = 0.5  # of what is played, before it is heard; more has been lost on its way
TAPS = 32  # of the low pass, to each side

_NOTHING: Pcm = np.zeros(0, np.int16)


class EchoCanceller:
    """``played`` and ``cleaned`` may be called in different threads."""

    def __init__(self) -> None:
        self._filter = AdaptiveFilter(BLOCK, PATH_BLOCKS)
        self._heard, self._hers = ToEarRate(), ToEarRate()
        self._waiting = _NOTHING  # heard, less than a block
        self._played: deque[Pcm] = deque()
        self._ahead = 0  # samples in it
        self._listening = False
        self._flowing = False  # what she plays is being taken
        self._lock = threading.Lock()

    def played(self, pcm: Pcm, rate: int) -> None:
        """Her sound, int16 mono, as it goes to the loudspeaker."""
        with self._lock:
            if not self._listening:
                return
            sound = self._hers.take(pcm, rate)
            self._played.append(sound)
            self._ahead += len(sound)
            while self._ahead > MOST_AHEAD_S * EAR_RATE:
                self._ahead -= len(self._played.popleft())

    def cleaned(self, pcm: Pcm, rate: int) -> Pcm:
        """What was heard (int16 mono) without her voice, at EAR_RATE; whole blocks, a block late."""
        self._listening = True
        waiting = np.concatenate([self._waiting, self._heard.take(pcm, rate)])
        whole = len(waiting) // BLOCK * BLOCK
        self._waiting = waiting[whole:]
        blocks = [self._block(waiting[start : start + BLOCK]) for start in range(0, whole, BLOCK)]
        return np.concatenate([_NOTHING, *blocks])

    def _block(self, heard: Pcm) -> Pcm:
        flowed = self._flowing
        hers = self._take(BLOCK)
        if self._flowing and not flowed:  # she begins anew, perhaps a little earlier or later than before
            self._filter.doubt()
        left = self._filter.cleaned(_floats(hers), _floats(heard))
        out: Pcm = (np.clip(left, -1, 1) * 32767).astype(np.int16)
        return out

    def _take(self, length: int) -> Pcm:
        """The next of what was played, and silence where there is nothing."""
        taken, found = [_NOTHING], 0
        with self._lock:
            if not self._flowing and self._ahead < AHEAD:
                return np.zeros(length, np.int16)
            self._flowing = self._ahead >= length
            while self._played and found < length:
                piece = self._played.popleft()
                if found + len(piece) > length:
                    self._played.appendleft(piece[length - found :])
                    piece = piece[: length - found]
                taken.append(piece)
                found += len(piece)
            self._ahead -= found
        return np.concatenate([*taken, np.zeros(length - found, np.int16)])


class ToEarRate:
    """Sound of any rate to EAR_RATE without seams and, as soxr's better filters do not, as much as has come at once."""

    def __init__(self) -> None:
        self._rate = 0

    def take(self, pcm: Pcm, rate: int) -> Pcm:
        if rate == EAR_RATE:
            return pcm
        if rate != self._rate:
            self._rate = rate
            self._stream = soxr.ResampleStream(rate, EAR_RATE, 1, dtype="float32", quality="QQ")
            self._low = _low_pass(min(1.0, EAR_RATE / rate))
            self._last = np.zeros(len(self._low) - 1, np.float32)
        sound = np.concatenate([self._last, pcm.astype(np.float32)])
        self._last = sound[len(sound) - len(self._low) + 1 :]
        out: Pcm = np.clip(
            self._stream.resample_chunk(np.convolve(sound, self._low, "valid").astype(np.float32)),
            -32768,
            32767,
        ).astype(np.int16)
        return out


def _low_pass(share: float) -> Samples:
    """Lets through what is below ``share`` of half the rate, less a tenth."""
    at = np.arange(-TAPS, TAPS + 1)
    taps = np.sinc(at * 0.9 * share) * np.hamming(len(at))
    return np.asarray(taps / taps.sum(), np.float32)


def _floats(pcm: Pcm) -> Samples:
    return np.asarray(pcm / 32768, np.float32)
