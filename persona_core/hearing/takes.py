"""What is told of what everybody says, take by take."""

from __future__ import annotations

from dataclasses import dataclass

from persona_core.hearing.ear import Calmed, Stirred
from persona_core.hearing.partials import Partial
from persona_core.types import Person, Utterance


@dataclass(frozen=True, slots=True)
class Began:
    take: int
    person: Person


@dataclass(frozen=True, slots=True)
class Saying:
    """What somebody has said so far."""

    take: int
    person: Person
    partial: Partial
    language: str
    voiced_s: float  # how long they have been speaking


@dataclass(frozen=True, slots=True)
class Guessed:
    """What somebody has probably said, before it is worked out: from a partial text that was hardly behind."""

    take: int
    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Likely:
    """What somebody has said, if the present pause is its end."""

    take: int
    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Weighed:
    """How long the present pause has to be to be the end."""

    take: int
    language: str
    voiced_s: float  # how long they have been speaking
    patience_s: float


@dataclass(frozen=True, slots=True)
class WentOn:
    """It was not the end."""

    take: int
    person: Person


@dataclass(frozen=True, slots=True)
class Ended:
    """What somebody has said; None: there were no words in it."""

    take: int
    person: Person
    utterance: Utterance | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that was said is lost."""

    error: BaseException


EarsEvent = Stirred | Calmed | Began | Saying | Guessed | Likely | Weighed | WentOn | Ended | Trouble
