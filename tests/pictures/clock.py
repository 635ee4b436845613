"""A clock that stands still until somebody moves it: what is shown is the same whenever, and wherever, it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch


class Clock:
    """Called, it is Unix time. It begins on 27 November 2026 in this machine's time zone, as she shows times in that."""

    def __init__(self, hour: int, minute: int) -> None:
        self._now_s = datetime(2026, 11, 27, hour, minute).timestamp()

    def __call__(self) -> float:
        return self._now_s

    def passes(self, seconds: float) -> None:
        self._now_s += seconds

    def strikes(self, hour: int, minute: int) -> None:
        """It is that time now. Raises ValueError where it would go back."""
        then_s = datetime(2026, 11, 27, hour, minute).timestamp()
        if then_s < self._now_s:
            raise ValueError("a clock does not go back")
        self._now_s = then_s


@contextmanager
def ruling(clock: Clock) -> Iterator[None]:
    """Everything in this process that asks for the date is told by ``clock``; what waits goes by another."""
    with patch("time.time", clock):
        yield
