"""How often something may happen. Pure: time is passed in."""

from __future__ import annotations

from collections import deque

MOST_KEYS = 10_000  # what has not happened for longest is forgotten first


class Pace:
    """At most ``most`` times within any ``within_s`` seconds, for each key."""

    def __init__(self, most: int, within_s: float) -> None:
        self._most = most
        self._within_s = within_s
        self._times: dict[str, deque[float]] = {}

    def may(self, key: str, now_s: float) -> bool:
        """Whether it may happen now; if so, it counts as having happened."""
        times = self._times.pop(key, deque())
        while times and now_s - times[0] >= self._within_s:
            times.popleft()
        allowed = len(times) < self._most
        if allowed:
            times.append(now_s)
        self._times[key] = times
        if len(self._times) > MOST_KEYS:
            del self._times[next(iter(self._times))]
        return allowed
