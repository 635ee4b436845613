"""Does a mouth move? What changes around it from one picture to the next, beside what changes in the rest of the face,
which moves with the head. Pure. Measured on mouths that were opened by hand only: docs/faces.md.
"""

from __future__ import annotations

import numpy as np

from persona_core.seeing.crops import SIDE
from persona_core.types import Samples

_MOUTH = np.s_[42:60, 20:44]  # rows and columns of a crop
_REST = np.s_[16:40, 14:50]
_GRAIN = 0.05  # of a camera, so that the change of a still face is not divided by nothing
_BLUR = np.exp(-0.5 * (np.arange(-3, 4) / 1.2) ** 2).astype(np.float32)


def motion(before: Samples, now: Samples) -> float:
    """Of two crops of one face: about 0.8 where a mouth is still, 1.4 where it moves."""
    change = np.abs(_smooth(_lit(before)) - _smooth(_lit(now)))
    return float(change[_MOUTH].mean() / (change[_REST].mean() + _GRAIN))


def _lit(crop: Samples) -> Samples:
    """As if by the same light."""
    rest = crop[_REST]
    lit: Samples = (crop - rest.mean()) / max(float(rest.std()), 1.0)
    return lit


def _smooth(crop: Samples) -> Samples:
    padded = np.pad(crop, 3, mode="edge")
    blur = _BLUR / _BLUR.sum()
    rows = sum(weight * padded[at : at + SIDE] for at, weight in enumerate(blur))
    both = sum(weight * rows[:, at : at + SIDE] for at, weight in enumerate(blur))
    return np.asarray(both, np.float32)
