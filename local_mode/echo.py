"""Her own voice taken out of what the microphone hears.

Two cancellers work beside each other. WebRTC's, as livekit builds it, leaves nothing of an echo, but hardly anything of
people who speak over it either (docs/desk.md has figures). The filter in ``adaptive.py`` leaves people whole, and a faint rest
of the echo. So where there is more in the sound than such a rest its output is taken, else WebRTC's.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import numpy as np
import soxr

from local_mode.adaptive import AdaptiveFilter
from persona_core.errors import AudioError
from persona_core.types import EAR_RATE, Pcm, Samples

BLOCK = EAR_RATE // 50  # 20 ms
PIECE = EAR_RATE // 100  # WebRTC's own step
PATH_BLOCKS = 16  # of the way from here through loudspeaker, room and microphone: 320 ms
AHEAD = BLOCK  # of what is played, before the first of it is taken: a gap would shift the echo's path
MOST_AHEAD_S = 0.5  # of what is played, before it is heard; more has been lost on its way
TYPICAL_DELAY_MS = 80  # from handing over a block to hearing it; WebRTC's works out the true one
REST_DB = -10.0  # of the expected echo: what is louder is more than its rest
LEFT_DB = -25.0  # of that: where WebRTC's leaves less, it was an echo all the same
HOLD_BLOCKS = 40  # within 800 ms people are taken to go on
SMOOTHING = 0.6
TAPS = 32  # of the low pass, to each side
SILENCE = 1e-7  # mean square
LEARNED_BLOCKS = 75  # 1.5 s of her voice, after which the filter is to be trusted

_NOTHING: Pcm = np.zeros(0, np.int16)


class EchoCanceller:
    """``played`` and ``cleaned`` may be called in different threads."""

    def __init__(self) -> None:
        """Raises AudioError where the library is missing."""
        try:
            from livekit import rtc  # only here: it loads a library of 20 MB
        except (ImportError, OSError) as error:
            raise AudioError(
                "Echo cancellation needs livekit: pip install livekit; or DESK_ECHO=off."
            ) from error
        self._frame = rtc.AudioFrame
        self._webrtc: Any = rtc.AudioProcessingModule(echo_cancellation=True, high_pass_filter=True)
        self._webrtc.set_stream_delay_ms(TYPICAL_DELAY_MS)
        self._filter = AdaptiveFilter(BLOCK, PATH_BLOCKS)
        self._person = Presence()
        self._heard, self._hers = ToEarRate(), ToEarRate()
        self._waiting = _NOTHING  # heard, less than a block
        self._played: deque[Pcm] = deque()
        self._ahead = 0  # samples in it
        self._listening = False
        self._flowing = False  # what she plays is being taken
        self._share = 1.0  # of the filter's output in ours
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
        """What was heard (int16 mono) without her voice, at EAR_RATE; whole blocks, so that some come later."""
        self._listening = True
        waiting = np.concatenate([self._waiting, self._heard.take(pcm, rate)])
        whole = len(waiting) // BLOCK * BLOCK
        self._waiting = waiting[whole:]
        blocks = [self._block(waiting[start : start + BLOCK]) for start in range(0, whole, BLOCK)]
        return np.concatenate([_NOTHING, *blocks])

    def _block(self, heard: Pcm) -> Pcm:
        hers = self._take(BLOCK)
        if (
            hers.any() and not self._person.echoing
        ):  # she begins anew, perhaps a little earlier or later than before
            self._filter.doubt()
        sound = np.asarray(heard / 32768, np.float32)
        left = self._filter.cleaned(np.asarray(hers / 32768, np.float32), sound)
        bare = self._by_webrtc(hers, heard)
        share = 1.0 if self._person.is_there(hers, sound - left, left, bare) else 0.0
        fade = np.linspace(self._share, share, BLOCK, dtype=np.float32)
        self._share = share
        out: Pcm = (np.clip(left * fade + bare * (1 - fade), -1, 1) * 32767).astype(np.int16)
        return out

    def _by_webrtc(self, hers: Pcm, heard: Pcm) -> Samples:
        out = []
        for start in range(0, BLOCK, PIECE):
            played = self._frame(hers[start : start + PIECE].tobytes(), EAR_RATE, 1, PIECE)
            piece = self._frame(bytearray(heard[start : start + PIECE].tobytes()), EAR_RATE, 1, PIECE)
            self._webrtc.process_reverse_stream(played)
            self._webrtc.process_stream(piece)
            out.append(np.frombuffer(bytes(piece.data.cast("b")), np.int16))
        return np.asarray(np.concatenate(out) / 32768, np.float32)

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


class Presence:
    """Whether there is more in the sound than an echo. Pure."""

    def __init__(self) -> None:
        self._expected = self._left = self._bare = 0.0  # mean squares, smoothed
        self._held = 0
        self._known = 0  # blocks of hers that the filter has learned from
        self._sounding = 0  # blocks in which an echo of hers may still come

    @property
    def echoing(self) -> bool:
        """Whether an echo of hers may come."""
        return self._sounding > 0

    def is_there(self, hers: Pcm, expected: Samples, left: Samples, bare: Samples) -> bool:
        """For one block: what she says, the echo that was expected, what is left without it, and what WebRTC left."""
        if hers.any():
            self._known += 1
            self._sounding = PATH_BLOCKS
        else:
            self._sounding = max(0, self._sounding - 1)
        self._expected = _smoothed(self._expected, expected)
        self._left = _smoothed(self._left, left)
        self._bare = _smoothed(self._bare, bare)
        if not self._sounding:
            self._held = 0
            return True
        if self._known < LEARNED_BLOCKS:
            return False
        if self._expected < SILENCE:  # she takes a breath
            return True
        more = self._left > self._expected * _ratio(REST_DB) and self._bare > self._left * _ratio(LEFT_DB)
        self._held = HOLD_BLOCKS if more else max(0, self._held - 1)
        return self._held > 0


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


def _smoothed(before: float, block: Samples) -> float:
    return SMOOTHING * before + (1 - SMOOTHING) * float(np.mean(np.square(block)))


def _ratio(db: float) -> float:
    return float(10 ** (db / 10))
