"""The stage: the test server with its people in this process, the bot in another.

Nothing is worked out while people talk: their sound is encoded beforehand, and what they hear is decoded when
it is asked for. A packet's time is taken at the voice server's ``sendto``.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.live.hearing import Ears
from tests.benchmarks.live.shipped import environment
from tests.benchmarks.live.sounds import FRAME_S, Clip
from tests.discord_server import DiscordServer, SimulatedMember, Speech

ROOT = Path(__file__).parents[3]
LOADING_S = 180.0

Told = dict[str, Any]  # what the bot's process tells; see bot.py


class Stage:
    """Rooms of people, each in a server of its own, so that she can be in all of them at once."""

    def __init__(self, server: DiscordServer, bot: subprocess.Popen[str], folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.told: list[Told] = []  # only ever grows
        self.sent_at = _note_times(server)
        self._bot = bot
        threading.Thread(target=self._read, name="what the bot tells", daemon=True).start()

    def room(self, names: Sequence[str]) -> Room:
        """A server with a voice channel in which these people are, and she too. Only the first listens."""
        self.wait(lambda: "join" in self.server.commands(), LOADING_S, "the bot does not come")
        return Room(self, names)

    def wait(self, true: Callable[[], Any], seconds: float, what: str) -> Any:
        def look() -> Any:
            if self._bot.poll() is not None:
                raise SystemExit(f"The bot has ended: {(self.folder / 'log').read_text()[-2000:]}")
            return true()

        return self.server.wait_until(look, seconds, what)

    def _read(self) -> None:
        assert self._bot.stdout is not None
        for line in self._bot.stdout:
            if line.startswith("{"):
                self.told.append(json.loads(line))


class Room:
    def __init__(self, stage: Stage, names: Sequence[str]) -> None:
        self.stage = stage
        server = stage.server
        guild = server.add_guild(f"Home of {names[0]}")
        text, self.voice = guild.add_text_channel("general"), guild.add_voice_channel("Lounge")
        self.people = [guild.add_member(name) for name in names]
        for person in self.people:
            person.join(self.voice, deaf=person is not self.people[0])
            person.joined.wait(10)
            server.wait_until(lambda: server.settled(self.voice), 30, "the call does not settle")

        def is_in() -> bool:
            time.sleep(0.5)  # asking costs her time, too
            return "I am in" in server.interact(self.people[0], "/join", channel=text).wait(60).text

        stage.wait(is_in, LOADING_S, "her models are not loaded")
        self.her = Ears(self.people[0])
        stage.wait(lambda: self.her.quiet_s() > 1, 60, "she does not end her notice")

    def say(self, clip: Clip, who: int = 0) -> Sent:
        """Begin to say it; one clip of each person at a time."""
        return Sent(self.stage, self.people[who], clip)

    def told(self, kind: str, since: float) -> list[Told]:
        """What the bot has told of this room."""
        place = str(self.voice.id)
        return [
            told
            for told in list(self.stage.told)
            if told["at"] >= since and told["kind"] == kind and told["place"].endswith(place)
        ]

    def unanswered(self, since: float) -> list[Told]:
        """What she has heard and not answered yet."""
        answered = [answer for said in self.told("said", since) for answer in said["answers"]]
        return [
            heard
            for heard in self.told("heard", since)
            if (heard["who"], heard["text"]) not in {(each["who"], each["text"]) for each in answered}
        ]


@dataclass(frozen=True, slots=True)
class Moments:
    """When a clip's packets left, ``time.perf_counter()``."""

    packets: Sequence[float]
    first_speech: float
    last_speech: float


class Sent:
    """A clip that is being said."""

    def __init__(self, stage: Stage, who: SimulatedMember, clip: Clip) -> None:
        self.clip = clip
        self._times = stage.sent_at[who.ssrc]
        self._from = len(self._times)
        self.speech: Speech = who.speak_frames(list(clip.frames))

    def wait(self) -> Moments:
        """Until the clip is over."""
        self.speech.wait()
        packets = self._times[self._from :]
        return Moments(packets, packets[int(self.clip.begins_s / FRAME_S)], packets[self._last])

    @property
    def _last(self) -> int:
        """The packet that holds the last speech sample."""
        return min(int(self.clip.ends_s / FRAME_S - 1e-6), len(self.clip.frames) - 1)


def _note_times(server: DiscordServer) -> dict[int, list[float]]:
    """By SSRC, when each RTP packet went to the bot."""
    times: dict[int, list[float]] = defaultdict(list)
    socket = server.service.voice.socket
    assert socket is not None
    send = socket.send

    def timed(data: bytes, address: Any) -> None:
        if data[0] >> 6 == 2:
            times[int.from_bytes(data[8:12], "big")].append(time.perf_counter())
        send(data, address)

    socket.send = timed  # type: ignore[method-assign]
    return times


@contextmanager
def stage(**settings: str) -> Iterator[Stage]:
    """With the profile ``cpu``, the shipped defaults and ``settings``."""
    with (
        tempfile.TemporaryDirectory(prefix="kith-voice-") as made,
        DiscordServer.start() as server,
        (Path(made) / "log").open("w") as log,
    ):
        folder = Path(made)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.live.bot"],
            cwd=folder,  # where no .env changes a default
            env=environment()
            | server.env()
            | {"PYTHONPATH": str(ROOT), "DATA_DIR": made, "KEY_FILE": f"{made}/key"}
            | settings,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield Stage(server, process, folder)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
