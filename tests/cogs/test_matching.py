"""Which of what is kept a message holds, by tables."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from cogs.matching import posted, written
from memory.types import HERS, StoredTurn
from tests.memory.kept import turn

HER_ID, BOB_ID = 1, 2
NAMES = {HER_ID: "Mira", BOB_ID: "Bobby"}


def turns(*texts: str, speaker: str = "ann") -> list[StoredTurn]:
    return [
        replace(turn(speaker, text, about=("ann",)), id=number) for number, text in enumerate(texts, start=1)
    ]


@pytest.mark.parametrize(
    ("content", "kept", "found"),
    [
        ("hello there", ["hello there", "hello", "there hello there"], [1]),
        ("Hello,   THERE!", ["hello there"], [1]),
        ("<@1> where does my sister live?", ["Mira where does my sister live?"], [1]),
        ("<@1>", ["Mira", "Mira?", "yes", "Bobby"], [1, 2]),
        (
            "tell <@2> hi",
            ["tell Bobby hi", "tell Bob the Builder hi", "tell someone hi", "tell hi"],
            [1, 2, 3, 4],
        ),
        ("tell <@2> hi", ["tell Bobby hi and more", "I tell Bobby hi", "teller Bobby hi"], []),
        ("<@2> is late", ["Robert is late", "is late", "is late again"], [1, 2]),
        ("<@2>", ["Bobby", "Robert", "what I never told anybody else"], [1]),
        ("<@2> <@2> <@9>", ["Bobby Bobby someone", "a secret"], [1]),
        ("hi <@2>", ["hi " + "and so on " * 20], []),
        ("🙂", ["🙂", "🙃", "hello"], [1]),
        ("hi 🙂 _there_", ["hi 🙂 _there_", "hi"], [1]),
        ("", ["hello"], []),
        ("nice <:rain:123>", ["nice :rain:"], [1]),
    ],
)
def test_a_message_is_found_by_its_words_whoever_it_names(
    content: str, kept: list[str], found: list[int]
) -> None:
    assert [one.id for one in written(turns(*kept), content, NAMES, HER_ID)] == found


@pytest.mark.parametrize(
    ("content", "kept", "found"),
    [
        ("**Ann:** tone 400", ["tone 400", "tone"], [1]),
        ("**Ann:** tone 400 tone 500", ["tone 400", "tone 500", "tone"], [1, 2]),
        ("**Ann:** tone 400 tone 500", ["tone 400", "between", "tone 500"], []),
        (r"**A\*\*n:** snake\_case and \#1", ["snake_case and #1"], [1]),
        ("I see.", ["I see.", "I see nothing."], [1]),
        ("**Mira:** Once upon a—", ["Once upon a"], [1]),
        ("", ["hello"], []),
    ],
)
def test_a_post_is_found_by_what_it_shows(content: str, kept: list[str], found: list[int]) -> None:
    assert [one.id for one in posted(turns(*kept), content)] == found


def test_a_post_that_was_cut_short_is_found_by_its_beginning() -> None:
    long = "word " * 500
    assert [one.id for one in posted(turns(long, "word", speaker=HERS), f"**Ann:** {long}"[:1999] + "…")] == [
        1
    ]


def test_a_message_made_of_mentions_costs_no_time() -> None:
    content, kept = "<@2> a " * 250, turns("a " * 2_000, "Bobby a " * 249 + "b")
    began = time.process_time()
    assert kept[1] not in written(kept, content, NAMES, HER_ID) and posted(kept, content) == []
    assert time.process_time() - began < 5
