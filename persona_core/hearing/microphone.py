"""What a person's microphone tells of the end of a turn, and how often they pause. Pure: counts in, log-odds out.

Some people hardly ever stop in the middle, others do in every sentence. Discord's programs say when they stop
sending (``Frame.sending``). Whoever holds a key lets go of it when they have finished, so that a pause with an open
microphone is one to think; a noise gate closes at every pause, which tells nothing. Both are learned from their own
pauses and ends, in this call only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

# What stands in for experience: three ends for each pause, and few of both, since a habit shows soon; nearly all ends
# close a microphone, and so do two in three pauses to think.
_ENDS, _PAUSES = 3, 1
_OVER, _OVER_CLOSED = 9, 8
_ON, _ON_CLOSED = 3, 2
# Log-odds, at most: who pauses in every sentence ends some, and who has never paused yet may do so in the next one.
_PAUSING, _FLUENT = -1.0, 0.7
_SUREST = 2.0  # the same of the microphone; habits change, and a packet that says "closed" may be lost


@dataclass(frozen=True, slots=True)
class Microphone:
    """How often one person's was seen closed, of their ends and of the pauses after which they went on."""

    over: int = 0
    over_closed: int = 0
    on: int = 0
    on_closed: int = 0

    def ended(self, closed: bool) -> Microphone:
        return replace(self, over=self.over + 1, over_closed=self.over_closed + closed)

    def went_on(self, closed: bool) -> Microphone:
        return replace(self, on=self.on + 1, on_closed=self.on_closed + closed)

    def went_on_after_all(self, closed: bool) -> Microphone:
        """What was taken for an end was a pause."""
        return replace(self, over=self.over - 1, over_closed=self.over_closed - closed).went_on(closed)

    @property
    def pausing_log_odds(self) -> float:
        """Of having finished, by how often this person does not pause but end."""
        odds = math.log((self.over + _ENDS) / (self.on + _PAUSES)) - math.log(_ENDS / _PAUSES)
        return min(max(odds, _PAUSING), _FLUENT)

    def log_odds(self, closed: bool) -> float:
        """Of having finished; none for a microphone that has never been seen to close, and may not be able to."""
        if not (closed or self.over_closed or self.on_closed):
            return 0.0
        over = (self.over_closed + _OVER_CLOSED) / (self.over + _OVER)
        on = (self.on_closed + _ON_CLOSED) / (self.on + _ON)
        odds = math.log(over / on) if closed else math.log((1 - over) / (1 - on))
        most = _SUREST if closed else 0.0  # that it stays open makes no end likelier
        return min(max(odds, -_SUREST), most)


UNKNOWN = Microphone()
