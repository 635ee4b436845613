"""Clients for the tests of the server, written from the protocol alone: no Discord library, nothing of the server's."""

from __future__ import annotations

import asyncio
import json
import ssl
import struct
import zlib
from typing import Any

import aiohttp
import davey

XCHACHA = "aead_xchacha20_poly1305_rtpsize"


class Closed(Exception):
    """The server closed the connection; `args[0]` is the code."""


class Socket:
    """One websocket; JSON in and out, with the zlib stream undone."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._zlib = zlib.decompressobj()
        self.binary: list[bytes] = []

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_str(json.dumps({"op": op, "d": data}))

    async def receive(self, *, stream: bool = False) -> dict[str, Any]:
        """The next JSON message. Binary ones go to `binary` unless they are a zlib stream."""
        while True:
            message = await self.socket.receive(timeout=5)
            if message.type is aiohttp.WSMsgType.TEXT:
                return json.loads(message.data)
            if message.type is not aiohttp.WSMsgType.BINARY:
                raise Closed(self.socket.close_code)
            if stream:
                return json.loads(self._zlib.decompress(message.data))
            self.binary.append(message.data)

    async def until(self, what: int | str, *, stream: bool = False) -> dict[str, Any]:
        """The next message with this op, or of this event."""
        while True:
            message = await self.receive(stream=stream)
            if what in (message["op"], message.get("t")):
                return message

    async def close_code(self) -> int | None:
        """Read on until the server closes."""
        data = (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
        while (await self.socket.receive(timeout=5)).type in data:
            pass
        return self.socket.close_code


def identify(token: str, *, intents: int = 0, shard: tuple[int, int] = (0, 1)) -> dict[str, Any]:
    return {"token": token, "intents": intents, "shard": list(shard), "properties": {"os": "linux"}}


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received.put_nowait(data)


class RawVoice:
    """A bot's voice connection: the handshake as Discord documents it, and a DAVE session."""

    def __init__(
        self, http: aiohttp.ClientSession, certificate: str, promise: dict[str, Any], user_id: int
    ) -> None:
        self.http, self.certificate, self.promise, self.user_id = http, certificate, promise, user_id
        self.ready: dict[str, Any] = {}
        self.description: dict[str, Any] = {}
        self.udp = Datagrams()

    async def open(self) -> Socket:
        url = f"wss://{self.promise['endpoint']}/?v=8"
        context = ssl.create_default_context(cafile=self.certificate)
        self.ws = Socket(await self.http.ws_connect(url, ssl=context))
        assert (await self.ws.receive())["op"] == 8
        return self.ws

    async def identify(self, *, dave: int = 1, **changes: Any) -> None:
        promise = self.promise
        data = {"server_id": promise["guild_id"], "user_id": str(self.user_id), "token": promise["token"]}
        data |= {"session_id": promise["session_id"], "max_dave_protocol_version": dave} | changes
        await self.ws.send(0, data)

    async def discover(self) -> tuple[str, int]:
        loop = asyncio.get_running_loop()
        place = (self.ready["ip"], self.ready["port"])
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self.udp, remote_addr=place)
        self.transport.sendto(struct.pack(">HHI66x", 1, 70, self.ready["ssrc"]))
        answer = await asyncio.wait_for(self.udp.received.get(), 2)
        assert struct.unpack_from(">HHI", answer) == (2, 70, self.ready["ssrc"])
        return answer[8:72].rstrip(b"\0").decode(), struct.unpack_from(">H", answer, 72)[0]

    async def select(self, mode: str) -> None:
        address, port = await self.discover()
        data = {"address": address, "port": port, "mode": mode}
        await self.ws.send(1, {"protocol": "udp", "data": data})

    async def connect(self, mode: str = XCHACHA) -> RawVoice:
        await self.open()
        await self.identify()
        self.ready = (await self.ws.until(2))["d"]
        await self.select(mode)
        self.description = (await self.ws.until(4))["d"]
        await self.ws.send(5, {"speaking": 0, "delay": 0, "ssrc": self.ready["ssrc"]})
        return self

    async def join_group(self, channel_id: int) -> davey.DaveSession:
        """Take part in DAVE until frames can be decrypted, as a member who never commits."""
        session = davey.DaveSession(1, self.user_id, channel_id)
        await self.ws.socket.send_bytes(b"\x1a" + session.get_serialized_key_package())
        while not session.ready:
            message = await self.ws.socket.receive(timeout=5)
            if message.type is not aiohttp.WSMsgType.BINARY:
                continue
            op, payload = message.data[2], message.data[3:]
            if op == 25:
                session.set_external_sender(payload)
            elif op == 30:
                session.process_welcome(payload[2:])
                await self.ws.send(23, {"transition_id": struct.unpack(">H", payload[:2])[0]})
        return session
