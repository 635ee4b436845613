from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from persona_core.engines.log_mel import log_mel
from persona_core.engines.whisper_windows import (
    WINDOW_FRAMES,
    batches,
    filled,
    frames_again,
    frames_for,
    is_audible,
    loud_seconds,
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
    ("frames", "expected"),
    [
        ([], []),
        ([700], [[0]]),
        ([700, 1000, 700], [[0, 2, 1]]),
        ([2000, 800, 1100, 1900], [[1, 2], [3, 0]]),  # the longest of a batch makes the others wait
        ([700] * 10, [list(range(8)), [8, 9]]),
    ],
)
def test_windows_of_similar_length_go_together(frames: list[int], expected: list[list[int]]) -> None:
    assert batches(frames) == expected


@pytest.mark.parametrize(
    ("seconds", "frames"),
    [
        (0.5, 1000),  # a word alone needs more silence than a sentence
        (3, 700),
        (9, 1200),
        (29, WINDOW_FRAMES),
        (30, WINDOW_FRAMES),
    ],
)
def test_little_more_than_the_real_length_is_encoded(seconds: float, frames: int) -> None:
    assert frames_for(np.full(round(seconds * EAR_RATE), 0.1, np.float32)) == frames


def test_what_is_filled_in_is_the_silence_that_follows_the_sound() -> None:
    filters = FeatureExtractor().mel_filters
    sound = 0.1 * np.random.default_rng(0).standard_normal(EAR_RATE).astype(np.float32)
    followed = log_mel(np.concatenate([sound, np.zeros(EAR_RATE, np.float32)]), filters)
    (ours,) = filled([log_mel(sound, filters)], 200)
    assert ours.shape == (80, 200)
    settled = slice(105, 200)
    assert np.allclose(ours[:, settled], followed[:, settled], atol=1e-4)


@pytest.mark.parametrize(
    ("seconds", "frames"), [(1.0, [1500, 3000]), (12.0, [1500, 3000]), (13.0, [3000]), (30.0, [3000])]
)
def test_another_attempt_is_first_made_on_half_a_window_as_is_the_first_where_an_earlier_one_got_lost(
    seconds: float, frames: list[int]
) -> None:
    sound = np.zeros(int(seconds * EAR_RATE), np.float32)
    assert frames_again(sound) == frames
    assert frames_for(sound, lost=True) == frames[0]
