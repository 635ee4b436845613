"""Text that is worked out again and again while somebody speaks, without words that flicker.

A word is stable once two texts in a row agree on it and on all before it (LocalAgreement-2; Macháček,
Dabre, Bojar 2023, "Turning Whisper into Real-Time Transcription System"), and something follows it in
both: the last word may still be growing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Partial:
    """The state between two texts of one utterance."""

    stable: str = ""  # will not change any more
    tentative: str = ""  # what follows it in the latest text

    @property
    def text(self) -> str:
        return f"{self.stable} {self.tentative}".strip()

    def followed_by(self, text: str) -> Partial:
        """The state after the next text; one that contradicts what is stable changes nothing of it."""
        fixed, before, words = self.stable.split(), self.tentative.split(), text.split()
        if _agreeing(fixed, words) < len(fixed):
            return self
        new = words[len(fixed) :]
        agreed = min(_agreeing(before, new), len(before) - 1, len(new) - 1)
        stable = fixed + new[: max(0, agreed)]
        return Partial(" ".join(stable), " ".join(words[len(stable) :]))


def _agreeing(first: Sequence[str], second: Sequence[str]) -> int:
    """How many words agree from the start, whatever their case and punctuation."""
    for at, (one, other) in enumerate(zip(first, second, strict=False)):
        if _bare(one) != _bare(other):
            return at
    return min(len(first), len(second))


def _bare(word: str) -> str:
    return "".join(c for c in word.casefold() if c.isalnum())
