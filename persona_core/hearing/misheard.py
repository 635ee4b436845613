"""Her name where a recogniser wrote something else: "Mirror, what's the score?", "At Tina, when is it due?".

Looked for only where a name is called (after a word that opens the sentence, between pauses): in mid-sentence a mirror
is a mirror.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from persona_core.hearing import word_classes as wc
from persona_core.hearing.sounds_like import sound_of, unlikeness
from persona_core.hearing.vocative import is_spoken_to, opens_clause
from persona_core.hearing.wording import Word

# How unlike it may sound. Of 54 names recorded alone, as whisper-base wrote them, none of other words is below ALIKE.
ALIKE = 0.2
ALIKE_ASKED = 0.34  # set off by a pause, and a question or an order follows
ALIKE_UNPAUSED = 0.13  # no pause sets it off
_LONGEST = 3  # words that a name may be heard as


def find_misheard(
    words: list[Word], sounds: Collection[str], known: Collection[tuple[str, ...]]
) -> tuple[float, range]:
    """How alike (0 not, 1 the same) the likest words to a name that sounds like ``sounds`` are, and their place.

    ``known`` are names of others, which are heard rightly.
    """
    best, place = 0.0, range(0)
    for span, limit in _slots(words):
        texts = tuple(words[k].text for k in span)
        if texts in known or wc.COMMON.issuperset(texts):
            continue
        heard = sound_of("".join(texts))
        likeness = max((1 - unlikeness(heard, sound, limit) for sound in sounds), default=0.0)
        if likeness > best:
            best, place = likeness, span
    return best, place


def _slots(words: list[Word]) -> Iterator[tuple[range, float]]:
    """Where a name is called, and how unlike it may sound there."""
    for i, word in enumerate(words):
        greeted = i > 0 and words[i - 1].text in wc.GREETS
        if greeted or word.starts or opens_clause(words, i):
            yield from _openings(words, i, greeted)
        elif words[i - 1].pause == "," and word.pause:
            yield range(i, i + 1), ALIKE


def _openings(words: list[Word], i: int, greeted: bool) -> Iterator[tuple[range, float]]:
    """What may be her name at the beginning of a clause, one to three words long."""
    for end in range(i + 1, min(i + _LONGEST, len(words)) + 1):
        pause = words[end - 1].pause
        if pause == "," and end < len(words) and is_spoken_to(words, end):
            yield range(i, end), ALIKE_ASKED
        elif pause or greeted:
            yield range(i, end), ALIKE
        elif end < i + _LONGEST and end < len(words) and _begins_a_request(words[end]):
            yield range(i, end), ALIKE_UNPAUSED
        if pause in (".", "?"):
            return


def _begins_a_request(word: Word) -> bool:
    return word.text in wc.ASKING or word.text in wc.ORDERS or word.text in wc.AUXILIARIES
