from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from persona_core.engines.smart_turn import SmartTurn, features
from persona_core.errors import EngineError
from persona_core.types import EAR_RATE, Samples


@pytest.fixture(scope="module")
def engine(weights: Callable[[str], Path]) -> SmartTurn:
    return SmartTurn(weights("smart-turn"))


@pytest.fixture(scope="module")
def sentence(shared_data: Path) -> Samples:
    """His statement of having been a shop boy was | the thing I liked best of all: 4.5 s, cut at 2.58 s."""
    path = shared_data / "speech" / "librispeech" / "1688" / "1688-142285-0004.flac"
    samples, _ = soundfile.read(path, dtype="float32")
    return samples


async def test_a_finished_sentence_is_likelier_over_than_a_broken_off_one(
    engine: SmartTurn, sentence: Samples
) -> None:
    silence = np.zeros(EAR_RATE // 5, np.float32)
    broken_off = np.concatenate([sentence[: int(2.58 * EAR_RATE)], silence])
    assert await engine.probability(broken_off) < 0.2
    assert await engine.probability(sentence) > 0.8


async def test_only_the_last_eight_seconds_are_listened_to(engine: SmartTurn, sentence: Samples) -> None:
    twice = np.concatenate([sentence, sentence])
    longer = np.concatenate([sentence[::-1], twice])  # 9 s of the same end
    assert await engine.probability(longer) == await engine.probability(twice)


async def test_several_pauses_at_once_are_all_answered(engine: SmartTurn, sentence: Samples) -> None:
    pauses = [sentence[:length] for length in (20_000, 40_000, 60_000)]
    together = await asyncio.gather(*map(engine.probability, pauses))
    assert together == [await engine.probability(pause) for pause in pauses]


@pytest.mark.parametrize("length", [0, 1, 200, EAR_RATE, 8 * EAR_RATE, 30 * EAR_RATE])
async def test_any_length_of_sound_has_a_probability(engine: SmartTurn, length: int) -> None:
    assert 0 <= await engine.probability(np.zeros(length, np.float32)) <= 1


@pytest.mark.parametrize("content", [b"", b"not a network" * 9, None])
def test_a_missing_or_damaged_network_is_one_plain_sentence(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "network.onnx").write_bytes(content)
    with pytest.raises(EngineError, match="verify"):
        SmartTurn(tmp_path)


def test_features_are_those_of_whispers_own_extractor() -> None:
    """The original is transformers' extractor with 8 s of zero mean and unit variance."""
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    theirs = transformers.WhisperFeatureExtractor(chunk_length=8)
    noise = np.random.default_rng(0).normal(0.01, 0.1, 3 * EAR_RATE).astype(np.float32)
    padded = np.pad(noise, (5 * EAR_RATE, 0))
    wanted = theirs(padded, sampling_rate=EAR_RATE, do_normalize=True, return_tensors="np").input_features[0]
    assert np.abs(features(noise) - wanted).max() < 1e-3
