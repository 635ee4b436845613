"""The main gateway: identify, heartbeats, resume with replay, shards, intents, and every event sent to a bot.

Close codes are Discord's: 4001 unknown op, 4002 not JSON, 4003 not identified, 4004 bad token, 4005 identified twice,
4007 bad sequence, 4008 too many messages, 4009 no heartbeat, 4010 bad shard, 4012 bad version, 4013/4014 intents.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from . import payloads
from .intents import KNOWN_INTENTS, PRIVILEGED_INTENTS, wanted
from .state import Application, Channel, Guild
from .websocket import Message, Pipe

if TYPE_CHECKING:
    from .service import Service

Json = dict[str, Any]
ALLOWED_PER_MINUTE = 120  # messages from a client, heartbeats included


@dataclass(eq=False)
class Session:
    """One shard of one bot process. It outlives its connection so that it can be resumed."""

    id: str
    application: Application
    shard: tuple[int, int]
    intents: int
    sequence: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=5000))
    connection: Connection | None = None

    def covers(self, guild: Guild | None) -> bool:
        shard, count = self.shard
        return shard == (guild.shard_of(count) if guild else 0)

    def dispatch(self, event: str, data: Any) -> None:
        self.sequence += 1
        text = json.dumps({"op": 0, "t": event, "s": self.sequence, "d": data})
        self.sent.append((self.sequence, text))
        if self.connection:
            self.connection.send_text(text)


class Connection:
    """One websocket. Messages are compressed as one zlib stream if that was asked for."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._zlib = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        self.pipe = Pipe(socket, request, self._encoded)
        self.session: Session | None = None
        self._received: deque[float] = deque(maxlen=ALLOWED_PER_MINUTE)

    def _encoded(self, message: Message) -> Message:
        if self._zlib is None or isinstance(message, bytes):
            return message
        return self._zlib.compress(message.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)

    def send(self, op: int, data: Any) -> None:
        self.send_text(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def send_text(self, text: str) -> None:
        self.pipe.send(text)

    def too_fast(self) -> bool:
        now = time.monotonic()
        self._received.append(now)
        return len(self._received) == ALLOWED_PER_MINUTE and now - self._received[0] < 60


class Gateway:
    """Every bot's sessions, and what is sent to whom."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.closes: list[int] = []  # codes this server closed with, for tests
        self.unwelcoming: deque[tuple[int, bool]] = deque()  # see DiscordServer.turn_away
        self._identified: dict[tuple[int, int], float] = {}

    # -- sending

    def live(self, application: Application | None = None, shard: int | None = None) -> Iterator[Session]:
        """Sessions that may still be resumed, optionally of one bot or shard."""
        for session in list(self.sessions.values()):
            if application in (None, session.application) and shard in (None, session.shard[0]):
                yield session

    def dispatch(
        self,
        event: str,
        data: Json | Callable[[Session], Json],
        *,
        guild: Guild | None = None,
        channel: Channel | None = None,
        only: Application | None = None,
    ) -> None:
        """Send to each session whose bot is in the guild (or the DM), has the intent, and may view the channel."""
        for session in self.live(only):
            concerns = session.covers(guild) and self.service.may_see(session.application, guild, channel)
            if concerns and wanted(event, session.intents, in_guild=guild is not None):
                session.dispatch(event, data(session) if callable(data) else data)

    # -- receiving

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=1 << 16)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self.connections.add(connection)
        self._heard_from(connection)
        version, encoding = request.query.get("v", "10"), request.query.get("encoding", "json")
        try:
            if version not in ("9", "10") or encoding != "json":
                self._refuse(connection, 4012, "Invalid API version")
            elif not self.unwelcoming or self.unwelcoming[0][1]:
                connection.send(10, {"heartbeat_interval": self.service.heartbeat_ms, "_trace": ["test"]})
            if self.unwelcoming:
                code, _ = self.unwelcoming.popleft()
                asyncio.get_running_loop().call_later(0.01, connection.pipe.close, code)
            await connection.pipe.run(lambda text: self._receive(connection, text))
        finally:
            self.connections.discard(connection)
            self._disconnected(connection)
        return socket

    def _heard_from(self, connection: Connection) -> None:
        """The next heartbeat is due within one and a half intervals, and a second for a busy machine."""
        seconds = self.service.heartbeat_ms / 1000 * 1.5 + 1
        connection.pipe.expect_within(seconds, lambda: self._refuse(connection, 4009, "Session timed out."))

    def _receive(self, connection: Connection, text: str | bytes) -> None:
        if len(text) > 4096 or connection.too_fast():
            return self._refuse(connection, 4002 if len(text) > 4096 else 4008, "Rate limited.")
        try:
            message = json.loads(text)
            op, data = message["op"], message.get("d")
            if op != 1 and not isinstance(data, dict):
                raise TypeError(op)
        except (ValueError, KeyError, TypeError, AttributeError):
            return self._refuse(connection, 4002, "Error while decoding payload.")
        if op == 1:
            self._heard_from(connection)
            return connection.send(11, None)
        try:
            return self._obey(connection, op, data)
        except (KeyError, TypeError, ValueError, AttributeError):  # of the wrong shape
            return self._refuse(connection, 4002, "Error while decoding payload.")

    def _obey(self, connection: Connection, op: Any, data: Json) -> None:
        if op in (2, 6):
            if connection.session:
                return self._refuse(connection, 4005, "Already authenticated.")
            return self._identify(connection, data) if op == 2 else self._resume(connection, data)
        if op not in (3, 4, 8, 31):
            return self._refuse(connection, 4001, "Unknown opcode.")
        if connection.session is None:
            return self._refuse(connection, 4003, "Not authenticated.")
        if op == 4:
            self.service.voice_states.asked_by_bot(connection.session, data)
        elif op == 8:
            self._request_members(connection.session, data)
        return None

    def _refuse(self, connection: Connection, code: int, reason: str) -> None:
        self.closes.append(code)
        connection.pipe.close(code, reason)

    def _identify(self, connection: Connection, data: Json) -> None:
        application = self.service.world.application_by_token(str(data.get("token")).removeprefix("Bot "))
        if application is None:
            return self._refuse(connection, 4004, "Authentication failed.")
        shard = tuple(data.get("shard") or (0, 1))
        if len(shard) != 2 or not 0 <= shard[0] < shard[1]:
            return self._refuse(connection, 4010, "Invalid shard.")
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~KNOWN_INTENTS or not data.get("properties"):
            return self._refuse(connection, 4013, "Invalid intent(s).")
        if intents & PRIVILEGED_INTENTS & ~application.privileged_intents:
            return self._refuse(connection, 4014, "Disallowed intent(s).")
        if not self._may_identify_now(application, shard[0]):
            return connection.send(9, False)
        session = Session(
            secrets.token_hex(16), application, (shard[0], shard[1]), intents, connection=connection
        )
        connection.session = self.sessions[session.id] = session
        self._send_ready(session)
        return None

    def _may_identify_now(self, application: Application, shard: int) -> bool:
        """Discord lets one shard of a concurrency bucket identify every five seconds."""
        bucket = (application.id, shard % self.service.max_concurrency)
        now = time.monotonic()
        if now - self._identified.get(bucket, -60.0) < self.service.identify_interval:
            return False
        self._identified[bucket] = now
        return True

    def _send_ready(self, session: Session) -> None:
        bot = session.application.user
        guilds = [g for g in self.service.world.guilds.values() if bot.id in g.members and session.covers(g)]
        ready = {
            "v": 10,
            "user": payloads.user(bot),
            "guilds": [{"id": str(g.id), "unavailable": True} for g in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.service.gateway_url,
            "shard": list(session.shard),
            "application": {"id": str(bot.id), "flags": 0},
            "_trace": ["test"],
        }
        session.dispatch("READY", ready)
        for guild in guilds if wanted("GUILD_CREATE", session.intents, in_guild=True) else []:
            session.dispatch("GUILD_CREATE", payloads.guild_create(guild, bot))

    def _resume(self, connection: Connection, data: Json) -> None:
        session = self.sessions.get(str(data.get("session_id")))
        application = self.service.world.application_by_token(str(data.get("token")).removeprefix("Bot "))
        if application is None:
            return self._refuse(connection, 4004, "Authentication failed.")
        if session is None or session.application is not application:
            return connection.send(9, False)
        sequence = data.get("seq")
        if not isinstance(sequence, int) or sequence > session.sequence:
            return self._refuse(connection, 4007, "Invalid seq.")
        if session.connection:
            session.connection.session = None
            session.connection.pipe.close(4000)
        connection.session, session.connection = session, connection
        for number, text in session.sent:
            if number > sequence:
                connection.send_text(text)
        session.dispatch("RESUMED", {"_trace": ["test"]})
        return None

    def _request_members(self, session: Session, data: Json) -> None:
        guild = self.service.world.guilds.get(int(data.get("guild_id", 0)))
        if guild is None or session.application.id not in guild.members:
            return
        ids = data.get("user_ids")
        chosen = [int(i) for i in (ids if isinstance(ids, list) else [ids])] if ids else list(guild.members)
        found = [payloads.member(guild.members[i]) for i in chosen if i in guild.members]
        chunk = {"guild_id": str(guild.id), "members": found, "chunk_index": 0, "chunk_count": 1}
        chunk["nonce"] = data.get("nonce")
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    def _disconnected(self, connection: Connection) -> None:
        session = connection.session
        if session is None or session.connection is not connection:
            return
        session.connection = None
        if connection.pipe.close_code in (1000, 1001):
            self.end(session)  # a goodbye: the session cannot be resumed
        else:
            asyncio.get_running_loop().call_later(self.service.resume_window, self._expire, session)

    def _expire(self, session: Session) -> None:
        if session.connection is None:
            self.end(session)

    def end(self, session: Session) -> None:
        """Forget a session; the bot leaves the voice channels it had joined through it."""
        if self.sessions.pop(session.id, None):
            self.service.voice_states.session_ended(session.id)

    # -- faults

    def close(self, code: int, application: Application | None = None, shard: int | None = None) -> None:
        """Close sessions' connections with `code`; 1006 cuts them without a close frame."""
        for session in self.live(application, shard):
            if session.connection:
                session.connection.pipe.close(code)

    def ask_to_reconnect(self, application: Application | None = None, shard: int | None = None) -> None:
        """Op 7."""
        for session in self.live(application, shard):
            if session.connection:
                session.connection.send(7, None)

    def invalidate(self, *, resumable: bool, application: Application | None = None) -> None:
        """Op 9. A session that is not resumable is forgotten at once."""
        for session in self.live(application):
            if session.connection:
                session.connection.send(9, resumable)
                if not resumable:
                    session.connection.session = None
                    self.end(session)
