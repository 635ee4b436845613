"""The server as tests use it: its own thread and loop, its sockets on 127.0.0.1, and a way in from any other thread."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from aiohttp import web

from . import certificates, rest, rest_channels, rest_guilds, rest_interactions
from .faults import Network
from .guilds import INVITED_WITH, SimulatedGuild
from .interactions import Interaction
from .members import SimulatedMember
from .people import People
from .service import Service
from .state import Application, Channel, Guild, Member, Message, User
from .voice_call import Call
from .websocket import CUT

T = TypeVar("T")
log = logging.getLogger(__name__)


class DiscordServer:
    """`with DiscordServer.start() as server:`. Starts with one bot, `server.bot`, which is in every guild added."""

    def __init__(self, bot_name: str = "Kith") -> None:
        self.loop = asyncio.new_event_loop()
        self.service = Service(self.loop)
        self.people = People(self.service)
        self.bot: Application = self.service.world.add_application(bot_name)
        self.owner: User = self.service.world.add_user("Owner")
        self.errors: list[dict[str, Any]] = []  # unhandled exceptions on the server's loop; a test wants none
        self._folder = tempfile.TemporaryDirectory(prefix="discord-server-")
        self.certificate = Path(self._folder.name) / "certificate.pem"
        self._runner: web.AppRunner | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="discord server", daemon=True)

    # -- life

    @classmethod
    def start(cls, bot_name: str = "Kith") -> DiscordServer:
        server = cls(bot_name)
        server.loop.set_exception_handler(lambda _, context: server._note(context))
        server._thread.start()
        asyncio.run_coroutine_threadsafe(server._open(), server.loop).result(30)
        return server

    def __enter__(self) -> DiscordServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()
        self._folder.cleanup()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def _note(self, context: dict[str, Any]) -> None:
        self.errors.append(context)
        log.error("%s", context.get("message"), exc_info=context.get("exception"))

    async def _open(self) -> None:
        voice = self.service.voice
        await voice.open_socket()
        self.certificate, tls = certificates.make(Path(self._folder.name))
        app = web.Application(client_max_size=rest.MAX_BODY)
        for method, path, handler in [*rest_channels.ROUTES, *rest_guilds.ROUTES, *rest_interactions.ROUTES]:
            app.router.add_route(method, f"/api/v10{path}", rest.route(self.service, handler))
        app.router.add_get("/gateway", self.service.gateway.handle)
        app.router.add_get("/gateway/", self.service.gateway.handle)
        app.router.add_get("/attachments/{id}/{name}", self._attachment)
        app.router.add_route("*", "/api/{rest:.*}", rest.not_found)
        app.router.add_get("/", voice.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        port = await self._listen(self._runner, None)
        voice.endpoint = f"127.0.0.1:{await self._listen(self._runner, tls)}"
        self.service.api_url = f"http://127.0.0.1:{port}"
        self.service.gateway_url = f"ws://127.0.0.1:{port}/gateway"

    async def _listen(self, runner: web.AppRunner, tls: Any) -> int:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        return int(runner.addresses[-1][1])

    async def _attachment(self, request: web.Request) -> web.Response:
        found = self.service.world.attachments.get(int(request.match_info["id"]))
        return web.Response(body=found.data) if found else web.Response(status=404)

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for connection in list(self.service.gateway.connections):
            connection.pipe.close(CUT)
        for call in list(self.service.voice.calls.values()):
            call.dave.close()
            for peer in call.peers.values():
                peer.close(1001)
        await asyncio.sleep(0.05)
        if self._runner:
            await self._runner.cleanup()
        if self.service.voice.socket:
            self.service.voice.socket.close()
        await asyncio.sleep(0)

    # -- from other threads

    def call(self, do: Callable[..., T], *args: Any) -> T:
        """Run `do(*args)` on the server's loop and return what it returns."""
        if threading.current_thread() is self._thread:
            return do(*args)

        async def there() -> T:
            return do(*args)

        return asyncio.run_coroutine_threadsafe(there(), self.loop).result(30)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Start a task; only on the server's loop."""
        task = self.loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def wait_until(self, true: Callable[[], Any], seconds: float = 10.0, what: str = "") -> Any:
        """Look every 10 ms until `true()` is; its value, or TimeoutError naming `what`."""
        end = time.monotonic() + seconds
        while not (value := true()):
            if time.monotonic() > end:
                raise TimeoutError(what or "what was waited for did not happen")
            time.sleep(0.01)
        return value

    def env(self, bot: Application | None = None) -> dict[str, str]:
        """Environment variables for a bot's process. SSL_CERT_FILE must be set before its Python starts."""
        return {
            "DISCORD_TOKEN": (bot or self.bot).token,
            "DISCORD_API_URL": f"{self.service.api_url}/api/v10",
            "SSL_CERT_FILE": str(self.certificate),
        }

    # -- what there is

    def add_bot(self, name: str) -> Application:
        """Another bot, in no guild yet."""
        return self.call(self.service.world.add_application, name)

    def add_guild(self, name: str = "Test", *, bot_permissions: int | None = INVITED_WITH) -> SimulatedGuild:
        """A guild with the bot in it, unless `bot_permissions` is None. Consecutive guilds are on consecutive shards."""
        guild: Guild = self.call(self.service.world.add_guild, name, self.owner)
        simulated = SimulatedGuild(self, guild)
        if bot_permissions is not None:
            simulated.add_bot(self.bot, bot_permissions)
        return simulated

    def bot_is_ready(self, bot: Application | None = None, shards: int = 1) -> bool:
        """Whether that many of its shards are identified and connected now."""
        sessions = self.service.gateway.live(bot or self.bot)
        return len({s.shard[0] for s in sessions if s.connection}) >= shards

    def commands(self, bot: Application | None = None) -> list[str]:
        return sorted(c["name"] for c in (bot or self.bot).commands.values())

    def call_in(self, channel: Channel) -> Call | None:
        """The call going on in a voice channel: who is connected, its DAVE group, what was forwarded or dropped."""
        return self.service.voice.calls.get(channel.id)

    def settled(self, channel: Channel) -> bool:
        """Whether everyone in this call is in its encrypted group and no change is under way."""

        def now() -> bool:
            call = self.call_in(channel)
            return call is not None and call.dave.settled

        # on the loop: seen from another thread, a change may be between two of its steps
        return self.call(now)

    # -- what people do with the bot

    def interact(
        self,
        who: SimulatedMember,
        command: str,
        /,
        *,
        channel: Channel,
        bot: Application | None = None,
        **options: Any,
    ) -> Interaction:
        """A slash command with its options: `interact(ann, "/memory forget", channel=text, whom=bob)`."""
        options = {name.rstrip("_"): _plain(value) for name, value in options.items()}
        return self.call(self.people.command, bot or self.bot, who.user, command, channel, options)

    def autocomplete(
        self, who: SimulatedMember, command: str, /, *, channel: Channel, option: str, **typed: Any
    ) -> Interaction:
        """Ask for suggestions for `option`, as typed so far; they arrive in `.choices`."""
        return self.call(
            self.people.autocomplete, self.bot, who.user, command, channel, option, {option: ""} | typed
        )

    def use_menu(
        self, who: SimulatedMember, name: str, *, channel: Channel, target: SimulatedMember | Message
    ) -> Interaction:
        plain = target if isinstance(target, Message) else target.user
        return self.call(self.people.menu, self.bot, who.user, name, channel, plain)

    def click(self, who: SimulatedMember, message: Message, button: str) -> Interaction:
        return self.call(self.people.click, who.user, message, button)

    def choose(self, who: SimulatedMember, message: Message, select: str, values: list[Any]) -> Interaction:
        return self.call(self.people.choose, who.user, message, select, [_plain(v) for v in values])

    def submit(self, opened: Interaction, values: dict[str, Any]) -> Interaction:
        return self.call(self.people.submit, opened, values)

    # -- faults

    @property
    def network(self) -> Network:
        return self.service.voice.network

    @network.setter
    def network(self, network: Network) -> None:
        self.service.voice.network = network

    def close_voice(
        self, guild: SimulatedGuild, code: int, *, resumable: bool = True, who: Member | None = None
    ) -> None:
        """Close the bot's voice websocket with this code; 1006 cuts it. 4014 as when it is thrown out, see `move`."""
        self.call(lambda: self.service.voice.close(who or guild.bot, code, resumable=resumable))

    def close_gateway(self, code: int, *, shard: int | None = None) -> None:
        """Close the bots' gateway connections; 1006 cuts them."""
        self.call(self.service.gateway.close, code, None, shard)

    def turn_away(self, code: int, times: int, *, greeted: bool) -> None:
        """Close the next connections to the gateway as soon as they are open, or have got their first message."""
        self.call(self.service.gateway.unwelcoming.extend, [(code, greeted)] * times)

    def ask_to_reconnect(self) -> None:
        """Op 7."""
        self.call(self.service.gateway.ask_to_reconnect)

    def invalidate_sessions(self, *, resumable: bool) -> None:
        """Op 9."""
        self.call(lambda: self.service.gateway.invalidate(resumable=resumable))

    def end_call(self, channel: Channel) -> None:
        """Everyone's voice connection is closed with 4022, and everyone is out of the channel."""
        self.call(self.service.voice_states.everyone_out, channel, 4022)

    def change_voice_server(self, guild: SimulatedGuild) -> None:
        """VOICE_SERVER_UPDATE with no endpoint, close 4014, then VOICE_SERVER_UPDATE with a new token."""
        self.call(self.service.voice_states.new_voice_server, guild.bot)

    def downgrade(self, channel: Channel) -> None:
        """The call's DAVE to version 0."""
        self.call(self._call(channel).dave.downgrade)

    def upgrade(self, channel: Channel) -> None:
        self.call(self._call(channel).dave.upgrade)

    def new_epoch(self, channel: Channel) -> None:
        """Everyone makes a new group (op 24, epoch 1)."""
        self.call(self._call(channel).dave.start_anew)

    def send_invalid_commit(self, guild: SimulatedGuild, op: int = 29) -> None:
        """A commit (29) or Welcome (30) to the bot that it cannot process."""
        call = self._call(guild.bot_voice_channel)
        self.call(call.dave.send_garbage, call.peers[self.bot.id], op)

    def datagram_to_bot(self, guild: SimulatedGuild, header: bytes, body: bytes) -> None:
        """Any RTP header and plain body to the bot, sealed with its transport key."""
        self.call(self._call(guild.bot_voice_channel).peers[self.bot.id].deliver, header, body)

    def raw_datagram_to_bot(self, guild: SimulatedGuild, data: bytes) -> None:
        """Any bytes to the bot's UDP socket."""
        peer: Any = self._call(guild.bot_voice_channel).peers[self.bot.id]
        self.call(self.service.voice.socket.send, data, peer.address)  # type: ignore[union-attr]

    def _call(self, channel: Channel | None) -> Call:
        call = self.call_in(channel) if channel else None
        if call is None:
            raise LookupError("nobody is connected there")
        return call


def _plain(value: Any) -> Any:
    return value.user if isinstance(value, SimulatedMember) else value
