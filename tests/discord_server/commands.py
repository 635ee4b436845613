"""Application commands: what Discord accepts for registration, and what its client lets a person type."""

from __future__ import annotations

import re
from typing import Any

from .errors import NotPossible, invalid_form
from .payloads import Json
from .state import Application, World

SUB_COMMAND, SUB_COMMAND_GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = range(
    1, 11
)
CHAT_INPUT, USER_MENU, MESSAGE_MENU = 1, 2, 3
_TYPES: dict[int, tuple[type, ...]] = {
    STRING: (str,),
    INTEGER: (int,),
    BOOLEAN: (bool,),
    NUMBER: (int, float),
}
_NAME = re.compile(r"[-_'\w]{1,32}")


def registered(application: Application, guild_id: int | None) -> list[Json]:
    wanted = str(guild_id) if guild_id else None
    return [c for c in application.commands.values() if c.get("guild_id") == wanted]


def replace(world: World, application: Application, guild_id: int | None, bodies: list[Json]) -> list[Json]:
    """Bulk overwrite: what is not named is gone, what keeps its name keeps its id."""
    for body in bodies:
        _check(body)
    old = {(c["name"], c["type"]): int(c["id"]) for c in registered(application, guild_id)}
    for number in old.values():
        del application.commands[number]
    return [_store(world, application, guild_id, b, old.get((b["name"], b.get("type", 1)))) for b in bodies]


def upsert(world: World, application: Application, guild_id: int | None, body: Json) -> Json:
    _check(body)
    same = [c for c in registered(application, guild_id) if c["name"] == body["name"]]
    number = next((int(c["id"]) for c in same if c["type"] == body.get("type", 1)), None)
    return _store(world, application, guild_id, body, number)


def _store(
    world: World, application: Application, guild_id: int | None, body: Json, number: int | None
) -> Json:
    number = number or world.new_id()
    command = {
        "type": 1,
        "description": "",
        "options": [],
        "default_member_permissions": None,
        "nsfw": False,
    } | body
    command |= {"id": str(number), "application_id": str(application.id), "version": str(world.new_id())}
    if guild_id:
        command["guild_id"] = str(guild_id)
    application.commands[number] = command
    return command


def _check(body: Json) -> None:
    name, description = str(body.get("name", "")), str(body.get("description", ""))
    if body.get("type", 1) == CHAT_INPUT:
        if not _NAME.fullmatch(name) or name != name.lower():
            raise invalid_form("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
        if not 1 <= len(description) <= 100:
            raise invalid_form("description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    elif not 1 <= len(name) <= 32 or description:
        raise invalid_form(
            "name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 32 in length, without description."
        )
    _check_options(body.get("options") or [])


def _check_options(options: list[Json]) -> None:
    if len(options) > 25 or len({o["name"] for o in options}) != len(options):
        raise invalid_form("options", "BASE_TYPE_BAD_LENGTH", "Must be 25 or fewer in length, names unique.")
    required = [bool(o.get("required")) for o in options]
    if sorted(required, reverse=True) != required:
        message = "Required options must be placed before non-required options"
        raise invalid_form("options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
    for option in options:
        if not _NAME.fullmatch(option["name"]) or not 1 <= len(option.get("description", "")) <= 100:
            raise invalid_form(
                "options", "APPLICATION_COMMAND_INVALID_NAME", "Option name or description is invalid"
            )
        if len(option.get("choices") or []) > 25 or (option.get("choices") and option.get("autocomplete")):
            raise invalid_form(
                "options", "BASE_TYPE_BAD_LENGTH", "Too many choices, or choices and autocomplete."
            )
        _check_options(option.get("options") or [])


# -- what a person types


def find(application: Application, guild_id: int | None, words: list[str], kind: int = CHAT_INPUT) -> Json:
    """The command that a person sees under this name; a guild's own command goes before a global one."""
    name = words[0] if kind == CHAT_INPUT else " ".join(words)
    both = [*(registered(application, guild_id) if guild_id else []), *registered(application, None)]
    for command in both:
        if command["name"] == name and command["type"] == kind:
            return command
    shown = sorted(c["name"] for c in both)
    raise NotPossible(f"there is no command {name!r}; registered: {shown}")


def typed(command: Json, words: list[str], values: dict[str, Any], focused: str | None = None) -> list[Json]:
    """The `options` of an interaction for `/words… name:value…`; NotPossible where the client would not send it."""
    options: list[Json] = command["options"]
    path: list[Json] = []
    for word in words[1:]:
        found = next((o for o in options if o["name"] == word and o["type"] in (1, 2)), None)
        if found is None:
            raise NotPossible(f"/{' '.join(words)} is not a command")
        path.append(found)
        options = found.get("options") or []
    if any(o["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP) for o in options):
        raise NotPossible(f"/{' '.join(words)} needs one of {[o['name'] for o in options]}")
    if unknown := set(values) - {o["name"] for o in options}:
        raise NotPossible(f"/{' '.join(words)} has no option {sorted(unknown)}")
    result = [_value(o, values[o["name"]], o["name"] == focused) for o in options if o["name"] in values]
    missing = [o["name"] for o in options if o.get("required") and o["name"] not in values]
    if missing and focused is None:
        raise NotPossible(f"/{' '.join(words)} requires {missing}")
    for part in reversed(path):
        result = [{"name": part["name"], "type": part["type"], "options": result}]
    return result


def _value(option: Json, value: Any, focused: bool) -> Json:
    kind, name = option["type"], option["name"]
    allowed = _TYPES.get(kind)
    if focused:
        return {"name": name, "type": kind, "value": str(value), "focused": True}
    if allowed is None:
        return {"name": name, "type": kind, "value": str(getattr(value, "id", value))}
    if not isinstance(value, allowed) or (kind != BOOLEAN and isinstance(value, bool)):
        raise NotPossible(f"option {name} does not take {value!r}")
    choices = option.get("choices")
    if choices and value not in [c["value"] for c in choices]:
        raise NotPossible(f"option {name} offers only {[c['value'] for c in choices]}")
    size = len(value) if isinstance(value, str) else value
    low = option.get("min_length" if kind == STRING else "min_value")
    high = option.get("max_length" if kind == STRING else "max_value")
    if kind != BOOLEAN and ((low is not None and size < low) or (high is not None and size > high)):
        raise NotPossible(f"option {name} takes {low} to {high}")
    return {"name": name, "type": kind, "value": value}
