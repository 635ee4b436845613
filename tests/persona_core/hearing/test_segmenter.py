"""Numbers in, borders out."""

from __future__ import annotations

import pytest

from persona_core.hearing.segmenter import WINDOW_S, Border, Segmenter, SegmenterSettings

SETTINGS = SegmenterSettings(
    pause_windows=3, longest_s=10 * WINDOW_S, min_speech_s=4 * WINDOW_S, max_s=40 * WINDOW_S
)


def borders(probabilities: list[float]) -> list[tuple[int, Border]]:
    segmenter = Segmenter(SETTINGS)
    steps = [(i, segmenter.step(p)) for i, p in enumerate(probabilities)]
    return [(i, border) for i, border in steps if border]


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        pytest.param([0.1] * 50, [], id="silence is no segment"),
        pytest.param(
            [0.9, 0.1] * 2,
            [(0, Border.STIR), (1, Border.CALM), (2, Border.STIR), (3, Border.CALM)],
            id="single loud windows are no speech",
        ),
        pytest.param(
            [0.9] * 20 + [0.1] * 12,
            [(0, Border.STIR), (1, Border.START), (22, Border.PAUSE), (29, Border.END)],
            id="speech then silence",
        ),
        pytest.param(
            [0.9] * 10 + [0.1] * 2 + [0.9] * 5,
            [(0, Border.STIR), (1, Border.START)],
            id="the silence between two words is no pause",
        ),
        pytest.param(
            [0.9] * 10 + [0.1] * 8 + [0.9] * 5 + [0.1] * 10,
            [
                (0, Border.STIR),
                (1, Border.START),
                (12, Border.PAUSE),
                (19, Border.GO_ON),
                (25, Border.PAUSE),
                (32, Border.END),
            ],
            id="a pause shorter than the silence does not end it",
        ),
        pytest.param(
            [0.9] * 10 + [0.1] * 5 + [0.9] + [0.1] * 4,
            [(0, Border.STIR), (1, Border.START), (12, Border.PAUSE), (19, Border.END)],
            id="a click in a pause is no speech",
        ),
        pytest.param(
            [0.9] * 10 + [0.4] * 20, [(0, Border.STIR), (1, Border.START)], id="faint speech keeps it open"
        ),
        pytest.param(
            [0.9] * 2 + [0.1] * 12,
            [(0, Border.STIR), (1, Border.START), (4, Border.PAUSE), (11, Border.FALSE_START)],
            id="a click",
        ),
        pytest.param(
            [0.9] * 60 + [0.1] * 12,
            [(0, Border.STIR), (1, Border.START), (39, Border.CUT), (62, Border.PAUSE), (69, Border.END)],
            id="what is too long is cut and goes on",
        ),
    ],
)
def test_borders_are_where_they_should_be(
    probabilities: list[float], expected: list[tuple[int, Border]]
) -> None:
    assert borders(probabilities) == expected


def test_a_pause_is_as_long_as_it_is_said_to_have_to_be_until_the_next_word() -> None:
    segmenter = Segmenter(SETTINGS)
    for _ in range(20):
        segmenter.step(0.9)
    assert [segmenter.step(0.1) for _ in range(3)][-1] is Border.PAUSE
    segmenter.patience_s = 6 * WINDOW_S
    assert [segmenter.step(0.1) for _ in range(3)] == [None, None, Border.END]
    for _ in range(20):
        segmenter.step(0.9)
    for _ in range(5):
        segmenter.step(0.1)
    segmenter.patience_s = 2 * WINDOW_S  # shorter than it has lasted already
    assert segmenter.step(0.1) is Border.END


def test_a_pause_that_is_known_from_elsewhere_counts_from_then() -> None:
    segmenter = Segmenter(SETTINGS)
    assert segmenter.pause() is None
    for _ in range(20):
        segmenter.step(0.9)
    assert segmenter.pause() is Border.PAUSE
    assert segmenter.pause() is None
    assert [segmenter.step(0.1) for _ in range(10)].index(Border.END) == 9


def test_the_silence_is_not_over_while_the_next_word_may_be_beginning() -> None:
    spoken, silent = [0.9] * 10, [0.1] * 9
    assert Border.GO_ON in [border for _, border in borders([*spoken, *silent, 0.9, 0.9])]
    assert Border.END in [border for _, border in borders([*spoken, *silent, 0.9, 0.1])]


def test_a_pause_that_is_held_ends_when_nothing_follows_after_all() -> None:
    segmenter = Segmenter(SETTINGS)
    for _ in range(20):
        segmenter.step(0.9)
    for _ in range(9):
        assert segmenter.step(0.1) is not Border.END
    segmenter.hold(5 * WINDOW_S)
    held = [segmenter.step(0.1) for _ in range(5)]
    assert held == [None] * 4 + [Border.END]


@pytest.mark.parametrize(
    ("after", "borders"),
    [
        ([0.1, 0.9, 0.1, 0.1], [Border.PAUSE]),  # a click
        ([0.1, 0.9, 0.9], [Border.PAUSE, Border.GO_ON]),
        ([0.4, 0.1], [Border.PAUSE, Border.GO_ON, Border.PAUSE]),  # one window of silence lies in a word
    ],
)
def test_a_pause_is_told_at_its_first_window_and_withdrawn_if_it_was_none(
    after: list[float], borders: list[Border]
) -> None:
    segmenter = Segmenter()
    for _ in range(20):
        segmenter.step(0.9)
    steps = [segmenter.step(probability) for probability in [0.1, *after]]
    assert [border for border in steps if border] == borders


def test_a_closed_microphone_leaves_no_doubt_of_a_pause() -> None:
    segmenter = Segmenter()
    for probability in [0.9] * 20 + [0.1]:
        segmenter.step(probability)
    assert segmenter.pausing and segmenter.pause() is None
    assert segmenter.step(0.4) is None and segmenter.pausing


def test_a_microphone_that_opens_again_and_again_does_not_hold_a_pause_for_ever() -> None:
    segmenter = Segmenter(SETTINGS)
    for _ in range(20):
        segmenter.step(0.9)
    windows = 0
    while segmenter.step(0.1) is not Border.END:
        segmenter.hold(5 * WINDOW_S)
        windows += 1
        assert windows < 20
    assert windows == 14
