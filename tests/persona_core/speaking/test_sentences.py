"""The voice is given its first words early and whole sentences afterwards."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.speaking.sentences import LONG, Clause, Sentences, spoken


def tokens(text: str) -> list[str]:
    """``text`` in pieces as models write them: a word with the blank before it, marks by themselves."""
    return re.findall(r"\s*\w+|[^\w\s]+|\s+", text)


def letters(text: str) -> str:
    return "".join(c for c in text if c.isalpha())


def pieces(text: str) -> list[str]:
    sentences = Sentences()
    found = [piece for token in tokens(text) for piece in sentences.feed(token)]
    return [clause.text for clause in found + sentences.flush()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I like rain, and tea. And trains, too.", ["I like rain,", "and tea.", "And trains, too."]),
        ("Well, that depends. On you.", ["Well,", "that depends.", "On you."]),
        ("Oh, nice! And then?", ["Oh,", "nice!", "And then?"]),
        (
            "I'm sorry, I forgot, it seems. Well, yes, I did.",
            ["I'm sorry,", "I forgot, it seems.", "Well, yes, I did."],
        ),
        (
            "Of course, I would come along with you any day, if only it were not so far. Yes.",
            ["Of course,", "I would come along with you any day,", "if only it were not so far.", "Yes."],
        ),
        (
            "Black holes are places far away from us where things go in. Far away where nobody ever goes they are.",
            [
                "Black holes are places far away from us,",
                "where things go in.",
                "Far away where nobody ever goes they are.",
            ],
        ),
        ("What?! No.", ["What?", "No."]),
        (
            "Since Jan. 5th she lives in no. 7. No. That was May.",
            ["Since Jan. 5th she lives in no. 7.", "No.", "That was May."],
        ),
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
    assert sentences.feed("I do like rain") == []
    assert sentences.feed(",") == [Clause("I do like rain,", len("I do like rain,"))]


@pytest.mark.parametrize("begun", ["It costs 3.", "Ask Dr.", "It is 5 p.m.", "So do I.", "I was...", "1,"])
def test_a_mark_that_may_mean_something_else_waits_for_the_next_word(begun: str) -> None:
    sentences = Sentences()
    assert [piece for token in tokens(begun) for piece in sentences.feed(token)] == []


def test_a_long_sentence_is_cut_at_a_clause() -> None:
    found = pieces("Hello. " + "we walked along the river and saw the boats, " * 20)
    assert all(len(piece) <= LONG for piece in found)
    assert all(piece.endswith(("boats,", "river", "Hello.")) for piece in found)


def test_words_without_any_blank_are_cut_too() -> None:
    assert "".join(pieces("x" * 1000)) == "x" * 1000


@given(st.text(alphabet="ab .,!?…—'\"", max_size=600))
def test_no_word_is_lost(text: str) -> None:
    assert letters("".join(pieces(text))) == letters(text)


@given(st.text(), st.integers(1, 20))
def test_however_the_words_arrive_each_piece_ends_where_it_says(text: str, size: int) -> None:
    sentences = Sentences()
    clauses = [c for i in range(0, len(text), size) for c in sentences.feed(text[i : i + size])]
    start = 0
    for clause in clauses + sentences.flush():
        assert letters(clause.text) == letters(spoken(text[start : clause.end]))
        start = clause.end


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
