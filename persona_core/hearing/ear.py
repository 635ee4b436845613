"""One person's ear: frames of any rate in, segments of speech at 16 kHz out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import soxr

from persona_core.hearing.segmenter import WINDOW, WINDOW_S, Border, Segmenter
from persona_core.ports import VoiceStream
from persona_core.types import EAR_RATE, Frame, Person, Samples, Segment

PREROLL_WINDOWS = 10  # kept from before speech was noticed, so that no first consonant is lost
MAX_GAP_S = 3.0  # of a longer hole in the frames only this much is heard, as silence


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    person: Person


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """``segment`` is None when it was a false start."""

    person: Person
    segment: Segment | None


EarEvent = SpeechStarted | SpeechStopped


class Ear:
    """Not shared between people. Time comes from the frames alone."""

    def __init__(self, person: Person, voice: VoiceStream, segmenter: Segmenter) -> None:
        self.person = person
        self._voice = voice
        self._segmenter = segmenter
        self._rate = 0
        self._resampler: soxr.ResampleStream | None = None
        self._expected_s = 0.0  # when the next frame should begin
        self._rest: Samples = np.zeros(0, np.float32)  # not yet a whole window
        self._windows_s = 0.0  # when the next window begins
        self._preroll: deque[Samples] = deque(maxlen=PREROLL_WINDOWS)
        self._speech: list[Samples] = []
        self._speech_s = 0.0  # when _speech begins

    def hear(self, frame: Frame) -> list[EarEvent]:
        """Take one frame; frames come in order, holes between them are silence."""
        samples = frame.pcm.astype(np.float32) / 32768.0
        if self._rate == 0:
            self._windows_s = self._expected_s = frame.at_s
        gap_s = frame.at_s - self._expected_s
        events: list[EarEvent] = []
        if gap_s > 2 * WINDOW_S:
            heard_s = min(gap_s, MAX_GAP_S)
            events = self._take(np.zeros(int(heard_s * EAR_RATE), np.float32))
            self._windows_s += gap_s - heard_s
        self._expected_s = frame.at_s + len(frame.pcm) / frame.rate
        return events + self._take(self._resample(samples, frame.rate))

    def finish(self) -> list[EarEvent]:
        """The stream has ended: what is being said ends here."""
        if self._resampler is not None:
            tail = self._resampler.resample_chunk(np.zeros(0, np.float32), last=True)
        else:
            tail = np.zeros(0, np.float32)
        padding = np.zeros(WINDOW - 1, np.float32)
        events = self._take(np.concatenate([tail, padding]))
        if self._speech:
            events.append(SpeechStopped(self.person, self._segment(self._segmenter.silent_windows)))
        self._rate = 0
        return events

    def _resample(self, samples: Samples, rate: int) -> Samples:
        if rate != self._rate:
            self._rate = rate
            self._resampler = soxr.ResampleStream(rate, EAR_RATE, 1) if rate != EAR_RATE else None
        return samples if self._resampler is None else self._resampler.resample_chunk(samples)

    def _take(self, samples: Samples) -> list[EarEvent]:
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // WINDOW * WINDOW
        self._rest = samples[whole:]
        events: list[EarEvent] = []
        for start in range(0, whole, WINDOW):
            events += self._window(samples[start : start + WINDOW])
        return events

    def _window(self, window: Samples) -> list[EarEvent]:
        self._windows_s += WINDOW_S
        border = self._segmenter.step(self._voice.probability(window))
        if border is None and not self._segmenter.speaking:
            self._preroll.append(window)
            return []
        if border is Border.START:
            self._speech = [*self._preroll, window]
            self._speech_s = self._windows_s - len(self._speech) * WINDOW_S
            self._preroll.clear()
            return [SpeechStarted(self.person)]
        self._speech.append(window)
        if border is Border.END:
            return [SpeechStopped(self.person, self._segment(self._segmenter.silent_windows))]
        if border is Border.FALSE_START:
            self._speech = []
            return [SpeechStopped(self.person, None)]
        if border is Border.CUT:
            return [SpeechStopped(self.person, self._segment(0)), SpeechStarted(self.person)]
        return []

    def _segment(self, silent_windows: int) -> Segment:
        """Close the segment, leaving out most of the silence that ended it."""
        kept = len(self._speech) - max(0, silent_windows - PREROLL_WINDOWS)
        segment = Segment(
            person=self.person,
            samples=np.concatenate(self._speech[:kept]),
            started_s=self._speech_s,
            ended_s=self._windows_s - silent_windows * WINDOW_S,
            closed_s=self._windows_s,
        )
        self._speech = []
        self._speech_s = self._windows_s
        return segment
