"""What a question asks for: the words that tell something, and the kind of answer. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_WORDS = 24  # of a long utterance; the rest hardly changes what is meant

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['’](?:s|d|m|t|ll|re|ve)?\b")
# Words that stand in any sentence. Other languages have none here: how rare a word is weighs it anyway.
_COMMON = """
a about above after again against all also am an and any anybody anyone anything are aren around as at be because
been before being below between both but by can cannot could couldn did didn do does doesn doing don done down
during each ever few for from further get gets getting got had hadn has hasn have haven having he her here hers
herself hey hi him himself his how i if in into is isn it its itself just kind let like may me might mine more most
much must my myself no nor not now of off oh ok okay on once only or other our ours ourselves out over own please
really s same shall she should shouldn so some somebody someone something still such t tell than that the their
theirs them themselves then there these they thing things this those through to too under until up us very was wasn
we were weren what whatever when where which while who whom whose why will with won would wouldn yes yet you your
yours yourself yourselves
remember know
"""
_WHEN = re.compile(
    r"\b(?:when|how long|how often|since when|(?:what|which) (?:day|date|week|month|year|time|season)|wann|seit wann|"
    r"wie lange|quand|depuis quand|cuándo|quando)\b",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    r"\b(?:how (?:many|much|old|tall|big|far|fast)|what (?:age|number|size|score|price)|wie ?viele?|wie alt|combien|"
    r"cuántos?|cuántas?|quantos?|quantas?)\b",
    re.IGNORECASE,
)


COMMON = frozenset(_COMMON.split())


@dataclass(frozen=True, slots=True)
class Asked:
    """A question taken apart."""

    words: tuple[str, ...]  # lower case, each once, in their order; none may be left
    a_time: bool  # when was it?
    a_number: bool  # how many?


def asked(text: str) -> Asked:
    """What ``text`` asks for; it may be anything that somebody says or types."""
    found = dict.fromkeys(word for word in words_of(text) if word not in COMMON)
    several = [word for word in found if len(word) > 1 or word.isdigit() or ord(word) > 0x2E80]
    return Asked(tuple(several[:MOST_WORDS]), bool(_WHEN.search(text)), bool(_HOW_MANY.search(text)))


def words_of(text: str) -> list[str]:
    """Letters and digits alone, in lower case: nothing of FTS5's syntax can be left in them."""
    return _WORD.findall(_POSSESSIVE.sub(" ", text).lower())
