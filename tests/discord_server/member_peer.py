"""A simulated member's connection to a call: a peer like a bot's, without sockets in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import rtp
from .member_dave import IMPLEMENTATIONS, MemberDave
from .voice_call import Peer
from .voice_servers import Grant

if TYPE_CHECKING:
    from .members import SimulatedMember

EARLY_PACKETS = 100  # held for each SSRC until op 5 tells whose it is


class MemberPeer(Peer):
    """A simulated member in a call: no socket in between, everything else as for a bot."""

    def __init__(self, person: SimulatedMember, grant: Grant, ssrc: int) -> None:
        voice = person.server.service.voice
        super().__init__(voice.call_of(grant.channel), grant.member, ssrc)
        self.person = person
        self.loop = person.server.service.loop
        self.dave: MemberDave = IMPLEMENTATIONS[person.implementation](self.user_id, grant.channel.id, self)
        self.has_dave = person.implementation != "none"
        self._connected = {self.user_id}  # as ops 11 and 13 told, in the order of the other messages
        self.users: dict[int, int] = {}  # ssrc → user id, as op 5 told
        self._early: dict[int, list[tuple[bytes, bytes]]] = {}  # by ssrc: packets that came before op 5

    def send(self, op: int, data: Any) -> None:
        self.loop.call_soon(self._json, op, data)

    def send_binary(self, op: int, payload: bytes) -> None:
        self.loop.call_soon(self._binary, op, payload)

    def _json(self, op: int, data: Any) -> None:
        if op == 5:
            self.users[data["ssrc"]] = int(data["user_id"])
            for header, payload in self._early.pop(data["ssrc"], []):
                self.person.received(self, header, payload)
        elif op == 11:
            self._connected |= {int(i) for i in data["user_ids"]}
        elif op == 13:
            self._connected.discard(int(data["user_id"]))
        if not self._gone():
            self.dave.json(op, data)

    def _binary(self, op: int, payload: bytes) -> None:
        if not self._gone():
            self.dave.binary(op, payload)

    def _gone(self) -> bool:
        return self.person.peer is not self

    def answer(self, op: int, data: Any) -> None:
        handler = self.call.dave.ready if op == 23 else self.call.dave.invalid
        self.loop.call_soon(handler, self.user_id, data["transition_id"])

    def answer_binary(self, op: int, payload: bytes) -> None:
        handler = self.call.dave.key_package if op == 26 else self.call.dave.commit
        self.loop.call_soon(self._if_here, handler, payload)

    def _if_here(self, handler: Any, payload: bytes) -> None:
        if not self._gone():
            handler(self.user_id, payload)

    def in_call(self) -> set[int]:
        return set(self._connected)

    def deliver(self, header: bytes, body: bytes) -> None:
        if header[1] & 0x7F != rtp.AUDIO & 0x7F:
            return
        ssrc, payload = int.from_bytes(header[8:12], "big"), rtp.payload(header, body)
        if ssrc in self.users:
            self.person.received(self, header, payload)
        elif len(early := self._early.setdefault(ssrc, [])) < EARLY_PACKETS:
            early.append((header, payload))
        else:
            self.person.counts["from an unknown SSRC"] += 1

    def close(self, code: int) -> None:
        self.person.disconnected(self, code)
