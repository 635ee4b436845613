"""Pictures as a camera would give them, put together from the photographs in ``../shared/data/faces``."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from memory.gallery import Template, bounds_of
from persona_core.ports import FaceEncoder
from persona_core.seeing.pictures import decode_picture
from persona_core.seeing.templates import Sitting
from persona_core.types import Picture

WIDTH, HEIGHT = 640, 480


def photograph(faces: Path, person: str, name: str = "neutral") -> Picture:
    """``photograph(shared_data / "faces", "004", "smiling")``, of the London set."""
    return decode_picture((faces / "london" / person / f"{name}.jpg").read_bytes())


def room(random: np.random.Generator | None = None) -> Picture:
    """Where nobody is; with the grain of a camera, where there is chance."""
    across = np.linspace(70, 170, WIDTH, dtype=np.float32)
    empty = np.broadcast_to(across[None, :, None], (HEIGHT, WIDTH, 3))
    return grainy(empty.astype(np.uint8), random)


def with_person(picture: Picture, person: Picture, x: int, y: int, height: int) -> Picture:
    """Their photograph, so high, in a copy of ``picture``; what is beyond the edge is cut off."""
    width = round(person.shape[1] * height / person.shape[0])
    smaller = cv2.resize(person, (width, height), interpolation=cv2.INTER_AREA)
    left, upper, right, lower = max(0, x), max(0, y), min(WIDTH, x + width), min(HEIGHT, y + height)
    made = picture.copy()
    if left < right and upper < lower:
        made[upper:lower, left:right] = smaller[upper - y : lower - y, left - x : right - x]
    return made


def grainy(picture: Picture, random: np.random.Generator | None, deviation: float = 3.0) -> Picture:
    if random is None:
        return picture
    noise = random.normal(0, deviation, picture.shape).astype(np.float32)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def jpeg(picture: Picture, quality: int = 85) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


async def template_of(encoder: FaceEncoder, person: Picture) -> Template:
    """As of somebody who moves a little before a camera."""
    sitting = Sitting(encoder.name, bounds_of(encoder.name).accept)
    for step in range(5):
        frame = with_person(room(), person, 100 + 3 * step, 20, 400 + 10 * step)
        (face,) = await encoder.find(frame)
        sitting.add(await encoder.embed(frame, face), encoder.name)
    return sitting.template()
