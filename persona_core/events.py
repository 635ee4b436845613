"""What a conversation, and an eye, tell their surroundings: terminal, captions and pages."""

from __future__ import annotations

from dataclasses import dataclass

from memory.types import Encounter
from persona_core.types import NOTHING_IN_MIND, Mind, Person, Reply, SeenFace, Timings, Utterance


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


@dataclass(frozen=True, slots=True)
class Sight:
    """What is in view of a camera."""

    camera: str
    at: float  # time.perf_counter() of when the picture was taken
    width: int  # of the picture that the faces' pixels count in
    height: int
    faces: tuple[SeenFace, ...]  # the largest first


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody has come into view, and it is known who it is; or who was unknown turns out to be somebody."""

    camera: str
    track: int
    encounter: Encounter
    at: float  # time.perf_counter() of when the picture was taken


@dataclass(frozen=True, slots=True)
class Stranger:
    """A face has been in view for a while that she could be told by, and is nobody's who is known. Nothing is kept."""

    camera: str
    track: int
    at: float


@dataclass(frozen=True, slots=True)
class Gone:
    """A face is out of view; ``person`` is None where it was nobody's who is known."""

    camera: str
    track: int
    person: Person | None
    at: float


@dataclass(frozen=True, slots=True)
class Blind:
    """A camera shows nothing for the time being, or any more; ``message`` is one sentence for the user."""

    camera: str
    message: str


EyeEvent = Sight | Met | Stranger | Gone | Blind
