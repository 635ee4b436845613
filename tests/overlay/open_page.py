"""A desk with its page, and pages of ours that are open on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp

from cogs.overlay.ports import Watcher
from local_mode.awakening import Awakening
from local_mode.page import PageDesk
from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.persona import Hearing
from persona_core.types import Person
from tests.cogs.running import Dictation, Loudness
from tests.local_mode.sitting import TOM, Sitting, sitting

Json = dict[str, Any]
WITHIN_S = 10.0


def ears() -> Hearing:
    """Hears tones as words, at once."""
    segmenter = SegmenterSettings(longest_s=0.4)
    return Hearing(Loudness(), Dictation(), segmenter, quickest_s=0.4, longest_s=0.4)


class Desk:
    """Somebody's desk with its page."""

    def __init__(self, sitting: Sitting, told: list[str], http: aiohttp.ClientSession) -> None:
        self.sitting = sitting
        self.told = told  # at the start
        self.http = http
        address = sitting.desk.page.address
        self.address, _, self.token = address.partition("?token=")
        self.origin = self.address.rstrip("/")

    @property
    def page(self) -> Any:
        return self.sitting.desk.page

    @property
    def counts(self) -> Any:
        return self.sitting.desk.counts

    async def connect(self, **headers: str) -> aiohttp.ClientWebSocketResponse:
        """A socket that has said nothing yet."""
        told = {"Origin": self.origin} | headers
        return await self.http.ws_connect(f"{self.address}live", headers=told, max_msg_size=0)

    async def open(self, *, overlay: bool = False) -> Page:
        """A page that has been greeted."""
        socket = await self.connect()
        page = Page(socket)
        await page.send(do="hello", token=self.token, overlay=overlay)
        page.hello = await page.until(lambda message: message["do"] == "hello")
        return page


class Page:
    """What the page's scripts do, without them."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.hello: Json = {}
        self.seen: list[Json] = []
        self.sound: list[bytes] = []

    async def send(self, **message: object) -> None:
        await self.socket.send_str(json.dumps(message))

    async def until(self, wanted: Callable[[Json], bool], within_s: float = WITHIN_S) -> Json:
        """The next message that is wanted; others are kept in ``seen``."""
        async with asyncio.timeout(within_s):
            while True:
                message = await self.socket.receive()
                assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), (
                    message.type,
                    self.socket.close_code,
                )
                if message.type is aiohttp.WSMsgType.BINARY:
                    self.sound.append(message.data)
                    continue
                found: Json = json.loads(message.data)
                self.seen.append(found)
                if wanted(found):
                    return found

    async def says(self, do: str, **about: object) -> Json:
        return await self.until(
            lambda message: message["do"] == do and all(message.get(k) == v for k, v in about.items())
        )

    async def run(self, line: str) -> Json:
        """Type a command; its answer."""
        await self.send(do="run", line=line, request="1")
        return await self.until(lambda message: message["do"] in ("answer", "told"))

    async def press(self, answer: Json, label: str) -> Json:
        """Press a button of an answer; what it is answered with."""
        for message in answer["messages"]:
            for part in [part for row in message["rows"] for part in row]:
                if part.get("label") == label:
                    await self.send(do="press", message=message["id"], part=part["id"], values=[])
                    return await self.says("answer")
        raise AssertionError(f"no {label!r} in {answer}")

    async def closed(self) -> int | None:
        """With which code the page was closed."""
        async with asyncio.timeout(WITHIN_S):
            while not self.socket.closed:
                await self.socket.receive()
        return self.socket.close_code

    @property
    def texts(self) -> list[str]:
        """Of all lines that it was told."""
        return [message["text"] for message in self.seen if message["do"] == "line"]


@asynccontextmanager
async def desk(
    folder: Path,
    people: Sequence[Person] = (TOM,),
    *,
    hearing: bool = True,
    port: int = 0,
    watcher: Watcher | None = None,
    **settings: Any,
) -> AsyncIterator[Desk]:
    """``hearing`` False: she begins without ears, and gets those that ``settings`` name when a page is opened."""
    heard = ears() if hearing else None
    async with sitting(folder, TOM, people, hearing=heard, page_port=port, **settings) as sat:
        told: list[str] = []
        awakening = Awakening(sat.desk)
        around = replace(PageDesk(sat.desk, TOM, awakening).surroundings, watcher=watcher)
        await sat.desk.page.open(around, told.append)
        try:
            async with aiohttp.ClientSession() as http:
                yield Desk(sat, told, http)
        finally:
            await sat.desk.page.close()
            await awakening.close()


def words_of(answer: Json) -> str:
    """All that is to be read of an answer."""
    pieces = [answer["text"]]
    for message in answer.get("messages", []):
        pieces.append(message["content"])
        for embed in message["embeds"]:
            pieces += [embed.get("title", ""), embed.get("description", "")]
            pieces += [f"{field['name']} {field['value']}" for field in embed.get("fields", [])]
    return "\n".join(pieces)
