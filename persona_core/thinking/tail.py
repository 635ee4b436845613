"""The JSON that follows her spoken words: {"emotion": …, "actions": [...], "remember": [...]}.

Small models write it loosely. Whatever is well-formed is taken, the rest is left out.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from memory.plain_text import one_line
from persona_core.types import Action, Memorable

EMOTIONS = ("neutral", "happy", "amused", "curious", "tender", "sad", "worried", "surprised", "annoyed")
ACTIONS = ("react", "post", "dm", "leave", "remember")
KEYS = ("emotion", "actions", "remember")

_ARGUMENT_CHARACTERS = 1_000
_MEMORY_CHARACTERS = 300
_AT_MOST = 5  # actions, and things to remember, in one reply
_DEFAULT_SALIENCE = 0.5  # when she does not say how much it matters
_WORD = re.compile(r"[a-z]+")
_EMOTION = re.compile(r"""["']?emotion["']?\s*[:=]\s*["']?([a-z]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tail:
    """What a tail asked for, limited to what is known."""

    emotion: str = "neutral"
    actions: tuple[Action, ...] = ()
    remember: tuple[Memorable, ...] = ()
    dropped_actions: int = 0  # unknown ones, and those beyond the most there may be


def complete_tail(text: str) -> Tail | None:
    """The first JSON object in ``text`` that has one of our keys, or None while there is none."""
    decoder = json.JSONDecoder()
    for start in re.finditer(r"\{", text):
        try:
            found, _ = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and any(key in found for key in KEYS):
            return _tail(found)
    return None


def broken_tail(text: str) -> Tail:
    """What can be saved of a cut or malformed tail: the emotion, written as a field or as a bare word."""
    field = _EMOTION.search(text)
    word = field.group(1) if field else next(iter(_WORD.findall(text.lower()[:40])), "")
    return Tail(_emotion(word))


def _emotion(value: object) -> str:
    word = value.strip().lower() if isinstance(value, str) else ""
    return word if word in EMOTIONS else "neutral"


def _tail(found: dict[str, object]) -> Tail:
    wanted, memories = _items(found.get("actions")), map(_memorable, _items(found.get("remember")))
    actions = tuple(action for action in map(_action, wanted) if action)[:_AT_MOST]
    return Tail(
        _emotion(found.get("emotion")),
        actions,
        tuple(memory for memory in memories if memory)[:_AT_MOST],
        len(wanted) - len(actions),
    )


def _items(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, str | dict) else []


def _action(item: object) -> Action | None:
    """Accepts "leave", "react:👍", {"name": "react", "argument": "👍"} and {"react": "👍"}."""
    name, argument = "", ""
    if isinstance(item, str):
        name, _, argument = item.partition(":")
    elif isinstance(item, dict) and isinstance(item.get("name"), str):
        name, argument = item["name"], _text(item.get("argument"))
    elif isinstance(item, dict) and len(item) == 1:
        name, argument = next((str(k), _text(v)) for k, v in item.items())
    name = name.strip().lower()
    return Action(name, one_line(argument)[:_ARGUMENT_CHARACTERS]) if name in ACTIONS else None


def _memorable(item: object) -> Memorable | None:
    text, salience = item, None
    if isinstance(item, dict):
        text, salience = item.get("text"), item.get("salience")
    words = one_line(_text(text))[:_MEMORY_CHARACTERS]
    return Memorable(words, _salience(salience)) if any(c.isalnum() for c in words) else None


def _salience(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return _DEFAULT_SALIENCE
    return float(min(max(value, 0), 1))  # NaN was caught above: it is unlike itself


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
