"""What she would say about somebody she meets: facts of the store in, one or two sentences out. Pure.

Nothing is made up: each sentence is a name, times, and words that somebody said or that she has noted, in quotation
marks, between words of the house; and it tells what in the store says so. Words that read like an order to a machine are
left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from memory.encounters import Meeting
from memory.phrases import day_name, quoted, when
from memory.plain_text import plain_name
from memory.promises import open_of
from memory.roster import PREFIX, Acquaintance
from memory.salience import is_order
from memory.types import HERS, Entry, Scope, Statement

MOST = 220  # characters of all of it
WORDS = 90  # the same, of what is quoted
ONE_TALK_S = 6 * 3600.0  # what was noted within this time of a talk was said in it
LONG_S = 14 * 86_400.0  # between the first meeting and the last, for both to be told
MOST_OPEN = 2  # commitments
NOBODY = plain_name("")
_SAID = re.compile(r"said “(.*)”")  # how memory/called.py keeps what somebody said of themselves


@dataclass(frozen=True, slots=True)
class Named:
    """How somebody is called, and what in the store says so."""

    name: str = ""  # empty: unknown
    source: str = ""


def named(name: str, source: str) -> Named:
    """Without what a name must not hold; unknown where it reads like an order, or nothing is left of it."""
    plain = plain_name(name) if name and not is_order(name) else NOBODY
    return Named(plain, source) if plain != NOBODY else Named()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store has of one person, under whatever ids."""

    people: tuple[str, ...]  # ids; the first is theirs
    named: Named = Named()
    acquaintances: tuple[Acquaintance, ...] = ()
    entries: tuple[Entry, ...] = ()  # about them, that hold
    meetings: tuple[Meeting, ...] = ()  # encounters that are over


@dataclass(frozen=True, slots=True)
class _Part:
    """Some words, and what they rest on."""

    text: str
    sources: tuple[str, ...]
    about: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Time:
    """When they met, or talked."""

    at_s: float
    source: str
    about: frozenset[str]
    talked: bool


def summary(
    facts: Facts,
    may: Callable[[Scope], bool],
    now_s: float,
    name_of: Callable[[str], Named],
    before_s: float | None = None,
) -> tuple[Statement, ...]:
    """``may``: whether those who will hear it may hear something. ``name_of`` a person id. ``before_s``: what happened from
    then on is going on now (Unix time). Empty where nothing is known.
    """
    who = _who(facts, may)
    room = MOST - len(who.text) - 1
    # of the last talk what it was about, too, if there is room for that
    last = (part for part in _last(facts, may, now_s, before_s or now_s) if not _again(part.text, who.text))
    rest = _fitting(last, room)[:1]
    rest += _fitting(_open(facts, may, now_s, name_of), room - sum(len(part.text) + 2 for part in rest))
    parts = [who] if who.sources else []
    if rest:
        text = "; ".join(part.text for part in rest)
        sources = tuple(dict.fromkeys(source for part in rest for source in part.sources))
        about = frozenset[str]().union(*(part.about for part in rest))
        parts.append(_Part(f"{text[0].upper()}{text[1:]}.", sources, about))
    return tuple(Statement(part.text, part.sources, part.about) for part in parts)


def _fitting(parts: Iterable[_Part], room: int) -> list[_Part]:
    """Those that have room together, the first first."""
    found: list[_Part] = []
    for part in parts:
        if len(part.text) + 2 <= room:
            found.append(part)
            room -= len(part.text) + 2
    return found


def _again(text: str, said: str) -> bool:
    """Whether the words that are quoted were so before."""
    quotation = re.search("“.*”", text)
    return quotation is not None and quotation[0] in said


def _plainly(text: str, facts: Facts) -> str:
    """A note without the words that say whose words it holds: that is said already."""
    names = {facts.named.name, *(one.meetings.name for one in facts.acquaintances)} - {""}
    return next(
        (text.removeprefix(f"{name} said: ") for name in names if text.startswith(f"{name} said: ")), text
    )


def _who(facts: Facts, may: Callable[[Scope], bool]) -> _Part:
    text, sources, about = "That's somebody I know", list[str](), set[str]()
    if facts.named.name:
        text, sources, about = f"That's {facts.named.name}", [facts.named.source], {facts.people[0]}
    known = next(_known(facts, may), None)
    if known is not None:
        said = _SAID.fullmatch(known.text)
        words = said[1] if said else _plainly(known.text, facts)
        text += f", who said {quoted(words, WORDS)}" if words != known.text else f": {quoted(words, WORDS)}"
        sources, about = [*sources, *known.sources], about | known.about
    return _Part(f"{text}.", tuple(sources), frozenset(about))


def _known(facts: Facts, may: Callable[[Scope], bool]) -> Iterator[_Part]:
    """What they are to her, and what is known of them, the weightiest first."""
    lines = [
        (one.person, item) for one in facts.acquaintances for item in one.history if item.until_s is None
    ]
    lines.sort(key=lambda line: (-line[1].weight, -line[1].at_s))
    relations = [
        (one.person, one.relationship) for one in facts.acquaintances if one.relationship is not None
    ]
    for person, item in (*relations, *lines):
        if may(item.scope) and not is_order(item.text):
            source = f"{PREFIX}/{person}/{item.id}"
            yield _Part(item.text.strip(), (source,), frozenset({person, *item.scope.about}))


def _last(facts: Facts, may: Callable[[Scope], bool], now_s: float, before_s: float) -> Iterator[_Part]:
    """When they last talked, with what it was about and without."""
    times = [one for one in _times(facts, may) if one.at_s < before_s]
    if not times:
        return
    first = min(times, key=lambda one: one.at_s)
    last = max(times, key=lambda one: (one.at_s, one.talked))
    what = "talked" if last.talked else "met"
    text, sources = f"we last {what} {when(last.at_s, now_s)}", [last.source]
    if last.at_s - first.at_s >= LONG_S:
        text = f"we met {when(first.at_s, now_s)} and last {what} {when(last.at_s, now_s)}"
        sources = [first.source, last.source]
    about = first.about | last.about
    for topic in _topics(facts, may, last):
        both = tuple(dict.fromkeys((*sources, *topic.sources)))
        yield _Part(text + topic.text, both, about | topic.about)
    yield _Part(text, tuple(dict.fromkeys(sources)), about)


def _times(facts: Facts, may: Callable[[Scope], bool]) -> Iterator[_Time]:
    for known in facts.acquaintances:
        for at_s in (known.meetings.first_met_s, known.meetings.last_met_s):
            if at_s is not None:
                yield _Time(at_s, f"{PREFIX}/{known.person}/met", frozenset({known.person}), talked=True)
    for one in facts.meetings:
        if may(one.scope):
            about = frozenset(one.scope.about)
            yield _Time(one.since_s, f"encounter/{one.id}", about, talked=False)
            yield _Time(one.last_s, f"encounter/{one.id}", about, talked=bool(one.lines))
    for entry in _of_talks(facts, may):
        yield _Time(entry.at_s, f"entry/{entry.id}", frozenset(entry.scope.about), talked=True)


def _of_talks(facts: Facts, may: Callable[[Scope], bool]) -> list[Entry]:
    """Notes of what was said when they were there; none that somebody wrote down."""
    people = set(facts.people)
    return [
        one
        for one in facts.entries
        if one.sources and not people.isdisjoint(one.scope.heard_by) and may(one.scope)
    ]


def _topics(facts: Facts, may: Callable[[Scope], bool], last: _Time) -> Iterator[_Part]:
    """What that talk was about, the likeliest first."""
    notes = [one for one in _of_talks(facts, may) if abs(one.at_s - last.at_s) <= ONE_TALK_S]
    for one in sorted(notes, key=lambda one: (-one.salience, -one.at_s)):
        words = ", ".join(one.topics[:2]) or _plainly(one.text, facts)
        if not is_order(words):
            text = f", about {quoted(words, WORDS)}"
            yield _Part(text, (f"entry/{one.id}",), frozenset(one.scope.about))
    for meeting in sorted(facts.meetings, key=lambda one: -one.last_s):
        if abs(meeting.last_s - last.at_s) > ONE_TALK_S:
            continue
        for line in reversed(meeting.lines):
            if line.speaker in facts.people and may(line.scope) and not is_order(line.text):
                text = f", and they said {quoted(line.text, WORDS)}"
                yield _Part(text, (f"encounter/{meeting.id}",), frozenset(line.scope.about))


def _open(
    facts: Facts, may: Callable[[Scope], bool], now_s: float, name_of: Callable[[str], Named]
) -> Iterator[_Part]:
    """What is promised and not done yet: by them, and to them."""
    there = [
        one
        for one in open_of(facts.entries, frozenset(facts.people), may, now_s)
        if not is_order(one.commitment.text)
    ]
    for one in there[:MOST_OPEN]:
        promise, entry = one.commitment, one.entry
        who = facts.named if promise.who in facts.people else name_of(promise.who)
        whose = "me" if promise.who == HERS else who.name or "somebody"
        sources = (f"entry/{entry.id}", *filter(None, [who.source]))
        text = f"still open for {whose}: {quoted(_plainly(promise.text, facts), WORDS)}{_due(promise.by)}"
        yield _Part(text, sources, frozenset(entry.scope.about) | ({promise.who} - {HERS}))


def _due(by: date | None) -> str:
    return f", due {day_name(by)}" if by is not None else ""
