"""Cuts the words of a reply, as they are written, into what the voice is given.

The first piece is as short as sounds natural, so that she begins to speak early; the second may still be
a clause, so that it is ready in time; after them come whole sentences, which sound better. A place to cut
is recognised at the first letter of the word behind it, and for the first piece already where a text ends
in a mark that cannot mean anything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# At least so many in a clause that is the first, or second, piece. "Well," alone is how people begin while they think:
# on two slow cores it is heard half a second before the rest of its sentence would be.
CLAUSE_WORDS = (1, 8)
OPEN_WORDS = 7  # after so many without any mark the first piece ends before a conjunction
LONG = 220  # characters; a longer sentence is cut, because the voice makes a piece before she says it

_CLOSERS = "\"'”’»)」』"
_ENDS = ".!?…"
_FULL_WIDTH_ENDS = "。！？؟।"
_CLAUSE_ENDS = ",;:—–，；：、"
_NEVER_ENDS = frozenset([
    "mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "fig", "e.g", "i.e", "cf", "approx", "dept",
    "gen", "capt", "sgt", "mt", "jan", "feb", "apr", "aug", "sept", "oct", "nov", "dec",
])  # fmt: skip
_MAY_END = frozenset(["etc", "a.m", "p.m", "u.s", "u.k", "inc", "ltd"])  # before a capital letter they do
_UNCERTAIN = _NEVER_ENDS | _MAY_END | {"no"}
_JOINING = frozenset([
    "and", "but", "or", "because", "so", "that", "which", "who", "where", "when", "while", "if", "though",
    "although", "unless", "until", "since", "before", "after", "with", "without",
])  # fmt: skip
_LEFT_OVER = re.compile(r"^[.!?…,;:—–\s]+(?!\d)")  # of marks, when the piece before was cut at their first
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,!?;:)]", re.IGNORECASE)
_NAMED_SYMBOLS = {"&": " and ", "=": " equals ", "@": " at ", "+": " plus "}
_UNSPOKEN = re.compile(r"[*_`~|<>{}\[\]()\\^\u2190-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]+|#(?!\d)")
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
        self._given = 0  # pieces

    def feed(self, text: str) -> list[Clause]:
        """The pieces that ``text``, one or more whole tokens of a model, completes."""
        pieces = []
        for c in text:
            if self._word_begins(c):
                if self._may_cut(c):
                    pieces += self.flush()
                elif self._given == 0:
                    pieces += self._cut_open()
            self._text += c
            if len(self._text) > LONG:
                pieces += self._cut_long()
        if self._given == 0 and self._ends_for_certain():
            pieces += self.flush()
        return pieces

    def flush(self) -> list[Clause]:
        """What is left, if there are words in it."""
        piece = _LEFT_OVER.sub("", spoken(self._text))
        self._end += len(self._text)
        self._text = ""
        if not any(c.isalnum() for c in piece):
            return []
        self._given += 1
        return [Clause(piece, self._end)]

    def _word_begins(self, c: str) -> bool:
        last = self._text[-1:]
        return not c.isspace() and (last.isspace() or last == "—" or last in (*_FULL_WIDTH_ENDS,))

    def _may_cut(self, c: str) -> bool:
        text = self._text.rstrip()
        return self._ends_clause(text) or _ends_sentence(text.rstrip(_CLOSERS), c)

    def _ends_clause(self, text: str) -> bool:
        """Whether a clause ends with ``text``, and may be given by itself."""
        if self._given >= len(CLAUSE_WORDS) or not text or text[-1] not in _CLAUSE_ENDS:
            return False
        return len(text.split()) >= CLAUSE_WORDS[self._given]

    def _ends_for_certain(self) -> bool:
        """Whether a first piece ends here, whatever follows: not so behind "3.", "Dr." or "p.m."."""
        text = self._text.rstrip()
        if not text[-2:-1].isalpha():
            return False
        if text[-1] in "!?" or self._ends_clause(text):
            return True
        word = _last_word(text)
        return text[-1] == "." and len(word) > 1 and "." not in word and word not in _UNCERTAIN

    def _cut_open(self) -> list[Clause]:
        """Cuts before the conjunction that ends a text of many words without a mark."""
        before, _, last = self._text.rstrip().rpartition(" ")
        if last.casefold() not in _JOINING or len(before.split()) < OPEN_WORDS:
            return []
        rest = self._text[len(before) :]
        self._text = before
        pieces = [Clause(piece.text + ",", piece.end) for piece in self.flush()]
        self._text = rest
        return pieces

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


def _last_word(text: str) -> str:
    return text.split()[-1].rstrip(".").lstrip("\"'“‘(").casefold()


def _ends_sentence(text: str, following: str) -> bool:
    last = text[-1:]
    if not last or last in _FULL_WIDTH_ENDS:
        return bool(last)
    if last not in _ENDS:
        return False
    starts_anew = not following.islower()
    if text.endswith(("..", "…")):
        return starts_anew
    word = _last_word(text)
    if word == "no" and following.isdigit():
        return False
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
