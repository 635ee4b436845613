"""Small sounds beside her words: a filler while a reply is late, a sign that she listens. Pure; time is passed in.

Both are off unless the owner wants them: a sound too many annoys more than a second of silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

Words = Mapping[str, tuple[str, ...]]  # by ISO 639-1, at least two each

FILLERS: Words = {
    "en": ("Hmm.", "Let me think.", "Let's see.", "One moment."),
    "de": ("Hm.", "Lass mich überlegen.", "Moment.", "Mal sehen."),
    "es": ("Mmm.", "Déjame pensar.", "A ver.", "Un momento."),
    "fr": ("Hmm.", "Laisse-moi réfléchir.", "Voyons.", "Un instant."),
}
LISTENING: Words = {
    "en": ("Mm-hm.", "Uh-huh.", "Right.", "I see."),
    "de": ("Mhm.", "Aha.", "Ja.", "Verstehe."),
    "es": ("Mhm.", "Ajá.", "Ya.", "Claro."),
    "fr": ("Mhm.", "D'accord.", "Oui.", "Je vois."),
}
FILLER_EVERY_S = 20.0  # at most one in so long a time
LISTENING_EVERY_S = 12.0


class Sounds:
    """Chooses from ``words``, never the same twice in a row, and no more than one in ``every_s``."""

    def __init__(self, words: Words, every_s: float, random: Random | None = None) -> None:
        self._words = words
        self._every_s = every_s
        self._random = random or Random()
        self._last = ""
        self._last_s = float("-inf")

    def choose(self, language: str, now_s: float) -> str | None:
        """What to say at ``now_s``; None: too soon, or nothing known in ``language`` (empty: English)."""
        known = self._words.get(language or "en")
        if known is None or now_s - self._last_s < self._every_s:
            return None
        self._last = self._random.choice([words for words in known if words != self._last])
        self._last_s = now_s
        return self._last


def fillers(random: Random | None = None) -> Sounds:
    """For a reply whose first clause is late."""
    return Sounds(FILLERS, FILLER_EVERY_S, random)


def listening_sounds(random: Random | None = None) -> Sounds:
    """For somebody who has been speaking to her for a while, at one of their pauses."""
    return Sounds(LISTENING, LISTENING_EVERY_S, random)
