"""Whether somebody asks her aloud to forget what they said, and whether they say yes when she asks back. Pure.

In seven languages (``spoken_forms``), as recognisers write it. A wish is a whole sentence, the last one: "forget that,
what's the weather?" is talk, and so are "don't forget that", "I forgot that", "oh, forget it" and whatever is quoted.
She asks back before she does it, so a wish may be short, but never a part of something else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from cogs import spoken_forms as forms
from persona_core.hearing.calls import find_calls, names_of
from persona_core.hearing.wording import Word, words_of

LATELY = 5  # minutes, where somebody says only "that"
MOST_MINUTES = 24 * 60

_QUOTES = re.compile(r'["“”„‟«»]')


@dataclass(frozen=True, slots=True)
class Last:
    """What was said in the last minutes."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Today:
    """What was said since midnight."""


@dataclass(frozen=True, slots=True)
class More:
    """More than a day, or something else than what was said: she has to show first what would go."""


Wished = Last | Today | More


@dataclass(frozen=True, slots=True)
class Request:
    """``named``: she was called by her name."""

    wished: Wished
    named: bool


def request_in(text: str, her_name: str, others: Sequence[str] = ()) -> Request | None:
    """What is wished for in ``text``; None: nothing, or somebody else is called. ``others``: who else is there."""
    if _QUOTES.search(text) or not forms.VERBS.search(plain(text)):  # the latter of nearly all that is said
        return None
    calls = find_calls(text, names_of((her_name,), others))
    if calls.other:
        return None
    said, asks = _last_sentence(calls.rest)
    named = calls.her > 0
    if calls.her_mentioned and not named:  # "forget that Mira", written without its comma
        hers = re.escape(plain(her_name))
        without = re.sub(rf"^{hers} | {hers}$", "", said)
        named, said = without != said, without
    wished = _wished(said, asks, named)
    return None if wished is None else Request(wished, named)


def answer_in(text: str, her_name: str) -> bool | None:
    """Whether ``text`` is a yes (True) or a no, and nothing beside; "yes or no" is neither."""
    calls = find_calls(text, names_of((her_name,), ()))
    said = plain(" ".join(word.text for word in calls.rest))
    rest, no = forms.NO.subn(" ", said)
    rest, yes = forms.YES.subn(" ", rest)
    if forms.PADDING.sub(" ", rest).split() or bool(yes) == bool(no):
        return None
    return bool(yes)


def plain(text: str) -> str:
    """The words of ``text`` in small letters, without accents, hyphens and marks."""
    letters = unicodedata.normalize("NFKD", " ".join(word.text for word in words_of(text)))
    return "".join(one for one in letters if not unicodedata.combining(one)).replace("-", " ")


def _last_sentence(words: Sequence[Word]) -> tuple[str, bool]:
    """Its words, and whether it ends with a question mark; what is only polite ("Thank you.") is none."""
    for sentence in _sentences(words):
        said = plain(" ".join(word.text for word in sentence))
        if _stripped(_unadorned(said))[0]:
            return said, sentence[-1].pause == "?"
    return "", False


def _sentences(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """The last one first."""
    end = len(words)
    for at in range(len(words) - 1, -1, -1):
        if at == 0 or words[at - 1].pause in (".", "?"):
            yield words[at:end]
            end = at


def _wished(said: str, asks: bool, named: bool) -> Wished | None:
    """``said``: one sentence; ``asks``: with a question mark."""
    without, oh = _stripped(_unadorned(said))
    wish = forms.ASKED.sub("", without)
    requested = wish != without or forms.POLITE.search(said) is not None
    if named:
        wish = forms.ALLOWED.sub("", wish)
    if (asks and not requested) or (oh and not (named or requested)):
        return None
    if forms.IT.fullmatch(wish):
        return Last(LATELY) if requested and not oh else None
    for form in (*forms.FORMS, *(forms.FORMS_ASKED if requested else ())):
        if match := form.fullmatch(wish):
            return _meant(match.groupdict())
    more = (*forms.MORE, *(forms.MORE_ASKED if requested else ()))
    return More() if any(form.fullmatch(wish) for form in more) else None


def _unadorned(said: str) -> str:
    """Without "please"."""
    return " ".join(forms.POLITE.sub(" ", said).split())


def _stripped(said: str) -> tuple[str, bool]:
    """Without the words that only open or close a sentence; and whether one of them dismisses: "oh", "ach"."""
    oh, before = False, ""
    while said != before:
        before = said
        said = forms.OPENS.sub("", forms.ENDS.sub("", said))
        without = forms.OH.sub("", said)
        oh |= without != said
        said = without
    return said, oh


def _meant(found: dict[str, str | None]) -> Wished | None:
    unit = found.get("unit")
    if unit:
        minutes = _minutes(found.get("number"), unit)
        if minutes is None:
            return None
        return Last(minutes) if minutes <= MOST_MINUTES else More()
    if found.get("today") or (found.get("all") and not found.get("just")):
        return Today()
    return Last(LATELY)


def _minutes(number: str | None, unit: str) -> int | None:
    """None: the number is none that is known."""
    each = next(minutes for pattern, minutes in forms.UNITS.items() if re.fullmatch(pattern, unit))
    if not number:
        several = each == 1 and unit.endswith(("s", "en", "i"))  # "the last minutes"
        return LATELY if several else max(1, ceil(each))
    values = [float(word) if word.isdigit() else forms.NUMBERS.get(word) for word in number.split()]
    known = [value for value in values if value is not None]
    return max(1, ceil(sum(known) * each)) if known and len(known) == len(values) else None
