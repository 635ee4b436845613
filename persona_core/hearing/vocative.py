"""Whether a name calls somebody: "Mira, what time is it?" does, "Mira told me" and "ask Mira" do not.

Decided by where the name stands (after a word that opens the sentence, between pauses, at the end of a question) and
by what follows it.
"""

from __future__ import annotations

from itertools import pairwise

from persona_core.hearing import word_classes as wc
from persona_core.hearing.wording import Word, opens

_ADVERBS = frozenset(
    ("now", "then", "so", "or", "but", "anyway", "actually", "e", "y")
)  # openers, elsewhere adverbs
_ME = frozenset(("me", "us", "mir", "uns", "moi", "nous"))
_PRONOUNS = frozenset(("it", "there", "he", "she", "they", "this", "that"))
_REPORT = wc.word_set(
    "said says told asked tells asks means meant wrote thinks thought knows knew sagt sagte meint dijo dice dit"
)
_TAKES_OBJECT = wc.word_set(
    "to for with about from of by than like at on in and or the a an my our your his her their this that ask asked tell told "
    "is was called named meet zu für mit von über der die das den dem ein eine mein unsere und frag frage à de avec pour la le "
    "les un une mon ma et con para el los las una mi sobre y il lo gli per"
)


def is_called(words: list[Word], i: int, n: int) -> bool:
    """Whether the name that is words ``i`` to ``i + n`` calls somebody."""
    last = words[i + n - 1]
    before = words[i - 1] if i and not words[i].starts else None
    if "'" in last.text or _is_reported(words, i, n):
        return False
    if before is not None and before.text in wc.GREETS and not before.pause:
        return True
    if before is None or opens_clause(words, i):
        return bool(last.pause) or (words[i].text not in wc.COMMON and is_spoken_to(words, i + n))
    return bool(last.pause) and (bool(before.pause) or _may_end_in_a_call(words, i))


def _is_reported(words: list[Word], i: int, n: int) -> bool:
    """ "Mira said", and in what is quoted: "I said, Mira, …"."""
    follows = i + n < len(words) and words[i + n].text in _REPORT
    return follows or (i > 0 and not words[i].starts and words[i - 1].text in _REPORT)


def opens_clause(words: list[Word], i: int) -> bool:
    """Only words that open a sentence stand before word ``i`` in its clause: "okay, so Mira …"."""
    return all(opens(words, k) for k in range(_clause_start(words, i), i))


def _clause_start(words: list[Word], i: int) -> int:
    while i and not words[i].starts:
        i -= 1
    return i


def is_spoken_to(words: list[Word], i: int) -> bool:
    """Whether what follows a name from word ``i`` on is said to that person, not about them."""
    first = words[i].text
    second = words[i + 1].text if i + 1 < len(words) and not words[i].pause else ""
    if first in wc.AUXILIARIES and first not in wc.ORDERS:
        return second in wc.SECOND or second in wc.FIRST or second in _PRONOUNS
    if first in wc.ASKING or first in wc.SECOND or first in wc.FIRST or first in wc.ORDERS:
        return True
    if first in wc.OPENERS:
        return first not in _ADVERBS
    if first.endswith(("s", "ed")):
        return False  # most likely a verb of the third person
    rest = [word.text for word in words[i:]]
    return not wc.SECOND.isdisjoint(rest) or any(a in wc.ORDERS and b in _ME for a, b in pairwise(rest))


def _may_end_in_a_call(words: list[Word], i: int) -> bool:
    """Before a name at the end, without a pause: "who made you Mira", "thank you so much Mira", not "I asked Mira"."""
    before = words[i - 1].text
    if before in _TAKES_OBJECT or before in wc.ASKING:
        return False
    clause = [word.text for word in words[_clause_start(words, i) : i]]
    head = next((text for text in clause if text not in wc.OPENERS), "")
    asks = words[i].pause == "?" or head in wc.ASKING or head in wc.AUXILIARIES
    return asks or before in wc.SECOND or not wc.THANKS.isdisjoint(clause)
