"""How long a silence must last for the turn to be over. Pure: evidence in, seconds out, no clock.

Six things are asked, and their answers are added up as log-odds: how it sounded (``EndOfTurn``), how likely the
language model thinks it that the text stops here (``EndOfText``), with which mark the recogniser closed it,
whether its last word can be a last word at all, what this person's microphone tells, and how often they pause.
The weights come from logistic regressions on LibriSpeech, AMI and Turnsense, rounded;
``tests.benchmarks.end_of_turn`` tells how well they do. Asking again later in the silence does not help: after
0.3 s and 0.6 s Smart Turn tells worse than after 0.1 s, since it comes to take everything for finished.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from persona_core.hearing.microphone import UNKNOWN, Microphone

# Words that hardly any sentence ends with: articles, possessives, conjunctions, fillers. None that may be a
# pronoun, a verb or the end of a question as well: "was ist das", "je n'en ai pas un", "what is it made from".
_UNFINISHED = {
    "de": "dem den ein eine einen einem einer mein dein unser und oder aber weil dass denn von zum zur",
    "en": "a an the my your our their and or but because if than of into um er",
    "es": "el la los las un mi tu su y o u e pero porque que de del con para por en a al",
    "fr": "le la les des du mon ma mes ton ta ses et ou mais car parce que de à au aux dans je",
    "it": "il lo la gli un e o ma perché che di del della con per da in al",
    "nl": "de een mijn jouw en of maar omdat dat te",
    "pt": "o a os as um meu minha seu sua e ou mas porque que de do da com para por em ao no na",
}
_LAST_WORDS = {language: frozenset(words.split()) for language, words in _UNFINISHED.items()}
_FILLERS = {"äh", "ähm", "ehm", "erm", "euh", "öh", "öhm", "uh", "uhm", "umm"}  # no word of any of them

_ENDS = tuple(".?!。？！｡؟।")
_GOES_ON = ("...", "…", ",", "-", "–", "—", ":", ";", "、", "，", "،")
_CLOSING = "".join((*_ENDS, *_GOES_ON))
_AROUND = " \t\n\"'“”‘’«»()[]*"

# Log-odds of having finished
_PRIOR = 0.25
_SOUND = 0.15  # for each log-odds of Smart Turn, which is far too sure of itself at a pause
_WORDS, _USUAL_WORDS = 0.45, -1.0  # for each log-odds of the language model above what it usually says
_UNREAD = 0.35  # for want of such a model, or until it has answered
_UNHEARD = 0.9  # for want of a sound the words are believed
_MARKED_AS_UNFINISHED = -1.4
_NOT_CLOSED = -0.9  # the recogniser wrote no mark at the end
_NO_LAST_WORD = -2.5  # 2 % of AMI's finished turns end in one, 45 % of those that people broke off

_CALL_S = 1.2  # whoever has spoken for less may have called a name, which is written without a mark

# By these log-odds, how far from the quickest to the longest silence. Over a third of what people say is quick; most
# of the rest waits for as long as nineteen turns in twenty may, because pauses are of any length below that.
_ODDS = (-0.8, -0.3, 0.7, 1.0)
_WAITED = (1.0, 0.6, 0.54, 0.0)


@dataclass(frozen=True, slots=True)
class TurnEvidence:
    """What is known of an utterance at a pause."""

    text: str  # of the utterance up to the pause, as recognised; empty: unknown
    language: str  # ISO 639-1; of others only the marks and the sound count
    finished: float | None  # EndOfTurn's probability; None: not known (yet, or there is no engine)
    spoken_s: float  # how long they spoke until the pause
    talk_ended: bool = False  # Discord says that the person's microphone closed
    microphone: Microphone = UNKNOWN  # what that has meant until now
    completed: float | None = None  # EndOfText's probability; None: not known, or not yet


def patience_s(evidence: TurnEvidence, quickest_s: float, longest_s: float) -> float:
    """How long the silence after this has to last for the turn to be over.

    ``quickest_s`` where everything says that they have finished, ``longest_s`` where everything says that they
    have not. People think for up to 1.6 s: a ``longest_s`` a little above lets them, and more gains nothing.
    """
    waited = float(np.interp(_log_odds(evidence), _ODDS, _WAITED))
    return quickest_s + (longest_s - quickest_s) * waited


def sound_matters(evidence: TurnEvidence, quickest_s: float, longest_s: float) -> bool:
    """Whether ``EndOfTurn`` can still change ``patience_s``, as things are or once the microphone closes."""

    def patience(finished: float, talk_ended: bool) -> float:
        return patience_s(replace(evidence, finished=finished, talk_ended=talk_ended), quickest_s, longest_s)

    return any(patience(0.0, closed) != patience(1.0, closed) for closed in {evidence.talk_ended, True})


def _log_odds(evidence: TurnEvidence) -> float:
    """Of having finished against not having."""
    text = evidence.text.strip(_AROUND)
    odds = _PRIOR + _SOUND * _logit(_UNHEARD if evidence.finished is None else evidence.finished)
    if text.endswith(_GOES_ON):
        odds += _MARKED_AS_UNFINISHED
    elif text and not text.endswith(_ENDS) and evidence.spoken_s > _CALL_S:
        odds += _NOT_CLOSED
    if ends_unfinished(text, evidence.language):
        odds += _NO_LAST_WORD
    read = evidence.completed
    odds += _UNREAD if read is None else _WORDS * (_logit(read) - _USUAL_WORDS)
    microphone = evidence.microphone
    return odds + microphone.log_odds(evidence.talk_ended) + microphone.pausing_log_odds


def ends_unfinished(text: str, language: str) -> bool:
    """Whether the last word is one after which something must follow, or a filler."""
    words = text.rstrip(_CLOSING).split()
    last = words[-1].casefold() if words else ""
    return last in _FILLERS or last in _LAST_WORDS.get(language, ())


def _logit(probability: float) -> float:
    """Within ±5, beyond which Smart Turn's certainty means nothing more."""
    bounded = min(max(probability, 0.0067), 0.9933)
    return math.log(bounded / (1 - bounded))
