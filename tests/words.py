"""Comparing words: word error rate after Whisper's own English normalisation (numbers, contractions)."""

from __future__ import annotations

import jiwer
from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

from persona_core.ports import SpeechToText
from persona_core.types import Samples, Speech

_normalise = EnglishTextNormalizer({})


def normalised(text: str) -> str:
    """``text`` as it is compared."""
    return str(_normalise(text))


def word_error_rate(said: str, heard: str) -> float:
    """Share of the words of ``said`` that are wrong, missing or too many in ``heard``."""
    return float(jiwer.wer(normalised(said), normalised(heard)))


async def text_of(stt: SpeechToText, samples: Samples, language: str = "") -> str:
    """The words that ``stt`` hears in ``samples`` (16 kHz)."""
    (transcript,) = await stt.transcribe([Speech(samples, language)])
    return transcript.text
