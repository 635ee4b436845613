"""What a conversation tells its surroundings: the terminal today, captions and pages later."""

from __future__ import annotations

from dataclasses import dataclass

from persona_core.types import Reply, Timings, Utterance


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody said something and its text is final."""

    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Speaking:
    """A piece of the reply that is being written; the pieces of a reply join to its text."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A reply is complete."""

    reply: Reply
    audio_s: float  # length of its sound; 0 when she was not asked to speak aloud
    timings: Timings
    answers: tuple[Utterance, ...] = ()  # what it replies to


@dataclass(frozen=True, slots=True)
class Failed:
    """Something went wrong; ``message`` is one sentence for the user, the log has the cause."""

    message: str


Event = Heard | Speaking | Said | Failed
