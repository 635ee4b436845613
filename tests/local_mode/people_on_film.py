"""Films of people, made of photographs of them that move a little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from memory.gallery import Template, bounds_of
from persona_core.ports import FaceEncoder
from persona_core.seeing.pictures import decode_picture
from persona_core.seeing.templates import Sitting
from persona_core.types import Picture
from tests.local_mode.seeing import film

FPS, WIDTH, HEIGHT = 15, 640, 480
BACKGROUND = 110


def photographs(folder: Path, who: str, names: Sequence[str] = ("neutral", "smiling")) -> list[Picture]:
    """Of somebody of the London set (Face Research Lab London Set, DeBruine & Jones 2017)."""
    return [decode_picture((folder / "faces" / "london" / who / f"{one}.jpg").read_bytes()) for one in names]


def before_the_camera(pictures: Sequence[Picture], seconds: float, number: int = 0) -> Iterator[Picture]:
    """Somebody's head moves a little; ``number``: another one moves otherwise."""
    for at in range(round(seconds * FPS)):
        picture = pictures[at * len(pictures) // max(1, round(seconds * FPS))]
        side = 380
        small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        phase = at / FPS + number
        turned = cv2.getRotationMatrix2D((side / 2, side / 2), 3 * np.sin(1.7 * phase), 1.0)
        small = cv2.warpAffine(small, turned, (side, side), borderMode=cv2.BORDER_REPLICATE)
        frame = np.full((HEIGHT, WIDTH, 3), BACKGROUND, np.uint8)
        left = round(WIDTH / 2 - side / 2 + 20 * np.sin(phase))
        top = round(HEIGHT / 2 - side / 2 + 8 * np.cos(1.3 * phase))
        frame[top : top + side, left : left + side] = small
        yield frame


def nobody(seconds: float) -> Iterator[Picture]:
    for _ in range(round(seconds * FPS)):
        yield np.full((HEIGHT, WIDTH, 3), BACKGROUND, np.uint8)


def filmed(
    file: Path, pictures: Sequence[Picture], sound: np.ndarray | None = None, rate: int = 16_000
) -> Path:
    return film(file, list(pictures), FPS, sound, rate)


async def template_of(encoder: FaceEncoder, pictures: Sequence[Picture]) -> Template:
    """As somebody sits for it."""
    sitting = Sitting(encoder.name, bounds_of(encoder.name).accept)
    for frame in list(before_the_camera(pictures, 1.0, number=5))[::2]:
        (face, *_) = await encoder.find(frame)
        sitting.add(await encoder.embed(frame, face), encoder.name)
    return sitting.template()
