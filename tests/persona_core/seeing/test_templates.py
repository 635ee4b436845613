"""A template is the average of good frames of one face, as one engine sees it."""

from __future__ import annotations

import numpy as np
import pytest

from memory.gallery import unit_of
from persona_core.seeing.templates import ENOUGH, NotEnrolled, Sitting
from persona_core.types import Samples

ENGINE = "an engine"


def unit(vector: Samples) -> Samples:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def frames(seed: int, count: int, spread: float = 0.03) -> list[Samples]:
    """Of one face, each a little different."""
    random = np.random.default_rng(seed)
    face = unit(random.standard_normal(128))
    return [unit(face + spread * random.standard_normal(128)) for _ in range(count)]


def sitting(vectors: list[Samples]) -> Sitting:
    found = Sitting(ENGINE, 0.5)
    for vector in vectors:
        found.add(vector, ENGINE)
    return found


def test_it_is_liker_to_each_frame_than_they_are_to_each_other() -> None:
    seen = frames(1, ENOUGH)
    template = sitting(seen).template()
    assert template.encoder == ENGINE and template.frames == ENOUGH
    assert np.linalg.norm(template.vector) == pytest.approx(1, abs=1e-5)
    others = [one @ other for at, one in enumerate(seen) for other in seen[:at]]
    assert min(template.vector @ one for one in seen) > max(others)


def test_too_few_frames_are_no_template() -> None:
    few = sitting(frames(1, ENOUGH - 1))
    assert not few.enough
    with pytest.raises(NotEnrolled, match="I need 5"):
        few.template()


def test_a_frame_of_somebody_else_is_left_out_and_many_are_refused() -> None:
    mine = frames(1, ENOUGH)
    template = sitting([*mine, *frames(2, 1)]).template()
    assert template.frames == ENOUGH and np.allclose(
        template.vector, sitting(mine).template().vector, atol=1e-6
    )
    with pytest.raises(NotEnrolled, match="more than one face"):
        sitting([*mine, *frames(2, 3)]).template()


def test_engines_are_never_mixed() -> None:
    with pytest.raises(ValueError, match="another engine"):
        sitting(frames(1, 3)).add(frames(1, 1)[0], "another engine")


@pytest.mark.parametrize(
    "vector",
    [
        np.full(128, np.nan, np.float32),
        np.zeros(128, np.float32),
        np.ones(128, np.float32),
        np.zeros((1, 128), np.float32),
        np.zeros(0, np.float32),
    ],
)
def test_what_is_no_unit_vector_is_refused(vector: Samples) -> None:
    with pytest.raises(ValueError, match="unit length"):
        unit_of(vector)
    with pytest.raises(ValueError, match="unit length"):
        Sitting(ENGINE, 0.5).add(vector, ENGINE)
