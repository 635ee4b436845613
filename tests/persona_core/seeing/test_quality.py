"""What is measured of a face, and what is said where that is not good enough."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from persona_core.engines.sface import SFace
from persona_core.seeing.pictures import decode_picture
from persona_core.seeing.quality import ENROLLING, Look, look, refusal
from persona_core.types import Face, Picture

GOOD = Look(60.0, 0.15, 0.0, 0.58, 0.0, 130.0, 40.0, 0.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size": 9.0}, "too small"),
        ({"sharpness": 0.001}, "blurred"),
        ({"sharpness": 0.9}, "grainy"),
        ({"turned": 0.6}, "turned away"),
        ({"turned": -0.6}, "turned away"),
        ({"nodded": 0.1}, "turned away"),
        ({"nodded": 0.9}, "turned away"),
        ({"tilted": -40.0}, "tilted"),
        ({"brightness": 5.0}, "too dark"),
        ({"contrast": 3.0}, "too dark"),
        ({"brightness": 240.0}, "too bright"),
        ({"cut": 0.4}, "not all in the picture"),
        ({"size": math.nan}, "cannot make out"),
        ({"turned": math.inf}, "cannot make out"),
    ],
)
def test_why_a_face_cannot_be_told_by(change: dict[str, float], said: str) -> None:
    assert refusal(GOOD) == refusal(GOOD, ENROLLING) == ""
    assert said in refusal(replace(GOOD, **change))
    assert said in refusal(replace(GOOD, **change), ENROLLING)


def test_more_is_asked_of_a_face_that_is_enrolled() -> None:
    for worse in ({"size": 20.0}, {"sharpness": 0.008}, {"turned": 0.35}):
        assert not refusal(replace(GOOD, **worse)) and refusal(replace(GOOD, **worse), ENROLLING)


def test_a_darker_skin_in_good_light_is_not_too_dark() -> None:
    assert not refusal(replace(GOOD, brightness=30.0, contrast=20.0), ENROLLING)


def face(nose: tuple[float, float] = (50, 60), tilt: float = 0.0) -> Face:
    """In the middle of 100 × 100 pixels, eyes 40 pixels apart, turned about its middle by ``tilt`` degrees."""
    points = np.array([(30, 40), (70, 40), nose, (35, 80), (65, 80)], float) - 50
    cosine, sine = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    turned = points @ np.array([[cosine, sine], [-sine, cosine]]) + 50
    return Face(10, 10, 80, 80, tuple(map(tuple, turned.tolist())), 0.9)


def noise(size: int = 100) -> Picture:
    return np.random.default_rng(1).integers(0, 255, (size, size, 3), np.uint8)


@pytest.mark.parametrize("tilt", [0.0, 20.0, -35.0])
def test_size_and_direction_are_measured_along_the_head(tilt: float) -> None:
    seen = look(noise(), face((50, 60), tilt))
    assert seen.size == pytest.approx(40) and seen.tilted == pytest.approx(tilt, abs=1e-3)
    assert seen.turned == pytest.approx(0, abs=1e-6) and seen.nodded == pytest.approx(0.5)
    aside = look(noise(), face((62, 70), tilt))
    assert aside.turned == pytest.approx(0.3) and aside.nodded == pytest.approx(0.75)


def test_how_much_is_beyond_the_edge_and_light_are_measured() -> None:
    half = replace(face(), x=-40.0)
    assert look(noise(), half).cut == pytest.approx(0.5, abs=0.01) and look(noise(), face()).cut == 0
    plain = look(np.full((100, 100, 3), 77, np.uint8), face())
    assert plain.brightness == pytest.approx(77, abs=0.1) and plain.contrast < 0.1 and plain.sharpness < 0.1


@pytest.mark.parametrize(
    "strange",
    [
        Face(0, 0, 0, 0, ((0, 0),) * 5, 0.9),
        Face(-900, -900, 10, 10, ((-900, -900),) * 5, 0.9),
        Face(500, 500, 9e9, 9e9, ((1, 1), (1, 1), (2, 2), (3, 3), (4, 4)), 0.9),
        Face(10, 10, 80, 80, ((math.nan, 1),) * 5, 0.9),
    ],
)
def test_a_strange_face_is_refused_in_words(strange: Face) -> None:
    assert refusal(look(noise(), strange))


async def test_real_faces_pass_and_what_is_done_to_them_is_named(
    weights: Callable[[str], Path], shared_data: Path
) -> None:
    encoder = SFace(weights("sface-2021dec"))
    picture = decode_picture((shared_data / "faces" / "london" / "004" / "neutral.jpg").read_bytes())
    for changed, said in (
        (picture, ""),
        (cv2.GaussianBlur(picture, (0, 0), 6), "blurred"),
        (cv2.resize(picture, (70, 70), interpolation=cv2.INTER_AREA), "too small"),
        ((picture * 0.06).astype(np.uint8), "too dark"),
        (picture[:, : picture.shape[1] // 2 + 10].copy(), "not all in the picture"),
    ):
        found = await encoder.find(changed)
        why = refusal(look(changed, found[0])) if found else said
        assert said in why and bool(why) == bool(said), said
