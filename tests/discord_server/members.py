"""Simulated people: they join calls with a DAVE session of their own, speak in real time, hear, write and click."""

from __future__ import annotations

import asyncio
import random
import secrets
import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from . import rtp, speech
from .errors import NotPossible
from .faults import Sending
from .hearing import Heard, HeardFrame
from .member_dave import SILENCE
from .member_peer import MemberPeer
from .state import Channel, Member, Message, User
from .voice_servers import Grant

if TYPE_CHECKING:
    from .server import DiscordServer

FRAME_SECONDS = 0.02


class SimulatedMember:
    """One person in one guild. Every method may be called from any thread; none waits for a bot unless it says so."""

    def __init__(self, server: DiscordServer, member: Member, implementation: str) -> None:
        self.server = server
        self.member = member
        self.implementation = implementation
        self.sending = Sending()
        self.peer: MemberPeer | None = None
        self.heard_by_user: dict[int, Heard] = {}
        self.closes: list[int] = []  # codes the voice server closed this member's connection with
        self.counts: Counter[str] = Counter()
        self.joined = threading.Event()
        self._session = f"member-{secrets.token_hex(8)}"
        self._ssrc: int | None = None
        self._dice = random.Random(member.user.id)
        self._sequence = self._timestamp = 0
        self._last_frame: float | None = None
        self._speech: Speech | None = None
        self._queue: deque[Speech] = deque()

    @property
    def user(self) -> User:
        return self.member.user

    @property
    def name(self) -> str:
        return self.member.user.name

    @property
    def id(self) -> int:
        return self.member.user.id

    @property
    def ssrc(self) -> int:
        if self.peer is None:
            raise NotPossible(f"{self.name} is in no call")
        return self.peer.ssrc

    @property
    def voice_channel(self) -> Channel | None:
        state = self.member.guild.voice_states.get(self.id)
        return state.channel if state else None

    # -- voice

    def join(
        self, channel: Channel, *, deaf: bool = False, mute: bool = False, ssrc: int | None = None
    ) -> None:
        """Into a voice channel, or from one to another. A deaf member receives nothing, which saves time in big calls."""

        def go() -> None:
            self._ssrc = ssrc
            voice = self.server.service.voice
            voice.local[self.member.guild.id, self.id] = self._connect
            states = self.server.service.voice_states
            if not states.join(self.member, channel, self._session, self_deaf=deaf, self_mute=mute):
                raise NotPossible(f"{self.name} may not connect to {channel.name}")

        self.joined.clear()
        self.server.call(go)

    def leave(self) -> None:
        self.server.call(self.server.service.voice_states.leave, self.member)

    def _connect(self, grant: Grant) -> None:
        """The voice server expects this member: what identify, discovery and select protocol are to a bot."""
        voice = self.server.service.voice
        peer = MemberPeer(self, grant, self._ssrc or voice.new_ssrc())
        self.peer, self._ssrc = peer, None
        first = self.sending.first_sequence
        self._sequence = self._dice.randrange(1 << 16) if first is None else first
        self._timestamp, self._last_frame = self._dice.randrange(1 << 32), None
        voice.attach(grant, peer)
        peer.dave.begin(peer.call.dave.version)
        peer.call.add(peer)
        self.joined.set()

    def disconnected(self, peer: MemberPeer, code: int) -> None:
        self.closes.append(code)
        if self.peer is peer:
            self.peer = None
            self.joined.clear()

    def speak(self, source: speech.Source, *, rate: int = speech.RATE) -> Speech:
        """Say a sound file or int16 samples, in real time from now on (or after what is being said). Returns at once."""
        return self.speak_frames(speech.frames(source, rate))

    def speak_frames(self, frames: list[bytes]) -> Speech:
        """The same with Opus frames of 20 ms encoded beforehand."""
        if self.peer is None:
            raise NotPossible(f"{self.name} is in no call")
        said = Speech(self, frames)
        self.server.call(self._enqueue, said)
        return said

    def _enqueue(self, said: Speech) -> None:
        self._queue.append(said)
        if self._speech is None:
            self.server.spawn(self._say_queued(), f"{self.name} speaks")

    async def _say_queued(self) -> None:
        while self._queue:
            self._speech = self._queue.popleft()
            try:
                await self._say(self._speech)
            finally:
                self._speech.finished.set()
                self._speech = None

    async def _say(self, said: Speech) -> None:
        loop, sending = asyncio.get_running_loop(), self.sending
        peer, start = self.peer, loop.time()
        said.started_at = time.monotonic()
        if peer is None:
            return
        if sending.tell_speaking and sending.speaking_delay:
            loop.call_later(sending.speaking_delay, peer.call.set_speaking, peer, 1)
        elif sending.tell_speaking:
            peer.call.set_speaking(peer, 1)
        else:
            peer.speaking = peer.speaking or 1
        if sending.speaking_delay and peer.speaking is None:
            peer.speaking = 1  # lets the packets pass before the others are told
        for number, frame in enumerate(said.frames + [SILENCE] * sending.silence_frames):
            await asyncio.sleep(start + number * FRAME_SECONDS - loop.time())
            if said.stopped.is_set() or self.peer is None:
                break
            if self.peer is not peer:  # moved meanwhile
                peer = self.peer
                peer.call.set_speaking(peer, 1)
            self._send_frame(peer, frame)
            said.sent += 1
        if self.peer is peer and sending.tell_speaking and not self._queue:
            peer.call.set_speaking(peer, 0)

    def _send_frame(self, peer: MemberPeer, frame: bytes) -> None:
        now, sending = time.monotonic(), self.sending
        passed = 1 if self._last_frame is None else max(1, round((now - self._last_frame) / FRAME_SECONDS))
        self._last_frame = now
        self._timestamp = (self._timestamp + passed * rtp.SAMPLES) & 0xFFFFFFFF
        self._sequence = (self._sequence + 1) & 0xFFFF
        if self._dice.random() < sending.garble_share and frame != SILENCE:
            frame = self._dice.randbytes(len(frame))
        payload = peer.dave.encrypt(peer.ssrc, frame) if sending.encrypt and frame != SILENCE else frame
        peer.call.forward(peer, *self._packet(sending, peer.ssrc, payload))
        if self._dice.random() < sending.other_payload_share:
            video = Sending(extension_words=3, padding_share=0, payload_type=0x65)
            peer.call.forward(peer, *self._packet(video, peer.ssrc, self._dice.randbytes(300)))

    def _packet(self, sending: Sending, ssrc: int, payload: bytes) -> tuple[bytes, bytes]:
        return rtp.make(sending, self._sequence, self._timestamp, ssrc, payload, self._dice)

    # -- hearing

    def received(self, peer: MemberPeer, header: bytes, payload: bytes) -> None:
        sequence, timestamp = int.from_bytes(header[2:4], "big"), int.from_bytes(header[4:8], "big")
        user_id = peer.users[int.from_bytes(header[8:12], "big")]
        heard = self.heard_by_user.setdefault(user_id, Heard())
        frame = peer.dave.decrypt(user_id, payload)
        if frame is None:
            heard.undecryptable += 1
            return
        if peer.dave.version and payload == frame and frame != SILENCE:
            heard.unencrypted += 1
        heard.frames.append(HeardFrame(sequence, timestamp, frame, time.monotonic()))

    @property
    def heard(self) -> dict[str, Heard]:
        """What came, by the name of who spoke."""
        return {self.server.service.world.users[i].name: h for i, h in list(self.heard_by_user.items())}

    def forget_heard(self) -> None:
        self.server.call(self.heard_by_user.clear)

    # -- text

    def says(self, channel: Channel, text: str, *, reply_to: Message | None = None) -> Message:
        """Write a message. `<@id>` mentions."""
        body: dict[str, Any] = {"content": text}
        if reply_to:
            body["message_reference"] = {"message_id": str(reply_to.id)}
        return self.server.call(self.server.service.messages.send, self.user, channel, body)

    def writes_to(self, other: User, text: str) -> Message:
        """A direct message."""
        return self.says(self.server.call(self.server.service.world.dm, self.user, other), text)

    def reacts(self, message: Message, emoji: str) -> None:
        self.server.call(self.server.service.messages.react, self.user, message, emoji)

    def sees(self, channel: Channel) -> list[Message]:
        """The channel as this person sees it now, their own ephemeral messages included."""
        private = [
            m
            for i in self.server.service.interactions.all.values()
            for m in i.replies
            if m.only_for == self.id and m.channel is channel and not m.deleted
        ]
        return sorted([*channel.posts, *private], key=lambda m: m.id)


class Speech:
    """Something being said. `wait()` for its end, `stop()` it."""

    def __init__(self, member: SimulatedMember, frames: list[bytes]) -> None:
        self.member = member
        self.frames = frames
        self.sent = 0  # packets, silence frames included
        self.started_at: float | None = None  # time.monotonic()
        self.stopped = threading.Event()
        self.finished = threading.Event()

    @property
    def seconds(self) -> float:
        return len(self.frames) * FRAME_SECONDS

    def wait(self, seconds: float | None = None) -> Speech:
        limit = seconds if seconds is not None else self.seconds + 10
        if not self.finished.wait(limit):
            raise TimeoutError(f"{self.member.name} still speaks")
        return self

    def stop(self) -> None:
        """At once and without silence frames, like a lost connection."""
        self.stopped.set()
