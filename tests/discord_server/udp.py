"""The one UDP socket of the voice server: IP discovery, and datagrams to and from each connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .voice_servers import VoiceServers

Address = tuple[str, int]
DISCOVERY_SIZE = 74


class VoiceSocket(asyncio.DatagramProtocol):
    """Discovery is answered here; everything else goes to the connection that discovered itself from that address."""

    def __init__(self, voice: VoiceServers) -> None:
        self.voice = voice
        self.transport: asyncio.DatagramTransport | None = None
        self.address: Address = ("", 0)

    @classmethod
    async def open(cls, voice: VoiceServers) -> VoiceSocket:
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(lambda: cls(voice), local_addr=("127.0.0.1", 0))
        return protocol

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self.address = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if len(data) == DISCOVERY_SIZE and data[:4] == b"\x00\x01\x00\x46":
            self._discover(data, addr)
        elif len(data) == 8:
            self.send(data, addr)  # a keep-alive counter, which Discord echoes
        else:
            self.voice.datagram(data, addr)

    def _discover(self, data: bytes, addr: Address) -> None:
        ssrc = struct.unpack_from(">I", data, 4)[0]
        if self.voice.discovered(ssrc, addr):
            self.send(struct.pack(">HHI64sH", 2, 70, ssrc, addr[0].encode(), addr[1]), addr)

    def error_received(self, exc: Exception) -> None:
        """A receiver has gone; UDP does not mind."""

    def send(self, data: bytes, addr: Address) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.sendto(data, addr)

    def close(self) -> None:
        if self.transport:
            self.transport.close()
