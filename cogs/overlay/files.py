"""Files that she sends to a page, until they are fetched: in RAM, each at an address that nobody can guess."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from cogs.overlay.ports import Json

KEPT_S = 300.0
MOST_FILES = 8


@dataclass(frozen=True, slots=True)
class Offered:
    name: str
    content: bytes
    at_s: float  # time.monotonic()


class Files:
    def __init__(self) -> None:
        self._offered: dict[str, Offered] = {}  # oldest first

    def offer(self, name: str, content: bytes) -> Json:
        """Where it can be fetched, once."""
        key = secrets.token_urlsafe(24)
        self._offered[key] = Offered(name, content, time.monotonic())
        while len(self._offered) > MOST_FILES:
            del self._offered[next(iter(self._offered))]
        return {"name": name, "address": f"/file/{key}"}

    def take(self, key: str) -> Offered | None:
        self.expire()
        return self._offered.pop(key, None)

    def expire(self) -> None:
        """What nobody has fetched is kept no longer."""
        since = time.monotonic() - KEPT_S
        self._offered = {key: one for key, one in self._offered.items() if one.at_s >= since}

    def forget(self) -> None:
        self._offered.clear()
