"""What a person hears of her, frame by frame."""

from __future__ import annotations

import time
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from discord import opus

from persona_core.types import Pcm
from tests.discord_server import SimulatedMember, speech
from tests.discord_server.member_dave import SILENCE

AUDIBLE_DBFS = -50.0
HER = "Kith"  # her name in Discord


@dataclass(frozen=True, slots=True)
class HeardFrame:
    at: float  # time.perf_counter() of its arrival
    voiced: bool  # not Opus silence
    sound: Pcm  # 20 ms at 48 kHz

    @property
    def dbfs(self) -> float:
        return float(10 * np.log10(np.mean(np.square(self.sound / 32768)) + 1e-12))


class Ears:
    """Of one person, from now on. Frames are decoded in order of arrival, when they are asked for."""

    def __init__(self, person: SimulatedMember) -> None:
        speech.load_opus()
        self._person = person
        self._decoder = opus.Decoder()
        self._frames: list[HeardFrame] = []

    def frames(self, since: float = 0.0) -> list[HeardFrame]:
        arrived = self._arrived()
        for frame in arrived[len(self._frames) :]:
            pcm = np.frombuffer(self._decoder.decode(frame.opus, fec=False), np.int16)
            sound = pcm.reshape(-1, 2).mean(axis=1).astype(np.int16)
            self._frames.append(HeardFrame(frame.at, frame.opus != SILENCE, sound))
        return self._frames[bisect_left(self._frames, since, key=lambda frame: frame.at) :]

    def audible_at(self, since: float) -> float | None:
        """When the first frame above -50 dBFS came."""
        return next((frame.at for frame in self.frames(since) if frame.dbfs > AUDIBLE_DBFS), None)

    def quiet_s(self) -> float:
        """Seconds since the last frame that was not silence."""
        last = next((frame.at for frame in reversed(self._arrived()) if frame.opus != SILENCE), 0.0)
        return time.perf_counter() - last

    def _arrived(self) -> list:  # type: ignore[type-arg]
        heard = self._person.heard.get(HER)
        return heard.frames if heard else []
