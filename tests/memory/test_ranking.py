from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from memory.asked import asked
from memory.dates import Span
from memory.ranking import DAY_S, Candidates, Ranked, fitting, rank, worth
from memory.types import Document, Hit, Origin, Reason, Scope

NOW_S = 1_800_000_000.0


def those(count: int, **columns: object) -> Candidates:
    """So many documents of one session, in their order, a minute apart, with nothing to tell them apart."""
    none = np.zeros(count, np.float32)
    plain = Candidates(
        at_s=NOW_S - 3600 + 60.0 * np.arange(count),
        before=np.arange(-1, count - 1),
        after=np.append(np.arange(1, count), -1)[:count],
        asks=none,
        asked_kind=none,
        named=none,
        salience=none,
        cosines=None,
        embedded=np.zeros(count, np.bool_),
    )
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    if "cosines" in arrays:
        arrays["embedded"] = np.ones(count, np.bool_)
    return replace(plain, **arrays)


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def first(ranked: Ranked) -> int:
    return int(ranked.best(1)[0])


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    assert first(rank(those(20), [rows(*range(9)), rows(15)], (), NOW_S)) == 15


def test_the_reasons_add_up_to_the_score() -> None:
    ranked = rank(
        those(9, cosines=np.linspace(0.1, 0.9, 9), named=[1] * 9, asks=[0, 1] * 4 + [0], salience=[0.5] * 9),
        [rows(2, 3), rows(4)],
        [Span(NOW_S - 9 * DAY_S, NOW_S - 2 * DAY_S)],
        NOW_S,
    )
    for index in range(9):
        assert sum(one.points for one in ranked.reasons(index)) == pytest.approx(
            ranked.scores[index], abs=1e-5
        )


def test_what_is_said_next_to_the_words_comes_before_what_is_far_from_them() -> None:
    order = list(rank(those(30), [rows(20)], (), NOW_S).best(30))
    assert order[0] == 20 and set(order[1:9]) == {16, 17, 18, 19, 21, 22, 23, 24}


def test_nothing_reaches_across_the_end_of_a_session() -> None:
    cut = those(30)
    before, after = cut.before.copy(), cut.after.copy()
    before[20] = after[19] = -1
    ranked = rank(replace(cut, before=before, after=after), [rows(20)], (), NOW_S)
    assert not ranked.parts["words around it"][:20].any() and ranked.parts["words around it"][21] > 0


def test_the_answer_to_a_question_that_fits_comes_before_the_question() -> None:
    cosines = np.full(40, 0.2)
    cosines[10], cosines[11] = 0.8, 0.7
    asks = np.zeros(40)
    asks[10] = 1
    assert first(rank(those(40, cosines=cosines, asks=asks), [], (), NOW_S)) == 11


def test_a_document_without_a_vector_is_neither_helped_nor_harmed() -> None:
    plain = those(3, cosines=[0.9, 0.0, 0.1])
    ranked = rank(replace(plain, embedded=np.array([True, False, True])), [], (), NOW_S)
    assert ranked.parts["meaning"][1] == 0


def test_what_happened_at_the_time_meant_comes_first() -> None:
    days = np.array([100, 30, 1])
    span = Span(NOW_S - 31 * DAY_S, NOW_S - 29 * DAY_S)
    assert first(rank(those(3, at_s=NOW_S - days * DAY_S), [], [span], NOW_S)) == 1


def test_what_is_told_a_day_late_fits_better_than_what_was_said_a_day_early() -> None:
    span = Span(NOW_S, NOW_S + DAY_S)
    early, late, within = fitting(np.array([NOW_S - DAY_S, NOW_S + 2 * DAY_S, NOW_S + 1]), [span])
    assert early < late < within == 1


def test_nothing_to_rank_gives_nothing() -> None:
    assert len(rank(those(0), [], (), NOW_S).best(5)) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What's the name of Ada's dog?", ("name", "ada", "dog")),
        ('") OR text:* NEAR(', ("text", "near")),
        ("what is it?", ()),
        ("it's 7 o'clock", ("7", "clock")),
    ],
)
def test_only_words_that_tell_something_are_looked_for(text: str, words: tuple[str, ...]) -> None:
    assert asked(text).words == words


@pytest.mark.parametrize(("points", "is_worth"), [(0.9, True), (0.1, False)])
def test_a_hit_that_has_hardly_to_do_with_the_question_is_not_worth_bringing_up(
    points: float, is_worth: bool
) -> None:
    document = Document("turn", "1", "Hello.", NOW_S, "Ada", "s", Scope(Origin.OPEN, "x", (), ()))
    reasons = (Reason("words", points), Reason("named", 0.9), Reason("salience", 0.9))
    assert worth(Hit(document, sum(one.points for one in reasons), reasons)) is is_worth
