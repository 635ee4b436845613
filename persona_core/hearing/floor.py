"""Whose turn it is: a pure function of events. No clock, no sound, no model."""

from __future__ import annotations

from dataclasses import dataclass, field

from persona_core.types import Utterance


@dataclass(frozen=True, slots=True)
class Began:
    """Somebody began to speak."""

    person_id: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody stopped; ``words_follow`` says whether a text is being worked out."""

    person_id: str
    words_follow: bool


@dataclass(frozen=True, slots=True)
class Understood:
    """The text of what somebody said has arrived; None when there were no words in it."""

    utterance: Utterance | None


@dataclass(frozen=True, slots=True)
class Written:
    """Somebody typed a line."""

    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Answered:
    """She has finished her reply."""


FloorEvent = Began | Stopped | Understood | Written | Answered


@dataclass(frozen=True, slots=True)
class Floor:
    """The state between two events."""

    speaking: frozenset[str] = frozenset()  # ids of who is speaking
    texts_to_come: int = 0
    unanswered: tuple[Utterance, ...] = ()
    answering: bool = False

    @property
    def settled(self) -> bool:
        """All that can be understood and answered so far is."""
        return not (self.texts_to_come or self.answering)


@dataclass(frozen=True, slots=True)
class Step:
    """The state after an event and, when it is her turn, what she answers."""

    floor: Floor
    commit: tuple[Utterance, ...] = field(default=())


def step(floor: Floor, event: FloorEvent) -> Step:
    """She answers all that was said as soon as everybody is quiet and every text is in."""
    speaking, texts, said, answering = floor.speaking, floor.texts_to_come, floor.unanswered, floor.answering
    match event:
        case Began(person_id):
            speaking |= {person_id}
        case Stopped(person_id, words_follow):
            speaking -= {person_id}
            texts += words_follow
        case Understood(utterance):
            texts -= 1
            if utterance is not None:
                said = (*said, utterance)
        case Written(line):
            said = (*said, line)
        case Answered():
            answering = False
    if said and not (speaking or texts or answering):
        return Step(Floor(speaking, texts, (), True), tuple(sorted(said, key=lambda u: u.ended_s)))
    return Step(Floor(speaking, texts, said, answering))
