"""Her place in one voice channel, on py-cord's connection.

py-cord's ``VoiceProtocol`` is the seam it offers for this: the library joins, leaves and passes on the
main gateway's two voice events; everything behind that is ours, because every part of its own voice
client has a fault that hears nothing, hangs or sends plaintext (docs/voice.md has the list).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Protocol

import aiohttp
import discord
from discord.raw_models import RawVoiceServerUpdateEvent, RawVoiceStateUpdateEvent

from bot.voice import opus
from bot.voice.changes import Changes
from bot.voice.closing import LEAVING, Left, Next, after_close
from bot.voice.gateway import VoiceGateway
from bot.voice.membership import Membership, VoiceChannel
from bot.voice.messages import Incoming, Op
from bot.voice.playback import DiscordPlayback
from bot.voice.receiver import Receiver
from bot.voice.session import VoiceSession
from bot.voice.stats import VoiceStats
from bot.voice.transport import DiscordTransport
from bot.voice.udp import VoiceUdp
from persona_core.errors import KithError
from persona_core.types import Person

HANDSHAKE_S = 8.0  # from the websocket's opening to the session description
NEWS_S = 1.0  # after a 4014, for the main gateway to say whether she was moved or kicked
SERVER_S = 8.0  # for Discord to find another voice server
TOLD_S = 0.5  # after a resume, for Discord to say who came and went meanwhile
GOODBYE_S = 3.0  # for everything to close by itself
TICK_S = 0.02
PAUSES_S = (0.0, 0.2, 1.0, 2.0, 4.0, 8.0)  # before each attempt in a row; after the last she gives up
STEADY_S = 5.0  # a connection that has lasted so long is a good one
BRISK = 2  # of the pauses, for connections that work but do not last

log = logging.getLogger(__name__)


class VoiceError(KithError):
    """The voice channel cannot be joined; the message says why."""


class VoiceEvents(Protocol):
    """What the host of a call wants to know. Called on the event loop; must not wait."""

    def on_moved(self, channel: VoiceChannel) -> None:
        """She is in another channel now, by somebody's hand or by ``move_to``."""
        ...

    def on_disconnected(self, reason: Left) -> None:
        """The call is over and all of it is closed; not called after ``disconnect`` or a failed join."""
        ...


class PersonaVoiceClient(discord.VoiceProtocol[discord.Client]):
    """One call, until it is left; survives moves, reconnects and everything in docs/voice.md.

    ``await channel.connect(cls=partial(PersonaVoiceClient, may_hear=…, person_of=…, events=…))``.
    """

    def __init__(
        self,
        client: discord.Client,
        channel: VoiceChannel,
        *,
        may_hear: Callable[[int], bool],
        person_of: Callable[[int], Person],
        events: VoiceEvents,
        deaf: bool = False,
    ) -> None:
        """``may_hear`` (Discord user id → leave) is asked before every packet is decrypted.

        Raises EngineError when there is no Opus library.
        """
        opus.version()
        super().__init__(client, channel)
        self._guild_id = channel.guild.id
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._counts: Counter[str] = Counter()
        self.transport = DiscordTransport(person_of, self._counts)
        self.playback = DiscordPlayback(self, self._counts)
        self._receiver = Receiver(may_hear, self._decrypt, self.transport.hear, self._counts)
        self._ticker: asyncio.TimerHandle | None = None
        self._changes = Changes()
        self._membership = Membership(client, self, channel, self._changes)
        self._membership.deaf = deaf
        self._session: VoiceSession | None = None
        self._gateway: VoiceGateway | None = None
        self._udp: VoiceUdp | None = None
        self._seq = -1  # of the last numbered message of this session
        self._connected = False
        self._told_all = False  # of who came and went: whose an SSRC is may have changed unheard of else
        self._speaking = False
        self._joined = False  # connect() has succeeded
        self._left: Left | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()

    # For the host

    def is_connected(self) -> bool:
        return self._connected

    @property
    def may_speak(self) -> bool:
        """Connected, and what she says can be decrypted by the others and by nobody else."""
        return self._connected and self._session is not None and self._session.dave.may_speak

    @property
    def others_talking(self) -> bool:
        """Whether somebody is talking whom she may not hear."""
        return self._receiver.others_talking(self._loop.time())

    @property
    def talking(self) -> frozenset[int]:
        """User ids of those heard who are in the middle of talking."""
        return self._receiver.talking

    @property
    def latency_s(self) -> float | None:
        """Of the last heartbeat; None before the first."""
        return self._gateway.latency_s if self._gateway else None

    @property
    def privacy_code(self) -> str | None:
        """The digits that Discord shows to everybody in the call."""
        return self._session.dave.privacy_code if self._session else None

    @property
    def stats(self) -> VoiceStats:
        return VoiceStats.of(self._counts)

    def forget(self, user: int) -> None:
        """Drop what is buffered of somebody's sound."""
        self._receiver.forget(user)
        self.transport.forget(user)

    async def wait_until_may_speak(self, timeout_s: float) -> bool:
        await self._changes.until(lambda: self.may_speak or self._left is not None, timeout_s)
        return self.may_speak

    async def deafen(self, deaf: bool) -> None:
        """Show that she does not listen; it is the host's ``may_hear`` that stops her hearing."""
        self._membership.deaf = deaf
        await self._membership.ask_for(self._membership.channel)

    async def move_to(self, channel: VoiceChannel, timeout_s: float = 10.0) -> None:
        """Raises VoiceError when Discord does not let her."""
        if channel.id == self._membership.channel.id:
            return
        await self._membership.ask_for(channel)
        if not await self._changes.until(lambda: self._is_in(channel) or bool(self._left), timeout_s):
            raise VoiceError("Discord did not let me move to that voice channel.")
        if self._left is not None:
            raise VoiceError(self._left.value)

    # py-cord's VoiceProtocol

    async def connect(self, *, timeout: float, reconnect: bool) -> None:  # noqa: ASYNC109  # py-cord's
        """Raises VoiceError or TimeoutError; all is closed then."""
        self._supervisor = asyncio.create_task(self._stay(), name=f"voice {self._guild_id}")
        try:
            await self._changes.until(lambda: self._connected or bool(self._left), timeout)
        except asyncio.CancelledError:
            await self.disconnect(force=True)
            raise
        self._joined = self._connected
        if not self._joined:
            reason = self._left
            await self.disconnect(force=True)
            raise VoiceError(reason.value) if reason else TimeoutError

    async def disconnect(self, *, force: bool = False) -> None:
        """Leave; returns when everything is closed. May be called more than once."""
        self._leave(Left.CLOSED)
        supervisor = self._supervisor
        if supervisor is None or supervisor is asyncio.current_task():
            return
        _, pending = await asyncio.wait({supervisor}, timeout=GOODBYE_S)
        if pending:
            supervisor.cancel()
            await asyncio.wait(pending)

    async def on_voice_state_update(self, data: RawVoiceStateUpdateEvent) -> None:
        if self._membership.hear_state(data):
            self.channel = self._membership.channel
            self._events.on_moved(self._membership.channel)
        if self._membership.kicked:
            self._leave(Left.KICKED)

    async def on_voice_server_update(self, data: RawVoiceServerUpdateEvent) -> None:
        if self._membership.hear_server(data) and self._gateway is not None:
            await self._gateway.close()

    # playback.Line

    def send(self, frame: bytes, timestamp: int) -> bool:
        datagram = self._session.seal(frame, timestamp) if self._session else None
        if datagram is None or self._udp is None:
            return False
        self._udp.send(datagram)
        return True

    async def speaking(self, speaking: bool) -> None:
        self._speaking = speaking
        if self._session is not None and self._gateway is not None:
            await self._gateway.send(self._session.speaking(speaking))

    # Staying connected

    async def _stay(self) -> None:
        """From the first join to the last close; the one place that decides how to go on."""
        try:
            await self._reconnect_until_left()
        except Exception as error:  # the one catch-all of a call
            log.error("voice: unexpected %s", type(error).__name__, exc_info=error)
            self._leave(Left.LOST)
        finally:
            await self._finish()

    async def _reconnect_until_left(self) -> None:
        step, failures = Next.REJOIN, 0
        while self._left is None:
            await self._changes.until(lambda: self._left is not None, PAUSES_S[failures])
            if step is Next.REJOIN and not await self._join():
                failures += 1
            elif self._left is None:
                began = self._loop.time()
                established, code = await self._converse(resume=step is Next.RESUME)
                log.info("voice: connection ended, code %s, had been established: %s", code, established)
                if not established:
                    failures += 1
                elif self._membership.fresh or self._loop.time() - began > STEADY_S:
                    failures = 0
                else:  # slowly, lest Discord count it as too often, but without giving up
                    failures = min(failures + 1, BRISK)
                step = await self._after(code, established)
            if failures == len(PAUSES_S):
                self._leave(Left.LOST)

    async def _join(self) -> bool:
        self._counts["reconnects"] += self._joined
        if not await self._membership.still_in_guild():
            self._leave(Left.REMOVED)
            return False
        return await self._membership.join()

    async def _after(self, code: int | None, established: bool) -> Next:
        """How to go on after a connection has ended."""
        then = after_close(code)
        if self._membership.credentials is None:  # Discord looks for another voice server
            await self._news(SERVER_S)
            then = Next.REJOIN
        elif then is Next.AWAIT:
            await self._news(NEWS_S)
            then = Next.REJOIN
        if self._membership.fresh:
            return Next.IDENTIFY
        if then is Next.LEAVE and code is not None:
            self._leave(LEAVING[code])
        if then is Next.RESUME and not established:
            return Next.REJOIN
        return then

    async def _news(self, timeout_s: float) -> None:
        await self._changes.until(lambda: self._membership.fresh or self._left is not None, timeout_s)

    async def _converse(self, resume: bool) -> tuple[bool, int | None]:
        """One websocket from its opening to its close: whether it got to work, and the close code."""
        session = self._session if resume and self._session else self._new_session()
        credentials = session.credentials
        gateway: VoiceGateway | None = None
        established = False
        self._counts["resumes"] += resume
        try:
            async with asyncio.timeout(HANDSHAKE_S) as limit:
                gateway = await VoiceGateway.open(
                    self.client.http, credentials.endpoint, self._seq, self._counts
                )
                self._gateway = gateway
                await gateway.send(credentials.resume(self._seq) if resume else credentials.identify())
                async for message in gateway.messages():
                    await self._take(session, gateway, message)
                    if message.op in (Op.SESSION_DESCRIPTION, Op.RESUMED) and session.sealer:
                        established = self._connected = True
                        limit.reschedule(None)
                        if message.op == Op.RESUMED:
                            self._loop.call_later(TOLD_S, self._catch_up, gateway)
                        else:
                            self._told_all = True
                        if self._speaking:  # a new session does not know it
                            await self.speaking(True)
                    self._changes.notify()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("voice: could not connect: %s", type(error).__name__)
        finally:
            self._connected = self._told_all = False
            self._gateway = None
            if gateway is not None:
                self._seq = gateway.seq
                await gateway.close()
        return established, gateway.close_code if gateway else None

    async def _take(self, session: VoiceSession, gateway: VoiceGateway, message: Incoming) -> None:
        for answer in session.handle(message):
            await gateway.send(answer)
        if message.op == Op.READY and session.ready is not None:
            ready = session.ready
            self._close_udp()
            self._udp = await VoiceUdp.open(ready.address, ready.port, self._datagram)
            await gateway.send(ready.select(*await self._udp.discover(ready.ssrc)))

    def _new_session(self) -> VoiceSession:
        credentials = self._membership.credentials
        assert credentials is not None  # _join and _after see to it
        self._membership.fresh = False
        self._close_udp()
        self._receiver.reset()
        self._seq = -1
        self._session = VoiceSession(credentials, self._receiver, self._counts)
        return self._session

    def _is_in(self, channel: VoiceChannel) -> bool:
        return self._connected and self._membership.channel.id == channel.id and not self._membership.fresh

    def _leave(self, reason: Left) -> None:
        """The supervisor ends as soon as its socket has; the first reason counts."""
        self._left = self._left or reason
        if self._gateway is not None:
            self._soon(self._gateway.close())
        self._changes.notify()

    async def _finish(self) -> None:
        """Close everything."""
        if self._ticker is not None:
            self._ticker.cancel()
        self._close_udp()
        self._receiver.reset()
        self.transport.close()
        await self.playback.close()
        for task in self._sending:  # nobody is there any more to whom it could be sent
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._membership.leave()
        if self.client._connection._get_voice_client(self._guild_id) is self:
            self.cleanup()
        if self._joined and self._left is not None and self._left is not Left.CLOSED:
            self._events.on_disconnected(self._left)

    # Sound

    def _datagram(self, datagram: bytes) -> None:
        if self._session is None:
            return
        for answer in self._session.take(datagram, self._loop.time()):
            if self._gateway is not None:
                self._soon(self._gateway.send(answer))
        if self._ticker is None and not self._receiver.idle:
            self._ticker = self._loop.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._receiver.tick(self._loop.time())
        self._ticker = None if self._receiver.idle else self._loop.call_later(TICK_S, self._tick)

    def _decrypt(self, user: int, payload: bytes) -> bytes | None:
        frame = self._session.dave.decrypt(user, payload) if self._session else None
        if frame == payload and not self._told_all:  # plain: nothing but Discord's word tells whose it is
            return None
        return frame

    def _catch_up(self, gateway: VoiceGateway) -> None:
        """What happened while the line was broken has been told by now."""
        if self._gateway is gateway:
            self._told_all = True
            self._receiver.retry()

    def _soon(self, sending: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(sending, name="voice message")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _close_udp(self) -> None:
        if self._udp is not None:
            self._udp.close()
            self._udp = None
