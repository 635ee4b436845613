"""The real class on a tiny random Whisper: it shows that the parts fit, not what they understand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)

from persona_core.engines.transformers_whisper import TransformersWhisper
from persona_core.engines.whisper import Reading
from persona_core.engines.whisper_windows import frames_for
from persona_core.errors import EngineError
from persona_core.types import EAR_RATE, Speech, Transcript
from tests.devices import DEVICES

SPECIAL = [
    "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|de|>", "<|translate|>", "<|transcribe|>",
    "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
]  # fmt: skip
NOISE = 0.1 * np.random.default_rng(0).standard_normal(2 * EAR_RATE).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whisper")
    letters = {letter: n for n, letter in enumerate(sorted(ByteLevel.alphabet()))}
    tokenizer = WhisperTokenizer(vocab=letters, merges=[], unk_token="<|endoftext|>")
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL})
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL}
    end, start = ids["<|endoftext|>"], ids["<|startoftranscript|>"]
    model = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=len(tokenizer),
            d_model=16,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=16,
            decoder_ffn_dim=16,
            decoder_start_token_id=start,
            bos_token_id=end,
            eos_token_id=end,
            pad_token_id=end,
            suppress_tokens=None,
            begin_suppress_tokens=None,
        )
    )
    model.generation_config = GenerationConfig(
        decoder_start_token_id=start,
        eos_token_id=end,
        pad_token_id=end,
        lang_to_id={name: ids[name] for name in ("<|en|>", "<|de|>")},
    )
    model.save_pretrained(path)
    WhisperProcessor(WhisperFeatureExtractor(), tokenizer).save_pretrained(path)
    return path


@pytest.fixture(scope="module", params=DEVICES)
def whisper(folder: Path, request: pytest.FixtureRequest) -> TransformersWhisper:
    return TransformersWhisper(folder, request.param)


def test_a_reading_carries_its_evidence(whisper: TransformersWhisper) -> None:
    with torch.inference_mode():
        (reading,) = whisper._read([Speech(NOISE)])
    assert isinstance(reading, Reading)
    assert reading.language in ("en", "de")
    assert reading.logprob < 0
    assert 0 < reading.no_speech < 1


def test_the_language_asked_for_is_used_and_an_unknown_one_detected(whisper: TransformersWhisper) -> None:
    with torch.inference_mode():
        heard = whisper._read([Speech(NOISE, "de"), Speech(NOISE, "tlh")])
    assert [reading.language for reading in heard] == ["de", "en"]  # a random model is sure of none


def test_only_the_real_length_is_encoded(whisper: TransformersWhisper) -> None:
    with torch.inference_mode():
        short, whole = (
            whisper._encode(Speech(NOISE), frames).last_hidden_state for frames in (frames_for(NOISE), 3000)
        )
    assert whole.shape[1] == 1500
    assert short.shape[1] == 500  # 2 s may be a word alone


def test_30_s_are_encoded_as_the_library_does_it(whisper: TransformersWhisper) -> None:
    sound = np.tile(NOISE, 15)
    features = whisper._processor.feature_extractor(sound, sampling_rate=EAR_RATE, return_tensors="pt")
    given = features.input_features.to(whisper._model.device, whisper._model.dtype)
    with torch.inference_mode():
        theirs = whisper._model.get_encoder()(given).last_hidden_state
        ours = whisper._encode(Speech(sound), 3000).last_hidden_state
    assert torch.allclose(ours.float(), theirs.float(), atol=0.01)


async def test_several_are_heard_in_their_order(whisper: TransformersWhisper) -> None:
    silence = Speech(np.zeros(EAR_RATE, np.float32))
    assert (await whisper.transcribe([silence, Speech(NOISE), silence]))[::2] == [Transcript("")] * 2


async def test_silence_is_empty(whisper: TransformersWhisper) -> None:
    assert await whisper.transcribe([Speech(np.zeros(EAR_RATE, np.float32))]) == [Transcript("")]


def test_a_folder_without_a_model_is_one_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="models verify"):
        TransformersWhisper(tmp_path)
