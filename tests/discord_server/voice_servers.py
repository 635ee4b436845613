"""All voice connections: who was promised one, the calls going on, and the one UDP socket."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .faults import Network
from .mls import ExternalSender
from .state import Channel, Member
from .transport_crypto import MODES, NotAuthentic
from .udp import Address, VoiceSocket
from .voice_call import Call, Peer
from .voice_gateway import VoiceConnection, VoicePeer

if TYPE_CHECKING:
    from .service import Service


@dataclass(eq=False)
class Grant:
    """What a VOICE_SERVER_UPDATE promised."""

    member: Member
    channel: Channel
    session_id: str
    token: str
    peer: Peer | None = None
    resumable: bool = True


class VoiceServers:
    """Settings are plain attributes and count for the connections that come after."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.endpoint = ""  # host:port of the TLS websocket
        self.socket: VoiceSocket | None = None
        self.external_sender = ExternalSender()
        self.calls: dict[int, Call] = {}
        self.network = Network()
        self.modes: tuple[str, ...] = MODES
        self.dave_required = True  # close 4017 for a client that offers version 0
        self.allow_unannounced = False  # forward sound of connections that never sent op 5
        self.heartbeat_ms = 13_750.0
        self.resume_window = 30.0  # seconds
        self.closes: list[int] = []  # codes this server closed with, for tests
        self.refused_datagrams: Counter[str] = Counter()
        self.local: dict[tuple[int, int], Callable[[Grant], None]] = {}  # simulated members: how they connect
        self._grants: dict[tuple[int, int], Grant] = {}
        self._by_address: dict[Address, VoicePeer] = {}
        self._by_ssrc: dict[int, Peer] = {}

    async def open_socket(self) -> None:
        self.socket = await VoiceSocket.open(self)

    @property
    def udp_address(self) -> Address:
        assert self.socket is not None
        return self.socket.address

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=1 << 20)
        await socket.prepare(request)
        if request.query.get("v") != "8":
            await socket.close(code=4020)
            return socket
        await VoiceConnection(self, socket, request).run()
        return socket

    # -- promises

    def expect(self, member: Member, channel: Channel, session_id: str, token: str) -> None:
        key = member.guild.id, member.user.id
        grant = self._grants[key] = Grant(member, channel, session_id, token)
        if connect := self.local.get(key):
            self.service.loop.call_soon(lambda: connect(grant) if self._grants.get(key) is grant else None)

    def grant(self, guild_id: int, user_id: int | None, session_id: str | None = None) -> Grant | None:
        for (guild, user), grant in self._grants.items():
            if guild == guild_id and user_id in (None, user) and session_id in (None, grant.session_id):
                return grant
        return None

    def objection(self, grant: Grant | None, data: dict[str, Any]) -> int | None:
        """The code to close an IDENTIFY with, or None."""
        if int(data["server_id"]) not in self.service.world.guilds:
            return 4011
        if grant is None or grant.session_id != data["session_id"]:
            return 4006
        return None if grant.token == data["token"] else 4004

    def is_open(self, member: Member) -> bool:
        grant = self._grants.get((member.guild.id, member.user.id))
        return grant is not None and grant.peer is not None

    # -- connections

    def call_of(self, channel: Channel) -> Call:
        if channel.id not in self.calls:
            self.calls[channel.id] = Call(self.service, channel)
        return self.calls[channel.id]

    def new_ssrc(self) -> int:
        while (ssrc := secrets.randbelow(1 << 20) + 1) in self._by_ssrc:
            pass
        return ssrc

    def open(self, grant: Grant, connection: VoiceConnection, dave_version: int) -> VoicePeer:
        if grant.peer:
            old, grant.peer = grant.peer, None
            old.close(4006)
            self._forget(old)
        peer = VoicePeer(self.call_of(grant.channel), grant.member, self.new_ssrc(), connection, dave_version)
        self.attach(grant, peer)
        return peer

    def attach(self, grant: Grant, peer: Peer) -> None:
        grant.peer = peer
        self._by_ssrc[peer.ssrc] = peer

    def resumable(self, grant: Grant | None, token: str) -> VoicePeer | None:
        peer = grant.peer if grant and grant.token == token and grant.resumable else None
        return peer if isinstance(peer, VoicePeer) and peer.cipher else None

    def drop_unless_resumed(self, peer: VoicePeer) -> None:
        def check() -> None:
            if peer.connection is None:
                self.drop(peer)

        asyncio.get_running_loop().call_later(self.resume_window, check)

    def drop(self, peer: Peer) -> None:
        """The connection is over; the voice state may stay, and so may the promise."""
        for grant in self._grants.values():
            if grant.peer is peer:
                grant.peer = None
        self._forget(peer)

    def _forget(self, peer: Peer) -> None:
        self._by_ssrc.pop(peer.ssrc, None)
        if isinstance(peer, VoicePeer) and peer.address:
            self._by_address.pop(peer.address, None)
        peer.call.remove(peer)

    def leave(self, member: Member, code: int) -> None:
        """The member's voice state has gone or moved: close what is open."""
        grant = self._grants.pop((member.guild.id, member.user.id), None)
        if grant and grant.peer:
            grant.peer.close(code)
            self._forget(grant.peer)

    def close(self, member: Member, code: int, *, resumable: bool = True) -> None:
        """A fault: close a bot's voice websocket. After 1006 and 4015 it may resume, unless `resumable` is False."""
        grant = self._grants.get((member.guild.id, member.user.id))
        if grant is None or not isinstance(grant.peer, VoicePeer):
            raise LookupError("this member has no voice connection")
        grant.resumable = resumable
        peer = grant.peer
        peer.close(code)
        if code not in (1006, 4015) or not resumable:
            self.drop(peer)
        else:
            self.drop_unless_resumed(peer)

    def ended(self, call: Call) -> None:
        self.calls.pop(call.channel.id, None)
        call.dave.close()

    # -- datagrams

    def discovered(self, ssrc: int, address: Address) -> bool:
        peer = self._by_ssrc.get(ssrc)
        if not isinstance(peer, VoicePeer):
            return False
        if peer.address:
            self._by_address.pop(peer.address, None)
        peer.address = address
        self._by_address[address] = peer
        return True

    def datagram(self, data: bytes, address: Address) -> None:
        peer = self._by_address.get(address)
        if peer is None or peer.received is None:
            self.refused_datagrams["from nobody known"] += 1
            return
        try:
            header, body = peer.received.open(data)
        except NotAuthentic as reason:
            self.refused_datagrams[str(reason)] += 1
            return
        peer.call.forward(peer, header, body)
