"""What the persona needs from engines and transports, one small protocol each.

Engines hide their threads: every ``async`` method may be called from the event loop and never
blocks it. Errors that reach the caller are ``persona_core.errors.EngineError``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterable, Sequence
from datetime import date
from typing import Protocol, runtime_checkable

from memory.gallery import FaceEmbedding, Match
from memory.types import Encounter
from persona_core.types import (
    Face,
    Frame,
    Message,
    Pcm,
    Person,
    Picture,
    Recalled,
    Samples,
    Sampling,
    Speech,
    Transcript,
    Turn,
    Utterance,
)


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
    async def transcribe(self, speech: Sequence[Speech]) -> list[Transcript]:
        """What is said in each of ``speech``, in the same order.

        Several are worked out together where the engine gains by it. Nothing is filtered but what the
        engine itself can tell to be no words; the evidence for the rest is in the ``Transcript``.
        """
        ...


class EndOfTurn(Protocol):
    async def probability(self, samples: Samples) -> float:
        """Probability (0..1) that whoever spoke ``samples`` (16 kHz, up to the pause) has finished."""
        ...


class VoiceEncoder(Protocol):
    name: str  # vectors of two encoders cannot be compared

    async def embed(self, samples: Samples) -> Samples:
        """Whose voice it is, as a vector of unit length: the more alike two are, the higher their product.

        ``samples``: 16 kHz, at least 0.3 s of one voice. Raises EngineError.
        """
        ...


class FaceEncoder(Protocol):
    name: str  # vectors of two encoders cannot be compared

    async def find(self, picture: Picture) -> list[Face]:
        """Every face in ``picture``, the largest first. Raises PictureError for what is none, EngineError."""
        ...

    async def embed(self, picture: Picture, face: Face) -> Samples:
        """Whose face it is, as a vector of unit length: the more alike two are, the higher their product.

        ``face`` is one that ``find`` found in this very picture. Raises PictureError and EngineError.
        """
        ...


class Acquaintances(Protocol):
    """Whom she knows by their face. Errors are ``KithError``."""

    async def whose(self, face: FaceEmbedding) -> Match:
        """Whose face it is, perhaps, or nobody's who agreed to be recognised; nothing is kept. Takes about a millisecond."""
        ...

    async def encounter(self, face: FaceEmbedding, transcript: str, at_s: float) -> Encounter:
        """They are met, saying ``transcript`` (empty: nothing yet) at ``at_s`` (Unix time).

        What is kept of it is durable on return; of who is unknown, or has not agreed to be remembered, nothing is.
        """
        ...

    def called(self, person_id: str) -> Person:
        """Somebody who is known, as they are called here."""
        ...


@runtime_checkable
class EndOfText(Protocol):
    async def completed(self, messages: Sequence[Message], conversation: str = "") -> float:
        """Probability (0..1) that the last message is over with its last word, whatever mark stands there.

        A language model tells it on its way to the answer: what is evaluated for this need not be again
        where ``LanguageModel.stream`` is asked next with the same messages. Raises EngineError.
        """
        ...


@runtime_checkable
class Forgetful(Protocol):
    """An engine that keeps something of what it was given, so that the next answer is quicker."""

    async def forget(self) -> None:
        """Keep nothing of it any more; durable nowhere, and gone from its memory when this returns."""
        ...


class LanguageModel(Protocol):
    context_tokens: int  # what prompt and answer may take together
    keeps_prefix: bool  # whether a prompt read ahead of time makes the next answer quicker

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        """The answer, piece by piece as it is written.

        ``conversation`` names whose prompt this is, so that an engine can keep the evaluated prefix
        of each. Closing the generator (``aclose``) stops the model within one token. A ``background``
        answer gives way to every other one and to ``read``, within 50 ms, and goes on afterwards; it
        also stands still while its consumer takes nothing.
        """
        ...

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        """Evaluate ahead of time what ``stream`` will soon be asked with, as far as it is known.

        The last message may still be growing: more may follow its last word. Cancelling this, or asking
        for an answer, ends it within 50 ms, and what was evaluated until then is kept. Does nothing
        where ``keeps_prefix`` is False. Raises EngineError.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """How many tokens ``text`` takes; engines that cannot know estimate upwards."""
        ...


class TextToSpeech(Protocol):
    rate: int  # Hz of everything it yields

    def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        """The sound of ``text``, in chunks as soon as each is made; nothing for text without words.

        ``language`` is ISO 639-1; an engine with one language ignores it.
        """
        ...


class Memories(Protocol):
    """What she remembers, as far as one conversation is concerned. Errors are ``KithError``."""

    @property
    def today(self) -> date:
        """What is known of a day is loaded anew on the next."""
        ...

    def heard(self, utterance: Utterance, present: frozenset[str]) -> Coroutine[None, None, None]:
        """Write down what somebody said, if they agreed to it; durable on return.

        ``present``: ids of those who were there from its first word to its last.
        """
        ...

    def said(self, reply: Turn) -> Coroutine[None, None, None]:
        """Write down what was heard of a reply, if all whose words it may repeat agreed to it."""
        ...

    @property
    def closed(self) -> bool:
        """Whether nobody hears or reads what she says aloud beside those who are there."""
        ...

    def tellable(self, turns: Iterable[Turn], reader: str | None) -> tuple[Turn, ...]:
        """Those lines of this conversation that all may hear who would hear or read what she says now.

        ``reader``: id of whom she answers in writing; None: she speaks.
        """
        ...

    async def know(self, aloud: bool) -> Recalled:
        """What matters about those who are there now, and about herself; ``aloud``: for what she speaks."""
        ...

    async def recall(self, text: str, person: Person, aloud: bool) -> Recalled:
        """What fits ``text``, which ``person`` is saying, and may be told to all who would hear it."""
        ...


class Playback(Protocol):
    """Where her voice goes."""

    @property
    def heard_s(self) -> float:
        """Seconds of her sound that have left for people's ears so far; never falls."""
        ...

    async def play(self, pcm: Pcm, rate: int) -> None:
        """Queue sound; returns once it is accepted, which may be before it is audible."""
        ...

    async def drain(self) -> None:
        """Wait until all that was queued has been played, or stopped."""
        ...

    def duck(self) -> None:
        """Speak more softly from now on."""
        ...

    def resume(self) -> None:
        """Speak at full voice again."""
        ...

    def stop(self) -> None:
        """Fall silent at once; what is queued is gone."""
        ...


class Transport(Protocol):
    """A place where people are heard."""

    def frames(self) -> AsyncIterator[Frame]:
        """Everybody's frames in the order they were spoken; ends when the call does."""
        ...
