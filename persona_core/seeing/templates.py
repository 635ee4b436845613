"""What somebody's face is recognised by: the average of good frames of it, with the name of the engine that saw them.

Pure. Vectors of two engines cannot be compared, so nothing here takes one without being told whose it is.
"""

from __future__ import annotations

import numpy as np

from memory.gallery import Template, unit_of
from persona_core.errors import KithError
from persona_core.types import Samples

ENOUGH = 5  # frames
MOST_STRAY = 0.25  # of the frames may be something else, such as somebody walking by


class NotEnrolled(KithError):
    """No template can be made of this; the message says why and what to do."""


class Sitting:
    """Good frames (``quality.ENROLLING``) of one person, as vectors of unit length."""

    def __init__(self, encoder: str, one_face: float) -> None:
        """``one_face``: likeness from which on two of this encoder's vectors are of one person."""
        self._encoder, self._one_face = encoder, one_face
        self._frames: list[Samples] = []

    @property
    def frames(self) -> int:
        return len(self._frames)

    @property
    def enough(self) -> bool:
        return self.frames >= ENOUGH

    def add(self, vector: Samples, encoder: str) -> None:
        """Raises ValueError for a vector of another encoder, or one that is not of unit length."""
        if encoder != self._encoder:
            raise ValueError(f"a vector of {encoder} where those of {self._encoder} are averaged")
        self._frames.append(unit_of(vector))

    def template(self) -> Template:
        """Of all frames that are of the same face. Raises NotEnrolled."""
        if not self.enough:
            raise NotEnrolled(
                f"I have {self.frames} good pictures of the face; I need {ENOUGH}. Please look into the camera."
            )
        alike = np.array([self._likeness(number) >= self._one_face for number in range(self.frames)])
        if np.count_nonzero(~alike) > MOST_STRAY * self.frames:
            raise NotEnrolled("I saw more than one face. Please try again by yourself.")
        return Template(_mean(np.stack(self._frames)[alike]), self._encoder, int(np.count_nonzero(alike)))

    def _likeness(self, number: int) -> float:
        """Of a frame and the others."""
        rest = [one for at, one in enumerate(self._frames) if at != number]
        return float(self._frames[number] @ _mean(np.stack(rest)))


def _mean(vectors: Samples) -> Samples:
    total = vectors.sum(axis=0)
    mean: Samples = (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)
    return mean
