"""Milliseconds since something began."""

from __future__ import annotations

import time


class Stopwatch:
    def __init__(self) -> None:
        self._started = time.perf_counter()

    def ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000
