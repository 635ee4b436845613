"""Messages in the shapes that chat models insist on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from persona_core.types import Message

_MARK = "\ue000"  # for private use: no chat template strips or changes it


def split_system(messages: Sequence[Message]) -> tuple[str, list[Message]]:
    """The text of all system messages, and the rest with neighbours of one role merged."""
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    turns: list[Message] = []
    for message in messages:
        if message.role == "system":
            continue
        if turns and turns[-1].role == message.role:
            turns[-1] = Message(message.role, f"{turns[-1].content}\n{message.content}")
        else:
            turns.append(message)
    return system, turns


def without_system(messages: Sequence[Message]) -> list[Message]:
    """The same for templates that know no system role: its text begins the first user message."""
    system, turns = split_system(messages)
    if not system:
        return turns
    return split_system([Message("user", system), *turns])[1]


def certain_beginning(messages: Sequence[Message], render: Callable[[Sequence[Message]], str]) -> str:
    """What ``render`` makes of ``messages`` up to the last one's last word, which more words may follow."""
    if not messages:
        return ""
    last = messages[-1]
    text = render([*messages[:-1], Message(last.role, last.content + _MARK)])
    return text.rpartition(_MARK)[0].rstrip()


def estimated_tokens(text: str) -> int:
    """An upper estimate for models whose tokenizer is elsewhere.

    English takes about four letters a token in current vocabularies and a Chinese character or an
    emoji one or two tokens; three letters and two tokens leave room.
    """
    plain = sum(character.isascii() for character in text)
    return math.ceil(plain / 3) + 2 * (len(text) - plain)
