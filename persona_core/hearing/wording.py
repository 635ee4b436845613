"""What form an utterance has: its words with their pauses, its clauses, and whether it asks, orders or thanks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from persona_core.hearing import word_classes as wc

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_ENDS = frozenset(".?!…;\n。！？")
_PAUSES = frozenset(",:—–、，：") | _ENDS


@dataclass(frozen=True, slots=True)
class Word:
    """``pause`` is the mark after it: "" none, "," within the clause, "." or "?" at its end."""

    text: str  # case-folded
    pause: str
    starts: bool  # a clause begins here


def words_of(text: str) -> list[Word]:
    """The words of ``text``, in order. The last one always ends a clause."""
    found, starts = list(_WORD.finditer(text)), True
    words = []
    for i, match in enumerate(found):
        end = found[i + 1].start() if i + 1 < len(found) else len(text)
        pause = _pause(text[match.end() : end]) or ("." if i + 1 == len(found) else "")
        words.append(Word(match[0].casefold().replace("’", "'"), pause, starts))
        starts = pause in (".", "?")
    return words


def _pause(between: str) -> str:
    if "?" in between or "？" in between:
        return "?"
    marks = _PAUSES.intersection(between)
    return "." if marks & _ENDS else "," if marks else ""


@dataclass(frozen=True, slots=True)
class Form:
    """What can be told from the words alone; names called are already taken out."""

    n: int  # words
    asks: bool
    asks_who: bool  # "who wants …?"
    orders: bool
    thanks: bool
    second: bool  # "you"
    third: bool  # "she", "him"
    everybody: bool  # "anyone", "you all"
    goes_on: bool  # "and …?", "but …"


def form_of(words: list[Word]) -> Form:
    texts = [word.text for word in words]
    bodies = list(_bodies(words))
    heads = [[word.text for word in clause] for clause in bodies]
    asks = (bool(words) and words[-1].pause == "?") or any(
        _is_question(h, b[-1].pause) for h, b in zip(heads, bodies, strict=True)
    )
    return Form(
        n=len(words),
        asks=asks,
        asks_who=asks and any(head[0] in ("who", "who's", "wer", "qui", "quién", "chi") for head in heads),
        orders="please" in texts[-1:] or any(map(_is_order, heads)) or "bitte" in texts,
        thanks=not wc.THANKS.isdisjoint(texts),
        second=_means_you(texts),
        third=not wc.THIRD.isdisjoint(texts),
        everybody=not wc.EVERYBODY.isdisjoint(texts)
        or _has_pair(texts, ("you", "all"), ("one", "of"), ("of", "you")),
        goes_on=bool(texts) and texts[0] in (wc.GOING_ON if asks else wc.ANDS),
    )


def _means_you(texts: list[str]) -> bool:
    """Of "how do you say …?" it is not known: that may be anybody."""
    return any(
        text in wc.SECOND
        and not (text == "you" and texts[max(0, i - 2) : i] in (["how", "do"], ["how", "can"]))
        for i, text in enumerate(texts)
    )


def _has_pair(texts: list[str], *pairs: tuple[str, str]) -> bool:
    return any(pair in pairs for pair in pairwise(texts))


def opens(words: list[Word], i: int) -> bool:
    """Whether word ``i`` is one that opens a sentence; of "you", only after "thank"."""
    if words[i].text in ("you", "dir", "toi") and i:
        return words[i - 1].text in wc.THANKS
    return words[i].text in wc.OPENERS


def _bodies(words: list[Word]) -> Iterator[list[Word]]:
    """The clauses, each without the words that open it; none is empty."""
    clause: list[Word] = []
    for i, word in enumerate(words):
        if word.starts:
            clause = []
        if clause or not opens(words, i):
            clause.append(word)
        if clause and word.pause in (".", "?"):
            yield clause
            clause = []


def _is_question(head: list[str], end: str) -> bool:
    """By its mark, or by its beginning: "what …", "can you …", for recognisers often leave the mark out."""
    if len(head) == 1:
        return False  # "See?", "Really?" before something else
    if end == "?" or head[0] in wc.ASKING or head[0] in wc.ANYBODY:
        return True
    return head[0] in wc.AUXILIARIES and (
        head[1] in wc.SECOND or head[1] in wc.FIRST or head[1] in wc.OTHER_SUBJECTS
    )


def _is_order(head: list[str]) -> bool:
    return head[0] in wc.ORDERS and not (len(head) > 1 and head[1] in wc.SECOND)
