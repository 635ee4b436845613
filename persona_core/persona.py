"""The persona as a whole: who she is and the engines that serve her, put together by ``assemble.py``."""

from __future__ import annotations

from dataclasses import dataclass

from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.ports import LanguageModel, SpeechToText, TextToSpeech, VoiceActivity
from persona_core.thinking.character import Character
from persona_core.types import Sampling


@dataclass(frozen=True, slots=True)
class Hearing:
    """What it takes to understand speech."""

    vad: VoiceActivity
    stt: SpeechToText
    segmenter: SegmenterSettings
    language: str = ""  # ISO 639-1; empty: detected for each utterance


@dataclass(frozen=True, slots=True)
class Persona:
    character: Character
    llm: LanguageModel
    last_resort: LanguageModel  # answers when ``llm`` fails
    sampling: Sampling
    hearing: Hearing | None = None  # None: she only reads
    tts: TextToSpeech | None = None  # None: she only writes
