"""Who can read a channel is asked of Discord, not guessed from what was true some time ago."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import readers
from tests.cogs.running import running_bot
from tests.cogs.scene import Scene
from tests.discord_server import DiscordServer, SimulatedMember


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with DiscordServer.start() as server:
        scene = Scene(server, tmp_path)
        with running_bot(server, tmp_path) as bot:
            scene.use(bot)
            yield scene


def reads(scene: Scene, who: SimulatedMember, *, look_up: bool = True) -> bool:
    """Whether she takes somebody for a reader of #general."""
    people, places = {f"discord:{who.id}"}, {f"discord:{scene.text.id}", "desk", "sillytavern"}
    if look_up:
        looking = scene.bot.host.look_up_readers(people, places)
        asyncio.run_coroutine_threadsafe(looking, scene.bot.loop).result(10)
    return bool(scene.bot.call(scene.bot.host.readable, people, places))


def test_of_whom_nothing_is_known_nothing_is_taken_for_granted(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    assert not reads(scene, bob, look_up=False)
    scene.wait(lambda: reads(scene, bob, look_up=False), "she does not look it up by herself")


def test_whoever_has_left_reads_nothing_any_more(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = scene.guild.add_member("Bob")
    assert reads(scene, bob)
    scene.guild.remove_member(bob)
    monkeypatch.setattr(readers, "FRESH_S", 0.0)
    assert not reads(scene, bob, look_up=False)
    monkeypatch.setattr(readers, "FRESH_S", 300.0)
    scene.bot.call(scene.bot.host.readers._known.clear)
    assert not reads(scene, bob)


def test_a_channel_that_somebody_may_not_see_is_not_theirs_to_read(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    assert reads(scene, bob)
    scene.guild.set_permissions(scene.guild.everyone, 0)
    scene.wait(lambda: not reads(scene, bob), "she still takes Bob for a reader")
