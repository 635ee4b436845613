"""Who is speaking: packets → the right person's stream, or refused before anything is decoded.

Discord says whose an SSRC is in a message that may come after the first packets, and gives the SSRC of
somebody who left to somebody else. So packets that cannot be attributed, or that do not decrypt as the
person they seem to be from, wait up to two seconds for better knowledge; nothing is ever guessed. What
came before its speaker could be heard stays unheard, whenever it turns out whose it is.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.voice.packets import SILENCE, RtpPacket
from bot.voice.stream import Stream
from persona_core.types import Pcm

HOLD_S = 2.0
HELD_PER_SSRC = 110  # two seconds of 20 ms packets, and some air
HELD_SSRCS = 128  # a full channel; more can only be noise
OTHERS_TALK_S = 0.2  # so long after a packet somebody she may not hear counts as talking

Decrypt = Callable[[int, bytes], bytes | None]  # (user id, payload) → Opus frame; None: not possible now
Sink = Callable[[int, Pcm, float, bool], None]  # user id, sound at 48 kHz, when it was spoken, ends talk


@dataclass(frozen=True, slots=True)
class _Held:
    packet: RtpPacket
    at_s: float
    hearable: frozenset[int]  # who of those in the call could be heard when it came


class Receiver:
    """``may_hear`` is asked for every packet when it comes, and again before it is decrypted end to end."""

    def __init__(
        self, may_hear: Callable[[int], bool], decrypt: Decrypt, sink: Sink, counts: Counter[str]
    ) -> None:
        self._may_hear = may_hear
        self._decrypt = decrypt
        self._sink = sink
        self._counts = counts
        self._user_of: dict[int, int] = {}  # SSRC → user id
        self._streams: dict[int, Stream] = {}  # by user id
        self._held: dict[int, deque[_Held]] = {}  # by SSRC
        self._hearable: frozenset[int] = frozenset()  # when the last packet was held: the same set for many
        self._others_at: float | None = None

    @property
    def idle(self) -> bool:
        return not self._held and all(stream.idle for stream in self._streams.values())

    @property
    def talking(self) -> frozenset[int]:
        """Ids of those heard who are in the middle of talking."""
        return frozenset(user for user, stream in self._streams.items() if stream.talking)

    def others_talking(self, now: float) -> bool:
        """Whether somebody is talking whom she may not hear; nothing else is known of them."""
        return self._others_at is not None and now - self._others_at < OTHERS_TALK_S

    def take(self, packet: RtpPacket, now: float, present: Collection[int]) -> None:
        """``present``: ids of those in the call, one of whom it comes from."""
        user = self._user_of.get(packet.ssrc)
        if user is None or not self._deliver(user, packet, now):
            self._hold(packet, now, present)

    def speaks(self, user: int, ssrc: int) -> None:
        """Discord says that ``ssrc`` is ``user``'s."""
        if self._user_of.get(ssrc) == user:
            return
        self._user_of = {s: u for s, u in self._user_of.items() if u != user}
        self._user_of[ssrc] = user
        self._streams.pop(user, None)  # a new SSRC is a new encoder
        self._replay(ssrc)

    def left(self, user: int) -> None:
        """``user`` has left: what their SSRC carries from now on is nobody's until Discord says whose."""
        self._user_of = {s: u for s, u in self._user_of.items() if u != user}
        self._streams.pop(user, None)

    def forget(self, user: int) -> None:
        """Drop what is buffered of ``user``'s sound."""
        self._streams.pop(user, None)

    def reset(self) -> None:
        """A new voice session: SSRCs mean nothing any more."""
        self._user_of.clear()
        self._streams.clear()
        self._held.clear()

    def retry(self) -> None:
        """Keys have changed: what could not be read may be readable."""
        for ssrc in list(self._held):
            self._replay(ssrc)

    def tick(self, now: float) -> None:
        """Call about every 20 ms while not idle."""
        for user, stream in list(self._streams.items()):
            if self._may_hear(user):
                stream.tick(now)
            else:  # not any more: what waits to be decoded goes, too
                del self._streams[user]
        for ssrc, held in list(self._held.items()):
            while held and now - held[0].at_s > HOLD_S:
                held.popleft()
                self._counts["expired"] += 1
            if not held:
                del self._held[ssrc]

    def _deliver(self, user: int, packet: RtpPacket, now: float) -> bool:
        """Whether the packet's fate is settled; False: it does not decrypt as ``user``'s, for now."""
        if not self._may_hear(user):
            self._refuse(user, packet, now)
            return True
        frame = packet.payload if packet.payload == SILENCE else self._decrypt(user, packet.payload)
        if frame is None:
            return False
        stream = self._streams.get(user)
        if stream is None:
            stream = Stream(lambda pcm, at_s, ends: self._sink(user, pcm, at_s, ends), self._counts)
            self._streams[user] = stream
        stream.push(packet.sequence, packet.timestamp, frame, now)
        return True

    def _refuse(self, user: int, packet: RtpPacket, now: float) -> None:
        self._counts["refused"] += 1
        self._streams.pop(user, None)
        self._others_at = None if packet.payload == SILENCE else now

    def _hold(self, packet: RtpPacket, now: float, present: Collection[int]) -> None:
        if packet.ssrc not in self._held and len(self._held) >= HELD_SSRCS:
            self._counts["expired"] += 1
            return
        held = self._held.setdefault(packet.ssrc, deque())
        hearable = frozenset(filter(self._may_hear, present))
        if hearable != self._hearable:
            self._hearable = hearable
        held.append(_Held(packet, now, self._hearable))
        self._counts["held"] += 1
        if len(held) > HELD_PER_SSRC:
            held.popleft()
            self._counts["expired"] += 1

    def _replay(self, ssrc: int) -> None:
        user = self._user_of.get(ssrc)
        held = self._held.pop(ssrc, None)
        if user is None or held is None:
            if held:
                self._held[ssrc] = held
            return
        kept = deque(each for each in held if not self._release(user, each))
        self._counts["replayed_from_hold"] += len(held) - len(kept)
        if kept:
            self._held[ssrc] = kept

    def _release(self, user: int, held: _Held) -> bool:
        """``_deliver`` for what has waited."""
        if user not in held.hearable:
            self._refuse(user, held.packet, held.at_s)
            return True
        return self._deliver(user, held.packet, held.at_s)
