"""Where somebody begins to speak in a stream that may be anybody's. Probabilities in, borders out; no clock, no sound.

A *stretch* is speech between silences so short that another voice may follow: far shorter than those that end what
somebody says.
"""

from __future__ import annotations

from enum import Enum, auto

from persona_core.hearing.segmenter import WINDOW_S

START, STAY = 0.5, 0.35  # probability of speech: Silero's own default, and its hysteresis
START_WINDOWS = 2  # of speech in a row begin a stretch
GAP_WINDOWS = 5  # of silence end it, 160 ms: between people there is hardly less


class Border(Enum):
    STIR = auto()  # one window of what may become a stretch
    CALM = auto()  # it did not
    BEGIN = auto()
    END = auto()


class Stretches:
    """Feed it every window in order."""

    def __init__(self) -> None:
        self.speaking = False
        self.silence_before_s = 0.0  # between this stretch and the one before
        self.silent_windows = 0  # at the end of a stretch, or since the last one
        self._run = 0
        self._voiced = 0

    @property
    def voiced_s(self) -> float:
        """How much of the present stretch was speech."""
        return self._voiced * WINDOW_S

    @property
    def silent_s(self) -> float:
        return self.silent_windows * WINDOW_S

    def step(self, probability: float) -> Border | None:
        return self._go_on(probability) if self.speaking else self._wait(probability)

    def _wait(self, probability: float) -> Border | None:
        stirred = self._run > 0
        if probability < START:
            self._run = 0
            self.silent_windows += 1
            return Border.CALM if stirred else None
        self._run += 1
        if self._run < START_WINDOWS:
            return Border.STIR
        self.speaking, self._voiced, self._run = True, self._run, 0
        self.silence_before_s, self.silent_windows = self.silent_s, 0
        return Border.BEGIN

    def _go_on(self, probability: float) -> Border | None:
        if probability >= STAY:
            self.silent_windows = 0
            self._voiced += 1
            return None
        self.silent_windows += 1
        if self.silent_windows < GAP_WINDOWS:
            return None
        self.speaking = False
        return Border.END
