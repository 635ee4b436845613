"""Can a face be told by this picture of it? Size, sharpness, direction and light are measured, and what is not good
enough is said in words. Pure: numbers of pixels and landmarks in, a sentence or nothing out.

The limits of size, sharpness, tilt and light were read off how unlike itself a face becomes as each of them grows
worse (docs/faces.md); those of the head's direction are geometry, as there all people look ahead.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from persona_core.types import Face, Picture

_SIDE = 96  # pixels of the square that sharpness is measured in, so that it does not depend on the distance
_LUMA = np.array([0.114, 0.587, 0.299], np.float32)  # of blue, green and red (ITU-R BT.601)


@dataclass(frozen=True, slots=True)
class Look:
    """What is measured of a face in a picture."""

    size: float  # pixels between the eyes
    sharpness: float  # how much neighbouring pixels differ beside how much all do; 0: not at all
    turned: float  # how far the nose is from the middle of the eyes, in distances of the eyes; below 0: to its right
    nodded: float  # how far down the nose is from eyes to mouth, 0..1; a level head has about a half
    tilted: float  # degrees, of the line through the eyes
    brightness: float  # mean, 0..255
    contrast: float  # standard deviation of the same
    cut: float  # share of the face beyond the edge of the picture


@dataclass(frozen=True, slots=True)
class Limits:
    """What a face may look like for some purpose; the units are those of ``Look``."""

    smallest: float
    blurred: float
    turned: float
    nodded: tuple[float, float]
    tilted: float
    dark: float
    bright: float
    flat: float
    grainy: float = 0.5  # sharpness above which it is noise
    cut: float = 0.15


# Light is judged by contrast more than by brightness, which is a matter of the skin as well
RECOGNISING = Limits(12.0, 0.003, 0.45, (0.2, 0.8), 35.0, 12.0, 225.0, 6.0)
ENROLLING = Limits(30.0, 0.015, 0.25, (0.3, 0.75), 20.0, 20.0, 220.0, 10.0)


def look(picture: Picture, face: Face) -> Look:
    """Measure a face. Takes about a millisecond."""
    right, left, nose, right_mouth, left_mouth = (np.array(point) for point in face.landmarks)
    across = left - right
    size = max(float(np.linalg.norm(across)), 1e-6)
    along = across / size
    down = np.array([-along[1], along[0]])
    eyes, mouth = (right + left) / 2, (right_mouth + left_mouth) / 2
    length = max(float((mouth - eyes) @ down), 1e-6)
    grey, cut = _square(picture, face)
    return Look(
        size=size,
        sharpness=_sharpness(grey),
        turned=float((nose - eyes) @ along) / size,
        nodded=float((nose - eyes) @ down) / length,
        tilted=math.degrees(math.atan2(float(across[1]), float(across[0]))),
        brightness=float(grey.mean()),
        contrast=float(grey.std()),
        cut=cut,
    )


def refusal(seen: Look, limits: Limits = RECOGNISING) -> str:
    """Why this face cannot be told by, in a sentence; empty: it can."""
    if not all(map(math.isfinite, astuple(seen))):
        return "I cannot make out the face."
    if seen.size < limits.smallest:
        return "The face is too small: please come closer."
    if seen.cut > limits.cut:
        return "The face is not all in the picture."
    if abs(seen.tilted) > limits.tilted:
        return "The head is tilted too far."
    if abs(seen.turned) > limits.turned or not limits.nodded[0] <= seen.nodded <= limits.nodded[1]:
        return "The face is turned away: please look into the camera."
    if seen.brightness < limits.dark or seen.contrast < limits.flat:
        return "It is too dark, or the light is too flat, to make out the face."
    if seen.brightness > limits.bright:
        return "It is too bright to make out the face."
    if seen.sharpness < limits.blurred:
        return "The picture is blurred."
    if seen.sharpness > limits.grainy:
        return "The picture is too grainy: more light would help."
    return ""


def _square(picture: Picture, face: Face) -> tuple[npt.NDArray[np.float32], float]:
    """The face in grey, (96, 96), 0..255, and how much of its box is beyond the edge."""
    height, width = picture.shape[:2]
    left, top = min(max(0, round(face.x)), width - 1), min(max(0, round(face.y)), height - 1)
    right = max(left + 1, min(width, round(face.x + face.width)))
    bottom = max(top + 1, min(height, round(face.y + face.height)))
    grey = picture[top:bottom, left:right].astype(np.float32) @ _LUMA
    square = Image.fromarray(grey).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    inside = (right - left) * (bottom - top) / max(face.width * face.height, 1e-6)
    return np.asarray(square, np.float32), max(0.0, 1 - inside)


def _sharpness(grey: npt.NDArray[np.float32]) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000) in parts of that of the picture, so that light does not count."""
    centre = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * centre
    return float(laplacian.var() / max(float(grey.var()), 1.0))
