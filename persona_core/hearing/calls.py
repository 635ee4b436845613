"""Who is called by name in an utterance, and who is only spoken of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from persona_core.hearing import word_classes as wc
from persona_core.hearing.misheard import find_misheard
from persona_core.hearing.sounds_like import sound_of
from persona_core.hearing.vocative import is_called, opens_clause
from persona_core.hearing.wording import Word, words_of

_KIN = tuple((word,) for word in sorted(wc.KIN))  # "mum" is somebody's name, whose does not matter


@dataclass(frozen=True, slots=True)
class Names:
    """What is listened for: each name as its case-folded words, longer ones first."""

    hers: tuple[tuple[str, ...], ...]
    sounds: tuple[str, ...]  # of hers
    others: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Calls:
    """What was found. ``rest`` are the words without the names that call."""

    her: float  # 1: called as she is spelt; below: by something that sounds so much alike; 0: not called
    her_mentioned: bool
    other: bool
    rest: list[Word]


def names_of(hers: Sequence[str], others: Sequence[str]) -> Names:
    """Names as people have them; of several words the first alone will do."""
    mine = _spellings(hers)
    return Names(mine, tuple(sound_of("".join(name)) for name in mine), _spellings(others) + _KIN)


def _spellings(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    whole = [tuple(word.text for word in words_of(name)) for name in names]
    parts = {part for name in whole for part in (name, name[:1]) if part and part[0] not in wc.OPENERS}
    return tuple(sorted(parts, key=len, reverse=True))


def find_calls(text: str, names: Names) -> Calls:
    """Who is called in ``text``. A misheard name is looked for only where no other is found."""
    words = words_of(text)
    her, her_mentioned, other = 0.0, False, False
    taken: set[int] = set()
    found = list(_occurrences(words, names))
    for i, n, is_her in found:
        called = is_called(words, i, n) or _pair_is_called(words, i, n, found)
        if called:
            taken.update(range(i, i + n))
        her = max(her, float(called and is_her))
        her_mentioned |= is_her and not called
        other |= called and not is_her
    if names.sounds and not (her or her_mentioned or other):
        her, span = find_misheard(words, names.sounds, names.others)
        taken.update(span)
    return Calls(her, her_mentioned, other, _without(words, taken))


def _occurrences(words: list[Word], names: Names) -> Iterator[tuple[int, int, bool]]:
    """Where names stand as they are spelt: first word, number of words, hers or another's."""
    texts = [word.text.partition("'")[0] for word in words]  # also in "Mira's", "Mira'll"
    i = 0
    while i < len(texts):
        n = _length_at(texts, i, names.hers)
        is_her = bool(n)
        n = n or _length_at(texts, i, names.others)
        if n:
            yield i, n, is_her
        i += n or 1


def _length_at(texts: list[str], i: int, names: tuple[tuple[str, ...], ...]) -> int:
    for name in names:
        if texts[i] == name[0] and tuple(texts[i : i + len(name)]) == name:
            return len(name)
    return 0


def _pair_is_called(words: list[Word], i: int, n: int, found: list[tuple[int, int, bool]]) -> bool:
    """ "Abdul and Mira, can you two …?", for either name."""
    for first, length, _ in found:
        second = first + length + 1
        partner = next((m for k, m, _ in found if k == second), 0)
        if i in (first, second) and partner and words[second - 1].text in wc.ANDS:
            return opens_clause(words, first) and bool(words[second + partner - 1].pause)
    return False


def _without(words: list[Word], taken: set[int]) -> list[Word]:
    """What is left; a clause that lost its first word begins with the next, one that lost its last keeps its end."""
    rest: list[Word] = []
    starts = False
    for i, word in enumerate(words):
        starts |= word.starts
        if i not in taken:
            rest.append(Word(word.text, word.pause, starts))
            starts = False
        elif word.pause in (".", "?") and rest and not starts:
            rest[-1] = Word(rest[-1].text, word.pause, rest[-1].starts)
    return rest
