"""Which takes are spoken over her, or into the echo of her last words."""

from __future__ import annotations

from persona_core.hearing.echo import echoed_words
from persona_core.hearing.listening_words import words_of
from persona_core.hearing.overlap import Overlap, OverlapEvidence, judge

ECHO_S = 1.5  # after her last sound, somebody's loudspeaker and network may still repeat it
LATELY = 600  # characters of what she said, in which an echo is looked for


class OverHer:
    """Times are of the conversation's clock."""

    def __init__(self) -> None:
        self._speaking = False
        self._silent_since_s = float("-inf")
        self._said = ""  # before the reply that she is giving
        self._murmur = ""  # her last small sound beside her replies
        self._murmured_s = float("-inf")
        self._after_murmur: dict[int, str] = {}  # take → her words that may come back in it
        self._over: dict[int, bool] = {}  # take → whether she was still speaking when it began

    def forget(self) -> None:
        """Hold none of her words but those that she is saying."""
        self._said = ""

    def she_speaks(self) -> None:
        self._speaking = True

    def she_is_silent(self, said: str, now_s: float) -> None:
        """Her reply is over; ``said`` is what was heard of it."""
        if self._speaking:
            self._speaking = False
            self._silent_since_s = now_s
        self._said = f"{self._said} {said}"[-LATELY:]

    def she_murmurs(self, words: str, now_s: float) -> None:
        """She begins a small sound that nobody is over; it has no meaning, but may come back."""
        self._murmur, self._murmured_s = words, now_s

    def began(self, take: int, now_s: float) -> None:
        """Somebody begins to speak."""
        if self._speaking or now_s - self._silent_since_s < ECHO_S:
            self._over[take] = self._speaking
        if now_s - self._murmured_s < ECHO_S:
            self._after_murmur[take] = self._murmur

    def ended(self, take: int) -> None:
        self._over.pop(take, None)
        self._after_murmur.pop(take, None)

    def judge(
        self, take: int, text: str, language: str, voiced_s: float, saying: str, final: bool
    ) -> Overlap | None:
        """What a take is, with what she is ``saying`` meanwhile; None where it is not over her."""
        words = words_of(text)
        if words and echoed_words(words, self._after_murmur.get(take, ""), least=1) == len(words):
            return Overlap.ECHO
        while_speaking = self._over.get(take)
        if while_speaking is None:
            return None
        said = f"{self._said} {saying}"[-LATELY:]
        overlap = judge(OverlapEvidence(text, final, True, language, voiced_s, said))
        if while_speaking:
            return Overlap.INTERRUPTION if final and overlap is Overlap.UNDECIDED else overlap
        return overlap if overlap is Overlap.ECHO else None
