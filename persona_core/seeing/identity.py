"""Who is it that is being followed? What one comparison after another comes to. Pure.

A name is given at the first good picture. So that it does not go over to another face, whoever is followed is compared
again every few seconds, and at once where it may have become somebody else (``doubt``); until then the name is withheld.
"""

from __future__ import annotations

import math
from enum import StrEnum

from memory.gallery import Bounds, FaceEmbedding, Match, Verdict, unit_of

TRIES = 6  # good pictures, one right after the other, of somebody who is not known yet
NOBODY_AFTER = 3  # of them in a row that are nobody's
AGAIN_S = 4.0  # until it is looked whether it is still them
SOON_S = 1.0  # the same, where it did not look quite like them


class Finding(StrEnum):
    NOTHING = "nothing"  # that was not known before
    KNOWN = "known"
    STRANGER = "stranger"
    OTHER = "other"  # it is not whom it was: follow it under another number


class Identity:
    """Of one face that is being followed. Times are those of the pictures, in seconds."""

    def __init__(self, bounds: Bounds) -> None:
        self.maybe: tuple[str, ...] = ()  # ids, the likest first
        self.likeness = -1.0  # to the likest
        self.due = -math.inf  # when it is to be compared
        self.doubted = False  # it may have become somebody else
        self.named = ""  # id of whom it was last known to be
        self._bounds = bounds
        self._seen: FaceEmbedding | None = None  # when it was last known, or nobody's
        self._asked = self._nobody = 0
        self._stranger = False  # that has been said

    @property
    def person(self) -> str:
        """Id of who it is for sure; empty: not known."""
        return "" if self.doubted else self.named

    @property
    def perhaps(self) -> tuple[str, ...]:
        """Ids of who it may be; of a name that is withheld that one."""
        return self.maybe or ((self.named,) if self.doubted and self.named else ())

    def is_perhaps(self, person_id: str) -> bool:
        """Whether anything that is held here may be of that person."""
        return person_id == self.named or person_id in self.maybe

    @property
    def embedding(self) -> FaceEmbedding | None:
        """The latest good one; None where it may be another's."""
        return None if self.doubted else self._seen

    @property
    def settled(self) -> bool:
        """Nothing new is to be expected from looking again at once."""
        return not self.doubted and (bool(self.named) or self._asked >= TRIES)

    def doubt(self) -> None:
        """It may be another face than before; one that nothing is known of yet cannot."""
        if self._seen is not None:
            self.doubted, self.due = True, -math.inf

    def begin_anew(self) -> None:
        """Somebody may be known by now who was not."""
        self._asked, self.due = 0, -math.inf

    def take(self, match: Match, seen: FaceEmbedding, at: float) -> Finding:
        """What a good picture of it came to."""
        known = match.likest[0] if match.verdict is Verdict.KNOWN else ""
        if self._is_other(known, seen):
            return Finding.OTHER
        self.likeness = match.likeness
        if self.named and known != self.named:
            return self._unlike_them(match, seen, at)
        self.maybe = () if known else match.likest
        self._seen, self.doubted = seen, False
        if known:
            first, self.named = not self.named, known
            self.due = at + AGAIN_S
            return Finding.KNOWN if first else Finding.NOTHING
        return self._nobody_yet(match, at)

    def _is_other(self, known: str, seen: FaceEmbedding) -> bool:
        if self._seen is None or (known and known == self.named):
            return False
        return bool(known and self.named) or self._alike(seen) < self._bounds.maybe

    def _unlike_them(self, match: Match, seen: FaceEmbedding, at: float) -> Finding:
        """It still looks like the face that was known, but its person is not known by it."""
        others = any(one != self.named for one in match.likest)
        self.doubted = others or not (match.likest or self._alike(seen) >= self._bounds.accept)
        self.maybe = match.likest if self.doubted else ()
        self.due = at + SOON_S
        return Finding.NOTHING

    def _nobody_yet(self, match: Match, at: float) -> Finding:
        self._asked += 1
        self._nobody = self._nobody + 1 if match.verdict is Verdict.UNKNOWN else 0
        self.due = at if self._asked < TRIES else at + AGAIN_S
        if self._nobody < NOBODY_AFTER or self._stranger:
            return Finding.NOTHING
        self._stranger, self._asked, self.due = True, TRIES, at + AGAIN_S
        return Finding.STRANGER

    def _alike(self, seen: FaceEmbedding) -> float:
        assert self._seen is not None
        return float(unit_of(self._seen.vector) @ unit_of(seen.vector))
