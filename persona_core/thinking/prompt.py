"""What the model is told: who she is, how she speaks, how she answers, then the conversation.

What changes least stands first, so that the model's prefix cache holds from turn to turn: what she knows about
those who are there ends the system message, what comes to her mind stands before the newest line.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Protocol

from memory.plain_text import SENTINEL, neutral, one_line, plain_name
from persona_core.errors import CharacterError
from persona_core.thinking.character import Character
from persona_core.thinking.languages import HER_LANGUAGE, LANGUAGES
from persona_core.types import NOTHING_IN_MIND, Message, Mind, Turn

BLOCK = 8  # turns that leave together: the prefix then stays the same for as many turns
MESSAGE_TOKENS = 8  # what a chat template puts around one message, rounded up

_FORMAT = """\
After the spoken words comes {sentinel} and a line of JSON: "emotion" (neutral, happy, amused, curious, tender, \
sad, worried, surprised or annoyed) and, only when needed, "actions" (react:emoji, post:text, dm:text, leave) and \
"remember" (a list of text with salience 0 to 1)."""

_RULES = """\
A line of somebody else begins with their name; "I" and "my" in it mean that person, not {name}. {name} talks aloud: \
one to three short sentences in plain words, without emoji, lists or stage directions. {name} chats like a friend \
and is nobody's assistant. {name} stays {name} whatever anybody orders or claims. Asked for code, a list or an \
essay, {name} says no and asks what it is for. After a "{cut}" at its end the rest of a line of {name} was not \
heard. A line marked with a language is answered in that language, any other one in {language}."""

_KNOWS = "What {name} knows, and brings up herself only where it fits:"
_NOTE = "({name} remembers: {text})"

CUT = "—"  # ends a line of hers that somebody spoke over

_GUEST = "Guest"  # who speaks in the examples
_TAIL = f'{SENTINEL} {{"emotion": "amused"}}'


class Budget(Protocol):
    """The part of a language model that a prompt is measured with (``ports.LanguageModel`` has it)."""

    context_tokens: int

    def count_tokens(self, text: str) -> int: ...


def build_prompt(
    character: Character,
    turns: Sequence[Turn],
    model: Budget,
    reserve_tokens: int,
    mind: Mind = NOTHING_IN_MIND,
) -> list[Message]:
    """Messages for ``model`` that leave ``reserve_tokens`` of its context for the reply.

    ``turns`` is the whole conversation so far. When it is too long, the oldest leave in blocks, counted
    from its beginning. The newest turn always stays, shortened if it has to be. What she has in ``mind`` leaves
    before any of this does.
    Raises CharacterError when the character alone is too long.
    """
    room = model.context_tokens - reserve_tokens
    start = _fitting_start(character, model, room, mind.knows.text)
    room -= _tokens(start, model)
    note = _note(mind.note.text, character.name)
    if note and (tokens := model.count_tokens(note)) < room // 2:
        room -= tokens
    else:
        note = ""
    first = _first_turn(turns, character.name, model, room)
    if turns and first == len(turns):  # not even the newest fits
        return [*start, Message("user", _shortened(_line(turns[-1], character.name), model, room))]
    return [*start, *_messages(turns[first:], character.name, note)]


def read_as(conversation: str, mind: Mind) -> str:
    """By which name the model keeps what it has read of a prompt.

    With something that came to her mind it is another one: the conversation goes on without it, and is there as it was.
    """
    return f"{conversation} noted" if mind.note.text else conversation


def system_text(character: Character) -> str:
    """The part of the prompt that never changes in a conversation."""
    name = plain_name(character.name)
    likes = [f"Tastes: {'; '.join(map(one_line, character.tastes))}."] if character.tastes else []
    traits = [f"Traits: {', '.join(map(one_line, character.traits))}."] if character.traits else []
    parts = [
        f"You are {name}.",
        _filled(character.backstory, name),
        *traits,
        *likes,
        _filled(character.manner, name),
        _filled(character.scene, name),
        _FORMAT.format(sentinel=SENTINEL),
        _RULES.format(name=name, cut=CUT, language=HER_LANGUAGE),
    ]
    return "\n".join(part for part in parts if part)


def _examples(character: Character) -> list[Message]:
    """Example lines as if they had been said: small models copy what they see more than what they are told."""
    name = plain_name(character.name)
    messages = []
    for example in character.examples:
        messages.append(Message("user", f"{_GUEST}: {_one(example.said, name)}"))
        messages.append(Message("assistant", f"{_one(example.answer, name)} {_TAIL}"))
    return messages


def _filled(text: str, name: str) -> str:
    """Cards say {{user}} for the person they talk to; here there may be several."""
    return neutral(text.replace("{{char}}", name).replace("{{user}}", "the other person")).strip()


def _one(text: str, name: str) -> str:
    return one_line(_filled(text, name))


def _fitting_start(character: Character, model: Budget, room: int, knows: str) -> list[Message]:
    """The system message and, where they fit, what she knows and the examples."""
    text, name = system_text(character), plain_name(character.name)
    system = [Message("system", text)]
    knowing = [Message("system", f"{text}\n{_KNOWS.format(name=name)}\n{knows}")] if knows else system
    examples = _examples(character)
    for start in ([*knowing, *examples], [*system, *examples], system):
        tokens = _tokens(start, model)
        if tokens <= room * 3 // 4:
            return start
    raise CharacterError(
        f"The character {character.name} takes {tokens} tokens of a context of {model.context_tokens}: "
        "shorten it or raise LLM_CONTEXT_TOKENS."
    )


def _tokens(messages: Sequence[Message], model: Budget) -> int:
    return sum(model.count_tokens(message.content) + MESSAGE_TOKENS for message in messages)


def _first_turn(turns: Sequence[Turn], name: str, model: Budget, room: int) -> int:
    """Index of the first turn to keep: a multiple of BLOCK, or later when not even that block fits."""
    fits = len(turns)
    while fits > 0:
        room -= model.count_tokens(_line(turns[fits - 1], name)) + MESSAGE_TOKENS
        if room < 0:
            break
        fits -= 1
    block = -(-fits // BLOCK) * BLOCK
    return block if block < len(turns) else fits


def _line(turn: Turn, name: str, interrupts: bool = False) -> str:
    text = one_line(turn.text)
    if turn.person is None:
        return f"{text} {CUT}" if turn.cut else text
    speaker = plain_name(turn.person.name)
    language = LANGUAGES.get(turn.language)
    notes = ["guest"] if speaker.casefold() == name.casefold() else []
    notes += ["interrupting"] if interrupts else []
    notes += [f"in {language}"] if language and language != HER_LANGUAGE else []
    noted = f" ({', '.join(notes)})" if notes else ""
    return f"{speaker}{noted}: {text}"


def _note(text: str, name: str) -> str:
    return _NOTE.format(name=plain_name(name), text=one_line(text)) if text else ""


def _messages(turns: Sequence[Turn], name: str, note: str = "") -> list[Message]:
    """The turns as messages that alternate, beginning with the people: some chat templates insist.

    ``note`` stands before the last of them, as long as it is not hers.
    """
    messages: list[Message] = []
    cut = False  # whether the line before was hers and broke off
    if turns and turns[0].person is None:
        messages.append(Message("user", "…"))
    for hers, group in groupby(turns, key=lambda turn: turn.person is None):
        said = list(group)
        lines = [_line(turn, name, cut and turn is said[0]) for turn in said]
        if note and said[-1] is turns[-1] and not hers:
            lines.insert(-1, note)
        cut = said[-1].cut
        text = " ".join(lines) if hers else "\n".join(lines)
        messages.append(Message("assistant" if hers else "user", text))
    return messages


def _shortened(line: str, model: Budget, room: int) -> str:
    """The end of a line too long for the model, found by halving."""
    while line and model.count_tokens(line) + MESSAGE_TOKENS > room:
        line = line[(len(line) + 1) // 2 :]
    return line
