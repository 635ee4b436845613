"""What kind of a line a text is, whatever it is about: numbers that ranking weighs. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from memory.asked import words_of

_TIMES = """
yesterday today tonight tomorrow recently ago last next since morning afternoon evening week weeks weekend month months
year years monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
september october november december gestern heute morgen hier demain ayer mañana
"""
_NUMBERS = "one two three four five six seven eight nine ten dozen once twice couple few several half"
TIMES, NUMBERS = frozenset(_TIMES.split()), frozenset(_NUMBERS.split())
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Traits:
    asks: float  # 1: it ends with a question, which seldom holds an answer
    time: float  # 1: it names a time
    number: float  # 1: it names a number


def traits_of(text: str) -> Traits:
    words = frozenset(words_of(text))
    digit = _DIGIT.search(text) is not None
    return Traits(
        float(text.rstrip().endswith(("?", "？", "؟"))),
        float(digit or not words.isdisjoint(TIMES)),
        float(digit or not words.isdisjoint(NUMBERS)),
    )
