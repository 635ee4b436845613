"""What was typed as a command, as Discord would send it: options with their values, suggestions asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_mode.interactions import Act
from local_mode.typed import (
    Command,
    Json,
    Kind,
    NotUnderstood,
    Option,
    Value,
    data_of,
    find,
    find_menu,
    value,
    values,
)

if TYPE_CHECKING:  # it knows Discord's library, which this file does without
    from local_mode.desk import Desk

HELP, MENU = "help", "menu"  # commands of the desk itself


@dataclass(frozen=True, slots=True)
class Unclear:
    """Several values may be meant, which have been proposed with their names."""

    command: Command
    given: Mapping[str, str]  # what was typed, by the option
    option: Option
    found: Sequence[tuple[str, Value]]


async def command_of(desk: Desk, line: str, choose: Callable[[Unclear], Awaitable[Value]]) -> Json:
    """``line`` has no slash; ``choose`` is asked where it is not clear what is meant. Raises NotUnderstood."""
    command, rest = find(desk.commands, line)
    given = values(command, rest)
    people: Json = {}
    options: list[Json] = []

    def number(name: str) -> str:
        user = desk.user_named(name)
        people[user["id"]] = user
        return str(user["id"])

    for option in command.options:
        text = given.get(option.name, "")
        if option.suggests and (text or option.required):
            found = await proposed(desk, command, option, text, options)
            taken = only(found, text)
            if taken is None and found:
                taken = await choose(Unclear(command, given, option, found))
            elif taken is None and not text:
                raise NotUnderstood(f"There is nothing to choose from for {command.name}.")
            elif taken is None:
                taken = value(option, text, lambda name: name)
        elif text:
            taken = value(option, text, number)
        elif option.required:
            raise NotUnderstood(f"{command.usage} needs its {option.name}: {option.description}")
        else:
            continue
        options.append({"name": option.name, "type": option.kind, "value": taken})
    return data_of(command, options) | ({"resolved": {"users": people}} if people else {})


def menu_of(desk: Desk, name: str) -> Json:
    """An entry of a menu, on whoever sits there or what they said last. Raises NotUnderstood."""
    menu = find_menu(desk.commands, name)
    person = menu.kind == Kind.PERSON_MENU
    target = desk.you if person else desk.said_last
    if target is None:
        raise NotUnderstood(f"{menu.name} acts on what you said last, and you have said nothing yet.")
    resolved = {"users" if person else "messages": {target["id"]: target}}
    return data_of(menu, []) | {"target_id": target["id"], "resolved": resolved}


async def proposed(
    desk: Desk, command: Command, option: Option, text: str, before: Sequence[Json]
) -> list[tuple[str, Value]]:
    """Names and values that she proposes for what was typed; ``before``: the options that have theirs."""
    typed = {"name": option.name, "type": option.kind, "value": text, "focused": True}
    return (await desk.act(Act.SUGGEST, data_of(command, [*before, typed]))).suggestions


def only(found: Sequence[tuple[str, Value]], text: str) -> Value | None:
    """The value that is meant by what was typed, where that is plain."""
    same = [one for name, one in found if text.casefold() in (name.casefold(), str(one).casefold())]
    return same[0] if same else found[0][1] if text and len(found) == 1 else None
