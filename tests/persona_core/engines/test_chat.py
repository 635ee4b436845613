from __future__ import annotations

from persona_core.engines.chat import estimated_tokens, split_system, without_system
from persona_core.types import Message

TALK = [
    Message("system", "You are Mira."),
    Message("user", "Ann: hi"),
    Message("user", "Bob: hello"),
    Message("assistant", "Hey you two."),
    Message("system", "It is late."),
    Message("user", "Ann: bye"),
]


def test_system_messages_are_gathered_and_neighbours_of_one_role_merged():
    assert split_system(TALK) == (
        "You are Mira.\n\nIt is late.",
        [
            Message("user", "Ann: hi\nBob: hello"),
            Message("assistant", "Hey you two."),
            Message("user", "Ann: bye"),
        ],
    )


def test_without_a_system_role_its_text_begins_the_first_user_message():
    turns = without_system(TALK)
    assert [turn.role for turn in turns] == ["user", "assistant", "user"]
    assert turns[0].content == "You are Mira.\n\nIt is late.\nAnn: hi\nBob: hello"
    assert without_system([Message("user", "hi")]) == [Message("user", "hi")]


def test_tokens_are_estimated_upwards():
    assert estimated_tokens("") == 0
    assert estimated_tokens("Good morning, everyone.") >= 5
    assert estimated_tokens("你好🙂") >= 4
