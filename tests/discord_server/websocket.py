"""One websocket of a client: messages out in order, messages in, closing with a code, and patience for heartbeats."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import WSMsgType, web

Message = str | bytes
CUT = 1006  # not a code to close with: the connection is cut, and the client calls it so


class Pipe:
    """`encode` is applied to what is sent, at the moment it is (a zlib stream depends on the order)."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        request: web.Request,
        encode: Callable[[Message], Message] = lambda message: message,
    ) -> None:
        self.socket = socket
        self._transport = request.transport
        self._encode = encode
        self._out: asyncio.Queue[Message | tuple[int, str]] = asyncio.Queue()
        self._patience: asyncio.TimerHandle | None = None

    @property
    def close_code(self) -> int | None:
        """The client's, if it was the client who closed."""
        return self.socket.close_code

    def send(self, message: Message) -> None:
        self._out.put_nowait(message)

    def close(self, code: int, reason: str = "") -> None:
        """After everything that was sent before; `CUT` at once and without a close frame."""
        if code == CUT and self._transport:
            self._transport.abort()
        else:
            self._out.put_nowait((code, reason))

    def expect_within(self, seconds: float, otherwise: Callable[[], None]) -> None:
        """Start the wait for the next heartbeat (anew)."""
        if self._patience:
            self._patience.cancel()
        self._patience = asyncio.get_running_loop().call_later(seconds, otherwise)

    async def run(self, received: Callable[[Message], None]) -> None:
        """Until either side has closed."""
        writing = asyncio.create_task(self._write(), name="websocket writer")
        reading = asyncio.create_task(self._read(received), name="websocket reader")
        try:
            await asyncio.wait({writing, reading}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if self._patience:
                self._patience.cancel()
            for task in (reading, writing):
                task.cancel()
            results = await asyncio.gather(reading, writing, return_exceptions=True)
        for error in results:
            if isinstance(error, Exception):
                raise error
        if isinstance(results[1], tuple):
            code, reason = results[1]
            await self.socket.close(code=code, message=reason.encode())

    async def _read(self, received: Callable[[Message], None]) -> None:
        async for message in self.socket:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                received(message.data)

    async def _write(self) -> tuple[int, str] | None:
        """Returns the code to close with. Closing is done when nobody reads, or aiohttp would not wait for the answer."""
        while not isinstance(item := await self._out.get(), tuple):
            data = self._encode(item)
            try:
                await (self.socket.send_str(data) if isinstance(data, str) else self.socket.send_bytes(data))
            except ConnectionError:
                return None
        return item
