"""Were words spoken at all? Recognisers write sentences for noise; the evidence tells, in any language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from persona_core.hearing.segmenter import WINDOW, WINDOW_S
from persona_core.types import Samples, Transcript

VOICED = 0.35  # probability from which a window counts as speech; the segmenter stays in speech with as much
UNKNOWN_DB = -100.0

# Each pair: (probability of no speech above, mean log-probability of the words below). Either alone is weak
# evidence, since a name spoken alone is improbable and a quiet room may be taken for speech.
# Chosen on LibriSpeech, single spoken names and 28 sounds without words, for base and tiny.en.
_DOUBTS = ((0.6, -0.6), (0.3, -1.2), (0.0, -1.6))
_DOUBT_AFTER_LOOP = -0.6  # what is read after the recogniser had lost itself must be plainer


@dataclass(frozen=True, slots=True)
class SoundEvidence:
    """What the sound of one utterance tells, before any recogniser is asked."""

    voiced_s: float  # seconds in windows that the voice activity network took for speech
    span_s: float  # from the first to the last of these
    mean_probability: float  # of speech (0..1), over the span
    peak_probability: float
    level_db: float  # RMS of the voiced windows, dBFS
    noise_db: float  # RMS of the second before, dBFS; UNKNOWN_DB when there is none


def measured(probabilities: Sequence[float], samples: Samples, before: Samples) -> SoundEvidence:
    """The evidence of an utterance from its windows' ``probabilities``, its sound, and the second before it.

    ``samples`` are these windows, no more (16 kHz, ``WINDOW`` each). Windows of silence at either end are left out.
    """
    windows = np.asarray(samples, np.float32).reshape(-1, WINDOW)
    speech = np.asarray(probabilities, np.float64)
    voiced = np.flatnonzero(speech >= VOICED)
    if not len(voiced):
        return SoundEvidence(0.0, 0.0, 0.0, float(speech.max(initial=0.0)), UNKNOWN_DB, _level_db(before))
    span = speech[voiced[0] : voiced[-1] + 1]
    return SoundEvidence(
        voiced_s=len(voiced) * WINDOW_S,
        span_s=len(span) * WINDOW_S,
        mean_probability=float(span.mean()),
        peak_probability=float(span.max()),
        level_db=_level_db(windows[voiced]),
        noise_db=_level_db(before),
    )


def _level_db(samples: Samples) -> float:
    power = float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0
    return max(UNKNOWN_DB, 10 * float(np.log10(power + 1e-12)))


def has_words(transcript: Transcript, sound: SoundEvidence) -> bool:
    """Whether the evidence allows that ``transcript`` was really spoken in ``sound``."""
    if not any(letter.isalnum() for letter in transcript.text):
        return False
    if transcript.looped and transcript.logprob < _DOUBT_AFTER_LOOP:
        return False
    return not any(transcript.no_speech >= high and transcript.logprob < low for high, low in _DOUBTS)
