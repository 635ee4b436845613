"""Pictures that programs send: ``POST /frames?camera=NAME``, one each, and ``/frames/live``, one after the other."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from cogs.overlay.guard import TOKEN_FILE, is_token
from cogs.overlay.open_page import FIRST_WORD_S, GARBAGE, NO_LEAVE, TOO_FAST, TOO_MANY, Bucket
from cogs.overlay.ports import Pushed
from persona_core.errors import PictureError
from persona_core.seeing.pictures import MOST_BYTES, TooLarge, check_picture, looks_like_picture

BODY_S = 20.0  # for a picture to arrive
PING_S, CLOSE_S = 20.0, 2.0  # of a line that is kept open
A_SECOND, AT_ONCE = 60.0, 120.0  # pictures of one camera; what is beyond it is no camera's doing
MOST_AT_ONCE = 8  # pictures that are arriving, and likewise lines that are open
HEAD = 12  # bytes by which a picture is told
BEARER = "Bearer "

NO_TOKEN = (
    f"The header Authorization has to be “Bearer TOKEN”; the token is in {TOKEN_FILE} in the data folder."
)
NO_CAMERA = "Please say which camera this is: POST /frames?camera=NAME."
NO_PICTURE = "This is not a picture that I can read: I take JPEG, PNG and WebP."
NOBODY = "Nobody watches: CAMERA in the settings names no push."
HELLO = 'The first message has to be {"token": …, "camera": …}; each one after that is a picture, in binary.'


class Refused(Exception):
    """A picture is not taken; the text is a sentence for whoever sent it."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status  # as HTTP has it


class Pushing:
    def __init__(self, pushed: Pushed | None, token: str, refused: Callable[[], None]) -> None:
        """``pushed`` is given the pictures; None: nobody wants any. ``refused``: told of each wrong token."""
        self._pushed = pushed
        self._token = token
        self._refused = refused
        self._buckets: dict[str, Bucket] = {}  # by camera; only of those that are watched
        self._arriving = 0
        self._lines: set[web.WebSocketResponse] = set()

    async def picture(self, request: web.Request) -> web.Response:
        """``POST /frames``: 204, or a status and a sentence."""
        try:
            given = request.headers.get("Authorization", "")
            self._check_token(given[len(BEARER) :] if given.startswith(BEARER) else "")
            camera = self._camera(request.query.get("camera"))
            taken_s = _taken(request.headers.get("X-Taken-At"))
            self._check_pace(camera)
            await self._take(camera, await self._body(request), taken_s)
        except Refused as error:
            return web.Response(status=error.status, text=f"{error}\n")
        return web.Response(status=204)

    async def live(self, request: web.Request) -> web.WebSocketResponse:
        """``/frames/live``: what is wrong is answered as JSON, and nothing else."""
        socket = web.WebSocketResponse(
            heartbeat=PING_S, timeout=CLOSE_S, max_msg_size=MOST_BYTES, compress=False
        )
        await socket.prepare(request)
        self._lines.add(socket)
        try:
            camera = await self._greeted(socket)
            async for message in socket:
                await self._next(socket, camera, message.data if message.type is WSMsgType.BINARY else None)
        except Refused as error:
            await _answer(socket, error)
            codes = {401: NO_LEAVE, 429: TOO_FAST, 503: TOO_MANY}
            await socket.close(code=codes.get(error.status, GARBAGE))
        finally:
            self._lines.discard(socket)
        return socket

    async def close(self) -> None:
        lines = [line.close(code=WSCloseCode.GOING_AWAY) for line in self._lines]
        await asyncio.gather(*lines, return_exceptions=True)

    async def _greeted(self, socket: web.WebSocketResponse) -> str:
        """Which camera it is. Raises Refused."""
        if len(self._lines) > MOST_AT_ONCE:
            raise Refused(503, "Too many cameras are connected.")
        try:
            async with asyncio.timeout(FIRST_WORD_S):
                first = await socket.receive()
            hello = json.loads(first.data) if first.type is WSMsgType.TEXT else None
        except (TimeoutError, ValueError, RecursionError):
            hello = None
        if not isinstance(hello, dict):
            raise Refused(400, HELLO)
        self._check_token(hello.get("token"))
        return self._camera(hello.get("camera"))

    async def _next(self, socket: web.WebSocketResponse, camera: str, data: bytes | None) -> None:
        """Raises Refused where the line is to be closed."""
        if data is None:
            raise Refused(400, HELLO)
        self._camera(camera)
        self._check_pace(camera)
        try:
            await self._take(camera, data, None)
        except Refused as error:
            await _answer(socket, error)

    def _check_token(self, given: object) -> None:
        if not is_token(given, self._token):
            self._refused()
            raise Refused(401, NO_TOKEN)

    def _camera(self, name: object) -> str:
        if not isinstance(name, str) or not name:
            raise Refused(400, NO_CAMERA)
        if refusal := NOBODY if self._pushed is None else self._pushed.refusal(name):
            raise Refused(503, refusal)
        return name

    def _check_pace(self, camera: str) -> None:
        bucket = self._buckets.setdefault(camera, Bucket(A_SECOND, AT_ONCE))
        if not bucket.takes(time.monotonic()):
            raise Refused(
                429, f"That is too fast; I take up to {A_SECOND:.0f} pictures a second of a camera."
            )

    async def _body(self, request: web.Request) -> bytes:
        """All of it, or no more than tells that it is not wanted. Raises Refused."""
        if (request.content_length or 0) > MOST_BYTES:
            raise _too_long()
        if self._arriving >= MOST_AT_ONCE:
            raise Refused(429, "Too many pictures are arriving at once.")
        data = bytearray()
        self._arriving += 1
        try:
            async with asyncio.timeout(BODY_S):
                async for some in request.content.iter_any():
                    data += some
                    if len(data) > MOST_BYTES:
                        raise _too_long()
                    if len(data) >= HEAD and not looks_like_picture(bytes(data[:HEAD])):
                        raise Refused(415, NO_PICTURE)
        except TimeoutError as error:
            raise Refused(400, "The picture did not arrive in time.") from error
        finally:
            self._arriving -= 1
        return bytes(data)

    async def _take(self, camera: str, data: bytes, taken_s: float | None) -> None:
        if not data:
            raise Refused(400, "There is no picture in it.")
        if not looks_like_picture(data):
            raise Refused(415, NO_PICTURE)
        try:
            await asyncio.to_thread(check_picture, data)
        except PictureError as error:
            raise Refused(413 if isinstance(error, TooLarge) else 415, str(error)) from error
        self._camera(camera)  # it may have been closed meanwhile
        if self._pushed is not None:
            self._pushed.push(camera, data, taken_s)


async def _answer(socket: web.WebSocketResponse, error: Refused) -> None:
    with suppress(ConnectionError, RuntimeError):  # it is gone
        await socket.send_json({"status": error.status, "error": str(error)})


def _too_long() -> Refused:
    return Refused(413, f"This picture is too large; I take up to {MOST_BYTES / 1e6:.0f} MB.")


def _taken(given: str | None) -> float | None:
    """Raises Refused."""
    if given is None:
        return None
    try:
        taken_s = float(given)
    except ValueError:
        taken_s = math.nan
    if not math.isfinite(taken_s):
        raise Refused(400, "The header X-Taken-At has to be Unix seconds, for example 1767225600.25.")
    return taken_s
