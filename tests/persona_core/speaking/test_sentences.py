"""The voice is given its first words early and whole sentences afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.speaking.sentences import LONG, Clause, Sentences, spoken


def pieces(text: str, size: int = 1) -> list[str]:
    sentences = Sentences()
    found = [piece for i in range(0, len(text), size) for piece in sentences.feed(text[i : i + size])]
    return [clause.text for clause in found + sentences.flush()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I like rain, and tea. And trains, too.", ["I like rain,", "and tea.", "And trains, too."]),
        ("Well, that depends. On you.", ["Well, that depends.", "On you."]),
        ("Hello there! How are you? Good.", ["Hello there!", "How are you?", "Good."]),
        ("Ask Dr. Smith about it. Or St. John.", ["Ask Dr. Smith about it.", "Or St. John."]),
        ("It costs 3.5 dollars, e.g. today.", ["It costs 3.5 dollars,", "e.g. today."]),
        ("It is 5 p.m. now. It is 5 p.m. She left.", ["It is 5 p.m. now.", "It is 5 p.m.", "She left."]),
        ("The U.S. is big. J. K. wrote it.", ["The U.S. is big.", "J. K. wrote it."]),
        ("I was... thinking. Well… Yes.", ["I was... thinking.", "Well...", "Yes."]),
        ('She said "go." Then he went.', ['She said "go."', "Then he went."]),
        ("So it goes—on and on. End", ["So it goes—", "on and on.", "End"]),
        ("1,000 people came by. Fine.", ["1,000 people came by.", "Fine."]),
        ("你好。我是美拉。", ["你好。", "我是美拉。"]),
        ("", []),
        ("… — !", []),
    ],
)
def test_cuts_stand_where_a_speaker_would_pause(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_the_first_clause_does_not_wait_for_the_sentence() -> None:
    sentences = Sentences()
    assert sentences.feed("I do like rain, ") == []
    assert sentences.feed("b") == [Clause("I do like rain,", len("I do like rain, "))]


def test_a_long_sentence_is_cut_at_a_clause() -> None:
    found = pieces("Hello. " + "we walked along the river and saw the boats, " * 20)
    assert all(len(piece) <= LONG for piece in found)
    assert all(piece.endswith(("boats,", "river", "Hello.")) for piece in found)


def test_words_without_any_blank_are_cut_too() -> None:
    assert "".join(pieces("x" * 1000)) == "x" * 1000


@given(st.text(), st.integers(1, 20))
def test_how_the_words_arrive_changes_nothing(text: str, size: int) -> None:
    assert pieces(text, size) == pieces(text, max(1, len(text)))


@given(st.text(alphabet="ab .,!?…—'\"", max_size=600))
def test_no_word_is_lost(text: str) -> None:
    def letters(part: str) -> str:
        return "".join(c for c in part if c.isalpha())

    assert letters("".join(pieces(text))) == letters(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://example.org/a?b=1.", "See a link."),
        ("Tea & cake!!! Really?!?!", "Tea and cake! Really?"),
        ("Well..... yes", "Well... yes"),
        ("I AM SO HAPPY today", "I am so happy today"),
        ("AMAZING, says NASA", "Amazing, says NASA"),
        ("2 + 2 = 4", "2 plus 2 equals 4"),
        ("It is 12:30 and costs $5, 40%.", "It is 12:30 and costs $5, 40%."),
        ("a *b* [c] 😀 d", "a b c d"),
    ],
)
def test_symbols_become_words_or_silence(text: str, expected: str) -> None:
    assert spoken(text) == expected
