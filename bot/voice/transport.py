"""Everybody's sound in a Discord call, as the persona's ears take it."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable

from bot.voice.opus import RATE
from persona_core.types import Frame, Pcm, Person

MOST_WAITING = 500  # frames of one person (10 s); a listener further behind loses the oldest


class DiscordTransport:
    """A ``persona_core.ports.Transport``. One listener; what it has not taken waits, in bounded queues."""

    def __init__(self, person_of: Callable[[int], Person], counts: Counter[str]) -> None:
        """``person_of`` names the person behind a Discord user id."""
        self._person_of = person_of
        self._counts = counts
        self._people: dict[int, Person] = {}
        self._frames: dict[int, deque[Frame]] = {}
        self._order: deque[int] = deque()  # user ids, one for each frame that waits
        self._wake = asyncio.Event()
        self._closed = False

    async def frames(self) -> AsyncIterator[Frame]:
        """Frames of 20 ms at 48 kHz; times are the event loop's clock. Ends when the call does."""
        while True:
            while self._order:
                waiting = self._frames.get(self._order.popleft())
                if waiting:
                    yield waiting.popleft()
            if self._closed:
                return
            self._wake.clear()
            await self._wake.wait()

    def hear(self, user: int, pcm: Pcm, at_s: float, sending: bool = True) -> None:
        """Queue a frame; never waits."""
        person = self._people.get(user)
        if person is None:
            person = self._people[user] = self._person_of(user)
        waiting = self._frames.setdefault(user, deque())
        waiting.append(Frame(person, pcm, RATE, at_s, sending))
        if len(waiting) > MOST_WAITING:  # the newest takes the oldest's place in the order
            waiting.popleft()
            self._counts["frames_dropped"] += 1
        else:
            self._order.append(user)
        self._wake.set()

    def forget(self, user: int) -> None:
        """Drop what waits of ``user``'s sound, and their name."""
        self._frames.pop(user, None)
        self._people.pop(user, None)

    def close(self) -> None:
        self._closed = True
        self._wake.set()
