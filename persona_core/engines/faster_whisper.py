"""Whisper run by CTranslate2 (faster-whisper)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens

from persona_core.engines.card import load_cublas
from persona_core.engines.log_mel import log_mel
from persona_core.engines.whisper import (
    BEAM,
    Reading,
    WhisperEngine,
    chosen_language,
    is_lost,
    is_unsure,
    most_tokens,
    truer,
    usual_language,
)
from persona_core.engines.whisper_windows import filled, frames_for
from persona_core.errors import EngineError
from persona_core.types import Speech

LANES = 2  # a final text is worked out beside a partial one that has been begun; both share the weights
_MOST_TOKENS = 224  # half of Whisper's text context


class FasterWhisper(WhisperEngine):
    """Greedy where that is sure, without timestamps or previous text, in threads of its own.

    It decodes by hand instead of calling ``WhisperModel.transcribe``, which encodes 30 s for every word,
    twice where the language is unknown, and hides the evidence for what it drops.
    """

    def __init__(self, path: Path, device: Literal["cpu", "cuda"] = "cpu", threads: int = 0) -> None:
        """``path``: a CTranslate2 model folder. ``threads``: of each lane; 0 for CTranslate2's own choice."""
        kind = "float16" if device == "cuda" else "int8"
        if device == "cuda":
            load_cublas()
        try:
            (path / "tokenizer.json").stat()  # without it, or the folder, the library would go and fetch one
            self._model = WhisperModel(
                str(path), device=device, compute_type=kind, cpu_threads=threads, num_workers=LANES
            )
        except (RuntimeError, ValueError, OSError) as cause:
            raise EngineError(
                f"The speech recogniser in {path} cannot be loaded on {device}: "
                "run python -m persona_core.models verify, or set DEVICE=cpu."
            ) from cause
        super().__init__("faster-whisper", LANES)

    def _read(self, pieces: Sequence[Speech]) -> list[Reading]:
        encoded = self._encode(pieces, _frames_for(pieces))
        readings = self._read_greedily(encoded, pieces)
        unsure = [i for i, reading in enumerate(readings) if is_unsure(reading) and not pieces[i].draft]
        if unsure:
            some = [pieces[i] for i in unsure]
            if len(some) < len(pieces):  # CTranslate2 cannot take a part of what it has encoded
                encoded = self._encode(some, _frames_for(some))
            better = self._decode(encoded, some, [readings[i].read_in for i in unsure], BEAM)
            for i, reading in zip(unsure, better, strict=True):
                readings[i] = reading
        return readings

    def _read_again(self, piece: Speech, frames: int) -> Reading:
        encoded = self._encode([piece], frames)
        (first,) = self._read_greedily(encoded, [piece])
        if not is_lost(first) and not is_unsure(first):
            return first
        (reading,) = self._decode(encoded, [piece], [first.read_in], BEAM)
        return replace(reading, looped=is_lost(first))

    def _read_greedily(self, encoded: Any, pieces: Sequence[Speech]) -> list[Reading]:
        """In the language of each; where another one than the usual was detected, both are read."""
        languages = self._detect(encoded, pieces)
        readings = self._decode(encoded, pieces, languages, beam=1)
        usual = [usual_language(piece, self._model.supported_languages) for piece in pieces]
        if all(reading.is_usual(own) for reading, (own, _) in zip(readings, usual, strict=True)):
            return readings
        # of all, as CTranslate2 cannot take a part of what it has encoded
        instead = self._decode(encoded, pieces, usual, beam=1)
        return [truer(own, reading) for own, reading in zip(instead, readings, strict=True)]

    def _encode(self, pieces: Sequence[Speech], frames: int) -> Any:
        filters = self._model.feature_extractor.mel_filters
        return self._model.encode(filled([log_mel(piece.samples, filters) for piece in pieces], frames))

    def _detect(self, encoded: Any, pieces: Sequence[Speech]) -> list[tuple[str, float]]:
        """The language of each and its probability."""
        if not self._model.model.is_multilingual:
            return [("en", 0.0)] * len(pieces)
        supported = self._model.supported_languages
        if all(piece.language in supported for piece in pieces):
            return [(piece.language, 0.0) for piece in pieces]
        guesses = [best for best, *_ in self._model.model.detect_language(encoded)]
        return [
            chosen_language(piece, token.strip("<|>"), probability, supported)
            for piece, (token, probability) in zip(pieces, guesses, strict=True)
        ]

    def _tokenizer(self, language: str) -> Tokenizer:
        return Tokenizer(
            self._model.hf_tokenizer, self._model.model.is_multilingual, task="transcribe", language=language
        )

    def _decode(
        self, encoded: Any, pieces: Sequence[Speech], languages: Sequence[tuple[str, float]], beam: int
    ) -> list[Reading]:
        tokenizers = [self._tokenizer(language) for language, _ in languages]
        most = [min(most_tokens(piece.samples), _MOST_TOKENS) for piece in pieces]
        results = self._model.model.generate(
            encoded,
            [[*tokenizer.sot_sequence, tokenizer.no_timestamps] for tokenizer in tokenizers],
            beam_size=beam,
            max_length=2 * max(most),  # CTranslate2 writes half of it at most
            suppress_tokens=get_suppressed_tokens(tokenizers[0], [-1]),
            return_scores=True,
            return_no_speech_prob=True,
        )
        return [
            _reading(result, tokenizer, probability, limit)
            for result, tokenizer, (_, probability), limit in zip(
                results, tokenizers, languages, most, strict=True
            )
        ]


def _frames_for(pieces: Sequence[Speech]) -> int:
    return max(frames_for(piece.samples, piece.lost) for piece in pieces)


def _reading(result: Any, tokenizer: Tokenizer, language_probability: float, most: int) -> Reading:
    tokens = result.sequences_ids[0]
    return Reading(
        text=tokenizer.decode(tokens).strip(),
        language=tokenizer.language_code,
        language_probability=language_probability,
        logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),  # the score leaves out the closing token
        no_speech=result.no_speech_prob,
        tokens=len(tokens),
        ran_on=len(tokens) >= most - 1,
    )
