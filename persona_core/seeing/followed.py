"""What an eye holds of its cameras and of the faces in view; all of it is gone with them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from persona_core.seeing.crops import alike
from persona_core.seeing.identity import Identity
from persona_core.seeing.lips import motion
from persona_core.seeing.pace import Mood, Pace
from persona_core.seeing.speaking import KEPT_S, Glance
from persona_core.types import Face, Samples, View

# likeness of two crops, below which it may be another face, which nine in ten others are; small ones have more grain
SAME, SAME_SMALL = 0.85, 0.75
SMALL = 30.0  # pixels between the eyes
FAST = 12  # pictures of somebody unknown that are looked at one right after the other
LIPS_S = 1.0  # of crops further apart nothing is told of the mouth


@dataclass(slots=True, eq=False)
class Track:
    """One face, followed from picture to picture."""

    number: int
    face: Face
    crop: Samples
    identity: Identity
    seen_at: float
    here: bool = True  # in the last picture that was looked at
    looks: int = 1  # since there is something to find out about it
    tried_at: float = -math.inf  # when it was last compared, or not good enough to be
    refusal: str = ""
    met: bool = False  # that is told
    glances: deque[Glance] = field(default_factory=deque)

    @property
    def area(self) -> float:
        return self.face.width * self.face.height

    @property
    def restless(self) -> bool:
        """The next picture may tell who it is."""
        return self.here and not self.identity.settled and self.looks < FAST

    def go_on(self, face: Face, crop: Samples, sure: bool, at: float) -> float | None:
        """It is here now, and it is ``sure`` that it is the same; whether its mouth has moved, see ``lips.motion``."""
        lips = motion(self.crop, crop) if self.here and at - self.seen_at <= LIPS_S else None
        self.looks += 1
        same = SAME if _eyes(face) >= SMALL else SAME_SMALL
        if not (sure and self.here and alike(self.crop, crop) >= same) and not self.identity.doubted:
            self.identity.doubt()
            self.looks = 1
        self.face, self.crop, self.seen_at, self.here = face, crop, at, True
        return lips

    def glance(self, at: float, size: tuple[int, int], lips: float | None) -> None:
        """Keep where it was; ``size``: width and height of the picture."""
        width, height = size
        across = (self.face.x + self.face.width / 2) / width - 0.5
        down = (self.face.y + self.face.height / 2) / height - 0.5
        off = min(1.0, math.hypot(across, down) / math.hypot(0.5, 0.5))
        self.glances.append(Glance(at, math.sqrt(max(self.area, 0.0)) / height, off, lips))
        while self.glances[0].at < at - KEPT_S:
            self.glances.popleft()


def _eyes(face: Face) -> float:
    """Pixels between them."""
    return math.dist(*face.landmarks[:2]) if len(face.landmarks) >= 2 else 0.0


@dataclass(slots=True, eq=False)
class Watch:
    """One camera."""

    name: str
    came: float  # when the last view did; time.perf_counter()
    at: float = -math.inf  # when the last one was taken, on the same clock
    waiting: View | None = None  # the newest
    glimpse: Samples | None = None  # of the last picture that was looked at
    size: tuple[int, int] = (1, 1)  # its width and height
    pace: Pace = field(default_factory=Pace)
    tracks: list[Track] = field(default_factory=list)
    troubles: set[str] = field(default_factory=set)  # kinds of errors that are told

    def mood(self, sitting: Track | None) -> Mood:
        if sitting is not None and sitting in self.tracks:
            return Mood.SITTING
        if any(track.restless for track in self.tracks):
            return Mood.NEW
        return Mood.SETTLED if self.tracks else Mood.NOBODY

    def here(self) -> Iterable[Track]:
        """Those in the last picture, the largest first."""
        return sorted((track for track in self.tracks if track.here), key=lambda track: -track.area)
