"""Her avatar beside the Discord bot: it moves while she speaks in a call that her owner is in, and in no other."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import _avatar
from local_mode.vtube_studio import MOUTH_OPEN
from tests.cogs.running import RunningBot, running_bot, tone
from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.discord_server import DiscordServer
from tests.local_mode.vtube_studio_server import VTubeStudio


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with DiscordServer.start() as server:
        yield server


def there(bot: RunningBot, work: Coroutine[Any, Any, None]) -> None:
    asyncio.run_coroutine_threadsafe(work, bot.loop).result(30)


@contextmanager
def shown(bot: RunningBot, studio: VTubeStudio) -> Iterator[None]:
    """``studio`` runs, and her avatar is in it."""

    async def begin() -> None:
        await studio.start()
        bot.host.settings = bot.host.settings.model_copy(update={"vtube_studio": studio.address})
        avatars.append(_avatar(bot.bot))
        await avatars[0].__aenter__()

    async def end() -> None:
        await avatars[0].__aexit__(None, None, None)
        await studio.stop()

    avatars: list[Any] = []
    there(bot, begin())
    try:
        yield
    finally:
        there(bot, end())


def in_a_call(scene: Scene, studio: VTubeStudio) -> None:
    scene.wait(lambda: bool(studio.of(MOUTH_OPEN)), "the avatar is not there")
    scene.join()
    scene.answer_all()


def answered(scene: Scene) -> None:
    scene.ann.speak(tone(500, 1.0))
    scene.wait(lambda: bool(scene.answered), "she does not answer")


def test_her_notice_and_her_answers_move_the_mouth_for_an_owner_who_is_in_the_call(
    server: DiscordServer, tmp_path: Path
) -> None:
    scene, studio = Scene(server, tmp_path), VTubeStudio()
    with running_bot(server, tmp_path, owner_id=scene.ann.id) as bot, shown(bot, studio):
        scene.use(bot)
        in_a_call(scene, studio)
        assert max(studio.of(MOUTH_OPEN)) > 0.5  # she has said that she listens
        scene.wait(lambda: studio.of(MOUTH_OPEN)[-1] == 0, "the mouth stays open")
        before = len(studio.of(MOUTH_OPEN))
        answered(scene)
        assert max(studio.of(MOUTH_OPEN)[before:]) > 0.5
        scene.wait(lambda: studio.of(MOUTH_OPEN)[-1] == 0, "the mouth stays open")


def test_a_call_that_her_owner_is_not_in_moves_nothing(server: DiscordServer, tmp_path: Path) -> None:
    scene, studio = Scene(server, tmp_path), VTubeStudio()
    olga = scene.guild.add_member("Olga")
    with running_bot(server, tmp_path, owner_id=olga.id) as bot, shown(bot, studio):
        scene.use(bot)
        in_a_call(scene, studio)
        answered(scene)
        assert set(studio.of(MOUTH_OPEN)) == {0}
        olga.join(scene.lounge)
        scene.wait(lambda: max(studio.of(MOUTH_OPEN)) > 0.5, "the owner is greeted, and sees nothing of it")


def test_without_an_owner_it_is_said_why_nothing_moves(
    server: DiscordServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene, studio = Scene(server, tmp_path), VTubeStudio()
    with running_bot(server, tmp_path) as bot, shown(bot, studio):
        scene.use(bot)
        in_a_call(scene, studio)
        server.wait_until(lambda: scene.listens, NOT_TO_ANYBODY, "")
        assert set(studio.of(MOUTH_OPEN)) == {0} and "OWNER_ID" in capsys.readouterr().err
