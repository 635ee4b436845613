from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from persona_core.engines.log_mel import log_mel
from persona_core.engines.whisper_windows import (
    AFTER_FRAMES,
    LEAST_FRAMES,
    WINDOW_FRAMES,
    batches,
    is_audible,
    loud_seconds,
    padded,
    windows,
)
from persona_core.types import EAR_RATE


def test_long_speech_is_cut_where_it_is_quiet_and_nothing_is_lost() -> None:
    sound = 0.1 * np.random.default_rng(0).standard_normal(70 * EAR_RATE).astype(np.float32)
    quiet = slice(27 * EAR_RATE, 27 * EAR_RATE + EAR_RATE // 4)
    sound[quiet] = 0
    pieces = list(windows(sound))
    assert np.array_equal(np.concatenate(pieces), sound)
    assert quiet.start <= len(pieces[0]) <= quiet.stop
    assert all(len(piece) <= 30 * EAR_RATE for piece in pieces)


def test_a_sound_below_any_microphone_is_not_audible() -> None:
    assert is_audible(np.full(10, 0.01, np.float32))
    assert not is_audible(np.full(10, 1e-6, np.float32))
    assert not is_audible(np.zeros(0, np.float32))


def test_pauses_and_silence_are_not_loud() -> None:
    speech = 0.1 * np.random.default_rng(0).standard_normal(EAR_RATE).astype(np.float32)
    pause = 0.001 * speech
    assert loud_seconds(np.concatenate([speech, pause, speech])) == pytest.approx(2, abs=0.05)
    assert loud_seconds(np.zeros(EAR_RATE, np.float32)) == 0
    assert loud_seconds(np.zeros(3, np.float32)) == 0


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], []),
        ([4], [[0]]),
        ([4, 4.5, 5], [[0, 1, 2]]),
        ([20, 2, 4, 19], [[1, 2], [3, 0]]),  # the longest of a batch makes the others wait
        ([2, 9, 12, 14], [[0], [1, 2], [3]]),
        ([3] * 10, [list(range(8)), [8, 9]]),
    ],
)
def test_sounds_of_similar_length_go_together(seconds: list[float], expected: list[list[int]]) -> None:
    assert batches([round(s * EAR_RATE) for s in seconds]) == expected


def test_a_batch_is_as_long_as_its_longest_needs_and_never_longer_than_the_encoder_takes() -> None:
    short, long = np.ones((80, 100), np.float32), np.ones((80, 1900), np.float32)
    assert padded([short], whole=False).shape == (1, 80, LEAST_FRAMES)
    assert padded([short], whole=True).shape == (1, 80, WINDOW_FRAMES)
    assert padded([short, long], whole=False).shape == (2, 80, 1900 + AFTER_FRAMES)
    assert padded([np.ones((80, WINDOW_FRAMES + 1), np.float32)], whole=False).shape == (1, 80, WINDOW_FRAMES)


def test_what_is_filled_in_is_the_silence_that_follows_the_sound() -> None:
    filters = FeatureExtractor().mel_filters
    sound = 0.1 * np.random.default_rng(0).standard_normal(EAR_RATE).astype(np.float32)
    followed = log_mel(np.concatenate([sound, np.zeros(9 * EAR_RATE, np.float32)]), filters)
    filled = padded([log_mel(sound, filters)], whole=False)[0]
    settled = slice(105, LEAST_FRAMES)
    assert np.allclose(filled[:, settled], followed[:, settled], atol=1e-4)
