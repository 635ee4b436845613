"""What the tests of the cogs share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cogs.running import running_bot
from tests.cogs.scene import Scene
from tests.discord_server import DiscordServer
from tests.memory.kept import NOON_S


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with DiscordServer.start() as server:
        yield server


@pytest.fixture
def scene(server: DiscordServer, tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        yield scene


@pytest.fixture
def asking(server: DiscordServer, tmp_path: Path) -> Iterator[Scene]:
    """The same with HEARING=ask."""
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path, hearing="ask") as bot:
        scene.use(bot)
        yield scene


@pytest.fixture
def noon(request: pytest.FixtureRequest) -> None:
    """It is 27 November 2026."""
    if "scene" in request.fixturenames:
        request.getfixturevalue("scene").bot.host.now = lambda: NOON_S
