"""What one member received from another."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import speech
from .member_dave import SILENCE


@dataclass(frozen=True, slots=True)
class HeardFrame:
    sequence: int
    timestamp: int  # 48 kHz samples
    opus: bytes
    at: float  # time.monotonic() of its arrival


@dataclass
class Heard:
    """What one member received from one other, decrypted."""

    frames: list[HeardFrame] = field(default_factory=list)
    undecryptable: int = 0
    unencrypted: int = 0  # frames that came plain although the call is encrypted (silence frames not counted)

    @property
    def pcm(self) -> speech.Pcm:
        """int16 (n, 2) at 48 kHz, in sequence order, lost frames concealed, pauses left out."""
        return speech.decode(_in_order(self.frames))

    @property
    def voiced(self) -> list[bytes]:
        """The Opus frames in order of arrival, without the silence frames."""
        return [f.opus for f in self.frames if f.opus != SILENCE]


def _in_order(frames: list[HeardFrame]) -> list[bytes | None]:
    if not frames:
        return []
    out: list[bytes | None] = []
    place, by_place = frames[0].sequence, {}
    for frame in frames:
        # The place without wrap-around that is nearest to the one before.
        place += ((frame.sequence - place + 0x8000) & 0xFFFF) - 0x8000
        by_place[place] = frame.opus
    last = min(by_place) - 1
    for at in sorted(by_place):
        out += [None] * min(at - last - 1, 5)
        out.append(by_place[at])
        last = at
    return out
