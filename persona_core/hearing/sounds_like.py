"""How alike two written words sound, for names that a recogniser has misspelt. Rough, and made for many languages.

A word becomes a string of sounds, one sign each (letters of one sound are one: c/k/q, f/ph, s/z, i/y), after the
manner of Metaphone, but with its vowels kept. Two such strings are compared by an edit distance in which sounds
made alike (t and d, m and n, any two vowels) cost less than others.
"""

from __future__ import annotations

import re
import unicodedata

_SPELLINGS = (  # in this order; ^ and $ are the ends of the word
    (r"sch|tch|ch|sh", "S"),
    (r"ph", "f"),
    (r"th", "0"),
    (r"ck|q(?:u(?=[aeiou]))?", "k"),
    (r"^kn|^gn", "n"),
    (r"^wr", "r"),
    (r"(?<=[aeiou])gh", ""),
    (r"dg(?=[eiy])|j", "J"),
    (r"(?<!^)g(?=[ey])", "J"),
    (r"c(?=[eiy])|z", "s"),
    (r"c", "k"),
    (r"x", "ks"),
    (r"wh?(?=[aeiou])", "v"),
    (r"[eaou]r$", "a"),  # a closing r is seldom heard: Luna, lunar
    (r"(?<=[^aeiou])e$", ""),
    (r"ee|ea|ie|ei|ey|y", "i"),
    (r"oo|ou", "u"),
    (r"oe|au|aw|ow|oa", "o"),
    (r"ai|ay|ae", "e"),
    (r"[hw]", ""),
)
_RULES = tuple((re.compile(pattern), sign) for pattern, sign in _SPELLINGS)
_DOUBLE = re.compile(r"(.)\1+")

_VOWELS = frozenset("aeiou")
_MADE_ALIKE = tuple(map(frozenset, ("td0", "pb", "kg", "fv0", "sS0", "SJ", "iJ", "mn", "lr", "ln", "bv")))
_NEAR, _VOWEL_LOST, _CONSONANT_LOST = 0.5, 0.5, 0.9  # against 1 for any other sound


def sound_of(text: str) -> str:
    """The sounds of ``text``, written as one word. Letters of no Latin alphabet stand for themselves."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    sounds = "".join(sign for sign in plain if sign.isalpha())
    for pattern, sign in _RULES:
        sounds = pattern.sub(sign, sounds)
    return _DOUBLE.sub(r"\1", sounds)


def unlikeness(heard: str, meant: str, limit: float = 1.0) -> float:
    """Edit distance of two strings of sounds per sound of ``meant``: 0 the same, 1 all different.

    Above ``limit`` it is 1.0, and often found out without comparing.
    """
    most = limit * len(meant)
    if heard == meant or not meant:
        return 0.0 if meant else 1.0
    if abs(len(heard) - len(meant)) * _VOWEL_LOST > most:
        return 1.0
    distance = _distance(heard, meant)
    return distance / len(meant) if distance <= most else 1.0


def _distance(heard: str, meant: str) -> float:
    row = [0.0]
    for sound in meant:
        row.append(row[-1] + _loss(sound))
    for sound in heard:
        above, row = row, [row[0] + _loss(sound)]
        for i, other in enumerate(meant):
            swap = above[i] + (0.0 if sound == other else _swap(sound, other))
            row.append(min(swap, above[i + 1] + _loss(sound), row[-1] + _loss(other)))
    return row[-1]


def _loss(sound: str) -> float:
    return _VOWEL_LOST if sound in _VOWELS else _CONSONANT_LOST


def _swap(a: str, b: str) -> float:
    if a in _VOWELS and b in _VOWELS:
        return 0.35
    return _NEAR if any(a in group and b in group for group in _MADE_ALIKE) else 1.0
