"""How alike two lines are. Pure; for short lines in any language that puts blanks between words."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ENDINGS = ("ingly", "ing", "ies", "ied", "ed", "es", "s", "e", "y")
_SMALL_WORDS = """
a an the and or but if of to in on at by for with from as is am are was were be been being do does did has
have had i me my mine you your he him his she her it its we us our they them their this that these those there
here not no yes so very just really now then than too also about into out up down will would can could should
may im ive id ill youre hes shes theyre dont doesnt didnt isnt arent wasnt actually any more anymore longer
still who what which when where how why said says say told tell tells think thinks well oh um uh
"""
_SMALL = frozenset(_SMALL_WORDS.split())


def normalised(text: str) -> str:
    """``text`` without case, accents, marks and odd blanks: equal where people would call it the same."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c))))


def content_words(text: str) -> frozenset[str]:
    """Stems of the words that say something."""
    words = normalised(text).replace("'", "").replace("’", "").split()
    return frozenset(_stem(word) for word in words if word not in _SMALL)


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Share (0..1) of the fewer of these content words that the others hold, too."""
    fewer = min(len(one), len(other))
    return len(one & other) / fewer if fewer else 0.0


def alike(one: str, other: str) -> float:
    """Share (0..1) of all their content words that both have: 1 where they say the same."""
    mine, theirs = content_words(one), content_words(other)
    every = len(mine | theirs)
    return len(mine & theirs) / every if every else float(normalised(one) == normalised(other))


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
