"""What a model writes, bytes or text, made into pieces that may be passed on."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class Pieces:
    """Holds back half characters, and text that may turn out to be the beginning of a stop string."""

    def __init__(self, stop: Sequence[str]) -> None:
        self.stopped = False  # a stop string was met; nothing after it counts
        self._stop = [text for text in stop if text]
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")
        self._held = ""

    def push(self, data: bytes) -> str:
        """The text that is certain now; often empty. Bytes that are no UTF-8 are left out."""
        self._held += self._decoder.decode(data)
        ends = [at for stop in self._stop if (at := self._held.find(stop)) >= 0]
        if ends:
            self.stopped = True
            self._held = self._held[: min(ends)]
            return self.rest()
        certain = len(self._held) - max((_overlap(self._held, stop) for stop in self._stop), default=0)
        piece, self._held = self._held[:certain], self._held[certain:]
        return piece

    def rest(self) -> str:
        """What was still held back when the model ended."""
        piece, self._held = self._held, ""
        return piece


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of ``text`` that begins ``stop``."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)
