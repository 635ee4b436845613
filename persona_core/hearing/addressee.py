"""Was that said to her, to everybody, or to somebody else? Pure, for partial and final texts.

Whoever is called by name is meant. Otherwise it is judged by what is said and by who spoke before, as
``addressee_odds`` has it; the longer the silence before, the less it matters who did.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from persona_core.hearing.addressee_odds import Before, Kind, to_her, to_room
from persona_core.hearing.calls import Calls, Names, find_calls, names_of
from persona_core.hearing.wording import Form, form_of

_LINES = 8  # that are looked back
_LINES_BEFORE = 4  # and, to know whom the speaker's last line was for, from there
_FADES_S = 5.0  # after so long a silence it says a third as much who spoke last,
_HER_FADES_S = 20.0  # after this if it was said by her or to her,
_WITH_FADES_S = 12.0  # after this, from the end of her words, if somebody else came between
_STILL_S = 20.0  # a talk with her is over so long after her last words, if others talk
_BETWEEN = 3  # or after so many lines of others
_LETTERS_A_SECOND = 15.0  # of speech, to know when an earlier line began


class Addressed(Enum):
    HER = "her"
    ROOM = "room"  # a question or request to all, hers to take if nobody else does
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Line:
    """One earlier turn."""

    person_id: str | None  # None: she herself
    name: str
    text: str
    ended_s: float


@dataclass(frozen=True, slots=True)
class Scene:
    """Who is there, and what was said before the utterance in question."""

    her_name: str
    her_other_names: tuple[str, ...]
    names: tuple[str, ...]  # of the other people present, the speaker not among them
    earlier: tuple[Line, ...]  # oldest first; the last eight are plenty
    began_s: float  # when the utterance began, on the clock of the lines
    speaker_id: str | None = None  # None: the speaker is whoever of ``earlier`` is not among ``names``


def addressed(text: str, scene: Scene) -> Addressed:
    """Whom ``text`` is said to. With nobody else present everything is for her."""
    if not scene.names:
        return Addressed.HER
    if len(scene.earlier) > _LINES:
        scene = replace(scene, earlier=scene.earlier[-_LINES:])
    names = names_of((scene.her_name, *scene.her_other_names), scene.names)
    calls = find_calls(text, names)
    form = form_of(calls.rest)
    before, weight = _before(scene, names)
    if calls.her:
        named = before is Before.ANOTHER_ASKED and _is_question(scene.earlier[-1].text) and _only_names(form)
        return Addressed.OTHERS if named else Addressed.HER
    if calls.other:
        return Addressed.OTHERS
    kind = _kind(form, calls)
    her = weight * to_her(before, kind) + (1 - weight) * to_her(Before.NOBODY, kind)
    room = weight * to_room(before, kind) + (1 - weight) * to_room(Before.NOBODY, kind)
    if max(her, room) < 0:
        return Addressed.OTHERS
    return Addressed.HER if her >= room else Addressed.ROOM


def _only_names(form: Form) -> bool:
    """ "Athena, I think." answers "Who was born from Zeus's head?"."""
    return form.n <= 3 and not (form.asks or form.orders or form.second or form.thanks)


def _kind(form: Form, calls: Calls) -> Kind:
    fits: Iterable[tuple[bool, Kind]] = (
        (
            (form.asks_who and not form.goes_on) or (form.everybody and (form.asks or form.orders)),
            Kind.ASKS_ALL,
        ),
        (calls.her_mentioned, Kind.ABOUT_HER),
        (form.everybody, Kind.TELLS_ALL),
        (form.third and not (form.second or form.asks), Kind.REMARK),
        (form.thanks, Kind.THANKS),
        (form.asks and form.second, Kind.ASKS_YOU),
        (form.goes_on and (form.asks or form.n <= 3), Kind.ASKS_ON),
        (form.asks and form.third, Kind.ASKS_OF),
        (form.asks, Kind.ASKS),
        (form.orders, Kind.ORDERS),
        (form.second, Kind.TELLS_YOU),
        (form.n <= 3, Kind.SHORT),
    )
    return next((kind for fit, kind in fits if fit), Kind.TELLS)


def _before(scene: Scene, names: Names) -> tuple[Before, float]:
    """Who spoke before, and how much that still says (0 to 1)."""
    if not scene.earlier:
        return Before.NOBODY, 1.0
    last = scene.earlier[-1]
    silence_s = max(0.0, scene.began_s - last.ended_s)
    if last.person_id is None:
        return _after_her(scene), math.exp(-silence_s / _HER_FADES_S)
    before = _after_a_person(scene, names)
    if before is Before.I_WITH_HER:
        hers_s = max(line.ended_s for line in scene.earlier if line.person_id is None)
        return before, math.exp(-(scene.began_s - hers_s) / _WITH_FADES_S)
    with_her = before in (Before.SHE_ASKED_ALL, Before.I_TOLD_HER)
    return before, math.exp(-silence_s / (_HER_FADES_S if with_her else _FADES_S))


def _after_her(scene: Scene) -> Before:
    said = scene.earlier[-1].text
    if find_calls(said, names_of((), scene.names)).other:
        return Before.SHE_ANSWERED_ANOTHER
    if _is_question(said):
        return Before.SHE_ASKED
    me = next((line.name for line in scene.earlier if _is_mine(line, scene)), "")
    called_me = bool(me) and find_calls(said, names_of((), (me,))).other
    answered_me = called_me or _asked_by_me(scene, scene.earlier)
    return Before.SHE_ANSWERED_ME if answered_me else Before.SHE_ANSWERED_ANOTHER


def _after_a_person(scene: Scene, names: Names) -> Before:
    *earlier, last = scene.earlier
    if _is_mine(last, scene):
        return Before.I_TOLD_HER if _was_to_her(scene) else Before.I_TOLD_OTHERS
    calls = find_calls(last.text, names)
    if calls.other or form_of(calls.rest).asks:
        return Before.ANOTHER_ASKED
    hers = max((i for i, line in enumerate(earlier) if line.person_id is None), default=-1)
    if hers < max(0, len(earlier) - _BETWEEN) or scene.began_s - earlier[hers].ended_s > _STILL_S:
        return Before.ANOTHER_SPOKE
    if _is_question(earlier[hers].text):
        return Before.SHE_ASKED_ALL
    return Before.I_WITH_HER if _asked_by_me(scene, earlier[:hers]) else Before.ANOTHER_SPOKE


def _was_to_her(scene: Scene) -> bool:
    """Whether the last line was, judged like any other."""
    *earlier, last = scene.earlier
    began_s = last.ended_s - len(last.text) / _LETTERS_A_SECOND
    before = replace(scene, earlier=tuple(earlier[-_LINES_BEFORE:]), began_s=began_s)
    return addressed(last.text, before) is Addressed.HER


def _asked_by_me(scene: Scene, lines: Iterable[Line]) -> bool:
    """Whether the last person to speak in ``lines`` was the one who speaks now."""
    person = [line for line in lines if line.person_id is not None][-1:]
    return bool(person) and _is_mine(person[0], scene)


def _is_mine(line: Line, scene: Scene) -> bool:
    if line.person_id is None:
        return False
    return line.name not in scene.names if scene.speaker_id is None else line.person_id == scene.speaker_id


def _is_question(text: str) -> bool:
    return text.rstrip("\"'”’») ").endswith(("?", "？"))
