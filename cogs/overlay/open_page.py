"""One page that is open: what waits to be sent to it, and how much it may send itself."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from aiohttp import WSCloseCode, web

from cogs.overlay.ports import Json

MOST_WAITING = 256  # messages; a page that is further behind is told anew what there is
MOST_BYTES = 64 * 1024  # of one message from a page
FIRST_WORD_S = 5.0  # for a page to say its token
SEND_S = 30.0  # for a page to take anything at all
WORDS_A_S, WORDS_AT_ONCE = 40.0, 120.0  # messages
SOUND_A_S, SOUND_AT_ONCE = 120.0, 300.0  # frames of 20 ms; a browser that was busy sends several at once

FEW_WAITING = 16  # messages; a page that is further behind is sent no pictures

SOUND = ("sound", "stop", "duck", "voice", "microphone", "camera")  # what holds no words
PICTURE = b"\xff\xff\xff\xff"  # before a picture that a page is sent; sound has its stretch's number there

GARBAGE, NO_LEAVE, TOO_MANY, TOO_FAST = 4400, 4401, 4409, 4429  # why a page is closed


class NotUnderstood(Exception):
    """What a page has sent is nothing that the page sends."""


class Bucket:
    """How much may come. Pure: time is passed in."""

    def __init__(self, a_second: float, at_once: float) -> None:
        self._a_second, self._at_once = a_second, at_once
        self._left, self._at = at_once, float("-inf")

    def takes(self, now_s: float) -> bool:
        gained = (now_s - self._at) * self._a_second
        self._left, self._at = min(self._at_once, self._left + gained), now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class OpenPage:
    """``snapshot`` is what a page is told that has missed something."""

    def __init__(
        self, socket: web.WebSocketResponse, overlay: bool, snapshot: Callable[[OpenPage], Json]
    ) -> None:
        self.overlay = overlay  # it shows captions to others
        self.lost = 0  # messages it did not take in time
        self._socket = socket
        self._snapshot = snapshot
        self._waiting: deque[Json | bytes] = deque()
        self._wake = asyncio.Event()
        self._words = Bucket(WORDS_A_S, WORDS_AT_ONCE)
        self._sound = Bucket(SOUND_A_S, SOUND_AT_ONCE)

    def send(self, message: Json | bytes) -> None:
        """Never waits."""
        if len(self._waiting) >= MOST_WAITING:
            self.lost += len(self._waiting)
            self._waiting.clear()
            self._waiting.append({"do": "again"})  # with what is there when it is sent
            if isinstance(message, dict) and message["do"] in ("line", "drop", "forgotten", "places"):
                message = {"do": "again"}
        if message != {"do": "again"} or message not in self._waiting:
            self._waiting.append(message)
        self._wake.set()

    @property
    def behind(self) -> bool:
        return len(self._waiting) > FEW_WAITING

    def purge(self) -> None:
        """Something is forgotten: no word or picture that waits is sent any more, but what is there now is."""
        kept = [one for one in self._waiting if _is_sound(one)]
        self._waiting = deque(kept)
        self.send({"do": "again"})

    async def write(self) -> None:
        """Send what waits, until the page is gone. Raises TimeoutError where it takes nothing."""
        while not self._socket.closed:
            while self._waiting:
                message = self._waiting.popleft()
                async with asyncio.timeout(SEND_S):
                    await self._write(message)
            self._wake.clear()
            await self._wake.wait()

    async def _write(self, message: Json | bytes) -> None:
        if isinstance(message, bytes):
            await self._socket.send_bytes(message)
            return
        if message["do"] == "again":
            message = self._snapshot(self)
        await self._socket.send_str(json.dumps(message, ensure_ascii=False))

    async def close(self, code: int, why: str = "") -> None:
        with suppress(ConnectionError, RuntimeError):
            await self._socket.close(code=code, message=why.encode())

    async def close_for_restart(self) -> None:
        await self.close(WSCloseCode.GOING_AWAY, "she is being stopped")

    def may_send(self, *, sound: bool) -> bool:
        """Whether it may send one more message now."""
        return (self._sound if sound else self._words).takes(time.monotonic())


def _is_sound(message: Json | bytes) -> bool:
    if isinstance(message, bytes):
        return not message.startswith(PICTURE)
    return message["do"] in SOUND


def read(text: str) -> Json:
    """A message of a page. Raises NotUnderstood."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood from error
    if not isinstance(message, dict) or not isinstance(message.get("do"), str):
        raise NotUnderstood
    return message


def text_in(message: Json, name: str, most: int = 4_000) -> str:
    """Raises NotUnderstood where it is none, or too long."""
    found = message.get(name)
    if not isinstance(found, str) or len(found) > most:
        raise NotUnderstood
    return found.encode("utf-8", "replace").decode()  # JSON can hold half a character, which nothing can keep


def number_in(message: Json, name: str, least: int, most: int) -> int:
    """Raises NotUnderstood where it is none, or out of bounds."""
    found = message.get(name)
    if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
        raise NotUnderstood
    return found
