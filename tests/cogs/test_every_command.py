"""A walk over every command she has: each says what it is for, has its row in the policy, a test, and a place at the desk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cogs import all_cogs
from local_mode.desk import Desk
from local_mode.typed import Command
from persona_core.types import Person
from tests.cogs.policy import rows
from tests.cogs.running import RunningBot, running_bot
from tests.cogs.test_roles import USES
from tests.discord_server import DiscordServer

HERE = Path(__file__).parent
NO_TESTS_OF_A_COMMAND = {"policy.py", "test_roles.py", "used.py", "test_every_command.py"}  # they name all
CHAT_INPUT = 1
SUB_COMMANDS = (1, 2)
SHORTEST = 5  # characters of a description
UNSAID = "No description"  # what py-cord says in its place


@dataclass(frozen=True, slots=True)
class Registered:
    """A command that can be used, or an entry of a menu."""

    name: str  # as it is typed
    description: str  # of a menu there is none
    is_menu: bool
    options: tuple[dict[str, Any], ...]


def leaves(of: dict[str, Any], above: str = "") -> Iterator[Registered]:
    """The commands in what is registered as one."""
    name, options = f"{above} {of['name']}".strip(), of.get("options") or []
    inner = [one for one in options if one["type"] in SUB_COMMANDS]
    for one in inner:
        yield from leaves(one, name)
    if not inner:
        is_menu = not above and of.get("type", CHAT_INPUT) != CHAT_INPUT
        shown = name if is_menu else f"/{name}"
        yield Registered(shown, of.get("description", ""), is_menu, tuple(options))


@pytest.fixture
def bot(server: DiscordServer, tmp_path: Path) -> Iterator[RunningBot]:
    with running_bot(server, tmp_path) as bot:
        yield bot


def walk(bot: RunningBot) -> list[Registered]:
    """All that Discord has been given."""
    found = [leaf for one in bot.server.bot.commands.values() for leaf in leaves(one)]
    assert len({one.name for one in found}) == len(found) > 20
    return found


# What each lacks: names of those commands


def undescribed(commands: Iterable[Registered]) -> list[str]:
    """Of a menu Discord takes no description."""
    texts = [(one.name, one.description) for one in commands if not one.is_menu]
    texts += [(one.name, str(option.get("description", ""))) for one in commands for option in one.options]
    return [name for name, text in texts if len(text) < SHORTEST or UNSAID in text]


def without_row(commands: Iterable[Registered]) -> list[str]:
    table = rows()
    return [one.name for one in commands if one.name not in table or table[one.name].is_menu != one.is_menu]


def untested(commands: Iterable[Registered]) -> list[str]:
    tests = {path.name: path.read_text("utf-8") for path in HERE.rglob("*.py")}
    beside = "\n".join(text for name, text in tests.items() if name not in NO_TESTS_OF_A_COMMAND)
    return [one.name for one in commands if not re.search(rf"[\"'`]{re.escape(one.name)}[\"'` ]", beside)]


def not_at_desk(commands: Iterable[Registered], offered: Iterable[Command]) -> list[str]:
    """What needs a server of Discord's is listed there as well, but says so."""
    there = {one.name: one for one in offered}
    table = rows()
    lacking = []
    for one in commands:
        at_desk = there.get(f'/menu "{one.name}"' if one.is_menu else one.name)
        alone = one.name in table and table[one.name].allowed["DM"] is not None
        if at_desk is None or at_desk.here != alone or at_desk.description != one.description:
            lacking.append(one.name)
    return lacking


def test_every_command_says_what_it_is_for_and_what_it_takes(bot: RunningBot) -> None:
    assert undescribed(walk(bot)) == []
    groups = [one for one in bot.server.bot.commands.values() if one["type"] == CHAT_INPUT]
    assert all(len(one["description"]) >= SHORTEST and UNSAID not in one["description"] for one in groups)


def test_every_command_has_its_row_in_the_policy_and_every_row_its_command(bot: RunningBot) -> None:
    found = walk(bot)
    assert without_row(found) == []
    assert {one.name for one in found} == set(rows()) == set(USES)


def test_every_command_has_a_test_beside_the_table(bot: RunningBot) -> None:
    assert untested(walk(bot)) == []


async def test_every_command_can_be_given_at_the_desk(bot: RunningBot, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    settings = bot.settings.model_copy(update={"data_dir": folder, "key_file": folder / "key"})
    ann = Person("desk:ann", "Ann")
    async with Desk(settings, bot.persona, ann, [ann], lambda line: None) as desk:
        assert not_at_desk(walk(bot), desk.commands) == []
        kinds = {type(cog) for cog in all_cogs(desk)}
    assert kinds == {type(cog) for cog in bot.bot.cogs.values()}


def test_the_walk_finds_whatever_is_lacking() -> None:
    """Else all of this would prove nothing."""
    bare = {"name": "untold", "description": UNSAID, "type": CHAT_INPUT, "options": []}
    group = {"name": "group", "description": "A group.", "type": CHAT_INPUT}
    inner = [{"name": "sub", "type": 1, "description": "A command.", "options": [{"name": "x", "type": 3}]}]
    menu = {"name": "Untold", "type": 3, "description": ""}
    found = [leaf for one in (bare, group | {"options": inner}, menu) for leaf in leaves(one)]
    assert [one.name for one in found] == ["/untold", "/group sub", "Untold"]
    assert undescribed(found) == ["/untold", "/group sub"]  # the latter for what it takes
    for lacking in (without_row(found), untested(found), not_at_desk(found, [])):
        assert lacking == ["/untold", "/group sub", "Untold"]
