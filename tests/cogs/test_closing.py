"""Closing: what is being written down or erased is finished before what is kept is closed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cogs.answers import KithCog
from memory.errors import MemoryFault
from memory.master import KeyPlace
from memory.memory import open_memory
from memory.posts import Post
from tests.cogs.running import running_bot
from tests.cogs.scene import Scene
from tests.cogs.test_held_up import use_up
from tests.discord_server import DiscordServer

LATE_S = 0.5  # long after all calls are left


def test_what_a_cog_writes_while_she_is_closed_is_written(server: DiscordServer, tmp_path: Path) -> None:
    failed: list[str] = []
    with running_bot(server, tmp_path) as bot:
        cog = bot.bot.cogs["Replies"]
        assert isinstance(cog, KithCog)

        async def write() -> None:
            await asyncio.sleep(LATE_S)
            try:
                await asyncio.to_thread(bot.host.posts.keep, Post(1, 10), ["ann"])
            except MemoryFault as error:
                failed.append(type(error).__name__)

        bot.call(cog.start, write(), "write")
    again = open_memory(tmp_path, KeyPlace(tmp_path / "key"))
    assert not failed and again.posts.of("ann") == [Post(1, 10)]
    again.close()


def test_what_never_ends_does_not_keep_her(server: DiscordServer, tmp_path: Path) -> None:
    with running_bot(server, tmp_path) as bot:
        cog = bot.bot.cogs["Replies"]
        assert isinstance(cog, KithCog)
        bot.call(cog.start, asyncio.sleep(3_600), "sleep")
    assert not bot.tasks_left


def test_a_post_that_is_held_up_while_she_is_closed_is_known(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        use_up(scene, scene.text)
        scene.ann.says(scene.text, f"<@{server.bot.id}> hello")
        scene.wait(lambda: scene.answered, "no answer")
    stands = [one.id for one in scene.text.posts if one.author.bot and one.content != "filler"]
    again = open_memory(tmp_path, KeyPlace(tmp_path / "key"))
    assert [one.id for one in again.posts.of(None)] == stands
    again.close()
