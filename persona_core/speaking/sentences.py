"""Cuts the words of a reply, as they are written, into what the voice is given.

The first piece is a clause, so that she begins to speak early; after it whole sentences, which sound
better. A place to cut is recognised at the first letter of the word behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FIRST_WORDS = 3  # at least so many before the first clause is spoken: "Well," alone sounds cut off
LONG = 220  # characters; a longer sentence is cut, because the voice makes a piece before she says it

_CLOSERS = "\"'”’»)」』"
_ENDS = ".!?…"
_FULL_WIDTH_ENDS = "。！？؟।"
_CLAUSE_ENDS = ",;:—–，；：、"
_NEVER_ENDS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "jr",
        "sr",
        "vs",
        "fig",
        "e.g",
        "i.e",
        "cf",
        "approx",
        "dept",
        "gen",
        "capt",
        "sgt",
        "mt",
    ]
)
_MAY_END = frozenset(
    ["etc", "a.m", "p.m", "u.s", "u.k", "inc", "ltd"]
)  # they end a sentence before a capital letter
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,!?;:)]", re.IGNORECASE)
_NAMED_SYMBOLS = {"&": " and ", "=": " equals ", "@": " at ", "+": " plus "}
_UNSPOKEN = re.compile(r"[*_`~|<>{}\[\]()\\^#\u2190-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]+")
_REPEATED = re.compile(r"([!?,;:—–])[!?,;:—–]+")
_DOTS = re.compile(r"\.{2,}|…+")
_SHOUTED = re.compile(r"\b[A-Z]{5,}\b|\b[A-Z]+(?: [A-Z]{2,}){2,}\b")


@dataclass(frozen=True, slots=True)
class Clause:
    """What the voice is given at once."""

    text: str  # without what cannot be spoken
    end: int  # characters of the whole text up to its end


class Sentences:
    """``feed`` it words as they come, ``flush`` at the end; both give pieces ready for the voice."""

    def __init__(self) -> None:
        self._text = ""
        self._end = 0  # characters before ``_text``
        self._first = True

    def feed(self, text: str) -> list[Clause]:
        """The pieces that ``text`` completes. How the text is cut on its way here makes no difference."""
        pieces = []
        for c in text:
            if self._word_begins(c) and self._may_cut(c):
                pieces += self.flush()
            self._text += c
            if len(self._text) > LONG:
                pieces += self._cut_long()
        return pieces

    def flush(self) -> list[Clause]:
        """What is left, if there are words in it."""
        piece = spoken(self._text)
        self._end += len(self._text)
        self._text = ""
        if not any(c.isalnum() for c in piece):
            return []
        self._first = False
        return [Clause(piece, self._end)]

    def _word_begins(self, c: str) -> bool:
        last = self._text[-1:]
        return not c.isspace() and (last.isspace() or last == "—" or last in (*_FULL_WIDTH_ENDS,))

    def _may_cut(self, c: str) -> bool:
        text = self._text.rstrip()
        if self._first and text[-1:] and text[-1] in _CLAUSE_ENDS:
            return len(text.split()) >= FIRST_WORDS
        return _ends_sentence(text.rstrip(_CLOSERS), c)

    def _cut_long(self) -> list[Clause]:
        """Cuts at the last clause of a sentence that goes on and on, or else at its last blank."""
        clauses = [m.end() for m in re.finditer(r"[,;:—–]\s|\s(?=(?:and|but|or|because)\s)", self._text)]
        blank = self._text.rfind(" ")
        cut = clauses[-1] if clauses and clauses[-1] > LONG // 4 else blank if blank > 0 else LONG
        rest = self._text[cut:]
        self._text = self._text[:cut]
        pieces = self.flush()
        self._text = rest
        return pieces


def _ends_sentence(text: str, following: str) -> bool:
    last = text[-1:]
    if not last or last in _FULL_WIDTH_ENDS:
        return bool(last)
    if last not in _ENDS:
        return False
    starts_anew = not following.islower()
    if text.endswith(("..", "…")):
        return starts_anew
    word = text.split()[-1].rstrip(".").lstrip("\"'“‘(").casefold()
    if last != "." or word not in _NEVER_ENDS | _MAY_END:
        initial = last == "." and len(word) == 1 and word.isalpha() and word != "i"
        return not initial
    return word in _MAY_END and starts_anew


def spoken(text: str) -> str:
    """``text`` without what a voice cannot say. Numbers, times and currencies are left to the engine."""
    text = _URL.sub("a link", text)
    for symbol, words in _NAMED_SYMBOLS.items():
        text = text.replace(symbol, words)
    text = _UNSPOKEN.sub(" ", text)
    text = _REPEATED.sub(lambda marks: "?" if "?" in marks.group() else marks.group(1), text)
    text = _DOTS.sub("...", text)
    text = _SHOUTED.sub(lambda shout: shout.group().capitalize(), text)
    return re.sub(r"\s+([.,!?;:])", r"\1", " ".join(text.split()))
