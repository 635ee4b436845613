"""One voice channel's call: who is in it, who is told what about whom, and the forwarding of their sound.

Each packet of one goes to every other who is not deafened, never back; each connection seals it with its own key.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from .dave import DaveGroup
from .state import Channel, Member, VoiceState
from .transport_crypto import header_size

if TYPE_CHECKING:
    from .service import Service

SPEAKING, CLIENTS_CONNECT, CLIENT_DISCONNECT, CLIENT_FLAGS, CLIENT_PLATFORM = 5, 11, 13, 18, 20


class Peer:
    """One member's place in a call. Subclasses bring the way to reach them: a websocket, or a simulated member."""

    has_dave = True  # whether it is expected to take part in the encryption

    def __init__(self, call: Call, member: Member, ssrc: int) -> None:
        self.call = call
        self.member = member
        self.ssrc = ssrc
        self.speaking: int | None = None  # None: op 5 was never sent

    @property
    def user_id(self) -> int:
        return self.member.user.id

    @property
    def state(self) -> VoiceState | None:
        return self.member.guild.voice_states.get(self.user_id)

    @property
    def hears(self) -> bool:
        state = self.state
        return state is not None and not (state.self_deaf or state.deaf)

    @property
    def may_speak(self) -> bool:
        state = self.state
        return state is not None and not (state.mute or state.suppress)

    def send(self, op: int, data: Any) -> None:
        raise NotImplementedError

    def send_binary(self, op: int, payload: bytes) -> None:
        raise NotImplementedError

    def deliver(self, header: bytes, body: bytes) -> None:
        """An RTP packet of someone else, transport encryption removed."""
        raise NotImplementedError

    def close(self, code: int) -> None:
        raise NotImplementedError


class Call:
    """The call of one channel, from the first who connects to the last who leaves."""

    def __init__(self, service: Service, channel: Channel) -> None:
        self.service = service
        self.channel = channel
        self.peers: dict[int, Peer] = {}  # by user id, those whose connection is complete
        self.dave = DaveGroup(self, service.voice.external_sender)
        self.dropped: Counter[str] = Counter()  # packets not forwarded, by reason
        self.forwarded: Counter[int] = Counter()  # packets forwarded, by sender

    def add(self, peer: Peer) -> None:
        """A connection is complete (op 4 was sent): DAVE first, then who else is here."""
        others = list(self.peers.values())
        self.peers[peer.user_id] = peer
        self.dave.greet(peer)
        if others:
            peer.send(CLIENTS_CONNECT, {"user_ids": [str(p.user_id) for p in others]})
        for other in others:
            self._introduce(other, to=peer)
            self._introduce(peer, to=other)
            other.send(CLIENTS_CONNECT, {"user_ids": [str(peer.user_id)]})
            if other.speaking:
                peer.send(SPEAKING, _speaking(other))

    def _introduce(self, whom: Peer, to: Peer) -> None:
        to.send(CLIENT_FLAGS, {"user_id": str(whom.user_id), "flags": 2})
        to.send(CLIENT_PLATFORM, {"user_id": str(whom.user_id), "platform": 0})

    def remove(self, peer: Peer) -> None:
        """Op 13 to the others, and out of the encrypted group."""
        if self.peers.get(peer.user_id) is not peer:
            return
        del self.peers[peer.user_id]
        for other in self.peers.values():
            other.send(CLIENT_DISCONNECT, {"user_id": str(peer.user_id)})
        self.dave.leave(peer.user_id)
        if not self.peers:
            self.service.voice.ended(self)

    def others(self, peer: Peer) -> list[Peer]:
        return [p for p in self.peers.values() if p is not peer]

    def set_speaking(self, peer: Peer, flags: int) -> None:
        peer.speaking = flags
        for other in self.others(peer):
            other.send(SPEAKING, _speaking(peer))

    def forward(self, sender: Peer, header: bytes, body: bytes) -> None:
        """One packet in, one out to each other member who hears."""
        if reason := self._objection(sender, header):
            self.dropped[reason] += 1
            return
        self.forwarded[sender.user_id] += 1
        for peer in self.peers.values():
            if peer is not sender and peer.hears:
                peer.deliver(header, body)

    def _objection(self, sender: Peer, header: bytes) -> str | None:
        if len(header) < 12 or header_size(header) != len(header):
            return "not RTP"
        if int.from_bytes(header[8:12], "big") != sender.ssrc:
            return "not the sender's SSRC"
        if not sender.may_speak:
            return "muted"
        if sender.speaking is None and not self.service.voice.allow_unannounced:
            return "before op 5"
        return None


def _speaking(peer: Peer) -> dict[str, Any]:
    return {"user_id": str(peer.user_id), "ssrc": peer.ssrc, "speaking": peer.speaking or 0}
