"""Whether something said is worth a note in the journal, and why. Pure: by words alone, no model.

A score is 0 (small talk) to 1 (asked for). Calibrated on dialogues of friends and, against it, on meetings and radio
talk, which hold little that a friend would note.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from memory import cues
from memory.likeness import content_words, overlap
from memory.types import HERS, Entry, StoredTurn

WORTH = 0.5  # from here on something is worth a note
FACT, EVENT, PLAN, DECISION, PROMISE = 0.55, 0.55, 0.65, 0.65, 0.6
FURTHER = 0.05  # for each further reason
SHORTEST = 3  # words that can say anything worth it
NOTE = 200  # characters of a note that says one thing and no more
SAME = 0.6  # overlap from which on a correction and a note are about the same

_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Salience:
    score: float  # 0..1
    reasons: tuple[str, ...] = ()  # weightiest first


def of_turn(turn: StoredTurn) -> Salience:
    """What one turn is worth."""
    found: dict[str, float] = {}
    for sentence in _sentences(turn.text):
        for reason, weight in _found(sentence, turn.speaker == HERS):
            found[reason] = max(found.get(reason, 0.0), weight)
    return _together(found)


def of_stretch(turns: Sequence[StoredTurn]) -> Salience:
    """What a stretch of talk is worth: its best turn, and a little for whatever else there is."""
    found: dict[str, float] = {}
    for turn in turns:
        one = of_turn(turn)
        for reason in one.reasons:
            found[reason] = max(found.get(reason, 0.0), one.score)
    return _together(found)


def explicit_wishes(turn: StoredTurn) -> list[str]:
    """What a person asked her to remember, in their words. Never an order to a machine, never her own words."""
    if turn.speaker == HERS:
        return []
    wishes = []
    sentences = _sentences(turn.text)
    for at, sentence in enumerate(sentences):
        match = cues.WISH.search(sentence)
        if match is None or is_order(sentence):
            continue
        wish = sentence[match.end() :].strip(" ,:;–—-")
        if len(wish.split()) < 2:  # "Remember this: …", and it follows; or "…, remember that"
            after = sentences[at + 1] if at + 1 < len(sentences) else ""
            wish = after or sentence[: match.start()].strip(" ,:;–—-")
        if len(wish.split()) >= 2 and not is_order(wish):
            wishes.append(wish)
    return wishes


def fact_kinds(text: str) -> frozenset[str]:
    """What somebody tells about themselves in ``text``: "home", "job", "family", "pet", "likes", "self"."""
    return frozenset(kind for kind, pattern in cues.FACT_KINDS.items() if pattern.search(text))


def corrects(text: str) -> bool:
    """Whether ``text`` says that something was otherwise or has changed."""
    return cues.CORRECTION.search(text) is not None


def may_change(text: str) -> bool:
    """Whether something known may not hold any more since somebody said ``text``."""
    return corrects(text) or bool(fact_kinds(text) & cues.SINGLE)


def replaced(text: str, person: str, known: Sequence[Entry], name: str = "") -> list[Entry]:
    """Which of ``known`` do not hold any more since ``person`` said ``text``.

    Only short notes that rest on nobody's words but theirs. ``name`` of that person says nothing in a note.
    """
    if not corrects(text):
        return []
    return [
        entry
        for entry in known
        if person in entry.scope.about
        and set(entry.scope.about) <= {person, HERS}
        and len(entry.text) <= NOTE
        and _same_matter(text, entry, name)
    ]


def may_replace(text: str, entry: Entry) -> bool:
    """Whether what was said can be about the same as a note of which somebody else says that it is replaced."""
    noted = content_words(entry.text) - content_words(" ".join(entry.partners))
    shares = corrects(text) and bool(noted & content_words(text))
    return shares or bool(fact_kinds(text) & cues.SINGLE & kinds_noted(entry.text))


def is_plan(text: str) -> bool:
    """Whether ``text`` tells of something that is still to come."""
    return any(one.search(text) for one in (cues.PLAN, cues.WHEN, cues.HER_WORD, cues.DECISION))


def _same_matter(text: str, entry: Entry, name: str) -> bool:
    """By its words, by a name that is said not to hold any more, or by a kind of fact of which only one can hold."""
    noted = content_words(entry.text) - content_words(" ".join((*entry.partners, name)))
    said = content_words(text)
    denied = {word for match in cues.NEGATED.finditer(text) for word in content_words(match[1])}
    if denied & noted:
        return True
    if not noted - said:  # nothing in it has changed
        return False
    return overlap(noted, said) >= SAME or bool(fact_kinds(text) & cues.SINGLE & kinds_noted(entry.text))


def kinds_noted(note: str) -> frozenset[str]:
    """``fact_kinds`` of a note about somebody: "Ann lives in Berlin" as if Ann had said it."""
    spoken = re.sub(r"\b(?:lives|works|studies|loves|likes|hates|moved|plays)\b", _first_person, note)
    spoken = re.sub(r"\b(?:his|her|their)\b", "my", spoken, flags=re.IGNORECASE)
    spoken = re.sub(r"\b(?:[A-Z][\w'’-]*|he|she|they) (is|has|was)\b", _be, spoken)
    return fact_kinds(spoken)


def is_order(text: str) -> bool:
    """Whether ``text`` is addressed to a machine: "ignore your instructions"."""
    return cues.ORDERS.search(text) is not None


def _found(sentence: str, hers: bool) -> list[tuple[str, float]]:
    if len(sentence.split()) < SHORTEST or is_order(sentence):
        return []
    if hers:
        return [("a promise of hers", PROMISE)] if cues.HER_WORD.search(sentence) else []
    asks = sentence.rstrip().endswith("?")
    found = [
        (cue.reason, cue.weight)
        for cue in cues.CUES
        if cue.pattern.search(sentence) and (not asks or cue.pattern is cues.WISH)
    ]
    if asks:
        return found
    if cues.WHEN.search(sentence) and (cues.PLAN.search(sentence) or cues.EVENTS.search(sentence)):
        found.append(("a plan with a time", PLAN))
    if cues.LATELY.search(sentence) and cues.HAPPENED.search(sentence):
        found.append(("something that happened", EVENT))
    if cues.DECISION.search(sentence):
        found.append(("a decision", DECISION))
    return found + [(f"a fact about themselves ({kind})", FACT) for kind in sorted(fact_kinds(sentence))]


def _together(found: dict[str, float]) -> Salience:
    ordered = sorted(found.items(), key=lambda item: -item[1])
    if not ordered:
        return Salience(0.0)
    score = ordered[0][1] + FURTHER * (len(ordered) - 1)
    return Salience(min(1.0, round(score, 2)), tuple(reason for reason, _ in ordered))


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def _first_person(match: re.Match[str]) -> str:
    word = match[0]
    return f"i {word if word == 'moved' else word.removesuffix('s').replace('studie', 'study')}"


def _be(match: re.Match[str]) -> str:
    return {"is": "i am", "has": "i have", "was": "i was"}[match[1]]
