"""One websocket of Discord's voice gateway, from its opening to its close."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
from discord.http import HTTPClient

from bot.voice.messages import Incoming, Malformed, Op, Outgoing, parse_binary, parse_text

VERSION = 8
SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S = 0.05, 5.0  # between heartbeats: a dead line is noticed in time
CLOSE_S = 1.0  # for the other end to say goodbye


class VoiceGateway:
    """Keeps the heart beating and the count of what came; knows nothing of what the messages mean."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, seq: int, counts: Counter[str]) -> None:
        self.seq = seq  # of the last numbered message, -1 at first; a resumed socket goes on from here
        self._socket = socket
        self._counts = counts
        self._heart: asyncio.Task[None] | None = None
        self._acknowledged = True
        self._beat_at = 0.0
        self._dead = False
        self.latency_s: float | None = None

    @classmethod
    async def open(cls, http: HTTPClient, endpoint: str, seq: int, counts: Counter[str]) -> VoiceGateway:
        """Raises aiohttp.ClientError, OSError, TimeoutError."""
        socket = await HTTPClient.ws_connect(
            http, f"wss://{endpoint}/?v={VERSION}"
        )  # the main gateway has its own
        return cls(socket, seq, counts)

    @property
    def close_code(self) -> int | None:
        """After ``messages`` has ended: why. None: the line broke, or the heart was not answered."""
        code = self._socket.close_code
        return None if self._dead or code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE else code

    async def messages(self) -> AsyncIterator[Incoming]:
        """Every well-formed message, except those about the heart; ends with the socket."""
        async for frame in self._socket:
            try:
                message = self._parse(frame)
            except Malformed:
                self._counts["malformed"] += 1
                continue
            if message.seq is not None:
                self.seq = message.seq
            if message.op == Op.HEARTBEAT_ACK:
                self._acknowledge(message)
            elif message.op == Op.HELLO:
                self._begin_to_beat(message)
            else:
                yield message

    async def send(self, message: Outgoing) -> None:
        """Raises nothing: what cannot be sent is followed by the end of ``messages``."""
        try:
            if isinstance(message.data, bytes):
                await self._socket.send_bytes(bytes([message.op]) + message.data)
            else:
                await self._socket.send_json({"op": int(message.op), "d": message.data})
        except (aiohttp.ClientError, ConnectionError):
            self._dead = True

    async def close(self, code: int = 1000) -> None:
        if self._heart is not None:
            self._heart.cancel()
            self._heart = None
        with suppress(aiohttp.ClientError, OSError, TimeoutError):
            await asyncio.wait_for(self._socket.close(code=code), CLOSE_S)

    def _parse(self, frame: aiohttp.WSMessage) -> Incoming:
        if frame.type is aiohttp.WSMsgType.TEXT:
            return parse_text(frame.data)
        if frame.type is aiohttp.WSMsgType.BINARY:
            return parse_binary(frame.data)
        raise Malformed(str(frame.type))

    def _begin_to_beat(self, hello: Incoming) -> None:
        asked_ms = hello.data.get("heartbeat_interval") if isinstance(hello.data, dict) else None
        if not isinstance(asked_ms, int | float) or not asked_ms >= 1:
            self._counts["malformed"] += 1
            asked_ms = 1000 * LONGEST_INTERVAL_S
        if self._heart is None:
            interval_s = min(max(asked_ms / 1000, SHORTEST_INTERVAL_S), LONGEST_INTERVAL_S)
            self._heart = asyncio.create_task(self._beat(interval_s), name="voice heartbeat")

    async def _beat(self, interval_s: float) -> None:
        while True:
            await asyncio.sleep(interval_s)
            if not self._acknowledged:  # the line is dead, though nobody has said so
                self._dead = True
                self._heart = None
                await self.close(4000)
                return
            self._acknowledged = False
            self._beat_at = time.monotonic()
            beat = {"t": int(time.time() * 1000), "seq_ack": self.seq}
            await self.send(Outgoing(Op.HEARTBEAT, beat))

    def _acknowledge(self, message: Incoming) -> None:
        if not self._acknowledged:
            self.latency_s = time.monotonic() - self._beat_at
        self._acknowledged = True
