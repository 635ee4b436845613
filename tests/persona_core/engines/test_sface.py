"""YuNet and SFace on real faces: the same person is alike, others are not; and on all that is no face."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from memory.gallery import bounds_of
from persona_core.assemble import FACES, build_face_encoder
from persona_core.engines.sface import SFace
from persona_core.errors import EngineError, PictureError
from persona_core.seeing.pictures import decode_picture
from persona_core.settings import Settings
from persona_core.types import Face, Picture, Samples


@pytest.fixture(scope="module")
def encoder(weights: Callable[[str], Path]) -> SFace:
    return SFace(weights(FACES))


@pytest.fixture(scope="module")
def photograph(shared_data: Path) -> Callable[..., Picture]:
    """``photograph("004", "smiling")`` of the London set."""

    def read(person: str, name: str = "neutral") -> Picture:
        return decode_picture((shared_data / "faces" / "london" / person / f"{name}.jpg").read_bytes())

    return read


async def vector_of(encoder: SFace, picture: Picture) -> Samples:
    (face,) = await encoder.find(picture)
    return await encoder.embed(picture, face)


def tilted(picture: Picture, degrees: float) -> Picture:
    height, width = picture.shape[:2]
    return cv2.warpAffine(
        picture, cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1), (width, height)
    )


async def test_one_face_is_liker_to_itself_than_to_anothers(
    encoder: SFace, photograph: Callable[..., Picture]
) -> None:
    pictures = ("neutral", "smiling", "degraded")
    seen = {
        who: [await vector_of(encoder, photograph(who, one)) for one in pictures] for who in ("004", "007")
    }
    own = [one @ other for of in seen.values() for at, one in enumerate(of) for other in of[:at]]
    across = [one @ other for one in seen["004"] for other in seen["007"]]
    bounds = bounds_of(encoder.name)
    assert min(own) > bounds.accept and max(across) < bounds.maybe


async def test_a_vector_is_of_unit_length_and_the_same_again(
    encoder: SFace, photograph: Callable[..., Picture]
) -> None:
    vector = await vector_of(encoder, photograph("004"))
    assert vector.shape == (128,) and vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(vector, await vector_of(encoder, photograph("004")))


async def test_a_face_has_its_parts_where_they_are(
    encoder: SFace, photograph: Callable[..., Picture]
) -> None:
    picture = photograph("004")
    (face,) = await encoder.find(picture)
    (right, left, nose, right_mouth, left_mouth) = face.landmarks
    assert right[0] < nose[0] < left[0] and right_mouth[0] < left_mouth[0]
    assert face.y < right[1] < nose[1] < right_mouth[1] < face.y + face.height
    assert 0.7 <= face.score <= 1 and isinstance(face.x, float)


async def test_a_large_picture_has_the_same_face_where_it_is(
    encoder: SFace, photograph: Callable[..., Picture]
) -> None:
    small = photograph("004")
    large = cv2.resize(small, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    (one,), (other,) = await encoder.find(small), await encoder.find(large)
    assert np.allclose(np.array(other.landmarks) / 4, one.landmarks, atol=6)
    assert await encoder.embed(small, one) @ await encoder.embed(large, other) > 0.9


@pytest.mark.parametrize("degrees", [-40, -20, 20, 40])
async def test_a_tilted_head_is_the_same_person(
    encoder: SFace, photograph: Callable[..., Picture], degrees: int
) -> None:
    upright = await vector_of(encoder, photograph("004"))
    assert upright @ await vector_of(encoder, tilted(photograph("004", "smiling"), degrees)) > 0.7


async def test_twenty_faces_are_found_the_largest_first(
    encoder: SFace, photograph: Callable[..., Picture], shared_data: Path
) -> None:
    people = sorted(path.name for path in (shared_data / "faces" / "london").iterdir())[:20]
    crowd = np.full((4 * 432, 5 * 432, 3), 200, np.uint8)
    for number, who in enumerate(people):
        row, column = divmod(number, 5)
        crowd[row * 432 : (row + 1) * 432, column * 432 : (column + 1) * 432] = photograph(who)
    faces = await encoder.find(crowd)
    sizes = [face.width * face.height for face in faces]
    assert len(faces) == 20 and sizes == sorted(sizes, reverse=True)
    at = {(int(face.y + face.height / 2) // 432, int(face.x + face.width / 2) // 432): face for face in faces}
    there = await encoder.embed(crowd, at[0, 1])
    assert there @ await vector_of(encoder, photograph(people[1])) > 0.8


@pytest.mark.parametrize("size", [(16, 16), (480, 640), (16, 1900), (1900, 17)])
async def test_where_there_is_no_face_none_is_found(
    encoder: SFace, photograph: Callable[..., Picture], size: tuple[int, int]
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (*size, 3), np.uint8)
    for picture in (noise, np.zeros_like(noise), np.full_like(noise, 255)) * 5:
        assert await encoder.find(picture) == []
        assert len(await encoder.find(photograph("004"))) == 1  # of which nothing is seen in the next


@pytest.mark.parametrize(
    "picture",
    [
        np.full((64, 64, 3), np.nan, np.float32),
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((0, 0, 3), np.uint8),
    ],
)
async def test_what_is_no_picture_is_one_sentence(encoder: SFace, picture: Picture) -> None:
    face = Face(0, 0, 1, 1, ((0, 0),) * 5, 1)
    with pytest.raises(PictureError):
        await encoder.find(picture)
    with pytest.raises(PictureError):
        await encoder.embed(picture, face)


async def test_a_strange_face_is_a_vector_or_one_sentence(
    encoder: SFace, photograph: Callable[..., Picture]
) -> None:
    picture = photograph("004")
    (face,) = await encoder.find(picture)
    nowhere = replace(face, landmarks=((9e6, 9e6), (9e6, 9e6), (9e6, 9e6), (9e6, 9e6), (9e6, 9e6)))
    flat = replace(face, width=0.0, height=0.0, landmarks=((5.0, 5.0),) * 5)
    for strange in (nowhere, flat):
        try:
            vector = await encoder.embed(picture, strange)
        except EngineError:
            continue
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    for landmarks in ((), ((np.nan, 1.0),) * 5, ((np.inf, 1.0),) * 5):
        with pytest.raises(EngineError):
            await encoder.embed(picture, replace(face, landmarks=landmarks))


async def test_many_at_once_get_their_own(encoder: SFace, photograph: Callable[..., Picture]) -> None:
    people = ("004", "007", "010", "013")
    alone = [await vector_of(encoder, photograph(who)) for who in people]
    together = await asyncio.gather(*(vector_of(encoder, photograph(who)) for who in people * 3))
    assert all(np.array_equal(one, alone[at % len(people)]) for at, one in enumerate(together))


async def test_the_loop_goes_on_meanwhile(encoder: SFace, photograph: Callable[..., Picture]) -> None:
    looking = asyncio.create_task(vector_of(encoder, photograph("004")))
    turns = 0
    while not looking.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 2


@pytest.mark.parametrize("content", [b"", b"not weights" * 9, None])
def test_missing_or_damaged_weights_are_one_plain_sentence(
    weights: Callable[[str], Path], tmp_path: Path, content: bytes | None
) -> None:
    for damaged in weights(FACES).glob("*.onnx"):
        folder = tmp_path / damaged.stem
        folder.mkdir()
        for path in weights(FACES).glob("*.onnx"):
            if path != damaged:
                shutil.copy(path, folder)
            elif content is not None:
                (folder / path.name).write_bytes(content)
        with pytest.raises(EngineError, match="verify"):
            SFace(folder)


def test_it_is_chosen_where_its_weights_are_and_missed_in_one_sentence(
    weights: Callable[[str], Path], tmp_path: Path
) -> None:
    found = build_face_encoder(Settings(models_dir=weights(FACES).parent))
    assert found is not None and found.name == FACES
    shutil.copytree(weights(FACES), tmp_path / FACES)
    (tmp_path / FACES / "face_detection_yunet_2023mar.onnx").write_bytes(b"damaged")
    told: list[str] = []
    assert build_face_encoder(Settings(models_dir=tmp_path), told.append) is None
    assert len(told) == 1 and "is damaged" in told[0] and "nobody is recognised" in told[0]
