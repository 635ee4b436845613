"""What is it that is heard while she speaks? Pure: evidence in, one of five answers out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from persona_core.hearing.echo import echoed_words
from persona_core.hearing.listening_words import without_listening, words_of

_BEGINNING = 4  # letters that match hers: what has been said so far may grow into an echo
_SURE_S = 1.0  # a single word is believed after this; on less sound recognisers write words for hums
_WORDLESS_S = 2.0  # sound that gave no word for so long will give none
_TALKING_S = 3.0  # whoever speaks for so long wants to be heard, whether or not the recogniser keeps up


class Overlap(Enum):
    UNDECIDED = auto()  # ask again when more is known
    NOTHING = auto()  # noise, a cough, laughter, a chair
    BACKCHANNEL = auto()  # they show that they listen
    ECHO = auto()  # herself, through their loudspeaker
    INTERRUPTION = auto()  # they want her to stop


@dataclass(frozen=True, slots=True)
class OverlapEvidence:
    """What is known of one person's sound since they began to speak over her."""

    text: str  # recognised so far; empty when no words were, or nothing has been worked out yet
    final: bool  # they have stopped, and the text is what they said
    worked_out: bool  # whether ``text`` is a recogniser's answer at all
    language: str  # ISO 639-1 of the text, empty when unknown
    voiced_s: float  # how long they have been speaking over her
    said: str  # her own words of the last seconds, up to now
    name_called: bool = False  # her name, or a word that orders her to stop


def judge(evidence: OverlapEvidence) -> Overlap:
    """May be asked again with every partial text; only ``UNDECIDED`` and non-final answers may change.

    ``text`` is to hold only what ``evidence.has_words`` lets through, else a cough interrupts her.
    """
    if not evidence.worked_out:
        return Overlap.INTERRUPTION if evidence.voiced_s >= _TALKING_S else Overlap.UNDECIDED
    words = words_of(evidence.text)
    echo = echoed_words(words, evidence.said)
    if not (echo or evidence.final) and echoed_words(words, evidence.said, _BEGINNING) == len(words) > 0:
        return Overlap.UNDECIDED
    if evidence.name_called and not echo:
        return Overlap.INTERRUPTION
    content = without_listening(words[echo:], evidence.language)
    if len(content) >= _needed(evidence, echo):
        return Overlap.INTERRUPTION
    if echo:
        return Overlap.ECHO
    if evidence.final:
        return Overlap.BACKCHANNEL if words else Overlap.NOTHING
    return Overlap.NOTHING if not words and evidence.voiced_s >= _WORDLESS_S else Overlap.UNDECIDED


def _needed(evidence: OverlapEvidence, echo: int) -> int:
    """How many words that mean something make an interruption; an echo's last word may be garbled."""
    sure = evidence.final or evidence.voiced_s >= _SURE_S
    return 1 if sure and not echo else 2
