"""The UDP socket of a call, on the event loop: no thread, and nothing that waits for a closed socket."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

RECEIVE_BUFFER_BYTES = 1 << 20  # seconds of a full channel, should the loop be late
ASK, ANSWER = 1, 2  # types of an IP discovery packet
DISCOVERY = struct.Struct(">HHI64sH")  # type, length of what follows, SSRC, address, port
DISCOVERY_TRIES, DISCOVERY_WAIT_S = 5, 0.4
KEEPALIVE_S = 5.0  # as Discord's clients do, so that routers remember the way in
KEEPALIVE = struct.Struct("<Q")


class VoiceUdp(asyncio.DatagramProtocol):
    """Connected to one voice server; ``on_datagram`` is called on the loop."""

    def __init__(self, on_datagram: Callable[[bytes], None]) -> None:
        self._on_datagram = on_datagram
        self._transport: asyncio.DatagramTransport | None = None
        self._discovered: asyncio.Future[bytes] | None = None
        self._keepalives = 0
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    async def open(cls, address: str, port: int, on_datagram: Callable[[bytes], None]) -> VoiceUdp:
        """Raises OSError."""
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(
            lambda: cls(on_datagram), remote_addr=(address, port)
        )
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self._keep_alive()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if len(data) == DISCOVERY.size and data[:2] == b"\x00\x02":
            if self._discovered is not None and not self._discovered.done():
                self._discovered.set_result(data)
        elif len(data) != KEEPALIVE.size:  # which the server sends back
            self._on_datagram(data)

    def error_received(self, exc: Exception) -> None:
        """The other end refused a datagram; the websocket will say what is the matter."""

    async def discover(self, ssrc: int) -> tuple[str, int]:
        """Our own address as the voice server sees it. Raises TimeoutError."""
        for _ in range(DISCOVERY_TRIES):
            self._discovered = asyncio.get_running_loop().create_future()
            self.send(DISCOVERY.pack(ASK, DISCOVERY.size - 4, ssrc, b"", 0))
            try:
                answer = await asyncio.wait_for(self._discovered, DISCOVERY_WAIT_S)
            except TimeoutError:
                continue
            _, _, _, address, port = DISCOVERY.unpack(answer)
            return address.partition(b"\0")[0].decode("ascii", "replace"), port
        raise TimeoutError("no answer to IP discovery")

    def send(self, datagram: bytes) -> None:
        """Errors of the network are not raised: a datagram may be lost anyway."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(datagram)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.close()

    def _keep_alive(self) -> None:
        self.send(KEEPALIVE.pack(self._keepalives))
        self._keepalives += 1
        self._timer = asyncio.get_running_loop().call_later(KEEPALIVE_S, self._keep_alive)
