"""The other process of ``churn``: the test server, two people who talk, and all who come and go.

Obeys one line of JSON at a time, ``{"do": …}``, and answers each with one line.
"""

from __future__ import annotations

import json
import sys
from functools import cache

import numpy as np

from bot.voice.opus import Encoder
from tests.discord_server import DiscordServer, SimulatedMember

TALKERS_HZ = (440, 1100)
GUESTS_HZ = 2400
AN_HOUR = 3600
SETTLE_S = 20.0


class Scene:
    """Ann and Bob stay in ``one`` and talk; guests (with DAVE) and passers-by (without) come, move and go."""

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self.guild = server.add_guild()
        self.one, self.two = self.guild.add_voice_channel("one"), self.guild.add_voice_channel("two")
        self.talkers = [self.guild.add_member(name) for name in ("Ann", "Bob")]
        for each in self.talkers:
            self._enter(each)
        self.talk = [each.speak_frames([]) for each in self.talkers]
        self.guests: list[SimulatedMember] = []
        self.passers_by: list[SimulatedMember] = []
        self._visits = 0

    def place(self) -> dict[str, object]:
        """What the bot's process has to know."""
        return {
            "api": self.server.service.api_url,
            "certificate": str(self.server.certificate),
            "token": self.server.bot.token,
            "channels": [self.one.id, self.two.id],
            "talkers": [each.id for each in self.talkers],
        }

    def obey(self, do: str, code: int = 0) -> object:
        """Do it; where it takes time, return when it is done."""
        match do:
            case "talk":
                self.talk = self._say(AN_HOUR)
            case "hush":
                return self._hush()
            case "say a second":
                for said in self._say(1):
                    said.wait()
            case "guest joins":
                self.guests.append(self._visitor("davey"))
                self.guests[-1].speak_frames(tone(GUESTS_HZ)[:10])
            case "guest moves":
                guest = self.guests[0]
                self._enter(guest, self.two if guest.voice_channel is self.one else self.one)
            case "guest leaves":
                self._goes(self.guests.pop(0))
            case "passer-by joins":
                self.passers_by.append(self._visitor("none"))
            case "passer-by leaves":
                self._goes(self.passers_by.pop(0))
            case "line breaks":
                self.server.close_voice(self.guild, code)
            case "dragged":
                there = self.two if self.guild.bot_voice_channel is self.one else self.one
                self.guild.move(self.guild.bot, there)
            case "voice server changes":
                self.server.change_voice_server(self.guild)
            case "gateway reconnects":
                self.server.ask_to_reconnect()
            case "settle":
                self.server.wait_until(self._settled, SETTLE_S, "a settled group")
        return do

    def _say(self, seconds: int):  # type: ignore[no-untyped-def]
        pairs = zip(self.talkers, TALKERS_HZ, strict=True)
        return [who.speak_frames(tone(hertz) * seconds) for who, hertz in pairs]

    def _hush(self) -> dict[str, int]:
        """How many frames each has said, by user id."""
        for said in self.talk:
            said.stop()
            said.wait()
        return {str(said.member.id): said.sent for said in self.talk}

    def _enter(self, who: SimulatedMember, channel=None) -> None:  # type: ignore[no-untyped-def]
        who.join(channel or self.one)
        assert who.joined.wait(10)

    def _visitor(self, implementation: str) -> SimulatedMember:
        """Never the same person twice."""
        self._visits += 1
        who = self.guild.add_member(f"visitor {self._visits}", implementation=implementation)
        self._enter(who)
        return who

    def _goes(self, who: SimulatedMember) -> None:
        who.leave()
        self.guild.remove_member(who)

    def _settled(self) -> bool:
        return all(call.dave.settled for call in list(self.server.service.voice.calls.values()))


@cache
def tone(hertz: int) -> list[bytes]:
    """A second of it, as Opus frames."""
    pcm = (9000 * np.sin(2 * np.pi * hertz * np.arange(48_000) / 48_000)).astype(np.int16)
    encoder = Encoder()
    return [encoder.encode(pcm[n : n + 960]) for n in range(0, 48_000, 960)]


def main() -> None:
    with DiscordServer.start() as server:
        scene = Scene(server)
        tell(scene.place())
        for line in sys.stdin:
            tell(scene.obey(**json.loads(line)))


def tell(message: object) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
