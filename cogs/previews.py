"""What somebody has been shown and asked about, until they answer. Pure: time is passed in."""

from __future__ import annotations

from dataclasses import dataclass

from memory.forget import Wish

WAITS_S = 600.0  # for an answer
MOST = 1_000  # the oldest is dropped first


@dataclass(frozen=True, slots=True)
class Preview:
    """A wish that waits for a yes."""

    asker: str  # id of the person who alone may answer
    wish: Wish
    what: str  # it would forget, as the asker reads it
    after: str = ""  # what holds from then on

    @property
    def own(self) -> bool:
        """It is the asker's own, of which they may know a part; whoever runs her may know of all of it."""
        return self.wish.person == self.asker


class Previews:
    """By the id of the message that shows them. Each is answered once; none outlives a restart."""

    def __init__(self) -> None:
        self._asked: dict[int, tuple[float, Preview]] = {}  # oldest first

    def put(self, message: int, preview: Preview, now_s: float) -> None:
        self._asked[message] = now_s, preview
        if len(self._asked) > MOST:
            del self._asked[next(iter(self._asked))]

    def get(self, message: int, asker: str, now_s: float) -> Preview | None:
        """What ``asker`` was shown there; None: nothing, or it was answered, or too long ago."""
        asked_s, preview = self._asked.get(message, (float("-inf"), None))
        if preview is None or preview.asker != asker or now_s - asked_s > WAITS_S:
            return None
        return preview

    def take(self, message: int, asker: str, now_s: float) -> Preview | None:
        """The same, and it counts as answered."""
        preview = self.get(message, asker, now_s)
        if preview is not None:
            del self._asked[message]
        return preview
