from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from persona_core.engines.log_mel import log_mel


@pytest.mark.parametrize("bands", [80, 128])
@pytest.mark.parametrize("samples", [1, 159, 16_000, 48_123])
def test_a_spectrogram_is_the_one_that_faster_whisper_makes(bands: int, samples: int) -> None:
    sound = 0.1 * np.random.default_rng(samples).standard_normal(samples).astype(np.float32)
    theirs = FeatureExtractor(feature_size=bands)
    expected = theirs(sound)
    ours = log_mel(sound, theirs.mel_filters)
    assert ours.dtype == np.float32
    assert np.abs(ours[:, : expected.shape[1]] - expected).max() < 1e-4
    assert ours.shape[1] - expected.shape[1] in (0, 1)
