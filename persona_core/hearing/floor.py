"""Whose turn it is: a pure function of events. No clock, no sound, no model.

She begins to work out an answer when what is said to her has probably been said (Speculate), speaks it
when that is certain and everybody is quiet (Commit), keeps it back when somebody begins after all (Hold),
throws it away when they go on (Drop). Spoken over, she lowers her voice (Duck) until it is known whether
that was an interruption (Stop) or nothing of the kind (Resume); stopped in error, she goes on (Continue).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from persona_core.hearing.addressee import Addressed
from persona_core.hearing.mode import Mode
from persona_core.hearing.overlap import Overlap
from persona_core.types import Utterance

MOST_WAITING = 8  # utterances that one reply can do justice to; the oldest give way


# What happens


@dataclass(frozen=True, slots=True)
class Stirred:
    """A sound of somebody that may become speech."""

    person_id: str


@dataclass(frozen=True, slots=True)
class Calmed:
    """It did not."""

    person_id: str


@dataclass(frozen=True, slots=True)
class Began:
    """Somebody began to speak; ``take`` numbers what they say."""

    take: int
    person_id: str


@dataclass(frozen=True, slots=True)
class Likely:
    """Somebody has probably finished; this is what they said, and to whom."""

    take: int
    utterance: Utterance
    addressed: Addressed


@dataclass(frozen=True, slots=True)
class WentOn:
    """They had not finished."""

    take: int


@dataclass(frozen=True, slots=True)
class Ended:
    """They have finished; None: nothing was said that could be answered."""

    take: int
    utterance: Utterance | None
    addressed: Addressed = Addressed.OTHERS


@dataclass(frozen=True, slots=True)
class Written:
    """Somebody typed a line to her."""

    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What a person, or anybody (None), has said does not count any more."""

    person_id: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What it is that somebody says while she speaks."""

    take: int
    overlap: Overlap


@dataclass(frozen=True, slots=True)
class Lull:
    """Everybody has been quiet for a while."""


@dataclass(frozen=True, slots=True)
class Others:
    """People whom she may not hear begin to talk, or all of them have stopped."""

    talking: bool


@dataclass(frozen=True, slots=True)
class Audible:
    """Her first sound is on its way."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Her reply is over: said, written, stopped or failed."""


FloorEvent = (
    Stirred
    | Calmed
    | Began
    | Likely
    | WentOn
    | Ended
    | Written
    | Withdrawn
    | Judged
    | Lull
    | Others
    | Audible
    | Answered
)


# What is to be done


@dataclass(frozen=True, slots=True)
class Speculate:
    """Work out an answer, instead of any other, without leave to say it."""

    answers: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """Say it: the answer that is being worked out, if it answers just this, or a new one."""

    answers: tuple[Utterance, ...]


class Do(Enum):
    HOLD = auto()  # do not say it yet
    DROP = auto()  # give the answer up, unheard
    DUCK = auto()
    RESUME = auto()
    STOP = auto()
    CONTINUE = auto()  # say the rest of the reply that was stopped


Decision = Speculate | Commit | Do


# Between two events


class Phase(Enum):
    IDLE = auto()
    THINKING = auto()  # an answer is worked out, without leave
    LEAVE = auto()  # it may be said, and is not audible yet
    SPEAKING = auto()  # it is audible
    STOPPED = auto()  # it is being ended


@dataclass(frozen=True, slots=True)
class Floor:
    phase: Phase = Phase.IDLE
    stirring: frozenset[str] = frozenset()  # person ids
    talking: frozenset[int] = frozenset()  # takes whose final text is not in
    others: bool = False  # people whom she may not hear are talking
    likely: tuple[Likely, ...] = ()  # of the takes, who has probably finished
    waiting: tuple[Utterance, ...] = ()  # said to her, and not answered
    asked: Utterance | None = None  # a question to the room that nobody has taken
    answers: tuple[Utterance, ...] = ()  # what the answer in hand is to
    over: frozenset[int] = frozenset()  # takes that began while she spoke, not judged yet
    ducked: bool = False
    cut: bool = False  # she was stopped, and could go on

    @property
    def settled(self) -> bool:
        """There is nothing that she is about to say, or saying."""
        return self.phase in (Phase.IDLE, Phase.THINKING)

    def is_for_her_alone(self, take: int) -> bool:
        """Whether nobody else has the floor, and what is being said is probably said to her."""
        said_to = [one.addressed for one in self.likely if one.take == take]
        return self.settled and self.talking == {take} and not self.others and said_to == [Addressed.HER]

    @property
    def quiet(self) -> bool:
        """Nobody has the floor: neither of those she hears, nor of those she does not."""
        return not (self.talking or self.others)


@dataclass(frozen=True, slots=True)
class Step:
    """The state after an event, and what is to be done, in order."""

    floor: Floor
    decisions: tuple[Decision, ...] = ()


def addressed_in(mode: Mode, addressed: Addressed, called_on: bool) -> Addressed:
    """Whom an utterance counts as said to; ``called_on``: the person had asked for her ear."""
    match mode:
        case Mode.ALWAYS:
            return Addressed.HER
        case Mode.PUSH_TO_TALK:
            return Addressed.HER if called_on else Addressed.OTHERS
        case Mode.QUIET:
            return Addressed.OTHERS
    return Addressed.HER if called_on else addressed


def step(floor: Floor, event: FloorEvent) -> Step:
    match event:
        case Stirred(person_id):
            return _duck(replace(floor, stirring=floor.stirring | {person_id}))
        case Calmed(person_id):
            return _resume(replace(floor, stirring=floor.stirring - {person_id}))
        case Began(take, person_id):
            return _began(floor, take, person_id)
        case Likely():
            return _speculate(_with_likely(floor, event))
        case WentOn(take):
            return _went_on(floor, take)
        case Ended(take, utterance, addressed):
            return _ended(floor, take, utterance, addressed)
        case Written(utterance):
            return _settle(_waiting(floor, utterance))
        case Withdrawn(person_id):
            return _withdrawn(floor, person_id)
        case Judged(take, overlap):
            return _judged(floor, take, overlap)
        case Lull():
            asked = floor.asked
            return _settle(_waiting(floor, asked)) if asked and floor.quiet else Step(floor)
        case Others(talking):
            return _others(floor, talking)
        case Audible():
            return Step(replace(_answered(floor), phase=Phase.SPEAKING))
        case Answered():
            done = replace(_answered(floor), phase=Phase.IDLE, answers=(), over=frozenset(), ducked=False)
            return _settle(done)


def _began(floor: Floor, take: int, person_id: str) -> Step:
    floor = replace(floor, talking=floor.talking | {take}, stirring=floor.stirring - {person_id})
    if floor.phase is Phase.SPEAKING:
        return _duck(replace(floor, over=floor.over | {take}))
    return _hold(floor)


def _others(floor: Floor, talking: bool) -> Step:
    """What they say cannot be known: she waits while they talk, and goes on when they have stopped."""
    floor = replace(floor, others=talking)
    if not talking:
        resumed = _resume(floor)
        settled = _settle(resumed.floor)
        return Step(settled.floor, resumed.decisions + settled.decisions)
    floor = replace(floor, asked=None)  # they may have taken the question
    return _duck(floor) if floor.phase is Phase.SPEAKING else _hold(floor)


def _went_on(floor: Floor, take: int) -> Step:
    went_on = [one.utterance for one in floor.likely if one.take == take]
    floor = replace(floor, likely=tuple(one for one in floor.likely if one.take != take))
    if floor.phase is Phase.THINKING and any(said in floor.answers for said in went_on):
        return Step(replace(floor, phase=Phase.IDLE, answers=()), (Do.DROP,))
    return Step(floor)


def _ended(floor: Floor, take: int, utterance: Utterance | None, addressed: Addressed) -> Step:
    floor = replace(
        floor,
        talking=floor.talking - {take},
        likely=tuple(one for one in floor.likely if one.take != take),
        over=floor.over - {take},
    )
    if utterance is not None:
        floor = replace(floor, cut=False)
        if floor.asked and floor.asked.person.id != utterance.person.id:
            floor = replace(floor, asked=None)  # somebody has taken the question
        if addressed is Addressed.HER:
            floor = _waiting(floor, utterance)
        elif addressed is Addressed.ROOM:
            floor = replace(floor, asked=utterance)
    resumed = _resume(floor)
    settled = _settle(resumed.floor)
    return Step(settled.floor, resumed.decisions + settled.decisions)


def _withdrawn(floor: Floor, person_id: str | None) -> Step:
    waiting = tuple(said for said in floor.waiting if person_id not in (None, said.person.id))
    asked = None if floor.asked and person_id in (None, floor.asked.person.id) else floor.asked
    stirring = frozenset(one for one in floor.stirring if person_id not in (None, one))
    floor = replace(floor, waiting=waiting, asked=asked, stirring=stirring)
    unheard = floor.phase in (Phase.THINKING, Phase.LEAVE)
    if unheard and any(person_id in (None, said.person.id) for said in floor.answers):
        settled = _settle(replace(floor, phase=Phase.IDLE, answers=()))
        return Step(settled.floor, (Do.DROP, *settled.decisions))
    return _resume(floor)


def _judged(floor: Floor, take: int, overlap: Overlap) -> Step:
    if floor.phase is not Phase.SPEAKING or take not in floor.talking or overlap is Overlap.UNDECIDED:
        return Step(floor)
    if overlap is Overlap.INTERRUPTION:
        return Step(replace(floor, phase=Phase.STOPPED, over=frozenset(), cut=True), (Do.STOP,))
    return _resume(replace(floor, over=floor.over - {take}))


def _duck(floor: Floor) -> Step:
    if floor.phase is not Phase.SPEAKING or floor.ducked:
        return Step(floor)
    return Step(replace(floor, ducked=True), (Do.DUCK,))


def _hold(floor: Floor) -> Step:
    """Somebody else has the floor before she is audible."""
    if floor.phase is not Phase.LEAVE:
        return Step(floor)
    return Step(replace(floor, phase=Phase.THINKING), (Do.HOLD,))


def _resume(floor: Floor) -> Step:
    if not floor.ducked or floor.stirring or floor.over or floor.others:
        return Step(floor)
    return Step(replace(floor, ducked=False), (Do.RESUME,))


def _with_likely(floor: Floor, event: Likely) -> Floor:
    if event.take not in floor.talking:
        return floor
    others = tuple(one for one in floor.likely if one.take != event.take)
    return replace(floor, likely=(*others, event))


def _waiting(floor: Floor, utterance: Utterance) -> Floor:
    asked = None if floor.asked is utterance else floor.asked
    return replace(floor, waiting=(*floor.waiting, utterance)[-MOST_WAITING:], asked=asked)


def _answered(floor: Floor) -> Floor:
    return replace(floor, waiting=tuple(said for said in floor.waiting if said not in floor.answers))


def _together(waiting: tuple[Utterance, ...]) -> tuple[Utterance, ...]:
    """What one reply answers: what was said, or what was written, as others read that than hear this."""
    waiting = tuple(sorted(waiting, key=lambda said: said.ended_s))
    return tuple(said for said in waiting if bool(said.message) == bool(waiting[0].message))


def _speculate(floor: Floor) -> Step:
    """Begin early, when everybody who talks has probably finished."""
    if not floor.settled or floor.talking - {one.take for one in floor.likely}:
        return Step(floor)
    likely = [one.utterance for one in floor.likely if one.addressed is Addressed.HER]
    return _want(floor, (*floor.waiting, *likely))


def _want(floor: Floor, wanted: tuple[Utterance, ...]) -> Step:
    wanted = _together(wanted)
    if not wanted or wanted == floor.answers:
        return Step(floor)
    return Step(replace(floor, phase=Phase.THINKING, answers=wanted), (Speculate(wanted),))


def _settle(floor: Floor) -> Step:
    """Her turn, if everybody is quiet and something was said to her, or she was stopped in error."""
    if not floor.settled:
        return Step(floor)
    if not floor.quiet:
        return _speculate(floor)
    if floor.waiting:
        answers = _together(floor.waiting)
        return Step(replace(floor, phase=Phase.LEAVE, answers=answers, cut=False), (Commit(answers),))
    if floor.phase is Phase.THINKING:
        return Step(replace(floor, phase=Phase.IDLE, answers=()), (Do.DROP,))
    if floor.cut:
        return Step(replace(floor, phase=Phase.LEAVE, cut=False), (Do.CONTINUE,))
    return Step(floor)
