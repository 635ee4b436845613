"""Opens the sockets of the main gateway, so that none is lost on the way.

py-cord gives up for good when a connection breaks before its first message, and forgets to close one that breaks soon after
it; both happen while Discord is restarting.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from discord.http import HTTPClient

GREETING_S = 30.0  # from an open connection to its first message
ENDS = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED)


class GatewaySocket:
    """What py-cord asks of a socket. Closed as soon as it is over, whoever ended it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, greeting: aiohttp.WSMessage) -> None:
        self._socket = socket
        self._greeting: aiohttp.WSMessage | None = greeting

    @property
    def closed(self) -> bool:
        return self._socket.closed

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code

    async def receive(self, timeout: float | None = None) -> aiohttp.WSMessage:  # noqa: ASYNC109  # as py-cord calls it
        """The next message. Raises TimeoutError after ``timeout`` (s)."""
        if self._greeting is not None:
            message, self._greeting = self._greeting, None
            return message
        message = await self._socket.receive(timeout=timeout)
        if message.type in ENDS:
            await self._socket.close()
        return message

    async def send_str(self, data: str) -> None:
        """Raises ConnectionError where nobody can be reached any more."""
        try:
            await self._socket.send_str(data)
        except ConnectionError:
            await self._socket.close()
            raise

    async def close(self, *, code: int) -> bool:
        return await self._socket.close(code=code)


async def open_socket(http: HTTPClient, url: str) -> GatewaySocket:
    """Open it and wait for its first message. Raises aiohttp.ClientError, OSError and TimeoutError, after which py-cord
    tries again.
    """
    socket: Any = await HTTPClient.ws_connect(http, url)
    greeting = None
    try:
        greeting = await socket.receive(timeout=GREETING_S)
    finally:
        if greeting is None or greeting.type in ENDS:
            await asyncio.shield(socket.close())
    if greeting.type in ENDS:
        raise ConnectionResetError("the gateway has closed a connection that was just opened")
    return GatewaySocket(socket, greeting)
