"""A walk that uses every command in Discord, at the desk's terminal and on its page: all mean the same."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cogs import forgetting
from cogs.pace import Pace
from local_mode.given import MENU
from local_mode.page import PageDesk
from local_mode.sound import Sound
from local_mode.typed import Command, NotUnderstood, commands_of, find, find_menu
from memory.consent import Purpose
from memory.tombstones import EVERYBODY
from memory.wishes import Wish
from tests.cogs.hosts import AtTerminal, InDiscord, OnPage, Shown, Under
from tests.cogs.running import running_bot
from tests.cogs.scene import Scene
from tests.cogs.used import USES, Fill, Move, Press, Use, noted
from tests.discord_server import DiscordServer
from tests.local_mode.sitting import TOM, sitting
from tests.local_mode.sound_server import SoundCards, sound_server
from tests.overlay.open_page import ears

UNEXPECTED = ("Something went wrong", "There was no answer", "did not answer", "could not write")
MARKUP = re.compile(r"<[@#:/t]|\*\*|\\[*_<]|\u200b|\x1b")


Outcome = list[Shown] | Exception
NOTES = Use(  # one of them has two versions, so that there is something to propose for each command
    "/memory review",
    "my notes about you",
    (Press("Pin", "I have pinned it"),),
    before=noted("I have a dog", "I like tea"),
)
ROOM = Sound("desk microphone", "room card", echo=False)


@dataclass(frozen=True, slots=True)
class InServer:
    """What came of the walk in Discord."""

    commands: list[Command]
    outcomes: dict[str, Outcome]  # by the line of the row
    proposed: dict[str, list[str]]  # by the command, for its first option

    def shown(self, use: Use) -> list[Shown]:
        outcome = self.outcomes[use.line]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> InServer:
    """All of it first: py-cord's groups know only the cogs that were made last, whichever host has made them."""
    with DiscordServer.start() as server:
        folder = tmp_path_factory.mktemp("discord")
        scene = Scene(server, folder)
        with running_bot(server, folder) as bot:
            scene.use(bot)
            commands = [replace(one, here=True) for one in commands_of(server.bot.commands.values())]
            return InServer(commands, asyncio.run(walked(scene)), asyncio.run(proposing(scene, commands)))


async def walked(scene: Scene) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for use in USES:
        under = await somebody(scene, use)
        try:
            found[use.line] = await used(under, use)
        except Exception as error:  # noqa: BLE001  # the test of that row raises it
            found[use.line] = error
        under.leave()
    return found


async def proposing(scene: Scene, commands: list[Command]) -> dict[str, list[str]]:
    under = await somebody(scene, NOTES)
    await used(under, NOTES)
    suggesting = [one for one in commands if one.options and one.options[0].suggests]
    return {
        one.name: [name for name, _ in under.suggested(one.name, one.options[0].name)] for one in suggesting
    }


async def somebody(scene: Scene, use: Use) -> InDiscord:
    """Somebody new, who runs her; nobody else is known. In direct messages, or in the lounge."""
    bot, server, aloud = scene.bot, scene.server, use.in_call or use.in_servers
    you = scene.guild.add_member("Tom", implementation="davey" if aloud else "none")
    other = scene.guild.add_member("Ann", implementation="none")
    channel = scene.text if aloud else server.call(server.service.world.dm, you.user, server.bot.user)
    bot.host.settings = bot.settings.model_copy(update={"owner_id": you.id})
    under = InDiscord(bot, you, other, channel, scene.lounge)
    if aloud:
        you.join(scene.lounge)

    async def afresh() -> None:
        if under.kept.in_call:
            await bot.host.calls.leave(str(scene.guild.id))
        await forgetting.forget(bot.host, Wish(EVERYBODY))
        await agree(under)

    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(afresh(), bot.loop))
    unhurried([*bot.bot.cogs.values(), bot.host.calls])
    return under


async def agree(under: Under) -> None:
    for person in (under.kept.you, under.kept.other):
        await under.kept.host.consent.decide(person.id, Purpose.REMEMBERING, True, "test")


def unhurried(limited: Iterable[object]) -> None:
    """Nothing is too often."""
    for cog in limited:
        for name, one in vars(cog).items():
            if isinstance(one, Pace):
                setattr(cog, name, Pace(10**6, 60))


async def used(under: Under, use: Use) -> list[Shown]:
    """What was shown for the command, and for each move after it."""
    for number, move in enumerate(use.before):
        says = move.says if isinstance(move, Press | Fill) else ""
        await under.do(move, says, _fill(use.before[number + 1 :]))
    becomes = use.becomes
    assert becomes is None or not becomes(under.kept), "it is so before"
    shown = [await under.do(use.line, use.says, _fill(use.then))]
    for number, move in enumerate(use.then):
        shown.append(await under.do(move, move.says, _fill(use.then[number + 1 :])))
    assert becomes is None or becomes(under.kept), "nothing came of it"
    return shown


def _fill(rest: Sequence[Move]) -> Fill | None:
    return rest[0] if rest and isinstance(rest[0], Fill) else None


def check(shown: Shown, file: str) -> None:
    """A person can read it, nobody else does, and nothing is wrong."""
    assert shown.private
    assert not any(words in shown.text for words in UNEXPECTED), shown.text
    assert not MARKUP.search(shown.text), shown.text
    assert [name for name in shown.files if name.endswith(file)] if file else not shown.files


# Lines of what goes that only Discord has, or that depend on how far she has come with it
NOT_BOTH = re.compile("posts? of mine in Discord|my posts in Discord|what I find things by")


def lines(shown: Shown) -> set[str]:
    """What it says, wherever and whenever it says it."""
    text = shown.text
    for here in ("our talk at the desk", "our direct messages", "at the desk", "in direct messages"):
        text = text.replace(here, "here")
    found = (re.sub(r"\d+", "#", line).strip() for line in text.splitlines())
    return {line for line in found if line and not NOT_BOTH.search(line)}


@pytest.mark.parametrize(
    "use", [one for one in USES if not (one.in_servers or one.in_call)], ids=lambda use: use.line
)
async def test_every_command_means_the_same_under_both_hosts(
    there: InServer, tmp_path: Path, use: Use
) -> None:
    seen = [there.shown(use)]
    for kind in (AtTerminal, OnPage):
        async with sitting(tmp_path / kind.__name__) as sat:
            under = kind(sat)
            await agree(under)
            seen.append(await used(under, use))
    for number, (posted, typed, page) in enumerate(zip(*seen, strict=True)):
        for shown in (posted, typed, page):
            check(shown, use.file if number == 0 else "")
        assert posted.form == page.form
        if page.form:
            for words in page.form:
                assert any(words in line for line in typed.form), (words, typed.form)
        elif use.alike:
            assert lines(posted) == lines(page) and posted.choices == page.choices
            assert lines(page) <= lines(typed)
            assert typed.choices[-len(page.choices) or len(typed.choices) :] == page.choices


@pytest.mark.parametrize("use", [one for one in USES if one.in_servers], ids=lambda use: use.line)
async def test_what_is_for_servers_works_there_and_is_said_to_be_at_the_desk(
    there: InServer, tmp_path: Path, use: Use
) -> None:
    for shown in there.shown(use):
        check(shown, use.file)
    name = " ".join(use.line.split()[: 1 + use.line.startswith("/captions")])
    async with sitting(tmp_path) as sat:
        assert await sat.type(use.line) == f"{name} works only in a Discord server."
        page = PageDesk(sat.desk, TOM)
        assert name not in {one["name"] for one in page.commands()}
        with pytest.raises(NotUnderstood, match=f"{name} works only in a Discord server"):
            await page.run(use.line)


@pytest.mark.parametrize("use", [one for one in USES if one.in_call], ids=lambda use: use.line)
async def test_what_is_about_a_call_works_at_the_desk_with_a_microphone(
    there: InServer, cards: SoundCards, tmp_path: Path, use: Use
) -> None:
    seen = [there.shown(use)]
    for kind in (AtTerminal, OnPage):
        async with sitting(tmp_path / kind.__name__, hearing=ears(), sound=ROOM) as sat:
            under = kind(sat)
            await agree(under)
            seen.append(await used(under, use))
    for posted, typed, page in zip(*seen, strict=True):
        for shown in (posted, typed, page):
            check(shown, use.file)
        assert lines(typed) == lines(page) and (not use.alike or lines(posted) == lines(page))


async def test_the_same_values_are_proposed_under_both_hosts(there: InServer, tmp_path: Path) -> None:
    assert len(there.proposed) >= 6
    async with sitting(tmp_path) as sat:
        page, terminal = OnPage(sat), AtTerminal(sat)
        await agree(page)
        await used(page, NOTES)
        for name, labels in there.proposed.items():
            assert labels and await page.suggested(name) == labels, name
            if (
                len(labels) > 1
                and next(one for one in there.commands if one.name == name).options[0].required
            ):
                await sat.type(name, "no number")
                assert sat.seen[0].splitlines()[1:] == [
                    f"[{number}] {label}" for number, label in enumerate(labels, 1)
                ]
        assert terminal.kept.notes == ["I like tea", "I have a dog"]


def test_every_command_has_a_row(there: InServer) -> None:
    rows = {command_of(there.commands, use.line) for use in USES}
    assert rows == {one.name for one in there.commands}, "it belongs into tests/cogs/used.py"


def command_of(commands: list[Command], line: str) -> str:
    """The name of the command that a line begins with."""
    word, _, rest = line.removeprefix("/").partition(" ")
    return find_menu(commands, rest).name if word == MENU else find(commands, line.removeprefix("/"))[0].name


@pytest.fixture
def cards(tmp_path: Path) -> Iterator[SoundCards]:
    with sound_server(tmp_path) as cards:
        cards.plug_microphone("desk")
        cards.plug("room")
        yield cards
