"""Whose turn it is: every rule as a story of events, each with what is done about it."""

from __future__ import annotations

import pytest

from persona_core.hearing.addressee import Addressed
from persona_core.hearing.floor import (
    MOST_WAITING,
    Answered,
    Audible,
    Began,
    Calmed,
    Commit,
    Decision,
    Ended,
    Floor,
    FloorEvent,
    Judged,
    Likely,
    Lull,
    Others,
    Speculate,
    Stirred,
    WentOn,
    Withdrawn,
    Written,
    addressed_in,
    step,
)
from persona_core.hearing.mode import Mode
from persona_core.hearing.overlap import Overlap
from persona_core.types import Person, Utterance

ANN, BOB = Person("ann", "Ann"), Person("bob", "Bob")
HER, ROOM, OTHERS = Addressed.HER, Addressed.ROOM, Addressed.OTHERS


def said(text: str, person: Person = ANN, ended_s: float = 0.0) -> Utterance:
    return Utterance(person, text, 0.0, ended_s)


HI, MORE, YES = said("hi"), said("hi and more"), said("yes?", BOB, 1.0)


def shown(decision: Decision) -> str:
    match decision:
        case Speculate(answers):
            return "think: " + " + ".join(one.text for one in answers)
        case Commit(answers):
            return "say: " + " + ".join(one.text for one in answers)
        case _:
            return decision.name.lower()


def played(*events: FloorEvent) -> list[list[str]]:
    """What is done after each event."""
    floor, done = Floor(), []
    for event in events:
        after = step(floor, event)
        floor = after.floor
        done.append([shown(decision) for decision in after.decisions])
    return done


SPEAKING = [Written(said("tell me")), Audible()]  # brings her to speak

STORIES: dict[str, list[tuple[FloorEvent, list[str]]]] = {
    "an answer is begun when the end is likely and said when it is certain": [
        (Began(1, "ann"), []),
        (Likely(1, HI, HER), ["think: hi"]),
        (Ended(1, HI, HER), ["say: hi"]),
        (Audible(), []),
        (Answered(), []),
    ],
    "whoever goes on is not answered before they have finished": [
        (Began(1, "ann"), []),
        (Likely(1, HI, HER), ["think: hi"]),
        (WentOn(1), ["drop"]),
        (Likely(1, MORE, HER), ["think: hi and more"]),
        (Ended(1, MORE, HER), ["say: hi and more"]),
    ],
    "an end that was not foreseen is answered all the same": [
        (Began(1, "ann"), []),
        (Ended(1, HI, HER), ["say: hi"]),
    ],
    "nothing is begun while somebody else is in the middle of speaking": [
        (Began(1, "ann"), []),
        (Began(2, "bob"), []),
        (Likely(1, HI, HER), []),
        (Ended(1, HI, HER), []),
        (Likely(2, YES, HER), ["think: hi + yes?"]),
        (Ended(2, YES, HER), ["say: hi + yes?"]),
    ],
    "who spoke over each other is answered together, in the order in which they finished": [
        (Began(2, "bob"), []),
        (Began(1, "ann"), []),
        (Ended(2, YES, HER), []),
        (Ended(1, HI, HER), ["say: hi + yes?"]),
    ],
    "what is said to others is heard and not answered": [
        (Began(1, "ann"), []),
        (Likely(1, HI, OTHERS), []),
        (Ended(1, HI, OTHERS), []),
    ],
    "a question to the room is hers only after a lull": [
        (Began(1, "ann"), []),
        (Likely(1, HI, ROOM), []),
        (Ended(1, HI, ROOM), []),
        (Lull(), ["say: hi"]),
        (Lull(), []),
    ],
    "a question to the room that somebody takes is not hers": [
        (Began(1, "ann"), []),
        (Ended(1, HI, ROOM), []),
        (Began(2, "bob"), []),
        (Lull(), []),
        (Ended(2, YES, OTHERS), []),
        (Lull(), []),
    ],
    "a cough is not answered": [
        (Began(1, "ann"), []),
        (Ended(1, None), []),
    ],
    "somebody who begins before she is audible keeps her back; if it was nothing, she speaks": [
        (Began(1, "ann"), []),
        (Ended(1, HI, HER), ["say: hi"]),
        (Began(2, "bob"), ["hold"]),
        (Ended(2, None), ["say: hi"]),
        (Audible(), []),
    ],
    "who begins again before she is audible is answered with both": [
        (Began(1, "ann"), []),
        (Ended(1, HI, HER), ["say: hi"]),
        (Began(2, "ann"), ["hold"]),
        (Ended(2, YES, HER), ["say: hi + yes?"]),
    ],
    "a line written while she thinks is answered after what she is about to say": [
        (Written(HI), ["say: hi"]),
        (Written(YES), []),
        (Audible(), []),
        (Answered(), ["say: yes?"]),
    ],
    "a sound while she speaks lowers her voice, and only that": [
        *((event, ["say: tell me"] if isinstance(event, Written) else []) for event in SPEAKING),
        (Stirred("ann"), ["duck"]),
        (Calmed("ann"), ["resume"]),
    ],
    "a listening sound does not stop her": [
        *((event, ["say: tell me"] if isinstance(event, Written) else []) for event in SPEAKING),
        (Stirred("ann"), ["duck"]),
        (Began(1, "ann"), []),
        (Judged(1, Overlap.UNDECIDED), []),
        (Judged(1, Overlap.BACKCHANNEL), ["resume"]),
        (Ended(1, None), []),
        (Answered(), []),
    ],
    "an interruption stops her, and is answered": [
        *((event, ["say: tell me"] if isinstance(event, Written) else []) for event in SPEAKING),
        (Began(1, "ann"), ["duck"]),
        (Judged(1, Overlap.INTERRUPTION), ["stop"]),
        (Answered(), []),
        (Likely(1, HI, HER), ["think: hi"]),
        (Ended(1, HI, HER), ["say: hi"]),
    ],
    "what first seemed a listening sound may still become an interruption": [
        *((event, ["say: tell me"] if isinstance(event, Written) else []) for event in SPEAKING),
        (Began(1, "ann"), ["duck"]),
        (Judged(1, Overlap.BACKCHANNEL), ["resume"]),
        (Judged(1, Overlap.INTERRUPTION), ["stop"]),
    ],
    "stopped in error she goes on": [
        *((event, ["say: tell me"] if isinstance(event, Written) else []) for event in SPEAKING),
        (Began(1, "ann"), ["duck"]),
        (Judged(1, Overlap.INTERRUPTION), ["stop"]),
        (Answered(), []),
        (Ended(1, None), ["continue"]),
        (Audible(), []),
        (Answered(), []),
    ],
    "stopped by somebody who turns to others, she does not go on": [
        *((event, ["say: tell me"] if isinstance(event, Written) else []) for event in SPEAKING),
        (Began(1, "ann"), ["duck"]),
        (Judged(1, Overlap.INTERRUPTION), ["stop"]),
        (Answered(), []),
        (Ended(1, HI, OTHERS), []),
        (Began(2, "bob"), []),
        (Ended(2, None), []),
    ],
    "what stopped her turns out to be nothing before she has fallen silent: she goes on": [
        *((event, ["say: tell me"] if isinstance(event, Written) else []) for event in SPEAKING),
        (Began(1, "ann"), ["duck"]),
        (Judged(1, Overlap.INTERRUPTION), ["stop"]),
        (Ended(1, None), ["resume"]),
        (Answered(), ["continue"]),
        (Audible(), []),
        (Answered(), []),
    ],
    "while people whom she may not hear are talking she thinks, and says nothing": [
        (Others(True), []),
        (Began(1, "ann"), []),
        (Likely(1, HI, HER), ["think: hi"]),
        (Ended(1, HI, HER), []),
        (Others(False), ["say: hi"]),
        (Audible(), []),
    ],
    "people whom she may not hear keep her back before she is audible": [
        (Written(HI), ["say: hi"]),
        (Others(True), ["hold"]),
        (Written(YES), ["think: hi + yes?"]),
        (Others(False), ["say: hi + yes?"]),
    ],
    "nothing is said before both those she hears and those she does not have stopped": [
        (Others(True), []),
        (Began(1, "ann"), []),
        (Others(False), []),
        (Ended(1, HI, HER), ["say: hi"]),
        (Began(2, "bob"), ["hold"]),
        (Others(True), []),
        (Ended(2, None), []),
        (Others(False), ["say: hi"]),
    ],
    "people whom she may not hear lower her voice and do not stop her": [
        *((event, ["say: tell me"] if isinstance(event, Written) else []) for event in SPEAKING),
        (Others(True), ["duck"]),
        (Began(1, "ann"), []),
        (Judged(1, Overlap.BACKCHANNEL), []),
        (Others(False), ["resume"]),
    ],
    "a question to the room is not hers where somebody unheard may have taken it": [
        (Began(1, "ann"), []),
        (Ended(1, HI, ROOM), []),
        (Others(True), []),
        (Lull(), []),
        (Others(False), []),
        (Lull(), []),
    ],
    "a question to the room is not taken by her while people whom she may not hear talk": [
        (Others(True), []),
        (Began(1, "ann"), []),
        (Ended(1, HI, ROOM), []),
        (Lull(), []),
        (Others(False), []),
        (Lull(), ["say: hi"]),
    ],
    "stopped in error she goes on only when nobody unheard is talking": [
        *((event, ["say: tell me"] if isinstance(event, Written) else []) for event in SPEAKING),
        (Began(1, "ann"), ["duck"]),
        (Judged(1, Overlap.INTERRUPTION), ["stop"]),
        (Others(True), []),
        (Answered(), []),
        (Ended(1, None), []),
        (Others(False), ["continue"]),
    ],
    "two who speak over her both have to be nothing before she raises her voice": [
        *((event, ["say: tell me"] if isinstance(event, Written) else []) for event in SPEAKING),
        (Began(1, "ann"), ["duck"]),
        (Began(2, "bob"), []),
        (Judged(1, Overlap.NOTHING), []),
        (Ended(2, None), ["resume"]),
    ],
    "what was said by somebody who refuses to be heard is not answered": [
        (Began(1, "ann"), []),
        (Began(2, "bob"), []),
        (Ended(1, HI, HER), []),
        (Withdrawn("ann"), []),
        (Ended(2, YES, HER), ["say: yes?"]),
        (Withdrawn("bob"), ["drop"]),
    ],
    "she raises her voice again when the sound that somebody made does not count any more": [
        *((event, ["say: tell me"] if isinstance(event, Written) else []) for event in SPEAKING),
        (Stirred("ann"), ["duck"]),
        (Withdrawn("bob"), []),
        (Withdrawn("ann"), ["resume"]),
    ],
    "where nobody's words count any more nothing is answered": [
        (Began(1, "ann"), []),
        (Began(2, "bob"), []),
        (Ended(1, HI, HER), []),
        (Withdrawn(None), []),
        (Ended(2, None), []),
        (Written(YES), ["say: yes?"]),
        (Withdrawn(None), ["drop"]),
    ],
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_the_floor_does_what_the_story_says(story: list[tuple[FloorEvent, list[str]]]) -> None:
    assert played(*(event for event, _ in story)) == [done for _, done in story]


def test_it_is_settled_when_nothing_is_about_to_be_said() -> None:
    floor = Floor()
    assert floor.settled
    for event, settled in [
        (Began(1, "ann"), True),
        (Likely(1, HI, HER), True),  # more sound decides
        (Ended(1, HI, HER), False),
        (Audible(), False),
        (Answered(), True),
    ]:
        floor = step(floor, event).floor
        assert floor.settled is settled, event


def test_she_does_justice_to_a_few_lines_at_once_and_forgets_the_oldest() -> None:
    floor = step(Floor(), Began(99, "bob")).floor
    for take in range(20):
        floor = step(step(floor, Began(take, "ann")).floor, Ended(take, said(str(take)), HER)).floor
    assert [one.text for one in floor.waiting] == [str(take) for take in range(20 - MOST_WAITING, 20)]


@pytest.mark.parametrize(
    ("mode", "addressed", "called_on", "expected"),
    [
        (Mode.ADDRESSED, HER, False, HER),
        (Mode.ADDRESSED, ROOM, False, ROOM),
        (Mode.ADDRESSED, OTHERS, False, OTHERS),
        (Mode.ADDRESSED, OTHERS, True, HER),
        (Mode.ALWAYS, OTHERS, False, HER),
        (Mode.PUSH_TO_TALK, HER, False, OTHERS),
        (Mode.PUSH_TO_TALK, OTHERS, True, HER),
        (Mode.QUIET, HER, True, OTHERS),
    ],
)
def test_each_mode_answers_what_it_says(
    mode: Mode, addressed: Addressed, called_on: bool, expected: Addressed
) -> None:
    assert addressed_in(mode, addressed, called_on) is expected
