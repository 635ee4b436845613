"""Speech probabilities in, segment borders out. No clock and no sound: time is counted in windows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

WINDOW = 512  # samples at 16 kHz, what the VAD takes at once
WINDOW_S = WINDOW / 16_000  # 32 ms


class Border(Enum):
    START = auto()  # speech began
    END = auto()  # silence has lasted long enough
    CUT = auto()  # speech goes on, but the segment is as long as a recogniser can take
    FALSE_START = auto()  # what began was too short to be speech


@dataclass(frozen=True, slots=True)
class SegmenterSettings:
    start_probability: float = 0.5  # Silero's own default
    stay_probability: float = 0.35  # and its hysteresis of 0.15
    start_windows: int = 2  # so many in a row begin speech
    min_speech_s: float = 0.2  # less than this is a click
    silence_s: float = 0.7  # this much silence ends a segment
    max_s: float = 28.0  # Whisper sees 30 s at once


class Segmenter:
    """One person's state machine; feed it every window in order."""

    def __init__(self, settings: SegmenterSettings | None = None) -> None:
        self._settings = settings or SegmenterSettings()
        self.speaking = False
        self._run = 0  # windows of speech in a row, while silent
        self._length = 0  # windows since START
        self._voiced = 0  # of these with speech
        self._silence = 0  # windows of silence in a row, while speaking

    @property
    def silent_windows(self) -> int:
        """How many windows the current silence has lasted."""
        return self._silence

    def step(self, probability: float) -> Border | None:
        if not self.speaking:
            return self._wait(probability)
        self._length += 1
        if probability >= self._settings.stay_probability:
            self._silence = 0
            self._voiced += 1
        else:
            self._silence += 1
        if self._silence * WINDOW_S >= self._settings.silence_s:
            return self._end()
        if self._length * WINDOW_S >= self._settings.max_s:
            self._length = self._voiced = 0
            return Border.CUT
        return None

    def _wait(self, probability: float) -> Border | None:
        self._run = self._run + 1 if probability >= self._settings.start_probability else 0
        if self._run < self._settings.start_windows:
            return None
        self.speaking = True
        self._length = self._voiced = self._run
        self._run = self._silence = 0
        return Border.START

    def _end(self) -> Border:
        self.speaking = False
        enough = self._voiced * WINDOW_S >= self._settings.min_speech_s
        return Border.END if enough else Border.FALSE_START
