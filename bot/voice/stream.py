"""One person's stream: packets in, sound on the call's clock out. Time is passed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from bot.voice.jitter import Jitter, Slot
from bot.voice.opus import RATE, Decoder, OpusError
from bot.voice.packets import FRAME_SAMPLES, SILENCE
from persona_core.types import Pcm

FRAME_S = FRAME_SAMPLES / RATE  # 20 ms
SPURT_S = 0.2  # so long without a packet: what comes next begins a new spurt of talk
TAIL_S = 6.0  # silence given after a spurt, so that ears hear the pause; above the longest END_OF_TURN_S
DRIFT_S = 1.0  # a timestamp further than this from its arrival is not believed

QUIET: Pcm = np.zeros(FRAME_SAMPLES, np.int16)

# Sound at 48 kHz; when its first sample was spoken, in s; whether it was sent, not put in here.
Sink = Callable[[Pcm, float, bool], None]


class Stream:
    """Discord sends nothing while a person is silent; here that silence is put in, as it passes."""

    def __init__(self, sink: Sink, counts: Counter[str]) -> None:
        self._sink = sink
        self._counts = counts
        self._jitter = Jitter(counts)
        self._decoder = Decoder()
        self._packet_at = 0.0  # when the last packet came
        self._ended = True  # she or he has said "end of talk", or gone quiet
        self._end_s = 0.0  # where what was given ends, on the call's clock
        self._tail_until = 0.0
        self._timestamp: int | None = None  # where the next slot should begin; None: a new spurt

    @property
    def talking(self) -> bool:
        return not self._ended

    @property
    def idle(self) -> bool:
        """Nothing is to be given at the next tick either, unless a packet comes."""
        return self._ended and self._jitter.due_s is None and self._end_s + FRAME_S > self._tail_until

    def push(self, sequence: int, timestamp: int, frame: bytes, now: float) -> None:
        """Take one packet's Opus frame, transport- and end-to-end decrypted."""
        if now - self._packet_at > SPURT_S:
            self._timestamp = None
        self._packet_at = now
        if frame != SILENCE:
            self._ended = False
        self._give(self._jitter.push(sequence, timestamp, frame, now), now)

    def tick(self, now: float) -> None:
        """Call about every 20 ms while not idle."""
        self._give(self._jitter.poll(now), now)
        if not self._ended and now - self._packet_at > SPURT_S:
            self._end(now)
        if self._ended:
            while self._end_s + FRAME_S <= min(now, self._tail_until):
                self._emit(QUIET, self._end_s)

    def _give(self, slots: list[Slot], now: float) -> None:
        for slot in slots:
            try:
                pcm = self._decode(slot)
            except OpusError:
                self._counts["bad_opus"] += 1
                continue
            if slot.payload == SILENCE:
                self._end(now)
            elif slot.payload is not None:
                self._ended = False
            self._emit(pcm, self._begin_s(slot, len(pcm), now))

    def _decode(self, slot: Slot) -> Pcm:
        if slot.payload is not None:
            return self._decoder.decode(slot.payload)
        self._counts["concealed"] += 1
        return self._decoder.conceal(slot.following)

    def _begin_s(self, slot: Slot, samples: int, now: float) -> float:
        """Within a spurt the sender's timestamps are the truth; a new spurt begins when it arrives."""
        arrived_s = now - FRAME_S
        expected, self._timestamp = self._timestamp, (slot.timestamp + samples) & 0xFFFFFFFF
        if expected is None:
            return max(arrived_s, self._end_s)
        skipped_s = _signed(slot.timestamp - expected) / RATE
        begin_s = self._end_s + skipped_s
        if not -DRIFT_S < begin_s - arrived_s < DRIFT_S:
            begin_s = arrived_s
        return max(begin_s, self._end_s)

    def _emit(self, pcm: Pcm, at_s: float) -> None:
        self._end_s = at_s + len(pcm) / RATE
        self._counts["frames"] += 1
        self._sink(pcm, at_s, not self._ended)

    def _end(self, now: float) -> None:
        self._ended = True
        self._tail_until = now + TAIL_S


def _signed(difference: int) -> int:
    """How far two 32-bit timestamps are apart, across the wrap."""
    return (difference + 0x80000000 & 0xFFFFFFFF) - 0x80000000
