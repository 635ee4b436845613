"""What a closing microphone, or a pause, has meant decides what it means."""

from __future__ import annotations

import math

import pytest

from persona_core.hearing.microphone import UNKNOWN, Microphone


def after(ends: str, pauses: str = "") -> Microphone:
    """``c``: with the microphone closed, ``o``: with it open."""
    microphone = UNKNOWN
    for how in ends:
        microphone = microphone.ended(how == "c")
    for how in pauses:
        microphone = microphone.went_on(how == "c")
    return microphone


@pytest.mark.parametrize(
    ("microphone", "closed", "says"),
    [
        pytest.param(
            UNKNOWN, True, "over", id="that it closes makes an end a little likelier, whoever it is"
        ),
        pytest.param(UNKNOWN, False, "nothing", id="it may not be able to close"),
        pytest.param(after("oooooooo"), False, "nothing", id="an open one that never closes tells nothing"),
        pytest.param(after("cccc"), False, "on", id="one that has closed at every end is still held"),
        pytest.param(after("cccc", "oooo"), False, "on", id="the more so if pauses left it open"),
        pytest.param(after("cccc", "oooo"), True, "over", id="and let go of, it is the end"),
        pytest.param(after("c" * 9, "c" * 20), True, "nothing", id="a gate that closes at every pause"),
        pytest.param(
            after("c" + "o" * 30), False, "nothing", id="a noisy room in which it hardly ever closes"
        ),
    ],
)
def test_what_it_says(microphone: Microphone, closed: bool, says: str) -> None:
    odds = microphone.log_odds(closed)
    assert {"over": odds > 0.1, "on": odds < -0.5, "nothing": abs(odds) < 0.45}[says]


def test_an_end_that_was_none_counts_as_a_pause() -> None:
    assert after("cc").went_on_after_all(True) == after("c", "c")


@pytest.mark.parametrize(
    "microphone", [after("c" * 500), after("c" * 500, "o" * 500), after("o" * 500, "c" * 500)]
)
@pytest.mark.parametrize("closed", [True, False])
def test_it_never_decides_alone(microphone: Microphone, closed: bool) -> None:
    assert math.isfinite(microphone.log_odds(closed)) and abs(microphone.log_odds(closed)) <= 2


@pytest.mark.parametrize(
    ("microphone", "least", "most"),
    [
        pytest.param(UNKNOWN, 0, 0, id="nothing is known"),
        pytest.param(after("ccc", "o"), -0.01, 0.01, id="as often as people do"),
        pytest.param(after("cc"), 0.3, 0.7, id="who never pauses has mostly finished"),
        pytest.param(after("cc", "cc"), -0.7, -0.4, id="who pauses in every sentence mostly goes on"),
        pytest.param(after("o" * 500), 0.7, 0.7, id="but never for certain"),
        pytest.param(after("", "o" * 500), -1, -1, id="nor the other way round"),
    ],
)
def test_how_often_somebody_pauses_decides_what_a_silence_is(
    microphone: Microphone, least: float, most: float
) -> None:
    assert least <= microphone.pausing_log_odds <= most
