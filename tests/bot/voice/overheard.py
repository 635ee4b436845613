"""A whole bot in a call, and whose sound comes to its decoder: told by the bytes, not by whom the bot takes it for."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.voice import opus
from bot.voice.dave import Dave
from cogs.call import Call
from memory.consent import Purpose
from tests.bot.voice.rig import encoded, sound
from tests.cogs.running import running_bot
from tests.cogs.scene import Scene
from tests.discord_server import Channel, DiscordServer, SimulatedMember
from tests.discord_server.members import Speech

HERTZ = {"Ann": 440, "Bob": 1100, "Cy": 700, "Dora": 900, "before": 1500}  # "before": what was said too early
SECOND = 50  # frames
SOME = 20  # frames that show that somebody is heard

Decide = Callable[[str], bool]  # whether whoever has this voice may be heard now


class Overheard:
    """How many frames of each voice came to libopus, and how many the end-to-end encryption was taken off."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.voices = {name: encoded(sound(1.0, hertz)) for name, hertz in HERTZ.items()}
        self._whose = {frame: name for name, frames in self.voices.items() for frame in frames}
        assert len(self._whose) == sum(len(set(frames)) for frames in self.voices.values())
        self.decoded: Counter[str] = Counter()
        self.decrypted: Counter[str] = Counter()
        self.unlawful: Counter[str] = Counter()  # decoded at a moment at which that person might not be heard
        self.may: Decide = lambda voice: True
        library = opus._library(hold_gil=True)
        decode, decrypt = library.opus_decode, Dave.decrypt

        def at_decoder(state: int, frame: bytes | None, *rest: int) -> int:
            voice = self._note(frame, self.decoded)
            if voice and not self.may(voice):
                self.unlawful[voice] += 1
            return int(decode(state, frame, *rest))

        def at_decryption(dave: Dave, user: int, payload: bytes) -> bytes | None:
            frame = decrypt(dave, user, payload)
            self._note(frame, self.decrypted)
            return frame

        patch.setattr(library, "opus_decode", at_decoder)
        patch.setattr(Dave, "decrypt", at_decryption)

    def _note(self, frame: bytes | None, where: Counter[str]) -> str:
        voice = self._whose.get(frame or b"", "")
        where[voice] += 1
        return voice


class Listener:
    """Ann has agreed and is in the lounge with the bot; others come as a test wants them."""

    def __init__(self, scene: Scene, overheard: Overheard, patch: pytest.MonkeyPatch) -> None:
        self.scene, self.server, self.guild, self.ann = scene, scene.server, scene.guild, scene.ann
        self.overheard = overheard
        self.people: dict[str, SimulatedMember] = {"Ann": scene.ann}
        self._patch = patch
        overheard.may = self._may
        self.allow(self.ann)

    # People

    def person(self, name: str, allowed: bool | None = None) -> SimulatedMember:
        """``allowed``: what they have decided before; None: nothing."""
        self.people[name] = member = self.guild.add_member(name)
        if allowed is not None:
            self.allow(member, allowed)
        return member

    def allow(self, who: SimulatedMember, allowed: bool = True) -> None:
        self.scene.ask(who, "/consent hearing", answer="on" if allowed else "off")
        decision = self.scene.bot.host.consent.decision(f"discord:{who.id}", Purpose.HEARING)
        assert decision is not None and decision.allowed is allowed

    def enter(self, who: SimulatedMember, channel: Channel | None = None, ssrc: int | None = None) -> None:
        channel = channel or self.scene.lounge
        who.join(channel, ssrc=ssrc)
        self.scene.wait(who.joined.is_set, "not joined")
        self.settle(channel)

    def settle(self, channel: Channel | None = None) -> None:
        self.scene.wait(lambda: self.server.settled(channel or self.scene.lounge), "the call does not settle")

    def says(self, who: SimulatedMember, seconds: float, voice: str = "") -> Speech:
        frames = self.overheard.voices[voice or who.name]
        return who.speak_frames((frames * (1 + round(seconds)))[: round(seconds * SECOND)])

    # The call

    @property
    def call(self) -> Call:
        call = self.scene.bot.host.calls.in_realm(str(self.guild.id))
        assert call is not None
        return call

    def count(self, *names: str) -> int:
        """Of what happened to datagrams, or is known of the connection."""
        state = self.call.line.state() if self.call.line else {}
        return sum(int(str(state[name])) for name in names)

    @property
    def kept_out(self) -> int:
        """Packets that came and were decoded for nobody."""
        return self.count("refused", "held", "undecryptable", "expired")

    def may_hear(self, who: SimulatedMember) -> bool:
        return self.call.may_hear(f"discord:{who.id}")

    def _may(self, voice: str) -> bool:
        call = self.scene.bot.host.calls.in_realm(str(self.guild.id))
        who = self.people.get(voice)
        return call is not None and (who is None or call.may_hear(f"discord:{who.id}"))

    def goes_plain(self) -> None:
        """End-to-end encryption is given up; nothing but Discord's word tells whose a frame is."""
        self.server.downgrade(self.scene.lounge)
        self.scene.wait(lambda: self._voice._session.dave.version == 0, "not plain")

    @property
    def _voice(self) -> Any:
        return self.call.line._voice  # type: ignore[union-attr]  # of Discord

    def voice_connection(self) -> tuple[object, ...]:
        """Something else when it is another one, or gone."""
        return self._voice._gateway, self.count("resumes", "reconnects")

    def online(self) -> bool:
        """Whether her main connection is whole."""
        connections = self.main_connection()
        return bool(connections) and None not in connections

    def main_connection(self) -> tuple[object, ...]:
        """The same of the main gateway's, as the server sees it."""
        return tuple(one.connection for one in self.server.service.gateway.live(self.server.bot))

    def connected(self) -> bool:
        return bool(self.call.line and self.call.line.state()["connected"] == "yes")

    @contextmanager
    def notice_held_up(self) -> Iterator[None]:
        """What she says on behalf of the house is not over before this is left."""
        over = threading.Event()
        say = Call.say

        async def slowly(call: Call, text: str) -> None:
            await say(call, text)
            while not over.is_set():  # noqa: ASYNC110  # it is set in the test's thread
                await asyncio.sleep(0.01)

        self._patch.setattr(Call, "say", slowly)
        try:
            yield
        finally:
            over.set()

    # What is promised

    def ann_is_decoded(self) -> None:
        self.decodes(self.ann)

    def decodes(self, who: SimulatedMember) -> None:
        before = self.overheard.decoded[who.name]
        said = self.says(who, 1.0)
        self.scene.wait(lambda: self.overheard.decoded[who.name] >= before + SOME, f"{who.name} is not heard")
        said.wait()

    def never(self, *voices: str) -> None:
        assert {voice: self.overheard.decoded[voice] for voice in voices} == dict.fromkeys(voices, 0)

    def never_decrypted(self, *voices: str) -> None:
        assert {voice: self.overheard.decrypted[voice] for voice in voices} == dict.fromkeys(voices, 0)


@contextmanager
def listening(folder: Path, patch: pytest.MonkeyPatch, hearing: str = "notice") -> Iterator[Listener]:
    """She is online, and in no call yet."""
    with DiscordServer.start() as server:
        scene = Scene(server, folder)
        with running_bot(server, folder, hearing=hearing) as bot:
            scene.use(bot)
            listener = Listener(scene, Overheard(patch), patch)
            yield listener
        assert not listener.overheard.unlawful
