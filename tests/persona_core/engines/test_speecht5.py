"""The real classes on a tiny random SpeechT5: it shows that the parts fit, not how it sounds."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
from safetensors.numpy import save_file
from transformers import (
    SpeechT5Config,
    SpeechT5ForTextToSpeech,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
    SpeechT5Tokenizer,
)

from persona_core.engines.speecht5 import SpeechT5Voice
from persona_core.engines.xvectors import ARCHIVE, speaker_vector
from persona_core.errors import EngineError
from persona_core.types import Pcm, Voice
from tests.devices import DEVICES

SPEAKER = 12  # numbers in an x-vector of the tiny model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("speecht5")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["the quick brown fox jumps over the lazy dog, isn't it? yes."] * 20),
        model_prefix=str(path / "spm_char"),
        model_type="char",
        vocab_size=36,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    tokenizer = SpeechT5Tokenizer(str(path / "spm_char.model"))
    tokenizer.save_pretrained(path / "tts")
    SpeechT5ForTextToSpeech(
        SpeechT5Config(
            vocab_size=len(tokenizer),
            hidden_size=24,
            encoder_layers=1,
            encoder_attention_heads=2,
            encoder_ffn_dim=16,
            decoder_layers=1,
            decoder_attention_heads=2,
            decoder_ffn_dim=16,
            speech_decoder_prenet_units=16,
            speech_decoder_postnet_units=16,
            speech_decoder_postnet_layers=2,
            speaker_embedding_dim=SPEAKER,
        )
    ).save_pretrained(path / "tts")
    SpeechT5HifiGan(SpeechT5HifiGanConfig(upsample_initial_channel=16)).save_pretrained(path / "hifigan")
    return path


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    return request.param


async def said(voice: SpeechT5Voice, text: str) -> list[Pcm]:
    return [pcm async for pcm in voice.speak(text)]


async def test_each_sentence_becomes_sound_and_the_same_every_time(folder: Path, device: str) -> None:
    voice = SpeechT5Voice(folder, Voice(), device)
    first = await said(voice, "Is it lazy? Yes, the quick fox.")
    assert voice.rate == 16_000
    assert len(first) == 2 and all(pcm.dtype == np.int16 and pcm.size for pcm in first)
    again = await said(voice, "Is it lazy? Yes, the quick fox.")
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


async def test_speed_changes_how_long_it_takes(folder: Path, device: str) -> None:
    plain, fast = [
        np.concatenate(await said(SpeechT5Voice(folder, Voice(speed=speed), device), "the lazy dog"))
        for speed in (1, 2)
    ]
    assert 1.5 < len(plain) / len(fast) < 2.5


@pytest.mark.parametrize("text", ["", "...", "🙂"])
async def test_nothing_is_said_where_there_are_no_words(folder: Path, text: str) -> None:
    assert await said(SpeechT5Voice(folder, Voice()), text) == []


async def test_odd_characters_do_no_harm(folder: Path, device: str) -> None:
    voice = SpeechT5Voice(folder, Voice(), device)
    assert await said(voice, "\ud800 $3 🙂 ١٢ [[ə]] " + "x" * 210)


def test_a_folder_without_weights_is_one_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="TTS_ENGINE=hibari"):
        SpeechT5Voice(tmp_path, Voice())


def test_without_speakers_each_name_has_its_own_lasting_vector(tmp_path: Path) -> None:
    ann, bob = speaker_vector(tmp_path, "ann", SPEAKER), speaker_vector(tmp_path, "bob", SPEAKER)
    assert ann.shape == (SPEAKER,) and ann.dtype == np.float32
    assert np.array_equal(ann, speaker_vector(tmp_path, "ann", SPEAKER))
    assert not np.array_equal(ann, bob)


@pytest.mark.parametrize("kind", ["npy", "safetensors"])
def test_a_speaker_is_read_from_a_file_of_its_name(tmp_path: Path, kind: str) -> None:
    vector = np.arange(SPEAKER, dtype=np.float32)
    if kind == "npy":
        np.save(tmp_path / "speaker.npy", vector)
    else:
        save_file({"vector": vector}, tmp_path / "speaker.safetensors")
    assert np.array_equal(speaker_vector(tmp_path, "", SPEAKER), vector)
    with pytest.raises(EngineError, match="choose speaker"):
        speaker_vector(tmp_path, "ann", SPEAKER)


def test_the_speakers_of_the_archive_are_known_by_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / ARCHIVE, "w") as archive:
        for name, value in (("bdl", 1), ("slt", 2), ("slt", 4)):
            data = io.BytesIO()
            np.save(data, np.full(SPEAKER, value, np.float32))
            archive.writestr(f"spkrec-xvect/cmu_us_{name}_arctic-wav-arctic_a{value:04}.npy", data.getvalue())
    assert speaker_vector(tmp_path, "bdl", SPEAKER)[0] == 1
    assert speaker_vector(tmp_path, "", SPEAKER)[0] == 3  # the mean of slt's sentences
    with pytest.raises(EngineError, match="choose bdl, slt"):
        speaker_vector(tmp_path, "ann", SPEAKER)


def test_a_speaker_of_another_size_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "speaker.npy", np.zeros(SPEAKER + 1, np.float32))
    with pytest.raises(EngineError, match=f"{SPEAKER} numbers"):
        speaker_vector(tmp_path, "", SPEAKER)
