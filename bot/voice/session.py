"""One voice session: who is in it, its keys and its group. Messages in, answers out; no I/O."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import Any

from bot.voice.dave import HIGHEST, Dave
from bot.voice.messages import Incoming, Malformed, Op, Outgoing, integer, string
from bot.voice.packets import KEY_BYTES, MODES, Rejection, Sealer, Unsealer
from bot.voice.receiver import Receiver

log = logging.getLogger(__name__)

MOST_USERS = 1000  # known in one session; a voice channel takes 99


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the main gateway gives to open a voice session with."""

    endpoint: str
    token: str
    session_id: str
    server_id: int
    user_id: int
    channel_id: int

    def identify(self) -> Outgoing:
        return Outgoing(
            Op.IDENTIFY,
            {
                "server_id": str(self.server_id),
                "user_id": str(self.user_id),
                "session_id": self.session_id,
                "token": self.token,
                "max_dave_protocol_version": HIGHEST,
            },
        )

    def resume(self, seq: int) -> Outgoing:
        return Outgoing(
            Op.RESUME,
            {
                "server_id": str(self.server_id),
                "session_id": self.session_id,
                "token": self.token,
                "seq_ack": seq,
            },
        )


@dataclass(frozen=True, slots=True)
class Ready:
    """Where the voice server takes datagrams, and how it will have them."""

    ssrc: int
    address: str
    port: int
    mode: str

    def select(self, address: str, port: int) -> Outgoing:
        """``address`` and ``port`` are ours, as the voice server sees them."""
        data = {"address": address, "port": port, "mode": self.mode}
        return Outgoing(Op.SELECT_PROTOCOL, {"protocol": "udp", "data": data})


class VoiceSession:
    """From identify to the last resume; a rejoin begins a new one."""

    def __init__(self, credentials: Credentials, receiver: Receiver, counts: Counter[str]) -> None:
        self.credentials = credentials
        self.dave = Dave(credentials.user_id, credentials.channel_id, counts)
        self.ready: Ready | None = None
        self.sealer: Sealer | None = None
        self.users: set[int] = set()  # the others in the call
        self._unsealer: Unsealer | None = None
        self._receiver = receiver
        self._counts = counts
        self._key_changes = 0

    def handle(self, message: Incoming) -> list[Outgoing]:
        """Take a message; returns what to answer. Never raises: the malformed is counted."""
        try:
            answers = self._handle(message)
        except Malformed as error:
            log.debug("voice: message %s is malformed: %s", message.op, error)
            self._counts["malformed"] += 1
            return []
        if self.dave.key_changes != self._key_changes:
            self._key_changes = self.dave.key_changes
            self._receiver.retry()
        return answers

    def take(self, datagram: bytes, now: float) -> list[Outgoing]:
        """Take a datagram; returns what to tell the gateway. Never raises: what is no sound is counted."""
        self._counts["datagrams"] += 1
        if self._unsealer is None:
            self._counts[Rejection.FORGED] += 1
            return []
        packet = self._unsealer.open(datagram)
        if isinstance(packet, Rejection):
            self._counts[packet] += 1
        else:
            self._receiver.take(packet, now, self.users)
        return self.dave.recover()

    def seal(self, frame: bytes, timestamp: int) -> bytes | None:
        """An Opus frame as a datagram; None: it may not be sent now."""
        sealed = self.dave.encrypt(frame) if self.sealer else None
        return None if sealed is None or self.sealer is None else self.sealer.seal(sealed, timestamp)

    def speaking(self, speaking: bool) -> Outgoing:
        ssrc = self.ready.ssrc if self.ready else 0
        return Outgoing(Op.SPEAKING, {"speaking": int(speaking), "delay": 0, "ssrc": ssrc})

    def _handle(self, message: Incoming) -> list[Outgoing]:
        data = message.data
        match message.op:
            case Op.READY:
                self.ready = _ready(data)
            case Op.SESSION_DESCRIPTION:
                return self._describe(data)
            case Op.SPEAKING:
                user = integer(data, "user_id")
                self._meet(user)
                self._receiver.speaks(user, integer(data, "ssrc", 1, 0xFFFFFFFF))
            case Op.CLIENTS_CONNECT:
                self._connect(data)
            case Op.VIDEO:
                self._video(data)
            case Op.CLIENT_FLAGS | Op.CLIENT_PLATFORM:
                self._meet(integer(data, "user_id"))
            case Op.CLIENT_DISCONNECT:
                user = integer(data, "user_id")
                self.users.discard(user)
                self._receiver.left(user)
            case op if Op.DAVE_PREPARE_TRANSITION <= op <= Op.MLS_INVALID_COMMIT:
                return self.dave.handle(message, self.users)
        return []

    def _describe(self, data: Any) -> list[Outgoing]:
        mode, key, version = _description(data)
        if self.ready is None:
            raise Malformed("session description before ready")
        answers = self.dave.begin(version)
        self._unsealer = Unsealer(MODES[mode], key)
        self.sealer = Sealer(MODES[mode], key, self.ready.ssrc, self.sealer.sequence if self.sealer else 0)
        return [self.speaking(False), *answers]

    def _connect(self, data: Any) -> None:
        users = data.get("user_ids") if isinstance(data, dict) else None
        if not isinstance(users, list) or len(users) > MOST_USERS:
            raise Malformed("user_ids")
        for user in [integer({"id": user}, "id") for user in users]:
            self._meet(user)

    def _video(self, data: Any) -> None:
        """Somebody's camera; it names the SSRC of their sound as well."""
        user = integer(data, "user_id")
        self._meet(user)
        if ssrc := integer(data, "audio_ssrc", 0, 0xFFFFFFFF):
            self._receiver.speaks(user, ssrc)

    def _meet(self, user: int) -> None:
        if user != self.credentials.user_id and len(self.users) < MOST_USERS:
            self.users.add(user)


def _ready(data: Any) -> Ready:
    offered = data.get("modes") if isinstance(data, dict) else None
    mode = next((name for name in MODES if isinstance(offered, list) and name in offered), None)
    if mode is None:
        raise Malformed("modes")
    return Ready(
        integer(data, "ssrc", 1, 0xFFFFFFFF), string(data, "ip"), integer(data, "port", 1, 0xFFFF), mode
    )


def _description(data: Any) -> tuple[str, bytes, int]:
    mode = string(data, "mode")
    key = data.get("secret_key")
    if mode not in MODES or not isinstance(key, list) or len(key) != KEY_BYTES:
        raise Malformed("session description")
    octets = [integer({"octet": octet}, "octet", 0, 255) for octet in key]
    version = integer(data, "dave_protocol_version") if "dave_protocol_version" in data else 0
    return mode, bytes(octets), version
