"""Commands as they are typed: ``/journal add text:I like tea`` becomes what Discord would send. Pure.

What can be typed is read from the commands' own registrations, the JSON that Discord would be given.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from persona_core.errors import KithError

Json = dict[str, Any]  # as Discord's API has it
Value = str | int | float | bool

ALONE = 1  # Discord's number for direct messages, which the desk is most like


class Takes(IntEnum):
    """Kinds of options, as Discord numbers them."""

    SUB_COMMAND = 1
    GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    MENTIONABLE = 9
    NUMBER = 10


class Kind(IntEnum):
    """Kinds of commands, as Discord numbers them."""

    COMMAND = 1
    PERSON_MENU = 2
    MESSAGE_MENU = 3


BRANCHES = (Takes.SUB_COMMAND, Takes.GROUP)
ONE_WORD = (Takes.INTEGER, Takes.NUMBER, Takes.BOOLEAN, Takes.USER, Takes.MENTIONABLE)

FEW = 4  # choices, that are named where a command is shown
MOST_QUOTED = 60  # characters of what was typed, where it is repeated

_YES, _NO = ("on", "yes", "true"), ("off", "no", "false")
_PIECE = re.compile(r'"[^"]*"|(?<!\S)([\w-]+):')  # something quoted, or the name of an option
_WORD = re.compile(r'"([^"]*)"|\S+')
_WHOLE = re.compile(r"[+-]?\d{1,300}")
_DECIMAL = re.compile(r"[+-]?(\d{1,18}([.,]\d{0,18})?|[.,]\d{1,18})")


class NotUnderstood(KithError):
    """What was typed is no command, or lacks something; the message says what to type."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that a command takes."""

    name: str
    kind: int  # see Takes; there are others, which nobody can give here
    description: str
    required: bool = False
    choices: tuple[tuple[str, Value], ...] = ()  # name, value
    suggests: bool = False  # she proposes values to what is typed
    least: float | None = None  # value, or length of a text
    most: float | None = None

    @property
    def shown(self) -> str:
        few = "|".join(name for name, _ in self.choices) if len(self.choices) <= FEW else ""
        return f"<{few or self.name}>" if self.required else f"[{few or self.name}]"


@dataclass(frozen=True, slots=True)
class Command:
    """A command that can be typed, or an entry of a context menu."""

    words: tuple[str, ...]  # e.g. ("journal", "add"); of a menu: its one name
    kind: int  # see Kind
    description: str
    options: tuple[Option, ...] = ()
    here: bool = True  # False: only in a server

    @property
    def name(self) -> str:
        """As it is typed."""
        words = " ".join(self.words)
        return f"/{words}" if self.kind == Kind.COMMAND else f'/menu "{words}"'

    @property
    def usage(self) -> str:
        return " ".join([self.name, *(option.shown for option in self.options)])


def commands_of(registered: Iterable[Json]) -> list[Command]:
    """Every command that can be typed, in the order of their names; menus last."""
    found = [command for one in registered for command in _leaves(one, (), _is_here(one))]
    return sorted(found, key=lambda command: (command.kind, command.words))


def brought_here(commands: Sequence[Command], names: Set[str]) -> list[Command]:
    """The same, with those of these names that work only in a server, but can be carried out here after all."""
    kinds = {*Takes}
    return [
        replace(one, here=True, options=tuple(option for option in one.options if option.kind in kinds))
        if one.kind == Kind.COMMAND and " ".join(one.words) in names
        else one
        for one in commands
    ]


def find(commands: Sequence[Command], line: str) -> tuple[Command, str]:
    """The command that ``line`` begins with, without its slash, and what follows it. Raises NotUnderstood."""
    words = [match[0] for match in _WORD.finditer(line)]
    typed = [command for command in commands if command.kind == Kind.COMMAND]
    for command in sorted(typed, key=lambda one: -len(one.words)):
        if [word.casefold() for word in words[: len(command.words)]] == list(command.words):
            if not command.here:
                raise NotUnderstood(f"{command.name} works only in a Discord server.")
            return command, _after(line, len(command.words))
    raise NotUnderstood(_no_such(typed, words))


def find_menu(commands: Sequence[Command], name: str) -> Command:
    """The entry of a context menu with this name. Raises NotUnderstood."""
    menus = {" ".join(one.words).casefold(): one for one in commands if one.kind != Kind.COMMAND and one.here}
    wanted = _unquoted(name).casefold()
    if wanted in menus:
        return menus[wanted]
    close = difflib.get_close_matches(wanted, menus, n=1, cutoff=0.4) or list(menus)
    names = " or ".join(menus[one].name for one in close)
    raise NotUnderstood(
        f"There is no such menu; try {names}." if names else "There is no menu at the desk yet."
    )


def values(command: Command, rest: str) -> dict[str, str]:
    """What was typed for each option, by its name, as text. Raises NotUnderstood where it is too much."""
    by_name = {option.name: option for option in command.options}
    given: dict[str, str] = {}
    marks = _marks(rest, by_name)
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(rest)
        given[mark[1].casefold()] = _unquoted(rest[mark.end() : end])
    unnamed = rest[: marks[0].start()] if marks else rest
    left = _fill(given, [option for option in command.options if option.name not in given], unnamed)
    if left:
        raise NotUnderstood(f"That is too much: {command.usage} takes no {quoted(left)}.")
    return {name: text for name, text in given.items() if text}


def quoted(text: str) -> str:
    """What was typed, as it may be repeated: not all of a long text, and nothing that would move a terminal's cursor."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text[: 2 * MOST_QUOTED]).split())
    return f"“{plain[:MOST_QUOTED]}…”" if len(text) > MOST_QUOTED else f"“{plain}”"


def data_of(command: Command, options: Sequence[Json]) -> Json:
    """What an interaction holds of a command with these options."""
    found = list(options)
    for depth, word in reversed(list(enumerate(command.words[1:], 1))):
        kind = Takes.SUB_COMMAND if depth == len(command.words) - 1 else Takes.GROUP
        found = [{"name": word, "type": kind.value, "options": found}]
    return {"id": "0", "name": command.words[0], "type": command.kind, "options": found}


def missing(command: Command, given: Mapping[str, object]) -> list[Option]:
    """Options that it cannot do without."""
    return [option for option in command.options if option.required and option.name not in given]


def value(option: Option, text: str, number_of: Callable[[str], str]) -> Value:
    """What ``text`` means; ``number_of``: the Discord id of somebody who is named so. Raises NotUnderstood."""
    if option.choices:
        return _chosen(option, text)
    match option.kind:
        case Takes.STRING:
            return _within(option, text, len(text), "characters")
        case Takes.INTEGER | Takes.NUMBER:
            number = _number(option, text)
            return _within(option, number, number, "")
        case Takes.BOOLEAN if text.casefold() in (*_YES, *_NO):
            return text.casefold() in _YES
        case Takes.USER | Takes.MENTIONABLE:
            return number_of(text)
    raise NotUnderstood(f"{option.name} cannot be {quoted(text)} at the desk.")


# What the registrations say


def _is_here(registered: Json) -> bool:
    contexts = registered.get("contexts")
    return contexts is None or ALONE in contexts


def _leaves(of: Json, above: tuple[str, ...], here: bool) -> list[Command]:
    words = (*above, str(of["name"]))
    kind = int(of.get("type", Kind.COMMAND)) if not above else Kind.COMMAND
    options: list[Json] = of.get("options") or []
    inner = [one for one in options if one["type"] in BRANCHES]
    if inner:
        return [command for one in inner for command in _leaves(one, words, here)]
    return [Command(words, kind, str(of.get("description", "")), tuple(map(_option, options)), here)]


def _option(of: Json) -> Option:
    sizes = ("min_length", "max_length") if of["type"] == Takes.STRING else ("min_value", "max_value")
    choices = tuple((str(one["name"]), one["value"]) for one in of.get("choices") or [])
    return Option(
        str(of["name"]),
        int(of["type"]),
        str(of.get("description", "")),
        bool(of.get("required")),
        choices,
        bool(of.get("autocomplete")),
        *map(of.get, sizes),
    )


# What was typed


def _after(line: str, words: int) -> str:
    """What follows so many words."""
    matches = list(_WORD.finditer(line))
    return line[matches[words].start() :] if len(matches) > words else ""


def _marks(rest: str, names: Container[str]) -> list[re.Match[str]]:
    """Where options are named, each for the first time: after that, it is a word of what is said."""
    first: dict[str, re.Match[str]] = {}
    for match in _PIECE.finditer(rest):
        if match[1] and match[1].casefold() in names:
            first.setdefault(match[1].casefold(), match)
    return list(first.values())


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == '"' else text


def _fill(given: dict[str, str], free: Sequence[Option], text: str) -> str:
    """Take values that are not named in the order of the options; what is left of the text."""
    for number, option in enumerate(free):
        word = _WORD.match(text := text.strip())
        if word is None:
            return ""
        later = free[number + 1 :]
        leaves_some = any(one.required for one in later) or (option.choices and later)
        if word[1] is not None or option.kind in ONE_WORD or leaves_some:
            given[option.name], text = _unquoted(word[0]), text[word.end() :]
        else:
            given[option.name], text = text, ""
    return text.strip()


def _no_such(commands: Sequence[Command], words: Sequence[str]) -> str:
    family = [one for one in commands if words and one.words[0] == words[0].casefold()]
    begun = [one.name for one in family if one.here]
    if family and not begun:
        return f"/{family[0].words[0]} works only in a Discord server."
    typed = " ".join(words[: max((len(one.words) for one in commands), default=1)])
    names = {" ".join(one.words): one.name for one in commands if one.here}
    close = difflib.get_close_matches(typed.casefold(), names, n=3, cutoff=0.5)
    near = [names[one] for one in close] or begun or _by_first_word(names, words)
    if not near:
        return "There is no such command; /help lists those there are."
    return f"There is no such command; the nearest are {', '.join(near)}. /help lists all."


def _by_first_word(names: Mapping[str, str], words: Sequence[str]) -> list[str]:
    first = {name.split()[0] for name in names}
    close = difflib.get_close_matches(words[0].casefold() if words else "", first, n=1, cutoff=0.6)
    return [shown for name, shown in names.items() if name.split()[0] in close]


def _chosen(option: Option, text: str) -> Value:
    for name, chosen in option.choices:
        if text.casefold() in (name.casefold(), str(chosen).casefold()):
            return chosen
    names = ", ".join(name for name, _ in option.choices)
    raise NotUnderstood(f"{option.name} is one of: {names}.")


def _number(option: Option, text: str) -> int | float:
    if option.kind == Takes.INTEGER and _WHOLE.fullmatch(text):
        return int(text)
    if option.kind == Takes.NUMBER and _DECIMAL.fullmatch(text):
        return float(text.replace(",", "."))
    kind = "a whole number" if option.kind == Takes.INTEGER else "a number"
    raise NotUnderstood(f"{option.name} is {kind}; got {quoted(text)}.")


def _within(option: Option, found: Value, size: float, unit: str) -> Value:
    least, most = option.least, option.most
    if (least is None or size >= least) and (most is None or size <= most):
        return found
    limits = [
        f"at least {least:g}" if least is not None else "",
        f"at most {most:g}" if most is not None else "",
    ]
    raise NotUnderstood(f"{option.name} takes {' and '.join(filter(None, limits))} {unit}".rstrip() + ".")
