"""Speech over her is told from speech beside her, and her small sounds from words of others."""

from __future__ import annotations

import pytest

from persona_core.hearing.over_her import ECHO_S, OverHer
from persona_core.hearing.overlap import Overlap


@pytest.mark.parametrize(
    ("text", "after_s", "expected"),
    [
        ("mm-hm", 0.5, Overlap.ECHO),
        ("Hm.", 0.5, Overlap.ECHO),
        ("mm-hm and then we left", 0.5, None),
        ("and then we left", 0.5, None),
        ("", 0.5, None),
        ("mm-hm", ECHO_S + 1, None),
    ],
)
def test_a_small_sound_of_hers_that_comes_back_is_nobody_elses_word(
    text: str, after_s: float, expected: Overlap | None
) -> None:
    over_her = OverHer()
    over_her.she_murmurs("Mm-hm.", 10.0)
    over_her.began(1, 10.0 + after_s)
    assert over_her.judge(1, text, "en", 0.5, "", final=True) is expected


def test_a_small_sound_of_hers_makes_no_interruption_of_what_is_said_beside_it() -> None:
    over_her = OverHer()
    over_her.began(1, 9.0)
    over_her.she_murmurs("Mm-hm.", 10.0)
    over_her.began(2, 10.1)
    assert over_her.judge(1, "and then mm-hm", "en", 5.0, "", final=False) is None
    assert over_her.judge(2, "wait what did you say", "en", 2.0, "", final=True) is None
