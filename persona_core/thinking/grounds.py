"""Whether a line that a model wrote rests on what was said, and on whose words. Pure.

Models make things up, repeat their instructions, and take an order for a fact. What stays is only what can be found
again in the lines it is said to come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from memory.likeness import content_words
from memory.salience import is_order
from memory.types import HERS, Entry, StoredTurn

ENOUGH, PLENTY = (
    0.5,
    0.75,
)  # share of a line's content words that its source has to hold; with which it needs no other
SUMMARY = 0.34  # the same of a summary, which is freer
MOST_SOURCES = 3

_ADDRESSED = re.compile(r"\b(?:you|your|yourself|I|I'm|my|me)\b")  # a note tells of people
_MUST = re.compile(
    r"\b(?:must|shall|should always|has to|have to|needs to|is required to|will always|may never|should never)\b",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:asked|told|tried|wanted|said|joked|demanded|claimed|ordered|suggested)\b", re.IGNORECASE
)
_FORM = re.compile(
    r"\b(?:json|summary|about_me|salience|one sentence|past tense|the talk|line \d|placeholder|string|null)\b",
    re.IGNORECASE,
)


def is_junk(text: str, her_name: str, *, free: bool = False) -> bool:
    """Whether ``text`` is no line about somebody: empty, the form itself, or an order to her.

    ``free``: a summary may tell that somebody gave an order.
    """
    if len(content_words(text)) < 2 or len(_FORM.findall(text)) > 1 or "{" in text:
        return True
    if is_order(text) and not (free and _REPORTED.search(text)):
        return True
    if _MUST.search(text) and re.search(rf"\b{re.escape(her_name)}\b", text, re.IGNORECASE):
        return True
    return not free and bool(_ADDRESSED.search(text))


def sources_of(
    text: str, turns: Sequence[StoredTurn], hint: int | None, names: Mapping[str, str], who: str | None
) -> list[StoredTurn]:
    """The turns that ``text`` rests on, in their order; none where it is made up.

    ``hint``: the number from 1 of the turn that the model named. ``names``: person id → name; they say nothing.
    ``who``: whom it is about; that needs their own words, or somebody's who named them: small models lay one person's
    words into another's mouth. What is said about her needs hers. None: any words do.
    """
    wanted = content_words(text) - content_words(" ".join(names.values()))
    usable = [turn for turn in turns if who is None or _tells_of(turn, who, names[who])]
    hinted = turns[hint - 1] if hint is not None and 1 <= hint <= len(turns) else None
    ordered = sorted(usable, key=lambda turn: (-len(wanted & content_words(turn.text)), turn is not hinted))
    chosen: list[StoredTurn] = []
    left = wanted
    for turn in [hinted, *ordered] if hinted in usable and hinted else ordered:
        if len(chosen) == MOST_SOURCES or len(left) <= len(wanted) * (1 - PLENTY):
            break
        if left & content_words(turn.text):
            chosen.append(turn)
            left = left - content_words(turn.text)
    if not wanted or len(wanted - left) < len(wanted) * ENOUGH:
        return []
    if who not in (None, HERS) and all(turn.speaker == HERS for turn in chosen):
        return []
    return sorted([*chosen, *_holding(left, [turn for turn in turns if turn not in chosen])], key=turns.index)


def _holding(words: frozenset[str], turns: Sequence[StoredTurn]) -> list[StoredTurn]:
    """The turns that the rest of the words may come from: whoever may not hear them may not hear the line."""
    found = []
    for turn in turns:
        if words & content_words(turn.text):
            found.append(turn)
            words = words - content_words(turn.text)
    return found


def is_borrowed(
    text: str, turns: Sequence[StoredTurn], shown: Sequence[Entry], names: Mapping[str, str]
) -> bool:
    """Whether a line repeats what the model was ``shown`` of earlier notes, and nobody said now."""
    said = _words_of([*(turn.text for turn in turns), *names.values()])
    return bool((content_words(text) - said) & _words_of(entry.text for entry in shown))


def _words_of(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(word for text in texts for word in content_words(text))


def _tells_of(turn: StoredTurn, who: str, name: str) -> bool:
    if who == HERS or turn.speaker in (who, HERS):
        return turn.speaker in (who, HERS)
    return re.search(rf"\b{re.escape(name)}\b", turn.text, re.IGNORECASE) is not None


def summary_rests_on(text: str, turns: Sequence[StoredTurn], names: Mapping[str, str]) -> float:
    """The same as ``rests_on`` for a summary: on the words of those whom it names, on hers where she comes first."""
    found = {who: at for who, name in names.items() if (at := text.casefold().find(name.casefold())) >= 0}
    if len(found) > 1 and min(found, key=lambda who: found[who]) != HERS:
        found.pop(HERS, None)
    return rests_on(text, [turn for turn in turns if turn.speaker in found], list(names.values()))


def rests_on(text: str, turns: Sequence[StoredTurn], names: Sequence[str]) -> float:
    """Share (0..1) of the content words of ``text`` that were said at all."""
    wanted = content_words(text) - content_words(" ".join(names))
    said = _words_of(turn.text for turn in turns)
    return len(wanted & said) / len(wanted) if wanted else 0.0
