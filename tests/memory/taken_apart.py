"""Whether the store says what she says: each name, time, day and quotation of a sentence has to stand in one of the sources
that the sentence names, and what is left has to be words of the house.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from memory.errors import MemoryFault
from memory.memory import Memory
from memory.phrases import day_name, quoted, when
from memory.plain_text import plain_name
from memory.summaries import MOST, WORDS
from memory.types import Encounter, Statement

_QUOTE = re.compile("“([^“”]*)”")
_WHO = re.compile(r"That's (.+?)(?:(?:, who said|:) «(\d+)»)?\.")
_TALK = re.compile(
    r"[Ww]e (?:met (?P<first>.+?) and )?last (?P<what>talked|met) (?P<last>.+?)"
    r"(?P<topic>, about «\d+»|, and they said «\d+»)?"
)
_OPEN = re.compile(r"[Ss]till open for (.+?): «(\d+)»(?:, due (.+))?")
_NOBODY = ("somebody I know", "somebody", "me")


def not_in_the_store(memory: Memory, said: Iterable[Encounter]) -> list[str]:
    """One sentence for each statement that says something which its sources do not."""
    found = []
    for one in said:
        if len(one.recall_summary) > MOST:
            found.append(f"too long: {one.recall_summary}")
        for statement in one.statements:
            try:
                _check(memory, statement, one.at_s)
            except AssertionError as error:
                found.append(f"{statement.text} ({error})")
    return found


def _check(memory: Memory, statement: Statement, now_s: float) -> None:
    assert statement.sources and statement.about, "it names no source"
    facts = [_fact(memory, source) for source in statement.sources]
    quotes: list[str] = []

    def number(match: re.Match[str]) -> str:
        quotes.append(match[1])
        return f"«{len(quotes) - 1}»"

    text = _QUOTE.sub(number, statement.text)
    for words in quotes:
        assert any(words in one.quotations for one in facts), f"“{words}” is not in its sources"
    names = {plain_name(name) for one in facts for name in one.names}
    if who := _WHO.fullmatch(text):
        assert who[1] in names or (who[1] == _NOBODY[0] and not names), f"nobody is called {who[1]}"
        return
    assert text.endswith("."), "it does not end"
    for part in text.removesuffix(".").split("; "):
        if talk := _TALK.fullmatch(part):
            times = {when(at_s, now_s) for one in facts for at_s in one.times}
            assert {talk["first"] or talk["last"], talk["last"]} <= times, f"not {talk['last']}"
            assert talk["what"] == "met" or any(one.talked for one in facts), "nothing was said then"
            continue
        promised = _OPEN.fullmatch(part)
        assert promised, f"these are no words of the house: {part}"
        assert promised[1] in names | {*_NOBODY[1:]}, f"nobody is called {promised[1]}"
        days = {quote: day for one in facts for quote, day in one.promises.items()}
        words = quotes[int(promised[2])]
        assert words in days and (promised[3] or "") == days[words], "nobody has promised that"


@dataclass(frozen=True, slots=True)
class _Fact:
    """What a source holds, as it would be worded."""

    quotations: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    times: frozenset[float] = frozenset()
    promises: dict[str, str] | None = None  # that are open, and the day on which each is due
    talked: bool = False


def _fact(memory: Memory, source: str) -> _Fact:
    kind, _, name = source.partition("/")
    found = next(_KINDS[kind](memory, name), None) if kind in _KINDS else None
    assert found is not None, f"there is no {source}"
    return found if found.promises is not None else replace(found, promises={})


def _of_the_roster(memory: Memory, name: str) -> Iterator[_Fact]:
    person, _, line = name.rpartition("/")
    known = memory.roster.acquaintance(person)
    if line == "met":
        times = {at for at in (known.meetings.first_met_s, known.meetings.last_met_s) if at is not None}
        yield _Fact(names=frozenset([known.meetings.name]), times=frozenset(times), talked=bool(times))
    for item in (*([known.relationship] if known.relationship else []), *known.history):
        if item.id == line and item.until_s is None:
            yield _Fact(_worded(item.text, item.text.removeprefix("said “").removesuffix("”")))


def _of_the_journal(memory: Memory, name: str) -> Iterator[_Fact]:
    try:
        entry = memory.journal.read(name)
    except MemoryFault:
        return
    if name in memory.journal.superseded():
        return
    promises = {
        words: day_name(one.by) if one.by else ""
        for one in entry.commitments
        if not one.done
        for words in _worded(one.text)
    }
    texts = _worded(entry.text, ", ".join(entry.topics[:2])) | frozenset(promises)
    yield _Fact(texts, times=frozenset([entry.at_s]), promises=promises, talked=bool(entry.sources))


def _of_encounters(memory: Memory, name: str) -> Iterator[_Fact]:
    kept = memory.people._encounters
    for one in (one for person in kept.people() for one in kept.of(person) if one.id == name):
        words = _worded(*(line.text for line in one.lines))
        yield _Fact(words, times=frozenset([one.since_s, one.last_s]), talked=bool(one.lines))


def _of_a_face(memory: Memory, person: str) -> Iterator[_Fact]:
    if (kept := memory.faces.of(person)) is not None:
        yield _Fact(names=frozenset([kept.name]))


_KINDS = {
    "roster": _of_the_roster,
    "entry": _of_the_journal,
    "encounter": _of_encounters,
    "face": _of_a_face,
}


def _worded(*texts: str) -> frozenset[str]:
    """Also without the words that say whose they are."""
    texts = (*texts, *(text.partition(" said: ")[2] for text in texts if " said: " in text))
    return frozenset(quoted(text, WORDS)[1:-1] for text in texts)
