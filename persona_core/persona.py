"""The persona as a whole: who she is and the engines that serve her, put together by ``assemble.py``."""

from __future__ import annotations

from dataclasses import dataclass

from memory.ports import Embedder
from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.ports import (
    EndOfText,
    EndOfTurn,
    Forgetful,
    LanguageModel,
    SpeechToText,
    TextToSpeech,
    VoiceActivity,
    VoiceEncoder,
)
from persona_core.thinking.character import Character
from persona_core.types import Sampling


@dataclass(frozen=True, slots=True)
class Hearing:
    """What it takes to understand speech."""

    vad: VoiceActivity
    stt: SpeechToText
    segmenter: SegmenterSettings
    language: str = ""  # ISO 639-1; empty: detected for each utterance
    end_of_turn: EndOfTurn | None = None  # None: told by the words alone
    quickest_s: float = 0.7  # of silence after what has probably been finished
    longest_s: float = 1.7  # of silence after what has probably not


@dataclass(frozen=True, slots=True)
class Persona:
    character: Character
    llm: LanguageModel
    last_resort: LanguageModel  # answers when ``llm`` fails
    sampling: Sampling
    hearing: Hearing | None = None  # None: she only reads
    tts: TextToSpeech | None = None  # None: she only writes
    voices: VoiceEncoder | None = None  # None: people in one stream are not told apart
    fillers: bool = False  # whether she says something short when a reply is late
    listening_sounds: bool = False  # whether she shows with a sound that she listens
    languages: frozenset[str] = frozenset({"en"})  # that she can speak aloud, ISO 639-1
    end_of_text: EndOfText | None = None  # ``llm``, where it can tell
    embedder: Embedder | None = None  # None: what is remembered is found by its words alone
    note_tokens: int = 120  # of what comes to her mind while somebody speaks: read before they have finished
    reflection_llm: LanguageModel | None = None  # thinks over what was said; None: noted by its words alone

    async def forget(self) -> None:
        """No engine keeps anything of what was said. What is being answered, and what comes next, is read anew."""
        engines: dict[int, object] = {id(one): one for one in (self.llm, self.reflection_llm)}
        for engine in engines.values():
            if isinstance(engine, Forgetful):
                await engine.forget()
