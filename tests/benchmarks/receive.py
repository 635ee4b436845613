"""What hearing costs: ``python -m tests.benchmarks.receive [--json]``.

The test server runs in a process of its own; 25 members talk at once for a minute, their sound encoded
beforehand, and this process hears them as the bot does. A frame's time runs from the moment before the
server's ``sendto`` to the moment the listener has the decoded frame, so it holds everything between: the
kernel, the event loop's lateness, decryption, ordering and decoding. Both processes read the same clock.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import aiohttp
import discord
import numpy as np

from bot.voice.client import PersonaVoiceClient
from bot.voice.opus import Encoder
from bot.voice.stream import TAIL_S
from persona_core.types import Person
from tests.benchmarks.figures import Figure, show

MEMBERS, SECONDS = 25, 60  # --seconds N for a shorter look
IDLE_SECONDS = 5
WARM_UP_S = 2.0  # left out of the figures


def main() -> None:
    with server() as process:
        show(asyncio.run(_measure(process)))


async def _measure(process: subprocess.Popen[str]) -> list[Figure]:
    place = json.loads(await asyncio.to_thread(process.stdout.readline))
    discord.http.Route.API_BASE_URL = f"{place['api']}/api/v{{API_VERSION}}"
    client = discord.Client(
        intents=discord.Intents(guilds=True, voice_states=True),
        connector=aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=place["certificate"])),
        guild_ready_timeout=0.1,
    )
    running = asyncio.create_task(client.start(place["token"]))
    await client.wait_until_ready()
    listener = Listener()
    channel = client.get_channel(place["channel"])
    connect = partial(
        PersonaVoiceClient,
        may_hear=lambda _: True,
        person_of=lambda user: Person(str(user), ""),
        events=listener,
    )
    voice = await channel.connect(cls=connect)
    listening = asyncio.create_task(listener.listen(voice))
    try:
        one = await _scene(process, listener, 1, IDLE_SECONDS)
        await asyncio.sleep(TAIL_S + 1)  # the silence after it is over
        before = voice.stats
        many = await _scene(process, listener, MEMBERS, _seconds())
        return [*_figures(one, many), _lost(one, many, voice.stats.datagrams - before.datagrams)]
    finally:
        listening.cancel()
        await voice.disconnect()
        await client.close()
        running.cancel()
        with suppress(asyncio.CancelledError, RuntimeError):  # py-cord was in the middle of a request
            await running


def _seconds() -> int:
    return int(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else SECONDS


class Listener:
    """When each frame came, by person, and how late the loop was."""

    def __init__(self) -> None:
        self.frames: dict[str, list[float]] = defaultdict(list)
        self.lags_ms: list[float] = []

    async def listen(self, voice: PersonaVoiceClient) -> None:
        async for frame in voice.transport.frames():
            self.frames[frame.person.id].append(time.monotonic())

    async def watch_the_loop(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            self.lags_ms.append((time.monotonic() - began - 0.01) * 1000)

    def on_moved(self, channel: object) -> None: ...

    def on_disconnected(self, reason: object) -> None:
        raise SystemExit(f"the call ended: {reason}")


class Scene:
    """One stretch of talk as it was sent and as it was heard."""

    def __init__(self, listener: Listener, sent: dict[str, list[float]], cpu_share: float) -> None:
        self.cpu_share = cpu_share
        self.lags_ms = listener.lags_ms
        self.sent = sum(map(len, sent.values()))
        self.lost = sum(max(0, len(times) - len(listener.frames[who])) for who, times in sent.items())
        self.latencies_ms = [
            (heard - said) * 1000
            for who, times in sent.items()
            for said, heard in zip(times, listener.frames[who], strict=False)
            if said > min(times) + WARM_UP_S
        ]


async def _scene(process: subprocess.Popen[str], listener: Listener, members: int, seconds: float) -> Scene:
    listener.frames.clear()
    listener.lags_ms = []
    watching = (
        asyncio.create_task(listener.watch_the_loop()) if members > 1 else None
    )  # else the loop is idle
    tell(process.stdin, {"members": members, "seconds": seconds})
    await asyncio.to_thread(process.stdout.readline)  # all are there and begin
    wall, cpu = time.monotonic(), time.process_time()
    answer = await asyncio.to_thread(process.stdout.readline)  # all have ended
    share = (time.process_time() - cpu) / (time.monotonic() - wall)
    if watching is not None:
        watching.cancel()
    await asyncio.sleep(0.5)
    return Scene(listener, json.loads(answer), share)


def _figures(one: Scene, many: Scene) -> list[Figure]:
    p99 = statistics.quantiles(many.latencies_ms, n=100, method="inclusive")[98]
    idle = statistics.median(one.latencies_ms)
    return [
        Figure("cpu_share_of_core", round(many.cpu_share, 3), "core", 1, None, "<= 0.35", many.cpu_share <= 0.35),
        Figure("datagram_to_frame_ms", round(p99, 2), "ms, p99", len(many.latencies_ms), None, "<= 20", p99 <= 20),
        Figure("loop_lag_p99_ms", round(statistics.quantiles(many.lags_ms, n=100)[98], 2), "ms", len(many.lags_ms)),
        Figure(
            "idle_datagram_to_frame_ms", round(idle, 2), "ms", len(one.latencies_ms),
            round(statistics.quantiles(one.latencies_ms, n=20)[18], 2), "<= 2", idle <= 2,
        ),
    ]  # fmt: skip


def _lost(one: Scene, many: Scene, datagrams: int) -> Figure:
    lost = one.lost + many.lost
    return Figure(
        "frames_lost", lost, "frames", min(datagrams, many.sent) + one.sent, None, "== 0", lost == 0
    )


def tell(pipe, message: object) -> None:  # type: ignore[no-untyped-def]
    print(json.dumps(message), file=pipe, flush=True)


# The other process


@contextmanager
def server() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.benchmarks.receive", "--serve"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.stdin.close()
        process.wait(20)


def serve() -> None:
    """Obey lines of JSON from standard input until it ends; answer with who sent what when."""
    from tests.discord_server import DiscordServer

    with DiscordServer.start() as made:
        guild = made.add_guild()
        channel = guild.add_voice_channel("bench")
        place = {"api": made.service.api_url, "certificate": str(made.certificate)}
        tell(sys.stdout, place | {"token": made.bot.token, "channel": channel.id})
        times = _note_times(made)
        members: list = []
        for line in sys.stdin:
            wanted = json.loads(line)
            while len(members) < wanted["members"]:
                members.append(guild.add_member(f"member {len(members)}"))
                members[-1].join(channel, deaf=True)
                members[-1].joined.wait()
                made.wait_until(lambda: made.settled(channel), 30)
            frames = [_speech(n, wanted["seconds"]) for n in range(len(members))]
            times.clear()
            tell(sys.stdout, "begin")
            said = [member.speak_frames(sound) for member, sound in zip(members, frames, strict=True)]
            for each in said:
                each.wait()
            time.sleep(0.3)
            owner = {member.ssrc: str(member.id) for member in members}
            tell(sys.stdout, {owner[ssrc]: sent for ssrc, sent in times.items()})


def _note_times(made) -> dict[int, list[float]]:  # type: ignore[no-untyped-def]
    """By SSRC, when each datagram went to the bot."""
    times: dict[int, list[float]] = defaultdict(list)
    socket = made.service.voice.socket
    send = socket.send

    def timed(data: bytes, address: object) -> None:
        if data[0] >> 6 == 2:
            times[int.from_bytes(data[8:12], "big")].append(time.monotonic())
        send(data, address)

    socket.send = timed
    return times


def _speech(seed: int, seconds: float) -> list[bytes]:
    """Noise with the rhythm of syllables: no easier to decode than speech. Two seconds, again and again."""
    noise, encoder = np.random.default_rng(seed), Encoder()
    rhythm = np.repeat(noise.uniform(200, 9000, 20), 4800)
    sound = (noise.standard_normal(96_000) * rhythm / 3).clip(-32768, 32767).astype(np.int16)
    frames = [encoder.encode(sound[n : n + 960]) for n in range(0, 96_000, 960)]
    start = random.Random(seed).randrange(100)
    return [frames[(start + n) % 100] for n in range(round(seconds * 50))]


if __name__ == "__main__":
    serve() if "--serve" in sys.argv[1:] else main()
