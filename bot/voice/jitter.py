"""One person's packets, in any order → 20 ms slots in the order they were spoken. Pure; time is passed in.

A listener has no loudspeaker to keep fed, so nothing is delayed while packets come in order. Only when
one is missing do those after it wait for it, at most ``PATIENCE_S``; then the gap is given up and the
slots say what was lost.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bot.voice.packets import FRAME_SAMPLES, SILENCE

PATIENCE_S = 0.06  # three frames: a datagram later than this rarely comes at all
WINDOW = 100  # packets a number may be ahead or behind (2 s) and still be of the same run
MAX_WAITING = 50  # a gap with so much behind it is given up at once
MAX_CONCEALED = 5  # 100 ms: Opus fades to silence in about that time
START_AFRESH_S = 0.5  # after so much quiet, any number may begin a new run


@dataclass(frozen=True, slots=True)
class Slot:
    """20 ms of somebody's sound, or the lack of it."""

    timestamp: int  # samples at 48 kHz, 32 bits, wraps
    payload: bytes | None  # an Opus frame; None: lost
    following: bytes | None = None  # the frame after the last lost one: Opus may repair from it


@dataclass(frozen=True, slots=True)
class _Held:
    sequence: int
    timestamp: int
    payload: bytes


class Jitter:
    """Counts into ``counts``: duplicates, late, lost, resyncs."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._next: int | None = None  # number of the next slot; None: not yet known
        self._waiting: dict[int, _Held] = {}  # ahead of a gap
        self._gap_since: float | None = None
        self._missed: set[int] = set()  # given up within the window
        self._stray: _Held | None = None  # far from the run: a new run if its successor comes too
        self._heard_at = 0.0
        self._last: Slot | None = None

    @property
    def due_s(self) -> float | None:
        """When ``poll`` has something to give up; None: nothing waits."""
        return None if self._gap_since is None else self._gap_since + PATIENCE_S

    def push(self, sequence: int, timestamp: int, payload: bytes, now: float) -> list[Slot]:
        """Take one packet; returns what is in order now."""
        held = _Held(sequence, timestamp, payload)
        quiet = now - self._heard_at > START_AFRESH_S
        self._heard_at = now
        if self._next is None:
            return self._begin(held, now)
        ahead = _signed(sequence - self._next)
        if -WINDOW <= ahead < 0:
            self._too_late(sequence)
            return []
        if ahead >= WINDOW or ahead < -WINDOW:
            return self._jump(held, quiet, now)
        self._stray = None
        if sequence in self._waiting:
            self._counts["duplicates"] += 1
            return []
        self._waiting[sequence] = held
        return self._release(now)

    def poll(self, now: float) -> list[Slot]:
        """What has waited long enough for something that did not come."""
        return self._release(now)

    def _begin(self, held: _Held, now: float) -> list[Slot]:
        """The very first packets may be swapped: begin when two follow each other, or after the patience."""
        near = {n: each for n, each in self._waiting.items() if abs(_signed(n - held.sequence)) < WINDOW // 2}
        self._waiting = {**near, held.sequence: held}
        self._gap_since = now if self._gap_since is None else self._gap_since
        if (held.sequence - 1) & 0xFFFF in self._waiting or (held.sequence + 1) & 0xFFFF in self._waiting:
            self._next = self._earliest(held.sequence)
        return self._release(now)

    def _earliest(self, origin: int) -> int:
        return min(self._waiting, key=lambda sequence: _signed(sequence - origin))

    def _too_late(self, sequence: int) -> None:
        late = sequence in self._missed
        self._counts["late" if late else "duplicates"] += 1
        self._missed.discard(sequence)

    def _jump(self, held: _Held, quiet: bool, now: float) -> list[Slot]:
        """A number far from the run is believed after a pause, or when its successor follows it."""
        stray, self._stray = self._stray, held
        follows = stray is not None and held.sequence == (stray.sequence + 1) & 0xFFFF
        if not (quiet or follows):
            return []
        slots = self._release(float("inf"))
        self._counts["resyncs"] += 1
        run = [stray, held] if follows and stray else [held]
        self._waiting = {each.sequence: each for each in run}
        self._next, self._stray, self._last = run[0].sequence, None, None
        self._missed.clear()
        return slots + self._release(now)

    def _release(self, now: float) -> list[Slot]:
        slots: list[Slot] = []
        while self._waiting:
            if self._next is None:
                if now < (self.due_s or 0.0) and len(self._waiting) < MAX_WAITING:
                    return slots
                self._next = self._earliest(next(iter(self._waiting)))
            held = self._waiting.pop(self._next, None)
            if held is not None:
                slots.append(self._emit(Slot(held.timestamp, held.payload)))
                self._next = (self._next + 1) & 0xFFFF
                self._gap_since = None
                continue
            self._gap_since = min(now, self._heard_at) if self._gap_since is None else self._gap_since
            if now < self._gap_since + PATIENCE_S and len(self._waiting) < MAX_WAITING:
                return slots
            slots += self._give_up(self._next)
        self._gap_since = None
        return slots

    def _give_up(self, start: int) -> list[Slot]:
        """Conceal the gap at ``start``, as far as Opus can, and go on behind it."""
        self._next = self._earliest(start)
        missing = (self._next - start) & 0xFFFF
        self._counts["lost"] += missing
        self._missed = {n for n in self._missed if 0 <= _signed(start - n) < WINDOW}
        self._missed |= {(start + n) & 0xFFFF for n in range(missing)}
        before = self._last
        if before is None or before.payload == SILENCE:  # nothing was being said
            return []
        concealed = min(missing, MAX_CONCEALED)
        following = self._waiting[self._next].payload if concealed == missing else None
        return [
            self._emit(
                Slot(
                    (before.timestamp + FRAME_SAMPLES * (n + 1)) & 0xFFFFFFFF,
                    None,
                    following if n == concealed - 1 else None,
                )
            )
            for n in range(concealed)
        ]

    def _emit(self, slot: Slot) -> Slot:
        self._last = slot
        return slot


def _signed(difference: int) -> int:
    """How far two 16-bit numbers are apart, -32768..32767, across the wrap."""
    return (difference + 0x8000 & 0xFFFF) - 0x8000
