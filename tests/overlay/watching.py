"""A page that is open beside the bot, and what it is shown."""

from __future__ import annotations

import asyncio
import json

import aiohttp

from bot.page import open_page
from cogs.overlay.ports import Json, Surroundings
from tests.cogs.scene import Scene


class Owner:
    """A page that is open beside the bot; what it is told, on the bot's own loop."""

    def __init__(self, scene: Scene, viewer: str | None, *, overlay: bool = False) -> None:
        self.seen: list[Json] = []
        self.told: list[str] = []
        self._scene = scene
        self._overlay = overlay
        self._viewer = viewer
        self._reading: asyncio.Task[None] | None = None

    def __enter__(self) -> Owner:
        self._on_loop(self._open())
        self._scene.wait(lambda: self.seen, "the page is not greeted")
        return self

    def __exit__(self, *error: object) -> None:
        self._on_loop(self._close())

    def _on_loop(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._scene.bot.loop).result(20)  # type: ignore[arg-type]

    async def _open(self) -> None:
        bot = self._scene.bot.bot
        self._page = bot.get_cog("Overlay")
        if self._viewer is None:
            await open_page(bot, self._scene.bot.settings)
        else:
            await self._page.open(Surroundings(self._viewer, lambda place: place.name), self.told.append)
        address, _, token = self._page.address.partition("?token=")
        self._http = aiohttp.ClientSession()
        socket = await self._http.ws_connect(f"{address}live", headers={"Origin": address.rstrip("/")})
        await socket.send_json({"do": "hello", "token": token, "overlay": self._overlay})
        self._socket = socket
        self._reading = asyncio.create_task(self._read(socket))

    def ask(self, **message: object) -> None:
        """What the page's scripts would send."""
        self._on_loop(self._socket.send_json(message))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            self.seen.append(json.loads(message.data))

    async def _close(self) -> None:
        await self._page.close()
        if self._reading is not None:
            await self._reading
        await self._http.close()

    def texts(self) -> list[str]:
        return [one["text"] for one in self.seen if one["do"] == "line"]

    def words(self) -> str:
        return json.dumps(self.seen)
