"""The main gateway turns her away while she comes back, as Discord does when it is restarted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from discord.http import HTTPClient

from tests.cogs.running import running_bot
from tests.cogs.scene import Scene
from tests.discord_server import DiscordServer


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with DiscordServer.start() as server:
        yield server


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every websocket that is opened, the voice gateway's among them."""
    sockets: list[Any] = []
    connect = HTTPClient.ws_connect

    async def noted(http: HTTPClient, url: str, **how: Any) -> Any:
        sockets.append(await connect(http, url, **how))
        return sockets[-1]

    monkeypatch.setattr(HTTPClient, "ws_connect", noted)
    return sockets


@pytest.mark.parametrize("greeted", [False, True])
@pytest.mark.parametrize("code", [1006, 4000, 4009])
def test_turned_away_while_she_comes_back_she_tries_again_and_leaves_no_socket_open(
    server: DiscordServer, tmp_path: Path, opened: list[Any], code: int, greeted: bool
) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        scene.join()
        before = len(opened)
        server.turn_away(code, times=2, greeted=greeted)
        server.close_gateway(1006)
        scene.wait(lambda: len(opened) >= before + 3, "she does not try again", 60)
        server.wait_until(server.bot_is_ready, 60, "she does not come back")
        assert "In no call" not in scene.ask(scene.ann, "/status")
        left = [one for one in opened if not one._response.closed]
        assert len(left) == 2  # the main gateway's, and the call's
    assert all(one._response.closed for one in opened)
