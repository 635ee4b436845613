"""An hour compressed: ``python -m tests.benchmarks.churn [--events N] [--json]``.

A bot with only a voice in this process, the test server in another. Two members talk throughout, while others
join, move and leave, and the bot reconnects, moves, is dragged, leaves and returns, 1,000 events in all. What
this process holds after them is compared with what it held before them, in the same situation, when a tenth
as many had gone before (what is made once and kept is no leak).
Memory is the process's own (RssAnon) after a garbage collection, and after the C library has given back what it
keeps free; so Linux with glibc only.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import ssl
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path

import aiohttp
import discord
import numpy as np

from bot.voice.client import PersonaVoiceClient
from persona_core.types import Frame, Person
from tests.benchmarks.churn_server import GUESTS_HZ, TALKERS_HZ
from tests.benchmarks.figures import Figure, show

EVENTS = 1000
PATIENCE_S = 20.0
LOUD = 500  # of 32767: not silence

ROUND = (
    "guest joins", "line breaks", "passer-by joins", "guest moves", "dragged",
    "guest moves", "she moves", "session changes", "guest leaves", "passer-by leaves",
)  # fmt: skip
CODES = cycle((1006, 4015, 4006, 4009, 4014))
CHANGES = ("she leaves and returns", "voice server changes", "gateway reconnects")


def main() -> None:
    wanted = int(sys.argv[sys.argv.index("--events") + 1]) if "--events" in sys.argv else EVENTS
    show(asyncio.run(measure(wanted)))


async def measure(events: int) -> list[Figure]:
    """``events`` is rounded up to whole rounds, so that the situation afterwards is that of before."""
    rounds = -(-events // len(ROUND))
    async with stage() as scene:
        await scene.ask("talk")
        for n in range(max(len(CHANGES), rounds // 10)):  # each kind of event has been seen
            await scene.round(n)
        before = await scene.census()
        for n in range(rounds):
            await scene.round(n)
        after = await scene.census(no_more_than=before)
        said_throughout = await scene.ask("hush")
        throughout = Counter(scene.heard)
        heard = await scene.heard_now()
        return _figures(rounds * len(ROUND), before, after, said_throughout, throughout, heard, scene.wrong)


@dataclass(frozen=True, slots=True)
class Census:
    """What this process holds."""

    threads: int
    tasks: int
    sockets: int
    memory: int  # bytes

    @classmethod
    def take(cls) -> Census:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        kib = next(line.split()[1] for line in status if line.startswith("RssAnon:"))
        threads = len(list(Path("/proc/self/task").iterdir()))
        return cls(threads, len(asyncio.all_tasks()), _sockets(), int(kib) * 1024)

    def leaked_since(self, before: Census) -> tuple[int, int, int]:
        return (
            max(0, self.threads - before.threads),
            max(0, self.tasks - before.tasks),
            max(0, self.sockets - before.sockets),
        )


def _sockets() -> int:
    count = 0
    for opened in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own
            count += str(opened.readlink()).startswith("socket:")
    return count


class Scene:
    """The bot in its call, and the way to the other process."""

    def __init__(self, client: discord.Client, server: asyncio.subprocess.Process, place: dict) -> None:  # type: ignore[type-arg]
        self.heard: Counter[str] = Counter()  # frames by user id, silence left out
        self.wrong = 0  # frames of one person with another's tone
        self._client = client
        self._server = server
        self._channels: list[int] = place["channels"]
        self._talkers = dict(zip(map(str, place["talkers"]), TALKERS_HZ, strict=True))
        self._tone = (700 * np.sin(np.arange(9600) / 7)).astype(np.int16)
        self._listening: asyncio.Task[None] | None = None

    async def join(self) -> None:
        channel = self._client.get_channel(self._channels[0])
        connect = partial(
            PersonaVoiceClient,
            may_hear=lambda _: True,
            person_of=lambda user: Person(str(user), ""),
            events=self,
        )
        self.voice: PersonaVoiceClient = await channel.connect(cls=connect)
        self._listening = asyncio.create_task(self._listen(self.voice), name="listener")

    async def leave(self) -> None:
        await self.voice.disconnect()
        if self._listening is not None:
            await self._listening  # the transport is closed

    def on_moved(self, channel: object) -> None: ...

    def on_disconnected(self, reason: object) -> None:
        raise SystemExit(f"the call ended: {reason}")

    async def ask(self, do: str, code: int = 0):  # type: ignore[no-untyped-def]
        """Have the other process do something; its answer."""
        self._server.stdin.write(json.dumps({"do": do, "code": code}).encode() + b"\n")
        return json.loads(await asyncio.wait_for(self._server.stdout.readline(), 2 * PATIENCE_S))

    async def round(self, number: int) -> None:
        """Every event once, the bot speaking meanwhile; at the goodbyes and afterwards all are in the group."""
        await self.voice.playback.play(self._tone, 48_000)
        for event in ROUND:
            if event == "guest leaves":
                await self._settle()
            await self._event(CHANGES[number % len(CHANGES)] if event == "session changes" else event)
        await self._settle()

    async def _settle(self) -> None:
        await self.ask("settle")
        assert await self.voice.wait_until_may_speak(PATIENCE_S)

    async def _event(self, event: str) -> None:
        if event == "she leaves and returns":
            await self.leave()
            await self.join()
        elif event == "she moves":
            await self.voice.move_to(self._client.get_channel(self._channels[0]))
        elif event in ("line breaks", "dragged", "voice server changes"):
            gateway = self.voice._gateway
            await self.ask(event, next(CODES) if event == "line breaks" else 0)
            await _until(lambda: self.voice._gateway is not gateway and self.voice.is_connected())
        else:
            await self.ask(event)

    async def census(self, no_more_than: Census | None = None) -> Census:
        """What is held when all is quiet; given time to come down to ``no_more_than``.

        aiohttp keeps a connection that nobody uses for 15 s.
        """
        await asyncio.sleep(1)
        taken = Census.take()
        for _ in range(200):
            if no_more_than is None or not any(taken.leaked_since(no_more_than)):
                break
            await asyncio.sleep(0.1)
            taken = Census.take()
        return taken

    async def heard_now(self) -> Counter[str]:
        """Frames by talker, of fifty that each says now."""
        await asyncio.sleep(0.5)  # what was under way is over
        self.heard.clear()
        await self.ask("say a second")
        await asyncio.sleep(0.5)
        return Counter({who: self.heard[who] for who in self._talkers})

    async def _listen(self, voice: PersonaVoiceClient) -> None:
        async for frame in voice.transport.frames():
            loud = len(frame.pcm) >= 960 and np.abs(frame.pcm.astype(np.int32)).max() > LOUD
            if loud:
                self.heard[frame.person.id] += 1
                self.wrong += self._is_anothers(frame)

    def _is_anothers(self, frame: Frame) -> bool:
        """Whether its strongest tone is that of somebody else."""
        spectrum = np.abs(np.fft.rfft(frame.pcm[-960:] * np.hanning(960)))
        strongest = int(np.argmax(spectrum)) * frame.rate // 960
        own = self._talkers.get(frame.person.id, GUESTS_HZ)
        others = {*TALKERS_HZ, GUESTS_HZ} - {own}
        return any(abs(strongest - other) <= 100 for other in others)


async def _until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110  # what is waited for happens in the other process
            await asyncio.sleep(0.005)


@asynccontextmanager
async def stage() -> AsyncIterator[Scene]:
    """The other process, a connected client, and the bot in the call."""
    command = [sys.executable, "-m", "tests.benchmarks.churn_server"]
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    place = json.loads(await server.stdout.readline())  # type: ignore[union-attr]
    discord.http.Route.API_BASE_URL = f"{place['api']}/api/v{{API_VERSION}}"
    client = discord.Client(
        intents=discord.Intents(guilds=True, voice_states=True),
        connector=aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=place["certificate"])),
        guild_ready_timeout=0.1,
    )
    running = asyncio.create_task(client.start(place["token"]))
    scene = Scene(client, server, place)
    try:
        await client.wait_until_ready()
        await scene.join()
        await scene.ask("settle")
        yield scene
        await scene.leave()
    finally:
        await client.close()
        running.cancel()
        with suppress(asyncio.CancelledError, RuntimeError):  # py-cord was in the middle of a request
            await running
        server.stdin.close()  # type: ignore[union-attr]
        await server.wait()


def _figures(
    events: int,
    before: Census,
    after: Census,
    said_throughout: dict[str, int],
    throughout: Counter[str],
    heard: Counter[str],
    wrong: int,
) -> list[Figure]:
    growth = after.memory / before.memory - 1
    threads, tasks, sockets = after.leaked_since(before)
    still = sum(count >= 49 for count in heard.values()) / len(heard)
    share = min(throughout[who] / said for who, said in said_throughout.items())
    frames = sum(throughout.values())
    return [
        Figure("churn_events", events, "events"),
        Figure("churn_memory", round(after.memory / 2**20, 1), "MiB"),
        Figure("churn_memory_growth", round(growth, 4), "share", events, None, "<= 0.05", growth <= 0.05),
        Figure("churn_leaked_threads", threads, "threads", events, None, "== 0", threads == 0),
        Figure("churn_leaked_tasks", tasks, "tasks", events, None, "== 0", tasks == 0),
        Figure("churn_leaked_sockets", sockets, "sockets", events, None, "== 0", sockets == 0),
        Figure("churn_heard_share", still, "of talkers", len(heard), None, "== 1.0", still == 1),
        Figure("churn_heard_throughout", round(share, 3), "of frames", sum(said_throughout.values())),
        Figure("churn_wrong_attributions", wrong, "frames", frames, None, "== 0", wrong == 0),
    ]


if __name__ == "__main__":
    main()
