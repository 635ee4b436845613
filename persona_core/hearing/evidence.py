"""Were words spoken at all? Recognisers write sentences for noise; the evidence tells, in any language."""

from __future__ import annotations

from dataclasses import dataclass

from persona_core.types import Transcript

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
    noise_db: float  # RMS of the second before, dBFS; -100 when unknown


def has_words(transcript: Transcript, sound: SoundEvidence) -> bool:
    """Whether the evidence allows that ``transcript`` was really spoken in ``sound``."""
    if not any(letter.isalnum() for letter in transcript.text):
        return False
    if transcript.looped and transcript.logprob < _DOUBT_AFTER_LOOP:
        return False
    return not any(transcript.no_speech >= high and transcript.logprob < low for high, low in _DOUBTS)
