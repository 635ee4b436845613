"""Were words spoken at all? Recognisers write sentences for noise; the evidence tells, in any language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from persona_core.hearing.listening_words import is_laughter, words_of
from persona_core.hearing.segmenter import WINDOW, WINDOW_S
from persona_core.types import Samples, Transcript

VOICED = 0.35  # probability from which a window counts as speech; the segmenter stays in speech with as much
UNKNOWN_DB = -100.0

# How plain the words must be (mean log-probability per token), and what makes us ask for more. No figure decides
# alone: a name by itself is improbable, noise is written down as "Thank you." with confidence, laughter is voiced.
# Chosen on single names, made short words, 28 shared sounds without words and 950 of games and desktops (100 of all these
# pass the voice activity network), through Opus, with whisper-base.
_PLAIN = -1.5
_WEAK_VOICE, _PER_WEAKNESS = 0.9, 4.0  # mean probability of the voiced windows below, for each 1.0
_SHORT_S, _PER_SHORTNESS = 0.6, 1.5  # voiced seconds below, for each second
_NO_SPEECH, _PER_NO_SPEECH = 0.5, 1.0  # the recogniser's own probability above, for each 1.0
_LOOPED = 0.7  # it went round in circles, or writes one word again and again
_SAME_WORDS = 4  # in a row and nothing else
_FASTEST = 10.0  # words a second; quick speakers reach 7
# "[music]", "*laughs*": written about the sound, not heard in it
_ASIDE = re.compile(r"[\[(*♪][^\])*♪]*[\])*♪]?")


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
    """Whether ``transcript`` was really spoken in ``sound``; laughter is no words, a hum may be an answer."""
    words = words_of(_ASIDE.sub(" ", transcript.text))
    if all(is_laughter(word) for word in words) or sound.voiced_s <= 0:
        return False
    if len(words) - 1 > _FASTEST * sound.voiced_s:
        return False
    return transcript.logprob >= _asked_of(transcript, words, sound)


def _asked_of(transcript: Transcript, words: Sequence[str], sound: SoundEvidence) -> float:
    """The least log-probability that is believed."""
    voice = min(1.0, sound.mean_probability * sound.span_s / sound.voiced_s)  # without the pauses between
    in_circles = transcript.looped or (len(words) >= _SAME_WORDS and len(set(words)) == 1)
    return (
        _PLAIN
        + _PER_WEAKNESS * max(0.0, _WEAK_VOICE - voice)
        + _PER_SHORTNESS * max(0.0, _SHORT_S - sound.voiced_s)
        + _PER_NO_SPEECH * max(0.0, transcript.no_speech - _NO_SPEECH)
        + _LOOPED * in_circles
    )
