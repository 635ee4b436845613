"""Whether and where she is in a voice channel, as Discord's main gateway has it."""

from __future__ import annotations

import asyncio

import aiohttp
import discord
from discord.raw_models import RawVoiceServerUpdateEvent, RawVoiceStateUpdateEvent

from bot.voice.changes import Changes
from bot.voice.session import Credentials

CREDENTIALS_S = 8.0  # from asking to join to both of the main gateway's answers
ABSENCE_S = 0.5  # for it to confirm that she has left
GUILD_S = 3.0  # a new main session gives the guilds one by one
GATEWAY_S = 60.0  # the main gateway may be away so long before a call is given up
POLL_S = 0.1

VoiceChannel = discord.VoiceChannel | discord.StageChannel


class Membership:
    """In one guild. ``changes`` is notified of everything the main gateway says."""

    def __init__(
        self,
        client: discord.Client,
        voice: discord.VoiceProtocol[discord.Client],
        channel: VoiceChannel,
        changes: Changes,
    ) -> None:
        self.channel = channel
        self.deaf = False
        self.present = False  # Discord counts her as in a channel
        self.fresh = False  # what she connects with has not been used yet
        self.kicked = False
        self._client = client
        self._voice = voice
        self._changes = changes
        self._guild_id = channel.guild.id
        self._endpoint: str | None = None
        self._token = ""
        self._session_id: str | None = None
        self._rejoining = False  # an absence is our own doing

    @property
    def credentials(self) -> Credentials | None:
        """For a new voice session; None: no voice server is assigned."""
        user = self._client.user
        if self._endpoint is None or self._session_id is None or user is None:
            return None
        return Credentials(
            self._endpoint, self._token, self._session_id, self._guild_id, user.id, self.channel.id
        )

    def hear_state(self, data: RawVoiceStateUpdateEvent) -> bool:
        """VOICE_STATE_UPDATE about herself; whether she is in another channel now."""
        moved = False
        if data.channel_id is None:
            self.present = False
            # before the first answer an absence is the echo of an earlier call
            self.kicked = self._session_id is not None and not self._rejoining
        else:
            self.present = True
            self._session_id = data.session_id
            channel = self._client.get_channel(data.channel_id)
            if data.channel_id != self.channel.id and isinstance(channel, VoiceChannel):
                self.channel, moved = channel, True
        self._changes.notify()
        return moved

    def hear_server(self, data: RawVoiceServerUpdateEvent) -> bool:
        """VOICE_SERVER_UPDATE; whether the server she is on is no longer hers."""
        endpoint = data.endpoint.removeprefix("wss://") if data.endpoint else None
        same = (endpoint, data.token) == (self._endpoint, self._token)
        self._endpoint, self._token, self.fresh = endpoint, data.token, endpoint is not None
        self._changes.notify()
        return not same

    async def join(self) -> bool:
        """Enter the channel, leaving it first if need be; whether there are credentials now."""
        self._rejoining = True
        if self.present:
            await self._insist_on(None)
            await self._changes.until(lambda: not self.present, ABSENCE_S)
        self.present = self.fresh = False
        await self._insist_on(self.channel)
        arrived = await self._changes.until(lambda: self.present and self.fresh, CREDENTIALS_S)
        self._rejoining = False
        return arrived

    async def leave(self) -> None:
        """Returns when Discord has confirmed it, so that a later call does not take it for its own."""
        if self.present:
            await self.ask_for(None)
            await self._changes.until(lambda: not self.present, 2 * ABSENCE_S)

    async def ask_for(self, channel: VoiceChannel | None) -> bool:
        """Tell the main gateway where she wants to be; False: it is away just now."""
        state = self._client._connection
        guild, gateway = self._client.get_guild(self._guild_id), state._get_websocket(self._guild_id)
        if guild is None or gateway is None or gateway.session_id is None or not gateway.open:
            return False
        if channel is not None:
            state._add_voice_client(self._guild_id, self._voice)  # a new main session forgets it
        try:
            await guild.change_voice_state(channel=channel, self_deaf=self.deaf)
        except (discord.DiscordException, aiohttp.ClientError, OSError):
            return False
        return True

    async def _insist_on(self, channel: VoiceChannel | None) -> None:
        for _ in range(round(GATEWAY_S / POLL_S)):
            if await self.ask_for(channel):
                return
            await asyncio.sleep(POLL_S)

    async def still_in_guild(self) -> bool:
        for _ in range(round(GUILD_S / POLL_S)):
            if self._client.get_guild(self._guild_id) is not None:
                return True
            await asyncio.sleep(POLL_S)
        return False
