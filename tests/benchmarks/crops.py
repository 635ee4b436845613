"""What crops of faces tell: another face? a mouth that moves? ``python -m tests.benchmarks.crops [--json]``.

An eye compares a face by its vector where its crop is unlike the last one. ``crops_others_noticed`` is how many of two
people's crops are, neutral and smiling, as if they had changed places; ``crops_own_compared`` how many of one person's who has
moved by up to 8 degrees, a tenth of the size and 8 pixels, in other light, and is compared without need.

There is no film of people talking here, so mouths are opened by hand: in photographs of the London set everything below the
line of the lips is moved down, by up to a quarter of the distance between the eyes, and the gap is dark. Each of the
34 is seen six times in a row with a mouth that is open by chance, and six times with one that is still; the head moves, the
light changes, and each picture has grain and is a JPEG. ``lips_told`` is how often a mouth that moves is taken to move more
than one that is still (the area under the curve, 0.5: by chance), by how far the head moves and how large it is.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise

import cv2
import numpy as np

from persona_core.ports import FaceEncoder
from persona_core.seeing.crops import alike, upright
from persona_core.seeing.followed import SAME
from persona_core.seeing.lips import motion
from persona_core.seeing.pictures import decode_picture
from persona_core.types import Face, Picture, Samples
from tests.benchmarks import face_data
from tests.benchmarks.face_data import FACES
from tests.benchmarks.figures import Figure, figure_of, show
from tests.faces import grainy, jpeg, photograph

PICTURES = 6
WIDEST = 0.25  # distances between the eyes
HEADS = {
    "still": 0.3,
    "moving": 1.0,
    "restless": 2.0,
}  # of 3 degrees, 3 % of its size, 6 pixels, 5 % of the light
NEAR, FAR = 0.6, 0.3  # of the photograph
SIZES = {"near": NEAR, "far": FAR}


def main() -> None:
    show(asyncio.run(_measure(face_data.encoder())))


async def _measure(encoder: FaceEncoder) -> list[Figure]:
    random = np.random.default_rng(2)
    figures = await _changed(encoder, random)
    for size, scale in SIZES.items():
        for head, unrest in HEADS.items():
            moving, still = [], []
            for path in sorted((FACES / "london").iterdir()):
                person = photograph(FACES, path.name)
                face = (await encoder.find(person))[0]
                moving.append(await _motion(encoder, person, face, WIDEST, unrest, scale, random))
                still.append(await _motion(encoder, person, face, 0.0, unrest, scale, random))
            told = float((np.array(moving)[:, None] > np.array(still)[None]).mean())
            figures.append(Figure(f"lips_told_{size}_{head}", round(told, 3), "of pairs", len(moving)))
            if (size, head) == ("near", "moving"):
                figures += [
                    figure_of("lips_moving", moving, "ratio"),
                    figure_of("lips_still", still, "ratio"),
                ]
    return figures


async def _changed(encoder: FaceEncoder, random: np.random.Generator) -> list[Figure]:
    crops: dict[tuple[str, str], Samples] = {}
    own = []
    for path in sorted((FACES / "london").iterdir()):
        for name in ("neutral", "smiling"):
            person = photograph(FACES, path.name, name)
            crops[path.name, name] = await _crop(encoder, person)
            moved = [await _crop(encoder, _shaken(person, 8 / 3, NEAR, random)) for _ in range(2)]
            own += [alike(crops[path.name, name], one) for one in moved]
    others = [
        alike(one, other)
        for (who, _), one in crops.items()
        for (whose, _), other in crops.items()
        if who < whose
    ]
    return [
        Figure(
            "crops_others_noticed", round(float(np.mean(np.array(others) < SAME)), 3), "of pairs", len(others)
        ),
        Figure("crops_own_compared", round(float(np.mean(np.array(own) < SAME)), 3), "of looks", len(own)),
    ]


async def _crop(encoder: FaceEncoder, picture: Picture) -> Samples:
    return upright(picture, (await encoder.find(picture))[0])


async def _motion(
    encoder: FaceEncoder,
    person: Picture,
    face: Face,
    widest: float,
    unrest: float,
    scale: float,
    random: np.random.Generator,
) -> float:
    """Mean of what moved from each picture to the next."""
    crops = []
    for _ in range(PICTURES):
        gap = max(0.0, random.uniform(-widest / 3, widest)) if widest else 0.0
        frame = _shaken(_opened(person, face, gap), unrest, scale, random)
        found = await encoder.find(frame)
        if found:
            crops.append(upright(frame, found[0]))
    return float(np.mean([motion(one, following) for one, following in pairwise(crops)]))


def _opened(person: Picture, face: Face, gap: float) -> Picture:
    """With the mouth open by so many distances of the eyes."""
    right, left, _, right_mouth, left_mouth = map(np.array, face.landmarks)
    eyes, half = float(np.linalg.norm(left - right)), float(np.linalg.norm(left_mouth - right_mouth)) / 2
    middle = (right_mouth + left_mouth) / 2
    y, x = np.mgrid[: person.shape[0], : person.shape[1]].astype(np.float32)
    opening = gap * eyes * np.clip(1 - ((x - middle[0]) / half) ** 2, 0, 1)  # most in the middle
    below = y - middle[1]
    inside = (below > 0) & (below < opening)
    follows = np.clip(1 - (below - opening) / (1.2 * eyes), 0, 1)  # less towards the chin
    source = np.where(below > 0, y - opening * follows, y).astype(np.float32)
    made = cv2.remap(person, x, source, cv2.INTER_LINEAR)
    made[inside] = (40, 30, 60)
    return made


def _shaken(picture: Picture, unrest: float, scale: float, random: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    degrees, larger = random.uniform(-3, 3) * unrest, 1 + random.uniform(-0.03, 0.03) * unrest
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, larger)
    turn[:, 2] += random.uniform(-6, 6, 2) * unrest
    light = np.float32(1 + random.uniform(-0.05, 0.05) * unrest)
    moved = cv2.warpAffine(picture, turn, (width, height), borderValue=(128, 128, 128)) * light
    smaller = cv2.resize(moved, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return decode_picture(jpeg(grainy(np.clip(smaller, 0, 255).astype(np.uint8), random), 80))


if __name__ == "__main__":
    main()
