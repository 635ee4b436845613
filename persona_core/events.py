"""What a conversation tells its surroundings: the terminal today, captions and pages later."""

from __future__ import annotations

from dataclasses import dataclass

from persona_core.types import NOTHING_IN_MIND, Mind, Person, Reply, Timings, Utterance


@dataclass(frozen=True, slots=True)
class Hearing:
    """Somebody is speaking; this is what they have said so far."""

    person: Person
    stable: str  # will not change any more
    tentative: str  # may


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
    """A reply is over. ``reply.text`` is what was heard of it, where she was spoken over."""

    reply: Reply
    audio_s: float  # length of its sound; 0 when she was not asked to speak aloud
    timings: Timings
    answers: tuple[Utterance, ...] = ()  # what it replies to
    cut: bool = False  # she was spoken over, and stopped
    about: frozenset[str] = frozenset()  # ids of the people whose words it may repeat
    private: bool = False  # see Turn
    mind: Mind = NOTHING_IN_MIND  # what she had in mind


@dataclass(frozen=True, slots=True)
class Failed:
    """Something went wrong; ``message`` is one sentence for the user, the log has the cause."""

    message: str


Event = Hearing | Heard | Speaking | Said | Failed
