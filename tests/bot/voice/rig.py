"""A bot that only has a voice, in a call of the test server."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import aiohttp
import discord
import numpy as np

from bot.voice.client import PersonaVoiceClient
from bot.voice.closing import Left
from bot.voice.opus import Encoder
from persona_core.types import Frame, Pcm, Person
from tests.discord_server import Channel, DiscordServer, SimulatedMember


def sound(seconds: float, hertz: float, rate: int = 48_000) -> Pcm:
    """A tone by which a person is known again."""
    return (9000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


def encoded(pcm: Pcm) -> list[bytes]:
    encoder = Encoder()
    return [encoder.encode(pcm[n : n + 960]) for n in range(0, len(pcm) // 960 * 960, 960)]


class Rig:
    """One guild, one bot in ``channel``, and people; what the bot hears gathers in ``heard``."""

    def __init__(self, server: DiscordServer, client: discord.Client) -> None:
        self.server = server
        self.client = client
        self.guild = server.add_guild()
        self.channel = self.guild.add_voice_channel("one")
        self.other_channel = self.guild.add_voice_channel("two")
        self.refused: set[int] = set()
        self.heard: dict[int, list[Frame]] = {}
        self.moves: list[int] = []
        self.left: list[Left] = []
        self._listening: list[asyncio.Task[None]] = []

    def on_moved(self, channel: discord.VoiceChannel | discord.StageChannel) -> None:
        self.moves.append(channel.id)

    def on_disconnected(self, reason: Left) -> None:
        self.left.append(reason)

    async def join(self) -> PersonaVoiceClient:
        await self.until(lambda: self.client.get_channel(self.channel.id))
        channel = self.client.get_channel(self.channel.id)
        assert isinstance(channel, discord.VoiceChannel)
        voice = await channel.connect(
            timeout=10,
            cls=partial(
                PersonaVoiceClient,
                may_hear=lambda user: user not in self.refused,
                person_of=lambda user: Person(str(user), ""),
                events=self,
            ),
        )
        self._listening.append(asyncio.create_task(self._listen(voice), name="listener"))
        return voice

    async def person(self, name: str, channel: Channel | None = None) -> SimulatedMember:
        """Somebody in the bot's channel."""
        member = self.guild.add_member(name)
        member.join(channel or self.channel)
        await self.until(member.joined.is_set)
        return member

    async def settled(self, channel: Channel | None = None) -> None:
        """Until everybody in the call has the same keys."""
        await self.until(lambda: self.server.settled(channel or self.channel))

    async def until(self, holds: Callable[[], object], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110  # what is waited for happens on the server's thread
                await asyncio.sleep(0.005)

    def voiced(self, who: SimulatedMember) -> list[Frame]:
        """What was heard of somebody, without silence."""
        return [
            frame for frame in self.heard.get(who.id, []) if np.abs(frame.pcm.astype(np.int32)).max() > 500
        ]

    async def hears(self, who: SimulatedMember, frames: int, seconds: float = 5.0) -> None:
        await self.until(lambda: len(self.voiced(who)) >= frames, seconds)

    async def _listen(self, voice: PersonaVoiceClient) -> None:
        async for frame in voice.transport.frames():
            self.heard.setdefault(int(frame.person.id), []).append(frame)

    async def close(self) -> None:
        for voice in self.client.voice_clients:
            await voice.disconnect(force=True)
        for task in self._listening:
            task.cancel()


@asynccontextmanager
async def rig() -> AsyncIterator[Rig]:
    """A server and a connected client; afterwards nothing may be left of the call."""
    server = DiscordServer.start()
    discord.http.Route.API_BASE_URL = f"{server.service.api_url}/api/v{{API_VERSION}}"
    trusted = ssl.create_default_context(cafile=str(server.certificate))
    client = discord.Client(
        intents=discord.Intents(guilds=True, voice_states=True),
        connector=aiohttp.TCPConnector(ssl=trusted),
        guild_ready_timeout=0.05,
    )
    threads = set(threading.enumerate())
    running = asyncio.create_task(client.start(server.bot.token), name="client")
    try:
        rig = Rig(server, client)
        await rig.until(client.is_ready)
        try:
            yield rig
        finally:
            await rig.close()
        left = [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("voice")]
        assert not left, left
        assert not server.errors, server.errors
    finally:
        await client.close()
        running.cancel()
        with suppress(asyncio.CancelledError, RuntimeError):
            await running
        await asyncio.to_thread(server.stop)
    leaked = [t.name for t in set(threading.enumerate()) - threads if "voice" in t.name]
    assert not leaked, leaked
