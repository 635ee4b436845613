"""Which words of a reply were heard, by the length of sound that was."""

from __future__ import annotations

import pytest

from persona_core.speaking.heard import LETTERS_PER_S, Voiced, cut_at

RATE = 1000
TEXT = "Hello there. How are you?"  # 12 + 13 characters


def clauses(closing: int = 0) -> list[Voiced]:
    return [Voiced(0, 12, 1200 + closing, closing, True), Voiced(12, 25, 1300 + closing, closing, True)]


@pytest.mark.parametrize(
    ("samples", "heard", "rest"),
    [
        (0, "", TEXT),
        (-5, "", TEXT),
        (400, "", TEXT),
        (500, "Hello", TEXT),
        (1199, "Hello", TEXT),
        (1200, "Hello there.", " How are you?"),
        (1600, "Hello there. How", " How are you?"),
        (2499, "Hello there. How are", " How are you?"),
        (2500, TEXT, ""),
        (9999, TEXT, ""),
    ],
)
def test_a_word_was_heard_when_its_last_letter_was(samples: int, heard: str, rest: str) -> None:
    end, cut = cut_at(TEXT, clauses(), samples, RATE)
    assert (TEXT[:end], TEXT[cut:]) == (heard, rest)


def test_the_silence_that_closes_a_sentence_holds_no_words() -> None:
    assert cut_at(TEXT, clauses(closing=200), 1200, RATE) == (12, 12)
    assert cut_at(TEXT, clauses(closing=200), 1399, RATE) == (12, 12)
    assert cut_at(TEXT, clauses(closing=200), 1400 + 400, RATE) == (16, 12)


def test_a_clause_still_being_made_is_taken_at_an_easy_pace() -> None:
    half = [Voiced(0, 12, 300)]
    assert cut_at(TEXT, half, round(6 / LETTERS_PER_S * RATE), RATE) == (5, 0)


def test_without_any_sound_nothing_was_heard() -> None:
    assert cut_at(TEXT, [], 100, RATE) == (0, 0)


def test_a_script_without_blanks_is_cut_between_its_letters() -> None:
    text = "你好我是美拉。"
    assert cut_at(text, [Voiced(0, 7, 700, 0, True)], 350, RATE) == (3, 0)
