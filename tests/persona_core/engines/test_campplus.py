"""CAM++ on real voices: the same person is alike, others are not."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from persona_core.assemble import VOICES, build_voice_encoder
from persona_core.engines.campplus import CampPlus, features
from persona_core.engines.campplus_graph import SIZE, network
from persona_core.engines.torch_file import read_tensors
from persona_core.engines.when_needed import WhenNeeded
from persona_core.errors import EngineError
from persona_core.settings import Settings
from persona_core.types import EAR_RATE, Samples


@pytest.fixture(scope="module")
def encoder(weights: Callable[[str], Path]) -> CampPlus:
    return CampPlus(weights("campplus-zh-en"))


def clips(shared_data: Path, speaker: str) -> list[Samples]:
    paths = sorted((shared_data / "speech" / "librispeech" / speaker).glob("*.flac"))
    return [soundfile.read(path, dtype="float32")[0] for path in paths]


async def test_one_voice_is_liker_to_itself_than_to_anothers(encoder: CampPlus, shared_data: Path) -> None:
    ann = [await encoder.embed(clip) for clip in clips(shared_data, "1688")[:4]]
    bob = [await encoder.embed(clip) for clip in clips(shared_data, "2033")[:4]]
    own = [one @ other for voices in (ann, bob) for n, one in enumerate(voices) for other in voices[:n]]
    across = [one @ other for one in ann for other in bob]
    assert min(own) > 0.5 > 0.35 > max(across)


async def test_a_voice_is_of_unit_length_however_long_the_sound(encoder: CampPlus, shared_data: Path) -> None:
    clip = clips(shared_data, "1688")[0]
    lengths = [int(seconds * EAR_RATE) for seconds in (0.3, 0.5, 1.99, 2.0, 2.02, 5.0, 15.0)]
    for voice in await asyncio.gather(*(encoder.embed(clip[:length]) for length in lengths)):
        assert voice.shape == (SIZE,) and voice.dtype == np.float32
        assert np.linalg.norm(voice) == pytest.approx(1, abs=1e-5)


async def test_loudness_does_not_matter_and_silence_harms_nothing(
    encoder: CampPlus, shared_data: Path
) -> None:
    clip = clips(shared_data, "1688")[0][: 3 * EAR_RATE]
    assert await encoder.embed(clip) @ await encoder.embed(clip * np.float32(0.1)) > 0.99
    assert np.isfinite(await encoder.embed(np.zeros(EAR_RATE, np.float32))).all()


async def test_too_little_sound_is_refused(encoder: CampPlus) -> None:
    with pytest.raises(EngineError):
        await encoder.embed(np.zeros(1000, np.float32))


def test_features_are_a_row_for_each_ten_milliseconds_without_their_mean() -> None:
    noise = np.random.default_rng(1).standard_normal(2 * EAR_RATE + 240).astype(np.float32)
    rows = features(noise)
    assert rows.shape == (200, 80) and np.allclose(rows.mean(axis=0), 0, atol=1e-4)


@pytest.mark.parametrize("content", [b"", b"not weights" * 9, None])
def test_missing_or_damaged_weights_are_one_plain_sentence(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "weights.pt").write_bytes(content)
    with pytest.raises(EngineError, match="verify"):
        CampPlus(tmp_path)


def test_so_are_those_of_another_network(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"head.conv1.weight": torch.zeros(3)}, tmp_path / "weights.pt")
    assert read_tensors(tmp_path / "weights.pt")
    with pytest.raises(KeyError):
        network(read_tensors(tmp_path / "weights.pt"))
    with pytest.raises(EngineError, match="verify"):
        CampPlus(tmp_path)


async def test_it_is_loaded_when_it_is_asked_and_missed_in_one_sentence(
    weights: Callable[[str], Path], tmp_path: Path
) -> None:
    there = WhenNeeded(VOICES, partial(build_voice_encoder, Settings(models_dir=weights(VOICES).parent)))
    assert np.linalg.norm(await there.embed(np.ones(EAR_RATE, np.float32))) == pytest.approx(1, abs=1e-4)
    shutil.copytree(weights(VOICES), tmp_path / VOICES)
    path = tmp_path / VOICES / "campplus_cn_en_common.pt"
    good = path.read_bytes()
    path.write_bytes(b"damaged")
    lacking = WhenNeeded(VOICES, partial(build_voice_encoder, Settings(models_dir=tmp_path)))
    with pytest.raises(EngineError, match="is damaged"):
        await lacking.embed(np.ones(EAR_RATE, np.float32))
    path.write_bytes(good)
    assert len(await lacking.embed(np.ones(EAR_RATE, np.float32))) == 192  # it is tried again
