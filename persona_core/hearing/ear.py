"""One person's ear: frames of any rate in; out come the borders of what they say, and its sound at 16 kHz."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import soxr

from persona_core.hearing.evidence import SoundEvidence, measured
from persona_core.hearing.segmenter import WINDOW, WINDOW_S, Border, Segmenter
from persona_core.ports import VoiceStream
from persona_core.types import EAR_RATE, Frame, Person, Samples

PREROLL_WINDOWS = 10  # kept from before speech was noticed, so that no first consonant is lost
NOISE_WINDOWS = 30  # the second before speech, by which loudness is judged
TAIL_WINDOWS = 6  # of the silence after speech that a recogniser is given
OPENED_S = 0.3  # whose microphone opens again in a pause is about to go on
MAX_GAP_S = 3.0  # of a longer hole in the frames only this much is heard, as silence

_NOTHING: Samples = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Segment:
    """What one person has said in one go, or the beginning of it, up to a silence or to now."""

    person: Person
    samples: Samples  # at EAR_RATE
    started_s: float
    ended_s: float  # end of speech, before the silence
    noticed_s: float  # how far that silence had been heard
    sound: SoundEvidence
    talk_ended: bool = False  # the person's own program has said that nothing follows


@dataclass(frozen=True, slots=True)
class Stirred:
    """What may become speech."""

    person: Person


@dataclass(frozen=True, slots=True)
class Calmed:
    """What stirred was no speech."""

    person: Person


@dataclass(frozen=True, slots=True)
class Began:
    person: Person


@dataclass(frozen=True, slots=True)
class Paused:
    """Silence, which may be the end of what was said."""

    segment: Segment


@dataclass(frozen=True, slots=True)
class WentOn:
    """Speech again, after a pause."""

    person: Person
    silent_s: float  # how long it lasted
    talk_ended: bool  # the person's own program had said in it that nothing follows


@dataclass(frozen=True, slots=True)
class Stopped:
    """It is over. ``segment`` is None when it was a false start."""

    person: Person
    segment: Segment | None


EarEvent = Stirred | Calmed | Began | Paused | WentOn | Stopped


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
        self._preroll: deque[tuple[Samples, float]] = deque(maxlen=PREROLL_WINDOWS)
        self._noise: deque[Samples] = deque(maxlen=NOISE_WINDOWS)  # windows without speech
        self._speech: list[Samples] = []
        self._chances: list[float] = []  # probability of speech in each of these windows
        self._speech_s = 0.0  # when _speech begins
        self._talk_ended = False
        self._sending = True

    @property
    def speaking(self) -> bool:
        return self._segmenter.speaking

    @property
    def pausing(self) -> bool:
        return self._segmenter.speaking and self._segmenter.pausing

    @property
    def voiced_s(self) -> float:
        """How much of what is being said was speech so far."""
        return self._segmenter.voiced_s

    @property
    def silent_s(self) -> float:
        """How long the present pause has lasted."""
        return self._segmenter.silent_windows * WINDOW_S

    @property
    def talk_ended(self) -> bool:
        """In the present pause the person's own program has said that nothing follows."""
        return self._talk_ended

    @property
    def heard_s(self) -> float:
        """How far this person has been heard."""
        return self._windows_s

    def be_patient(self, silence_s: float) -> None:
        """How long the present pause has to last to be the end; the next word makes this void."""
        self._segmenter.patience_s = silence_s

    def so_far(self) -> Segment:
        """What is being said, up to now."""
        return self._segment(self._segmenter.silent_windows)

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
        if frame.sending and not self._sending:
            self._segmenter.hold(OPENED_S)
        events += self._take(self._resample(samples, frame.rate))
        if self._sending and not frame.sending:
            self._talk_ended = True
            events += self._react(self._segmenter.pause())
        self._sending = frame.sending
        return events

    def finish(self) -> list[EarEvent]:
        """The stream has ended: what is being said ends here."""
        if self._resampler is not None:
            tail = self._resampler.resample_chunk(np.zeros(0, np.float32), last=True)
        else:
            tail = np.zeros(0, np.float32)
        padding = np.zeros(WINDOW - 1, np.float32)
        events = self._take(np.concatenate([tail, padding]))
        if self._segmenter.speaking:
            events += self._react(self._segmenter.end())
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
        chance = self._voice.probability(window)
        was_speaking = self._segmenter.speaking
        border = self._segmenter.step(chance)
        if border is Border.START:
            begun = [*self._preroll, (window, chance)]
            self._speech, self._chances = [sound for sound, _ in begun], [chance for _, chance in begun]
            self._speech_s = self._windows_s - len(begun) * WINDOW_S
            self._talk_ended = False
            self._preroll.clear()
        elif was_speaking:
            self._speech.append(window)
            self._chances.append(chance)
        else:
            self._preroll.append((window, chance))
        if border is None and not self._segmenter.speaking:
            self._noise.append(window)
        return self._react(border)

    def _react(self, border: Border | None) -> list[EarEvent]:
        match border:
            case Border.STIR:
                return [Stirred(self.person)]
            case Border.CALM:
                return [Calmed(self.person)]
            case Border.START:
                return [Began(self.person)]
            case Border.PAUSE:
                return [Paused(self.so_far())]
            case Border.GO_ON:
                talk_ended, self._talk_ended = self._talk_ended, False
                return [WentOn(self.person, self._segmenter.last_pause_s, talk_ended)]
            case Border.END:
                return [Stopped(self.person, self._close())]
            case Border.FALSE_START:
                self._close()
                return [Stopped(self.person, None)]
            case Border.CUT:
                return [Stopped(self.person, self._close()), Began(self.person)]
        return []

    def _close(self) -> Segment:
        segment = self.so_far()
        self._speech, self._chances = [], []
        self._speech_s = self._windows_s
        self._talk_ended = False
        return segment

    def _segment(self, silent_windows: int) -> Segment:
        """Up to the present silence, of which a little stays."""
        spoken = len(self._speech) - silent_windows
        samples = np.concatenate([*self._speech[: spoken + TAIL_WINDOWS], _NOTHING])
        before = np.concatenate([*self._noise, _NOTHING])
        return Segment(
            person=self.person,
            samples=samples,
            started_s=self._speech_s,
            ended_s=self._windows_s - silent_windows * WINDOW_S,
            noticed_s=self._windows_s,
            sound=measured(self._chances[:spoken], samples[: spoken * WINDOW], before),
            talk_ended=self._talk_ended,
        )
