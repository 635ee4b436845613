"""Where she can post no buttons, her notice names none, and says whom to tell instead."""

from __future__ import annotations

import pytest

from cogs.notices import posted, spoken, to_newcomers
from memory.consent import HearingMode


@pytest.mark.parametrize("mode", ["notice", "ask"])
def test_where_there_is_no_chat_no_button_is_named(mode: HearingMode) -> None:
    told = [
        spoken("Mira", mode, chat=False),
        posted("Mira", mode, chat=False),
        to_newcomers("Ann", "Mira", mode, chat=False),
    ]
    for text in told:
        assert "Mira" in text
        assert not any(word in text for word in ("button", "press", "Press", "chat", "hear me”"))


def test_who_only_listens_is_told_whom_to_tell_or_that_nobody_is_heard() -> None:
    assert "tell whoever brought me" in spoken("Mira", "notice", chat=False)
    assert "I hear nobody" in spoken("Mira", "ask", chat=False)


@pytest.mark.parametrize("chat", [True, False])
def test_where_words_go_is_told_in_any_case(chat: bool) -> None:
    leaves = "What is said is sent to Anthropic, to work out my answers."
    assert spoken("Mira", "notice", leaves=leaves, chat=chat).endswith(leaves)
    assert posted("Mira", "notice", leaves=leaves, chat=chat).endswith(leaves)
