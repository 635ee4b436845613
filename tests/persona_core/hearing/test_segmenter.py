"""Numbers in, borders out."""

from __future__ import annotations

import pytest

from persona_core.hearing.segmenter import WINDOW_S, Border, Segmenter, SegmenterSettings

SETTINGS = SegmenterSettings(silence_s=10 * WINDOW_S, min_speech_s=4 * WINDOW_S, max_s=40 * WINDOW_S)


def borders(probabilities: list[float]) -> list[tuple[int, Border]]:
    segmenter = Segmenter(SETTINGS)
    steps = [(i, segmenter.step(p)) for i, p in enumerate(probabilities)]
    return [(i, border) for i, border in steps if border]


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        pytest.param([0.1] * 50, [], id="silence is no segment"),
        pytest.param([0.9, 0.1] * 20, [], id="single loud windows are no speech"),
        pytest.param(
            [0.9] * 20 + [0.1] * 12, [(1, Border.START), (29, Border.END)], id="speech then silence"
        ),
        pytest.param(
            [0.9] * 10 + [0.1] * 9 + [0.9] * 5 + [0.1] * 10,
            [(1, Border.START), (33, Border.END)],
            id="a pause shorter than the silence does not end it",
        ),
        pytest.param([0.9] * 10 + [0.4] * 20, [(1, Border.START)], id="faint speech keeps it open"),
        pytest.param([0.9] * 2 + [0.1] * 12, [(1, Border.START), (11, Border.FALSE_START)], id="a click"),
        pytest.param(
            [0.9] * 60 + [0.1] * 12,
            [(1, Border.START), (39, Border.CUT), (69, Border.END)],
            id="what is too long is cut and goes on",
        ),
    ],
)
def test_borders_are_where_they_should_be(
    probabilities: list[float], expected: list[tuple[int, Border]]
) -> None:
    assert borders(probabilities) == expected
