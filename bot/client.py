"""The bot: it logs in, loads the persona beside that, runs the cogs, and closes cleanly."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any

import aiohttp
import discord

from bot.events import MALFORMED, UnreadableMessage, guard, readable
from bot.gateway import open_socket
from bot.host import DiscordHost
from bot.page import close_page, open_page
from cogs import all_cogs
from cogs.answers import KithCog, explain
from cogs.forgetting import finish_deleting
from persona_core.assemble import build_persona
from persona_core.engines.threads import in_own_thread
from persona_core.errors import KithError
from persona_core.settings import Settings

CLOSING_S = 15.0  # for calls to be left and notices to be taken back
ENDING_S = 5.0  # for what the cogs are doing: what is being erased, or written down, is finished
# How py-cord calls the tasks in which it carries out commands and buttons
ANSWERING = ("pycord: on_interaction", "discord-ui-view-dispatch")

log = logging.getLogger(__name__)


class BotError(KithError):
    """The bot cannot run; the message says why."""


def intents() -> discord.Intents:
    """The least that works. None is privileged: mentions, replies and DMs carry their text without one."""
    wanted = discord.Intents.none()
    wanted.guilds = wanted.voice_states = wanted.guild_messages = wanted.dm_messages = True
    return wanted


def use_server(url: str) -> None:
    """Speak to a Discord-compatible server; call it before a client is made. Empty: Discord itself."""
    if url:
        discord.http.Route.API_BASE_URL = url.rstrip("/")


class PersonaBot(discord.AutoShardedBot):
    """Make it on a running event loop."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            intents=intents(),
            allowed_mentions=discord.AllowedMentions.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,  # py-cord would keep what people write, though nobody asks for it
            cache_default_sounds=False,
            enable_debug_events=True,  # so that ``dispatch`` sees each message of the gateway first
        )
        self.http.ws_connect = partial(open_socket, self.http)  # type: ignore[method-assign]
        self._unreadable = False  # the last message of a gateway
        self._renewing: asyncio.Task[None] | None = None
        self._deleting: asyncio.Task[None] | None = None  # what she was to delete before she was last closed
        self.host = DiscordHost(self, settings)
        guard(self._connection.parsers, self.host.counts)
        for cog in all_cogs(self.host):
            self.add_cog(cog)

    async def load(self) -> None:
        """Build the persona beside the event loop. Raises KithError."""
        settings, report = self.host.settings, self.host.engines.append
        self.host.persona = await in_own_thread(
            lambda: build_persona(settings, hear=True, speak=True, report=report), "load persona"
        )
        self.host.remembering.start()
        log.info("the persona is awake")
        await open_page(self, settings)

    async def serve(self) -> None:
        """Log in and stay until closed. Raises BotError."""
        try:
            await self.start(self.host.settings.discord_token.get_secret_value())
        except discord.LoginFailure as error:
            raise BotError(
                "Discord does not accept DISCORD_TOKEN; copy it again from the developer portal, page Bot."
            ) from error
        except discord.PrivilegedIntentsRequired as error:
            raise BotError("Discord refuses the intents of this bot; update Kith.") from error
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise BotError("Discord cannot be reached; look at the network, then start again.") from error

    async def close(self) -> None:
        """Leave every call, then Discord, then close what is kept. May be called more than once."""
        if self._deleting is not None:  # it asks the memory, which is closed next
            self._deleting.cancel()
            await asyncio.wait([self._deleting])
        await close_page(self)
        if not self.is_closed():
            try:
                async with asyncio.timeout(CLOSING_S):
                    await self.host.leave()
            except TimeoutError:
                log.warning("not every call could be left in time")
        cogs = [cog for cog in self.cogs.values() if isinstance(cog, KithCog)]
        await asyncio.gather(_answered(), *(cog.end(ENDING_S) for cog in cogs))
        for name in list(self.cogs):
            self.remove_cog(name)
        if self._renewing is not None:
            self._renewing.cancel()
        try:
            await super().close()  # before the memory: nobody asks for anything any more
        finally:
            await self.host.close()
        if self._connection._ready_task is not None:  # py-cord leaves it behind
            self._connection._ready_task.cancel()

    # Events

    def dispatch(self, event: str, *args: Any, **kwargs: Any) -> None:
        """What arrives on the main gateway comes by here before py-cord reads it."""
        if event == "socket_raw_receive":
            self._unreadable = not readable(args[0])
            if self._unreadable:
                self.host.counts[MALFORMED] += 1
                raise UnreadableMessage  # py-cord goes on with "shard_disconnect", without a pause between
        elif event != "socket_raw_send":
            super().dispatch(event, *args, **kwargs)
        if event == "shard_disconnect" and self._unreadable:
            self._unreadable = False
            self._renewing = asyncio.create_task(self._renew(args[0]), name="renew shard")

    async def _renew(self, shard_id: int) -> None:
        """Connect a shard anew; py-cord would leave its old connection open, and nobody would read it."""
        shard = self.get_shard(shard_id)
        if shard is not None and not shard.is_closed():
            await shard.reconnect()

    async def on_message(self, message: discord.Message) -> None:
        self.host.readers.note(message.author)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.host.readers.note(interaction.user)
        await super().on_interaction(interaction)  # type: ignore[no-untyped-call]  # py-cord ships no types for it

    async def on_ready(self) -> None:
        """After a crash her name may still say that she listens, and posts stand there that are to be deleted."""
        if self._deleting is None or self._deleting.done():
            self._deleting = asyncio.create_task(finish_deleting(self.host), name="delete posts")
        for guild in self.guilds:
            if self.host.calls.in_realm(str(guild.id)) is None:
                await self.host.show_name(guild, listening=False)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """After a new session with Discord; who is in the call may have changed meanwhile."""
        if call := self.host.calls.in_realm(str(guild.id)):
            call.on_people()

    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        self.host.readers.note(member)
        call = self.host.calls.in_realm(str(member.guild.id))
        if call is not None and before.channel != after.channel and member.id != self.host.her_id:
            call.on_people()

    async def on_application_command_auto_complete(
        self, interaction: discord.Interaction, command: discord.ApplicationCommand[Any, Any, Any]
    ) -> None:
        """py-cord's own waits three seconds for the next one to type, whoever that is, and cancels this for it."""
        assert isinstance(command, discord.SlashCommand | discord.SlashCommandGroup)  # no other has options
        context = await self.get_autocomplete_context(interaction)
        interaction.command = command
        try:
            await command.invoke_autocomplete_callback(context)
        except discord.HTTPException as error:  # somebody has typed on, or it came too late
            log.info("suggestions: Discord refused: %s %s", error.status, error.code)

    async def on_application_command_error(
        self, context: discord.ApplicationContext, exception: discord.DiscordException
    ) -> None:
        """What no cog has taken."""
        if context.cog is None:
            await explain(context.interaction, exception)

    async def on_error(self, event_method: str, *args: object, **kwargs: object) -> None:
        """The one catch-all of events; py-cord would print their arguments' words."""
        log.exception("unexpected error in %s", event_method)


async def _answered() -> None:
    """Wait until whoever has just asked for something is answered: their answers go through what is closed next."""
    current = asyncio.current_task()
    tasks = [
        one for one in asyncio.all_tasks() if one.get_name().startswith(ANSWERING) and one is not current
    ]
    if tasks:
        await asyncio.wait(tasks, timeout=ENDING_S)
