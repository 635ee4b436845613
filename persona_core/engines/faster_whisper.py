"""Whisper run by CTranslate2 (faster-whisper)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens

from persona_core.engines.card import load_cublas
from persona_core.engines.whisper import (
    BEAM_AFTER_LOOP,
    SURE,
    Reading,
    WhisperEngine,
    is_lost,
    most_tokens,
)
from persona_core.errors import EngineError
from persona_core.types import Samples

_BEAM = 1  # 5 is hardly better (LibriSpeech test-other, base: 15.3 against 15.7 % WER), and slower
_MOST_TOKENS = 224  # half of Whisper's text context


class FasterWhisper(WhisperEngine):
    """Greedy, without timestamps or previous text, one utterance at a time in its own thread.

    It decodes by hand instead of calling ``WhisperModel.transcribe``, which encodes twice where the
    language is unknown and hides the evidence for what it drops.
    """

    def __init__(self, path: Path, device: Literal["cpu", "cuda"] = "cpu", threads: int = 0) -> None:
        """``path``: a CTranslate2 model folder. ``threads``: 0 for CTranslate2's own choice."""
        kind = "float16" if device == "cuda" else "int8"
        if device == "cuda":
            load_cublas()
        try:
            (path / "tokenizer.json").stat()  # without it, or the folder, the library would go and fetch one
            self._model = WhisperModel(str(path), device=device, compute_type=kind, cpu_threads=threads)
        except (RuntimeError, ValueError, OSError) as cause:
            raise EngineError(
                f"The speech recogniser in {path} cannot be loaded on {device}: "
                "run python -m persona_core.models verify, or set DEVICE=cpu."
            ) from cause
        super().__init__("faster-whisper")

    def _read(self, window: Samples, language: str) -> Reading:
        features = self._model.feature_extractor(window)
        encoded = self._model.encode(pad_or_trim(features))
        tokenizer = self._tokenizer(language or self._detect(encoded))
        most = min(most_tokens(window), _MOST_TOKENS)
        reading = self._decode(encoded, tokenizer, most, _BEAM)
        if is_lost(reading):
            reading = self._decode(encoded, tokenizer, most, BEAM_AFTER_LOOP, looped=True)
        return reading

    def _tokenizer(self, language: str) -> Tokenizer:
        multilingual = self._model.model.is_multilingual
        return Tokenizer(
            self._model.hf_tokenizer,
            multilingual,
            task="transcribe",
            language=language if multilingual and language in self._model.supported_languages else "en",
        )

    def _detect(self, encoded: Any) -> str:
        """The language spoken, or the usual one where that is not clear, as in a single word."""
        if not self._model.model.is_multilingual:
            return "en"
        token, probability = self._model.model.detect_language(encoded)[0][0]
        if probability >= SURE:
            self._usual = token.strip("<|>")
        return self._usual

    def _decode(
        self, encoded: Any, tokenizer: Tokenizer, most: int, beam: int, looped: bool = False
    ) -> Reading:
        (result,) = self._model.model.generate(
            encoded,
            [[*tokenizer.sot_sequence, tokenizer.no_timestamps]],
            beam_size=beam,
            max_length=2 * most,  # CTranslate2 writes half of it at most
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            return_scores=True,
            return_no_speech_prob=True,
        )
        tokens = result.sequences_ids[0]
        logprob = result.scores[0] * len(tokens) / (len(tokens) + 1)  # the score leaves out the closing token
        return Reading(
            text=tokenizer.decode(tokens).strip(),
            language=tokenizer.language_code,
            logprob=logprob,
            no_speech=result.no_speech_prob,
            ran_on=len(tokens) >= most - 1,
            looped=looped,
        )
