from __future__ import annotations

import numpy as np
import pytest

from persona_core.hearing.evidence import UNKNOWN_DB, SoundEvidence, has_words, measured
from persona_core.hearing.segmenter import WINDOW, WINDOW_S
from persona_core.types import EAR_RATE, Transcript


def sound(voiced_s: float, mean: float) -> SoundEvidence:
    return SoundEvidence(voiced_s, voiced_s, mean, 1.0, -25.0, -50.0)


@pytest.mark.parametrize(
    ("text", "logprob", "no_speech", "heard"),
    [
        ("There's iron, they say, in all our blood.", -0.28, 0.28, sound(2.2, 0.88)),  # LibriSpeech
        ("Amelia", -1.04, 0.11, sound(0.7, 0.95)),  # a name alone is improbable
        ("Amelia", -0.75, 0.54, sound(1.28, 0.87)),  # quiet
        ("Myra", -0.61, 0.88, sound(0.51, 0.92)),  # quiet, and taken for a room
        ("uh, scene uh", -1.34, 0.09, sound(0.93, 0.95)),  # a name misheard, in noise
        ("What do I hear seek?", -0.5, 0.1, sound(1.54, 0.79)),  # far from the microphone
        ("Side right.", -0.58, 0.52, sound(0.93, 0.79)),
        ("はい", -0.4, 0.2, sound(0.5, 0.9)),
    ],
)
def test_real_speech_passes_also_when_it_is_short_noisy_or_misheard(
    text: str, logprob: float, no_speech: float, heard: SoundEvidence
) -> None:
    assert has_words(Transcript(text, "en", 0.0, logprob, no_speech), heard)


@pytest.mark.parametrize(
    ("text", "logprob", "no_speech", "heard"),
    [
        ("you", -1.23, 0.73, sound(0.6, 0.65)),  # guitar
        ("I'm gonna have to go.", -1.78, 0.43, sound(1.1, 0.61)),  # laughter
        ("you", -0.82, 0.84, sound(0.42, 0.52)),  # a room
        ("Thank you.", -0.77, 0.78, sound(0.22, 0.68)),  # a chest of drawers
        ("Ciao.", -1.01, 0.57, sound(0.38, 0.86)),  # a bang
        ("Yeah.", -0.39, 0.53, sound(0.42, 0.65)),  # the string of a bow
        ("Let me", -1.17, 0.49, sound(0.45, 0.77)),
        ("♪ ♪", -0.1, 0.1, sound(3.0, 0.9)),
        ("", 0.0, 0.0, sound(1.0, 1.0)),
        (
            "I will be back in the next one, so see you in the next one.",
            -0.5,
            0.2,
            sound(0.6, 0.9),
        ),  # too fast
    ],
)
def test_words_written_for_noise_are_dropped(
    text: str, logprob: float, no_speech: float, heard: SoundEvidence
) -> None:
    assert not has_words(Transcript(text, "en", 0.0, logprob, no_speech), heard)


def test_an_engine_without_figures_of_its_own_is_believed_where_the_sound_is_speech() -> None:
    assert has_words(Transcript("Good morning."), sound(1.0, 0.9))


def test_evidence_is_measured_over_the_voiced_windows_alone() -> None:
    quiet, loud = np.full(WINDOW, 0.001, np.float32), np.full(WINDOW, 0.1, np.float32)
    windows = np.concatenate([quiet, loud, quiet, loud, quiet])
    evidence = measured([0.1, 0.9, 0.2, 0.7, 0.1], windows, np.full(EAR_RATE, 0.01, np.float32))
    assert evidence.voiced_s == pytest.approx(2 * WINDOW_S)
    assert evidence.span_s == pytest.approx(3 * WINDOW_S)
    assert evidence.mean_probability == pytest.approx(0.6)
    assert evidence.peak_probability == 0.9
    assert evidence.level_db == pytest.approx(-20, abs=0.01)
    assert evidence.noise_db == pytest.approx(-40, abs=0.01)


def test_silence_has_no_evidence() -> None:
    nothing = np.zeros(0, np.float32)
    assert measured([], nothing, nothing) == SoundEvidence(0, 0, 0, 0, UNKNOWN_DB, UNKNOWN_DB)
    assert measured([0.1], np.zeros(WINDOW, np.float32), nothing).voiced_s == 0
