"""Her answers at a terminal: plain text that moves no cursor, and choices with numbers."""

from __future__ import annotations

from typing import Any

import pytest

from cogs.plain import plain
from local_mode.shown import choices_of, numbered, readable, text_of

NAMES = {"10": "Tom"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Yes**, since *today*; use `/forget me`.", "Yes, since today; use /forget me."),
        ("# A heading\n-# small", "A heading\nsmall"),
        ("~~no~~ ||hidden|| __under__", "no hidden under"),
        ("<@10> and <@!10> told <@999>", "Tom and Tom told @999"),
        ("in <#5>, </journal read:7>, <:wave:8>", "in #5, /journal read, :wave:"),
        ("[the page](https://example.org/a)", "the page (https://example.org/a)"),
        ("2 * 3 = 6, snake_case", "2 * 3 = 6, snake_case"),
        ("\x1b[2Jgone\x07", " [2Jgone "),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_markdown_becomes_plain_text(text: str, expected: str) -> None:
    assert readable(text, NAMES) == expected


@pytest.mark.parametrize(
    "words", ["**not** bold", "a_b [c](d) <@10> #1 `x`", "@everyone look", "- a list", "1. first", "C:\\path"]
)
def test_what_people_said_is_shown_as_they_said_it(words: str) -> None:
    assert readable(plain(words), NAMES) == words


def button(label: str, **more: Any) -> dict[str, Any]:
    return {"type": 2, "label": label, "custom_id": label.casefold(), "style": 1, **more}


ROWS = [
    {"type": 1, "components": [button("Yes"), button("No", disabled=True), button("", emoji={"name": "▶"})]},
    {"type": 1, "components": [button("A page", style=5)]},
    {
        "type": 1,
        "components": [
            {
                "type": 3,
                "custom_id": "which",
                "placeholder": "Which?",
                "max_values": 2,
                "options": [
                    {"label": "Tea", "value": "t", "description": "hot"},
                    {"label": "**Milk**", "value": "m"},
                ],
            }
        ],
    },
]


def test_what_can_be_chosen_has_numbers() -> None:
    choices = choices_of({"components": ROWS})
    assert numbered(choices) == [
        "[1] Yes  [2] ▶",
        "Which? – several can be chosen, up to 2: e.g. 1 2",
        "[3] Tea – hot",
        "[4] Milk",
    ]
    assert [choice.value for choice in choices] == ["", "", "t", "m"]


def test_all_that_is_to_be_read_is_shown() -> None:
    embed = {
        "title": "Notes",
        "description": "**One**",
        "fields": [{"name": "Where", "value": "here"}],
        "footer": {"text": "page 1 of 1"},
    }
    message = {
        "content": "Hello",
        "embeds": [embed],
        "components": [{"type": 17, "components": [{"type": 10, "content": "inside"}]}],
    }
    assert text_of(message, {}) == "Hello\n\nNotes\n\nOne\n\nWhere\nhere\n\npage 1 of 1\n\ninside"
