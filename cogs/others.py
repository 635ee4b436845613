"""Whether people she may not hear are talking. Pure: asked at a fixed pace, it counts.

Of their sound it is known only that it comes, so somebody who pauses between two words and somebody who has
finished are told apart by time alone. Counting instead of reading a clock, a moment in which the whole
program stood still is not taken for a pause of theirs.
"""

from __future__ import annotations

NOTICED_EVERY_S = 0.1  # so often ``notice`` is to be called
PAUSE = 5  # times without sound, and they have stopped talking
MOST = 150  # times without such a pause, and it was no talk: a microphone left open, or music


class Others:
    def __init__(self) -> None:
        self._sounding = 0  # times since they began
        self._silent = PAUSE  # times since their last sound

    @property
    def talking(self) -> bool:
        return 0 < self._sounding <= MOST

    def notice(self, sounding: bool) -> bool:
        """Take what is true now; returns whether ``talking`` has changed."""
        before = self.talking
        self._silent = 0 if sounding else self._silent + 1
        self._sounding = 0 if self._silent >= PAUSE else self._sounding + 1
        return self.talking != before
