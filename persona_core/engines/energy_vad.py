"""Voice activity from loudness alone: the last resort, where no network can be loaded."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from persona_core.types import Samples

_MEMORY = 94  # windows of 32 ms, 3 s: nobody speaks that long without a gap between words
_QUIET_DB = -60.0  # dBFS, what a room is taken for before anything was heard
_LOUDEST_FLOOR_DB = -30.0  # dBFS, steady sound above this is no background
_ABOVE_DB = 12.0  # speech is at least this far above the background …
_SLOPE_DB = 2.0  # … and this much more or less makes a probability of 0.73 or 0.27
_SILENT_DB = -50.0  # dBFS, below this nobody speaks, however quiet the room


class EnergyVad:
    """Says how far a window stands out of its background; any loud sound passes for speech."""

    def open(self) -> EnergyStream:
        return EnergyStream()


class EnergyStream:
    """The background is the tenth percentile of the last three seconds' loudness."""

    def __init__(self) -> None:
        self._heard = deque([_QUIET_DB] * 3, maxlen=_MEMORY)

    def probability(self, window: Samples) -> float:
        power = float(np.mean(np.square(window - window.mean())))
        level = 10 * math.log10(power + 1e-10)
        background = min(float(np.quantile(self._heard, 0.1)), _LOUDEST_FLOOR_DB)
        self._heard.append(level)
        if level < _SILENT_DB:
            return 0.0
        return 1 / (1 + math.exp((background + _ABOVE_DB - level) / _SLOPE_DB))
