"""Speech probabilities in, borders of speech out. No clock and no sound: time is counted in windows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

WINDOW = 512  # samples at 16 kHz, what the VAD takes at once
WINDOW_S = WINDOW / 16_000  # 32 ms


class Border(Enum):
    STIR = auto()  # one window of what may become speech
    CALM = auto()  # it did not
    START = auto()  # speech began
    PAUSE = auto()  # silence, for now
    GO_ON = auto()  # speech again, after a pause
    END = auto()  # silence has lasted long enough
    CUT = auto()  # speech goes on, but the segment is as long as a recogniser can take
    FALSE_START = auto()  # what began was too short to be speech


@dataclass(frozen=True, slots=True)
class SegmenterSettings:
    start_probability: float = 0.5  # Silero's own default
    stay_probability: float = 0.35  # and its hysteresis of 0.15
    start_windows: int = 2  # so many in a row begin speech, or go on after a pause
    pause_windows: int = 1  # so many of silence are a pause: 2 bring 4 % fewer, and everything 32 ms later
    sure_windows: int = 2  # shorter silence lies between words, or in one: a single window of speech ends it
    min_speech_s: float = 0.2  # less than this is a click
    longest_s: float = 1.7  # this much silence ends whatever was said
    max_s: float = 28.0  # Whisper sees 30 s at once


class Segmenter:
    """One person's state machine; feed it every window in order."""

    def __init__(self, settings: SegmenterSettings | None = None) -> None:
        self.settings = settings or SegmenterSettings()
        self.speaking = False
        self.pausing = False  # while speaking
        self.patience_s = (
            self.settings.longest_s
        )  # how much silence ends what is being said; anybody may set it
        self.last_pause_s = 0.0  # after which somebody went on
        self._run = 0  # windows of speech in a row, while silent or pausing
        self._length = 0  # windows since START
        self._voiced = 0  # of these with speech
        self._silence = 0  # windows of silence, while speaking; speech too short to count is silence
        self._doubtful = False  # whether the present pause is one
        self._held = 0  # windows of silence that do not end what is being said

    @property
    def silent_windows(self) -> int:
        """How many windows the current silence has lasted."""
        return self._silence

    @property
    def voiced_s(self) -> float:
        """How much of what is being said was speech."""
        return self._voiced * WINDOW_S

    @property
    def _most_silence_s(self) -> float:
        return min(self.patience_s, self.settings.longest_s)

    @property
    def _awaits_word(self) -> bool:
        """The next word may be beginning."""
        return self._run > 0 or self._silence < self._held

    def step(self, probability: float) -> Border | None:
        if not self.speaking:
            return self._wait(probability)
        self._length += 1
        border = self._pausing(probability) if self.pausing else self._talking(probability)
        if border is None and not self._awaits_word and self._silence * WINDOW_S >= self._most_silence_s:
            return self.end()
        if border is None and self._length * WINDOW_S >= self.settings.max_s:
            self._length = self._voiced = 0
            return Border.CUT
        return border

    def pause(self) -> Border | None:
        """The pause is known from elsewhere, before it has been heard."""
        self._doubtful = False
        if not self.speaking or self.pausing:
            return None
        self.pausing = True
        return Border.PAUSE

    def hold(self, seconds: float) -> None:
        """Speech is about to begin again: the present pause ends nothing before so much time has passed.

        Said again and again, it makes none longer than ``longest_s`` and this.
        """
        longest = self.settings.longest_s / WINDOW_S
        self._held = round(min(self._silence, longest) + seconds / WINDOW_S)

    def _wait(self, probability: float) -> Border | None:
        stirred = self._run > 0
        self._run = self._run + 1 if probability >= self.settings.start_probability else 0
        if self._run < self.settings.start_windows:
            if self._run == 1:
                return Border.STIR
            return Border.CALM if stirred and not self._run else None
        self.speaking = True
        self._length = self._voiced = self._run
        self._run = self._silence = self._held = 0
        self.patience_s = self.settings.longest_s
        return Border.START

    def _talking(self, probability: float) -> Border | None:
        if probability >= self.settings.stay_probability:
            self._silence = 0
            self._voiced += 1
            return None
        self._silence += 1
        if self._silence < self.settings.pause_windows:
            return None
        border = self.pause()
        self._doubtful = self._silence < self.settings.sure_windows
        return border

    def _pausing(self, probability: float) -> Border | None:
        self._silence += 1
        self._run = self._run + 1 if probability >= self.settings.start_probability else 0
        was_none = self._doubtful and probability >= self.settings.stay_probability
        self._doubtful = self._doubtful and self._silence < self.settings.sure_windows
        if was_none:
            self._run = 1
        elif self._run < self.settings.start_windows:
            return None
        self.pausing = False
        self._voiced += self._run
        self.last_pause_s = (self._silence - self._run) * WINDOW_S
        self._run = self._silence = self._held = 0
        self.patience_s = self.settings.longest_s
        return Border.GO_ON

    def end(self) -> Border:
        """What is being said ends here."""
        enough = self.voiced_s >= self.settings.min_speech_s
        self.speaking = self.pausing = False
        self._run = 0
        return Border.END if enough else Border.FALSE_START
