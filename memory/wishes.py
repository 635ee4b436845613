"""What somebody may wish to have forgotten, and which turns and entries are meant by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from memory.errors import EntryError
from memory.journal import Journal
from memory.likeness import content_words, normalised
from memory.turns import Turns
from memory.types import HERS, Entry, StoredTurn


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be forgotten: all that is kept of ``person`` (EVERYBODY), unless one of the others says less."""

    person: str  # whose
    since_s: float | None = None  # what was said since (Unix time), and what has been made of it
    entry: str = ""  # this note, what it was made from, and what else was made of that
    turns: tuple[int, ...] = ()  # what was said in these turns, and what has been made of it
    everywhere: bool = True  # also what stands in Discord, and what is being said just now

    @property
    def whole(self) -> bool:
        return self.since_s is None and not self.entry and not self.turns


@dataclass(frozen=True, slots=True)
class Part:
    """What goes where not all is meant. Only what is about the person is theirs to erase."""

    turns: Sequence[StoredTurn]
    entries: Sequence[Entry]
    again: tuple[int, ...]  # turns that stay and that these entries were made from as well


def part_of(wish: Wish, turns: Turns, journal: Journal) -> Part:
    """What a wish means that is not ``whole``. Blocks. Raises EntryError where nothing can be meant, and StoreError."""
    entries = {one.id: one for one in journal.entries()}
    named: set[str] = set()
    if wish.since_s is not None:
        said = turns.of_person(wish.person, wish.since_s)
        named = {one.id for one in entries.values() if _is_theirs(one, wish) and one.at_s >= wish.since_s}
    else:
        sources = set(wish.turns)
        if wish.entry:
            named = _with_what_they_superseded(wish, entries)
            sources |= {source for entry_id in named for source in entries[entry_id].sources}
        said = [one for one in turns.get(sources) if wish.person in one.scope.about]
        said += _answers_to(said, wish.person, turns)
        there = {one.id for one in said}
        go = {one.id for one in entries.values() if one.id in named or not there.isdisjoint(one.sources)}
        texts = [version.text for entry_id in go for version in journal.versions(entry_id)]
        # of notes only those that rest on nothing: what the others know was said
        stay = [
            one.text
            for one in entries.values()
            if not one.sources and one.id not in go and _is_theirs(one, wish)
        ]
        theirs = turns.of_person(wish.person)
        said += _repeating([*texts, *(one.text for one in said)], stay, there, theirs)
    there = {one.id for one in said}
    named |= {one.id for one in entries.values() if not there.isdisjoint(one.sources)}
    named = _grown(named, lambda ids: _made_of(ids, entries.values(), wish))
    gone = [entries[entry_id] for entry_id in sorted(named)]
    again = {source for one in gone for source in one.sources} - there
    return Part(
        sorted({one.id: one for one in said}.values(), key=lambda one: one.id), gone, tuple(sorted(again))
    )


def _is_theirs(entry: Entry, wish: Wish) -> bool:
    return wish.person in entry.scope.about


def _with_what_they_superseded(wish: Wish, entries: Mapping[str, Entry]) -> set[str]:
    """The entry, and the older forms of the same, which would hold again."""
    if wish.entry not in entries or not _is_theirs(entries[wish.entry], wish):
        raise EntryError("There is no such note about you.")

    def older(ids: Iterable[str]) -> set[str]:
        found = {old for entry_id in ids for old in entries[entry_id].supersedes}
        return {old for old in found if old in entries and _is_theirs(entries[old], wish)}

    return _grown({wish.entry}, older)


def _made_of(ids: Iterable[str], entries: Iterable[Entry], wish: Wish) -> set[str]:
    """Those that have taken the place of these, and so say the same or were written knowing it."""
    old = set(ids)
    return {one.id for one in entries if _is_theirs(one, wish) and not old.isdisjoint(one.supersedes)}


def _answers_to(said: Sequence[StoredTurn], person: str, turns: Turns) -> list[StoredTurn]:
    """What she said after it in the same conversation may repeat it."""
    first: dict[str, int] = {}
    for one in said:
        first[one.session] = min(first.get(one.session, one.id), one.id)
    return [
        one
        for session, number in first.items()
        for one in turns.of_session(session, after=number)
        if one.speaker == HERS and person in one.scope.about
    ]


def _repeating(
    texts: Iterable[str], stay: Iterable[str], there: Set[int], theirs: Sequence[StoredTurn]
) -> list[StoredTurn]:
    """What she said in other conversations with words that stand in these ``texts`` and in nothing of this person that
    stays: she had them from there.
    """
    words = set(content_words(" ".join(texts))) - content_words(" ".join({one.name for one in theirs}))
    for text in (*stay, *(one.text for one in theirs if one.id not in there and one.speaker != HERS)):
        words -= _held(words, text)
    hers = [one for one in theirs if one.speaker == HERS and one.id not in there]
    return [one for one in hers if _held(words, one.text)]


def _held(words: Set[str], text: str) -> frozenset[str]:
    """Which of these content words stand in a text; where none does that is told quickly."""
    plain = (text.lower() if text.isascii() else normalised(text)).replace("'", "").replace("’", "")
    return content_words(text) & words if any(word in plain for word in words) else frozenset()


def _grown(ids: set[str], more: Callable[[set[str]], set[str]]) -> set[str]:
    """With all that comes with them, and with that."""
    found, new = set(ids), set(ids)
    while new:
        new = more(new) - found
        found |= new
    return found
