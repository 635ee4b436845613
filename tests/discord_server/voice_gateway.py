"""The voice gateway, version 8, for bots: one websocket each, JSON and binary messages, resume.

Close codes: 4001 unknown op, 4002 not decodable, 4003 not identified, 4004 bad token, 4005 identified twice, 4006 session
not valid, 4009 no heartbeat, 4011 no such server, 4012 protocol, 4014 disconnected, 4015 crashed, 4016 mode, 4017 no DAVE,
4020 bad request, 4022 call ended.
"""

from __future__ import annotations

import json
import secrets
import struct
from collections import deque
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .state import Member
from .transport_crypto import MODES, Cipher
from .udp import Address
from .voice_call import Call, Peer
from .websocket import Message, Pipe

if TYPE_CHECKING:
    from .voice_servers import VoiceServers

Json = dict[str, Any]
IDENTIFY, SELECT_PROTOCOL, READY, HEARTBEAT, SESSION_DESCRIPTION, SPEAKING = 0, 1, 2, 3, 4, 5
HEARTBEAT_ACK, RESUME, HELLO, RESUMED, MEDIA_SINK_WANTS, BACKEND_VERSION = 6, 7, 8, 9, 15, 16
UNNUMBERED = (READY, SESSION_DESCRIPTION, HEARTBEAT_ACK, HELLO, RESUMED)
RESUMABLE = (1006, 4015)  # closes after which the client may come back with op 7


class VoicePeer(Peer):
    """A bot in a call. Outlives its websocket while it may resume."""

    def __init__(
        self, call: Call, member: Member, ssrc: int, connection: VoiceConnection, dave_version: int
    ) -> None:
        super().__init__(call, member, ssrc)
        self.connection: VoiceConnection | None = connection
        self.dave_version = dave_version
        self.address: Address | None = None
        self.cipher: Cipher | None = None
        self.received: Cipher | None = None
        self.sequence = 0
        self.sent: deque[tuple[int, str | bytes]] = deque(maxlen=2000)

    def send(self, op: int, data: Any) -> None:
        if op in UNNUMBERED:
            return self._out(json.dumps({"op": op, "d": data}))
        self.sequence = (self.sequence + 1) & 0xFFFF
        text = json.dumps({"op": op, "d": data, "seq": self.sequence})
        self.sent.append((self.sequence, text))
        return self._out(text)

    def send_binary(self, op: int, payload: bytes) -> None:
        self.sequence = (self.sequence + 1) & 0xFFFF
        message = struct.pack(">HB", self.sequence, op) + payload
        self.sent.append((self.sequence, message))
        self._out(message)

    def _out(self, message: str | bytes) -> None:
        if self.connection:
            self.connection.send(message)

    def deliver(self, header: bytes, body: bytes) -> None:
        voice = self.call.service.voice
        if self.cipher and self.address and voice.socket:
            for datagram in voice.network.through(self.cipher.seal(header, body), self):
                voice.socket.send(datagram, self.address)

    def select(self, mode: str) -> None:
        """A new key for this connection; op 4 tells the client."""
        key = secrets.token_bytes(32)
        self.cipher, self.received = Cipher(mode, key), Cipher(mode, key)
        description: Json = {
            "mode": mode,
            "secret_key": list(key),
            "audio_codec": "opus",
            "video_codec": "H264",
        }
        description["media_session_id"] = secrets.token_hex(16)
        description["dave_protocol_version"] = self.call.dave.version
        self.send(SESSION_DESCRIPTION, description)

    def close(self, code: int) -> None:
        if self.connection:
            self.connection.close(code)
            self.connection.peer = None
            self.connection = None


class VoiceConnection:
    """One websocket of the voice gateway."""

    def __init__(self, voice: VoiceServers, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.voice = voice
        self.pipe = Pipe(socket, request)
        self.peer: VoicePeer | None = None

    def send(self, message: Message) -> None:
        self.pipe.send(message)

    def close(self, code: int) -> None:
        """After all that was sent before. 1006 cuts the connection without a word."""
        self.voice.closes.append(code)
        self.pipe.close(code)

    async def run(self) -> None:
        self._heard_from()
        self.send(json.dumps({"op": HELLO, "d": {"v": 8, "heartbeat_interval": self.voice.heartbeat_ms}}))
        try:
            await self.pipe.run(self._received)
        finally:
            self._gone()

    def _received(self, message: Message) -> None:
        if isinstance(message, str):
            self._json(message)
        else:
            self._binary(message)

    def _heard_from(self) -> None:
        """The next heartbeat is due within one and a half intervals, and a second for a busy machine."""
        self.pipe.expect_within(self.voice.heartbeat_ms / 1000 * 1.5 + 1, lambda: self._refuse(4009))

    def _refuse(self, code: int) -> None:
        """Close, and end the peer's stay unless the code lets it resume."""
        peer, self.peer = self.peer, None
        self.close(code)
        if peer:
            peer.connection = None
            if code not in RESUMABLE:
                self.voice.drop(peer)

    def _gone(self) -> None:
        peer = self.peer
        if peer is None or peer.connection is not self:
            return
        peer.connection = None
        if self.pipe.close_code in (1000, 1001, 4014):
            self.voice.drop(peer)
        else:
            self.voice.drop_unless_resumed(peer)

    # -- JSON

    def _json(self, text: str) -> None:
        try:
            message = json.loads(text)
            op, data = int(message["op"]), message.get("d")
        except (ValueError, KeyError, TypeError, AttributeError):
            return self._refuse(4002)
        handlers = {IDENTIFY: self._identify, RESUME: self._resume, HEARTBEAT: self._heartbeat}
        if handler := handlers.get(op):
            return self._guarded(handler, data)
        if self.peer is None:
            return self._refuse(4003)
        with_peer = {
            SELECT_PROTOCOL: self._select,
            SPEAKING: self._speaking,
            23: self._dave_ready,
            31: self._dave_invalid,
        }
        if handler := with_peer.get(op):
            return self._guarded(handler, data)
        if op == BACKEND_VERSION:
            return self.peer.send(BACKEND_VERSION, {"voice": "0.11.0", "rtc_worker": "0.4.11"})
        return None if op in (12, MEDIA_SINK_WANTS) else self._refuse(4001)

    def _guarded(self, handler: Any, data: Any) -> None:
        try:
            handler(data)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._refuse(4020)

    def _heartbeat(self, data: Json) -> None:
        self._heard_from()
        acknowledged = int(data["seq_ack"])  # required from version 8 on
        if self.peer:
            sent = self.peer.sent
            while sent and (acknowledged - sent[0][0]) & 0xFFFF < 0x8000 and acknowledged >= 0:
                sent.popleft()
        self.send(json.dumps({"op": HEARTBEAT_ACK, "d": {"t": data["t"]}}))

    def _identify(self, data: Json) -> None:
        if self.peer:
            return self._refuse(4005)
        grant = self.voice.grant(int(data["server_id"]), int(data["user_id"]))
        if code := self.voice.objection(grant, data):
            return self._refuse(code)
        dave_version = int(data.get("max_dave_protocol_version", 0))
        if dave_version < 1 and self.voice.dave_required:
            return self._refuse(4017)
        assert grant is not None
        self.peer = self.voice.open(grant, self, dave_version)
        host, port = self.voice.udp_address
        ready = {"ssrc": self.peer.ssrc, "ip": host, "port": port, "modes": list(self.voice.modes)}
        self.peer.send(READY, ready | {"experiments": ["fixed_keyframe_interval"], "streams": []})
        return None

    def _select(self, data: Json) -> None:
        assert self.peer is not None
        chosen = data["data"]
        if data["protocol"] != "udp":
            return self._refuse(4012)
        if chosen["mode"] not in self.voice.modes or chosen["mode"] not in MODES:
            return self._refuse(4016)
        if self.peer.address != (chosen["address"], int(chosen["port"])):
            return self._refuse(4020)
        self.peer.call.dave.consider_version(self.peer.dave_version)
        self.peer.select(chosen["mode"])
        self.peer.send(MEDIA_SINK_WANTS, {"any": 100})
        if self.peer.call.peers.get(self.peer.user_id) is not self.peer:
            self.peer.call.add(self.peer)
        return None

    def _speaking(self, data: Json) -> None:
        assert self.peer is not None
        self.peer.call.set_speaking(self.peer, int(data["speaking"]))

    def _resume(self, data: Json) -> None:
        grant = self.voice.grant(int(data["server_id"]), None, str(data["session_id"]))
        peer = self.voice.resumable(grant, str(data["token"]))
        if peer is None:
            return self._refuse(4006)
        if peer.connection:
            peer.connection.peer = None
            peer.connection.close(4006)
        acknowledged = int(data.get("seq_ack", -1))
        self.peer, peer.connection = peer, self
        peer.send(RESUMED, None)
        for number, message in list(peer.sent):
            if acknowledged < 0 or 0 < (number - acknowledged) & 0xFFFF < 0x8000:
                self.send(message)
        return None

    def _dave_ready(self, data: Json) -> None:
        assert self.peer is not None
        self.peer.call.dave.ready(self.peer.user_id, int(data["transition_id"]))

    def _dave_invalid(self, data: Json) -> None:
        assert self.peer is not None
        self.peer.call.dave.invalid(self.peer.user_id, int(data["transition_id"]))

    # -- binary

    def _binary(self, message: bytes) -> None:
        if self.peer is None:
            return self._refuse(4003)
        if not message or message[0] not in (26, 28):
            return self._refuse(4001)
        dave = self.peer.call.dave
        handler = dave.key_package if message[0] == 26 else dave.commit
        return self._guarded(lambda payload: handler(self.peer.user_id, payload), message[1:])
