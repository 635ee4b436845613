from __future__ import annotations

from datetime import datetime

import pytest

from memory.dates import spans_in

NOW = datetime(2026, 11, 27, 19, 0)  # a Friday


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("what did we do yesterday", "2026-11-26", "2026-11-27"),
        ("who called last night?", "2026-11-26", "2026-11-27T06:00"),
        ("what was in May?", "2026-05-01", "2026-06-01"),
        ("what was in December?", "2025-12-01", "2026-01-01"),
        ("what was on 7 May 2023", "2023-05-07", "2023-05-08"),
        ("what was on May 7th, 2023", "2023-05-07", "2023-05-08"),
        ("since 2023-05-07", "2023-05-07", "2023-05-08"),
        ("two days before Halloween", "2026-10-29", "2026-10-30"),
        ("the week after Christmas", "2025-12-26", "2026-01-02"),
        ("last week", "2026-11-16", "2026-11-23"),
        ("on Monday", "2026-11-23", "2026-11-24"),
        ("last weekend", "2026-11-21", "2026-11-23"),
        ("in 2022", "2022-01-01", "2023-01-01"),
        ("over the summer", "2026-06-01", "2026-09-01"),
    ],
)
def test_time_words_are_counted_back_from_now(text: str, start: str, end: str) -> None:
    ((span,), _) = spans_in(text, NOW.timestamp())
    assert datetime.fromtimestamp(span.start_s) == datetime.fromisoformat(start)
    assert datetime.fromtimestamp(span.end_s) == datetime.fromisoformat(end)


@pytest.mark.parametrize("text", ["", "what may happen", "he will march on", "30 February", "a second later"])
def test_what_names_no_time_has_no_span(text: str) -> None:
    assert spans_in(text, NOW.timestamp())[0] == ()


def test_what_was_read_as_a_time_is_no_word_of_the_question() -> None:
    _, rest = spans_in("What did Ada bake in May 2023?", NOW.timestamp())
    assert "may" not in rest and "2023" not in rest and "bake" in rest
