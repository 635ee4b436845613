"""What VRChat is told, as a program that listens to OSC receives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import AsyncIOOSCUDPServer

from local_mode import vrchat
from local_mode.vrchat import MOST_CHARACTERS, VRChat, last_line
from persona_core.errors import SettingsError
from persona_core.events import Said, Speaking
from persona_core.types import Reply, Timings
from tests.until import until

SAID = Said(Reply("Hello there."), 1.0, Timings())


class Game:
    """VRChat's side."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, str]] = []
        self.speaking: list[bool] = []
        self.address = ""

    def on_line(self, path: str, *values: object) -> None:
        line, at_once, sound = values
        assert at_once is True and sound is False
        self.lines.append((asyncio.get_running_loop().time(), str(line)))

    def on_speaking(self, path: str, *values: object) -> None:
        self.speaking.append(bool(values[0]))


@pytest.fixture
async def game() -> AsyncIterator[Game]:
    game, dispatcher = Game(), Dispatcher()
    dispatcher.map("/chatbox/input", game.on_line)
    dispatcher.map("/avatar/parameters/KithSpeaking", game.on_speaking)
    server = AsyncIOOSCUDPServer(("127.0.0.1", 0), dispatcher, asyncio.get_running_loop())  # type: ignore[arg-type]
    transport, _ = await server.create_serve_endpoint()
    game.address = f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    yield game
    transport.close()


async def test_what_she_says_is_shown_while_she_says_it(game: Game) -> None:
    async with VRChat(game.address, "KithSpeaking") as shown:
        for piece in ("Hello", " there."):
            shown.on_event("desk", Speaking(piece))
        await until(lambda: [line for _, line in game.lines] == ["Hello there."])
        shown.on_event("desk", SAID)
        await until(lambda: game.speaking == [True, False])


async def test_the_chat_box_is_not_flooded(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vrchat, "BETWEEN_S", 0.2)
    async with VRChat(game.address, "KithSpeaking") as shown:
        for number in range(100):
            shown.on_event("desk", Speaking(f"word{number} "))
            await asyncio.sleep(0.005)
        await until(lambda: bool(game.lines) and game.lines[-1][1].endswith("word99"))
    times = [at for at, _ in game.lines]
    assert 1 < len(times) < 10 and max(len(line) for _, line in game.lines) <= MOST_CHARACTERS


async def test_a_game_that_is_not_running_harms_nothing() -> None:
    async with VRChat("127.0.0.1:9", "KithSpeaking") as shown:
        for _ in range(3):
            shown.on_event("desk", Speaking("Hello."))
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("address", ["9000", "here", "127.0.0.1:", "127.0.0.1:99999", ":9000"])
async def test_an_address_that_is_none_is_one_sentence(address: str) -> None:
    with pytest.raises(SettingsError, match="should look like"):
        VRChat(address, "KithSpeaking")


def test_only_the_end_of_something_long_is_shown() -> None:
    text = " ".join(f"word{number}" for number in range(60))
    assert text.endswith(last_line(text)) and 0 < len(last_line(text)) <= MOST_CHARACTERS
    assert len(last_line("a" * 500)) <= MOST_CHARACTERS and last_line("  ") == ""
