"""Somebody's, perhaps somebody's, or nobody's who is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from memory.gallery import CALIBRATED, NOT_CALIBRATED, Bounds, Gallery, Match, Template, Verdict, bounds_of
from persona_core.types import Samples

ENGINE = "an engine"
BOUNDS = Bounds(accept=0.5, maybe=0.4, margin=0.1)
SEEN = np.eye(4, dtype=np.float32)[0]


def alike(likeness: float, axis: int = 1) -> Template:
    """So alike to SEEN."""
    vector = np.zeros(4, np.float32)
    vector[0], vector[axis] = likeness, math.sqrt(1 - likeness**2)
    return Template(vector, ENGINE, 5)


@pytest.mark.parametrize(
    ("ann", "bob", "verdict", "likest"),
    [
        (0.9, 0.1, Verdict.KNOWN, ("ann",)),
        (0.5, 0.1, Verdict.KNOWN, ("ann",)),
        (0.9, 0.7, Verdict.KNOWN, ("ann",)),
        (0.49, 0.1, Verdict.MAYBE, ("ann",)),
        (0.4, 0.1, Verdict.MAYBE, ("ann",)),
        (0.39, 0.38, Verdict.UNKNOWN, ()),
        (-0.9, -0.5, Verdict.UNKNOWN, ()),
        (0.9, 0.85, Verdict.MAYBE, ("ann", "bob")),  # twins
        (0.85, 0.9, Verdict.MAYBE, ("bob", "ann")),
        (0.52, 0.45, Verdict.MAYBE, ("ann", "bob")),
        (0.48, 0.45, Verdict.MAYBE, ("ann", "bob")),
        (0.45, 0.38, Verdict.MAYBE, ("ann",)),
        (0.1, 0.9, Verdict.KNOWN, ("bob",)),
    ],
)
def test_who_it_is(ann: float, bob: float, verdict: Verdict, likest: tuple[str, ...]) -> None:
    gallery = Gallery(ENGINE, {"ann": alike(ann), "bob": alike(bob, 2)})
    match = gallery.match(SEEN, BOUNDS)
    assert (match.verdict, match.likest) == (verdict, likest)
    assert match.likeness == pytest.approx(max(ann, bob), abs=1e-6)


def test_nobody_is_known_by_an_empty_gallery() -> None:
    assert Gallery(ENGINE).match(SEEN) == Match(Verdict.UNKNOWN, (), -1.0)


def test_who_comes_and_goes_is_known_and_is_not() -> None:
    gallery = Gallery(ENGINE, {"ann": alike(0.9)})
    assert gallery.match(SEEN, BOUNDS).likest == ("ann",)
    gallery.enrol("bob", alike(0.99, 2))
    assert gallery.match(SEEN, BOUNDS).likest == ("bob", "ann")
    gallery.forget("bob")
    assert gallery.match(SEEN, BOUNDS).likest == ("ann",)
    gallery.enrol("ann", alike(0.1))  # in place of the earlier one
    assert gallery.match(SEEN, BOUNDS).verdict is Verdict.UNKNOWN
    gallery.forget("ann")
    gallery.forget("nobody")
    assert gallery.match(SEEN, BOUNDS).likest == ()


def test_engines_are_never_mixed() -> None:
    with pytest.raises(ValueError, match="another"):
        Gallery("another", {"ann": alike(0.9)})


@pytest.mark.parametrize("vector", [SEEN * 2, SEEN * np.nan, np.zeros(4, np.float32), SEEN[None]])
def test_what_is_no_unit_vector_is_refused(vector: Samples) -> None:
    with pytest.raises(ValueError, match="unit length"):
        Gallery(ENGINE, {"ann": alike(0.9)}).match(vector)


def test_an_engine_that_nobody_has_measured_is_believed_less() -> None:
    assert bounds_of("sface-2021dec") is CALIBRATED["sface-2021dec"]
    assert bounds_of("whatever") is NOT_CALIBRATED
    for bounds in CALIBRATED.values():
        assert bounds.maybe <= bounds.accept <= NOT_CALIBRATED.accept
        assert bounds.margin <= NOT_CALIBRATED.margin
