"""Where somebody begins to speak in a stream that may be anybody's."""

from __future__ import annotations

from persona_core.hearing.stretches import GAP_WINDOWS, Border, Stretches


def borders(*probabilities: float) -> list[Border]:
    stretches = Stretches()
    return [border for one in probabilities if (border := stretches.step(one)) is not None]


def test_one_window_of_sound_is_no_stretch() -> None:
    assert borders(0, 0.9, 0, 0) == [Border.STIR, Border.CALM]


def test_two_are_and_a_short_silence_ends_it() -> None:
    silence = [0.0] * GAP_WINDOWS
    assert borders(0.9, 0.9, 0.6, *silence) == [Border.STIR, Border.BEGIN, Border.END]
    assert borders(0.9, 0.9, *silence[1:], 0.4, *silence[1:]) == [Border.STIR, Border.BEGIN]


def test_speech_and_the_silence_before_it_are_measured() -> None:
    stretches = Stretches()
    for probability in [0.9] * 10 + [0.0] * 20 + [0.9] * 5:
        stretches.step(probability)
    assert round(stretches.voiced_s, 3) == 0.16 and round(stretches.silence_before_s, 2) == 0.64
