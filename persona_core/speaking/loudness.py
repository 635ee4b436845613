"""How loud what is heard of her is at this moment, wherever she speaks: her lips move by it."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import NamedTuple

import numpy as np

from persona_core.ports import Playback
from persona_core.types import Pcm, Samples

STEP_S = 0.02  # so finely loudness is told
UNTOLD_S = 0.2  # a playback that has not said for so long that more was heard plays nothing
MOST_SOUNDS = 1_000  # waiting in one playback


class _Sound(NamedTuple):
    begin_s: float  # by ``heard_s`` of the playback
    end_s: float
    levels: Samples  # RMS (0..1), one for each STEP_S


class Measured:
    """A ``persona_core.ports.Playback`` in front of another one."""

    def __init__(self, playback: Playback) -> None:
        self._playback = playback
        self._sounds: deque[_Sound] = deque(maxlen=MOST_SOUNDS)
        self._heard_s = 0.0
        self._moved_at = float("-inf")  # time.monotonic() when ``_heard_s`` was seen to grow

    def measures(self, playback: Playback) -> bool:
        """Whether it stands in front of this one."""
        return playback is self._playback

    def loudness(self) -> float:
        """RMS (0..1, before any ducking) of what is being heard; 0: nothing is. Ask often: 20 times a second or more."""
        heard_s, now = self._playback.heard_s, monotonic()
        if heard_s != self._heard_s:
            self._heard_s, self._moved_at = heard_s, now
        since_s = now - self._moved_at
        if since_s > UNTOLD_S:
            return 0.0
        at_s = heard_s + since_s
        self._forget_heard(at_s)
        if not self._sounds or at_s < self._sounds[0].begin_s:
            return 0.0
        sound = self._sounds[0]
        step = int((at_s - sound.begin_s) / STEP_S)
        return float(sound.levels[min(step, len(sound.levels) - 1)])

    @property
    def heard_s(self) -> float:
        return self._playback.heard_s

    async def play(self, pcm: Pcm, rate: int) -> None:
        self._forget_heard(self._playback.heard_s)
        if len(pcm):
            begin_s = max(self._playback.heard_s, self._sounds[-1].end_s if self._sounds else 0.0)
            self._sounds.append(_Sound(begin_s, begin_s + len(pcm) / rate, _levels(pcm, rate)))
        await self._playback.play(pcm, rate)

    async def drain(self) -> None:
        try:
            await self._playback.drain()
        finally:  # what was not heard by now is lost: the device has gone
            self._sounds.clear()

    def duck(self) -> None:
        self._playback.duck()

    def resume(self) -> None:
        self._playback.resume()

    def stop(self) -> None:
        self._sounds.clear()
        self._playback.stop()

    def _forget_heard(self, heard_s: float) -> None:
        while self._sounds and self._sounds[0].end_s <= heard_s:
            self._sounds.popleft()


def _levels(pcm: Pcm, rate: int) -> Samples:
    step = round(rate * STEP_S)
    padded = np.zeros(-(-len(pcm) // step) * step, np.float32)
    padded[: len(pcm)] = pcm
    levels: Samples = np.sqrt(np.square(padded.reshape(-1, step)).mean(axis=1)) / 32768
    return levels
