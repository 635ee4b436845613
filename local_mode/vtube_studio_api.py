"""VTube Studio's public API: one connection, what is asked in it, and the leave to ask.

https://github.com/DenchiSoft/VTubeStudio describes it: JSON over a WebSocket, where each answer names what it answers.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

Json = dict[str, Any]

API = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0"}
PLUGIN = {"pluginName": "Kith", "pluginDeveloper": "Kith"}  # whom the leave is given to
TOKEN_FILE = "vtube-studio-token"  # in the data folder
CONNECT_S = 5.0
ANSWER_S = 15.0  # it answers within a frame or two, but stands still while it loads a model
LARGEST = 1 << 20  # bytes of one answer
_TOKEN = re.compile(r"[!-~]{1,64}")

# Errors by their numbers
API_OFF = 1
DENIED = 50
ANOTHERS_PARAMETER = 454
# Connecting anew mends these: no leave, taken back, still being asked about, a parameter that is gone
MENDED = (8, DENIED, 51, 453)

log = logging.getLogger(__name__)


class Lost(Exception):
    """There is no connection (any more), or no answer."""


class Denied(Exception):
    """Somebody has said in VTube Studio that she may not."""


class Refused(Exception):
    """VTube Studio does not do what it was asked."""

    def __init__(self, number: int) -> None:
        super().__init__(f"error {number}")
        self.number = number


class Session:
    """One connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._waiting: dict[str, asyncio.Future[Json]] = {}  # by the ids of what was asked
        self.over = False

    async def ask(self, what: str, data: Json | None = None, within_s: float | None = ANSWER_S) -> Json:
        """The answer to a ``{what}Request``. Several may wait at once. Raises Refused, and Lost."""
        if self.over:
            raise Lost("closed")
        number = f"kith-{next(self._numbers)}"
        request = API | {"requestID": number, "messageType": f"{what}Request", "data": data or {}}
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(within_s):
                await self._socket.send_str(json.dumps(request))
                return await answer
        except TimeoutError as error:
            raise Lost("no answer") from error
        except (aiohttp.ClientError, OSError, RuntimeError) as error:  # RuntimeError: it is being closed
            raise Lost("closed") from error
        finally:
            del self._waiting[number]

    async def read(self) -> None:
        """Hand out answers until the connection is over."""
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data)
        finally:
            self.over = True
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(Lost("closed"))

    def _take(self, text: str) -> None:
        """One message; what is no answer to anything is left alone."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        number = message.get("requestID") if isinstance(message, dict) else None
        answer = self._waiting.get(number) if isinstance(number, str) else None
        if answer is None or answer.done():
            log.debug("VTube Studio: a message that answers nothing")
            return
        data = message.get("data")
        found = data if isinstance(data, dict) else {}
        if message.get("messageType") == "APIError":
            error = found.get("errorID")
            answer.set_exception(Refused(error if isinstance(error, int) else 0))
        else:
            answer.set_result(found)


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Session]:
    """A session with what listens at ``address`` (host:port). Raises Lost."""
    async with aiohttp.ClientSession() as client:
        try:
            async with asyncio.timeout(CONNECT_S):
                socket = await client.ws_connect(
                    f"ws://{address}",
                    max_msg_size=LARGEST,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            raise Lost(type(error).__name__) from error
        session = Session(socket)
        reading = asyncio.create_task(session.read(), name="vtube studio: answers")
        try:
            yield session
        finally:
            reading.cancel()
            await asyncio.wait({reading})
            await socket.close()


async def let_in(session: Session, token: str) -> bool:
    """Whether ``token`` still opens VTube Studio; it does so for this session. Raises Refused, and Lost."""
    answer = await session.ask("Authentication", PLUGIN | {"authenticationToken": token})
    authenticated = answer.get("authenticated")
    if not isinstance(authenticated, bool):
        raise Lost("no answer to the token")
    return authenticated


async def ask_for_token(session: Session) -> str:
    """Somebody is asked in VTube Studio, for as long as it takes them. Raises Denied, Refused, and Lost."""
    try:
        answer = await session.ask("AuthenticationToken", PLUGIN, within_s=None)
    except Refused as error:
        raise (Denied if error.number == DENIED else error) from error
    token = answer.get("authenticationToken")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise Lost("no token")
    return token


def kept_token(folder: Path) -> str:
    """Empty: there is none, or others may have read it. Blocks; raises OSError."""
    file = folder / TOKEN_FILE
    with suppress(FileNotFoundError, UnicodeDecodeError):
        token = file.read_text("ascii").strip()
        if _TOKEN.fullmatch(token) and (os.name == "nt" or not file.stat().st_mode & 0o077):
            return token
    return ""


def keep_token(folder: Path, token: str) -> None:
    """For her owner's eyes alone, as it lets a program move the model; empty: keep none. Blocks; raises OSError."""
    file = folder / TOKEN_FILE
    with suppress(FileNotFoundError):
        file.unlink()
    if token:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as written:
            written.write(token)
