"""What the persona needs from engines and transports, one small protocol each.

Engines hide their threads: every ``async`` method may be called from the event loop and never
blocks it. Errors that reach the caller are ``persona_core.errors.EngineError``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Protocol

from persona_core.types import Frame, Message, Pcm, Samples, Sampling, Transcript


class VoiceStream(Protocol):
    """Voice activity of one person's sound; keeps the state between windows."""

    def probability(self, window: Samples) -> float:
        """Probability (0..1) of speech in ``window``: 512 samples at 16 kHz. Takes under a millisecond."""
        ...


class VoiceActivity(Protocol):
    def open(self) -> VoiceStream:
        """A fresh stream for one person."""
        ...


class SpeechToText(Protocol):
    async def transcribe(self, samples: Samples, language: str = "") -> Transcript:
        """Words in ``samples`` (16 kHz); ``language`` is ISO 639-1, empty to detect it."""
        ...


class LanguageModel(Protocol):
    context_tokens: int  # what prompt and answer may take together
    keeps_prefix: bool  # whether a prompt read ahead of time makes the next answer quicker

    def stream(
        self, messages: Sequence[Message], sampling: Sampling, conversation: str = ""
    ) -> AsyncGenerator[str, None]:
        """The answer, piece by piece as it is written.

        ``conversation`` names whose prompt this is, so that an engine can keep the evaluated prefix
        of each. Closing the generator (``aclose``) stops the model within one token.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """How many tokens ``text`` takes; engines that cannot know estimate upwards."""
        ...


class TextToSpeech(Protocol):
    rate: int  # Hz of everything it yields

    def speak(self, text: str) -> AsyncGenerator[Pcm, None]:
        """The sound of ``text``, in chunks as soon as each is made; nothing for text without words."""
        ...


class Playback(Protocol):
    """Where her voice goes."""

    async def play(self, pcm: Pcm, rate: int) -> None:
        """Queue sound; returns once it is accepted, which may be before it is audible."""
        ...

    async def drain(self) -> None:
        """Wait until all that was queued has been played."""
        ...


class Transport(Protocol):
    """A place where people are heard."""

    def frames(self) -> AsyncIterator[Frame]:
        """Everybody's frames in the order they were spoken; ends when the call does."""
        ...
