"""From plain text, as it is written, to the one line that she says.

Three readers in a row: whose line it is, what was said already, which characters are spoken. Each
takes text in pieces and gives back what is certain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from persona_core.thinking.tail import KEYS

_ROLES = ("user", "human", "system")
_OWN_ROLES = ("assistant", "ai")
_SPOKEN_MARKS = frozenset(".,!?;:'\"’‘“”…–—-&%€$£¥+=/°¿¡«»。！？、，；：「」『』؟،।·")
_LEADING = frozenset("\"'“‘¿¡«「『$€£¥-+")  # besides letters and digits, what a reply may begin with
_CLOSE_UP = frozenset(".,!?;:…%。！？、，；：؟،।")  # no blank before these
_ENDS_SENTENCE = frozenset(".!?…。！？؟।")
_NEW_SPEAKER = re.compile(r"[A-Z][\w'-]{0,19}")
_LOOP_WORDS = 8  # a loop is a run of up to this many words, said again and again


class SpeakerLines:
    """Takes her own name off the start of a line and cuts where somebody else's line begins."""

    def __init__(self, name: str, others: Iterable[str]) -> None:
        own = {name, *name.split()[:1], *_OWN_ROLES}
        self._own = {n.casefold() for n in own if n}
        self._others = {n.casefold() for n in (*others, *_ROLES, *KEYS) if n} - self._own
        self._start = ""  # of a line, while it may still be a name
        self._at_start = True
        self._first = True
        self.cut = False

    def add(self, text: str) -> str:
        return "".join(map(self._add, text))

    def _add(self, c: str) -> str:
        if self.cut:
            return ""
        if not self._at_start:
            self._at_start = c == "\n"
            self._first = False
            return c
        if c == ":" or (c == "\n" and self._name() in self._own):
            return self._named(c)
        self._start += c
        return "" if self._may_be_name() else self.finish()

    def finish(self) -> str:
        """The start of a line that turned out to be no name."""
        start, self._start = self._start, ""
        self._at_start = start.endswith("\n") or not start.strip()
        self._first = self._first and not start.strip()
        return start

    def _named(self, separator: str) -> str:
        name = self._name()
        unknown = _NEW_SPEAKER.fullmatch(self._start.strip(" \t\"'“"))
        if name in self._own or (unknown and self._first and name not in self._others):
            self._start = ""  # a reply that begins with a name nobody has is hers all the same
            return " "
        if name in self._others or unknown:
            self.cut, self._start = True, ""
            return ""
        self._start += separator
        return self.finish()

    def _name(self) -> str:
        return " ".join(self._start.strip(" \t\n\"'“”").casefold().split())

    def _may_be_name(self) -> bool:
        start = self._start.strip(" \t\"'“")
        if self._start.endswith("\n"):
            return False
        known = any(n.startswith(self._name()) for n in (*self._own, *self._others))
        return known or bool(_NEW_SPEAKER.fullmatch(start))


class NoRepeats:
    """Lets no sentence of two words or more through twice."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._sentence = ""
        self._held = ""

    def add(self, text: str) -> str:
        return "".join(map(self._add, text))

    def _add(self, c: str) -> str:
        ends = c.isspace() and (c == "\n" or self._sentence.rstrip("\"'”’»")[-1:] in _ENDS_SENTENCE)
        if ends and self._sentence.strip():
            return self._end() + c
        self._sentence += c
        self._held += c
        words = _words(self._sentence)
        if any(said.startswith(words) for said in self._said):
            return ""
        held, self._held = self._held, ""
        return held

    def _end(self) -> str:
        words, held = _words(self._sentence), self._held
        self._sentence = self._held = ""
        if words in self._said:
            return ""
        if " " in words:
            self._said.add(words)
        return held

    def finish(self) -> str:
        return self._end()


class SpokenLine:
    """One line of words: only characters that are spoken, single blanks, no run-away repetition."""

    def __init__(self) -> None:
        self.text = ""
        self.looping = False
        self.has_words = False
        self._blank = ""
        self._words: list[str] = []
        self._word = ""

    def add(self, text: str) -> str:
        """What ``text`` adds to the line; nothing before the first letter or digit."""
        before = len(self.text) if self.has_words else 0
        for c in text:
            if not self.looping:
                self._add(c)
        return self.text[before:] if self.has_words else ""

    def _add(self, c: str) -> None:
        category = unicodedata.category(c)
        if category == "Cf" or (category[0] == "M" and not _is_mark(c)):
            return  # joiners and variation selectors, as in emoji
        if not _is_spoken(c):
            self._pause("." if c == "\n" else "")
            return
        last = self.text[-1:]
        run = self.text[-3:] == c * 3 and not c.isdigit()
        doubled = c in ",;:" and last in (",", ";", ":", *_ENDS_SENTENCE)
        leading = not last and not (c.isalnum() or c in _LEADING)
        if run or doubled or leading:
            return
        if self._blank and last and c not in _CLOSE_UP:
            self.text += self._blank
        elif self._blank == ". " and c in _CLOSE_UP and c not in _ENDS_SENTENCE:
            return
        self._blank = ""
        self.text += c
        if c.isalnum():
            self.has_words = True
            self._word += c

    def _pause(self, mark: str) -> None:
        """A blank; a new line also ends the sentence. Both are written once the next word comes."""
        ends = bool(mark) and self.text[-1:].isalnum()
        self._blank = ". " if ends or self._blank == ". " else " "
        if self._word:
            self._words.append(self._word.casefold())
            self._word = ""
            self.looping = _loops(self._words)


def _is_mark(c: str) -> bool:
    """An accent or vowel sign of a script, not an emoji's selector or keycap."""
    selector = "\ufe00" <= c <= "\ufe0f" or "\u20d0" <= c <= "\u20ff" or c >= "\U000e0000"
    return unicodedata.category(c)[0] == "M" and not selector


def _is_spoken(c: str) -> bool:
    if c == "\u2139":  # a letter by category, an emoji in practice
        return False
    return unicodedata.category(c)[0] in "LN" or c in _SPOKEN_MARKS or _is_mark(c)


def _words(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def _loops(words: list[str]) -> bool:
    """True when the last words are one short run of words, said three times or more."""
    for period in range(1, _LOOP_WORDS + 1):
        times = max(3, -(-_LOOP_WORDS // period))
        last = words[-period * times :]
        if len(last) == period * times and last == last[:period] * times:
            return True
    return False
