"""The parts of the server, joined: each part reaches the others through this and nothing else."""

from __future__ import annotations

import asyncio

from .gateway import Gateway
from .interactions import Interactions
from .messages import Messages
from .permissions import Permission, channel_permissions
from .rate_limits import RateLimits
from .state import Application, Channel, Guild, World
from .voice_servers import VoiceServers
from .voice_states import VoiceStates


class Service:
    """One Discord. Lives on one event loop; `server.DiscordServer` gives other threads a way in."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.world = World()
        self.gateway = Gateway(self)
        self.messages = Messages(self)
        self.voice_states = VoiceStates(self)
        self.voice = VoiceServers(self)
        self.interactions = Interactions(self)
        self.limits = RateLimits()
        self.api_url = self.gateway_url = ""  # known once the sockets are open
        self.shards = 1  # how many the gateway advises
        self.heartbeat_ms = 41_250
        self.identify_interval = 5.0  # seconds between two IDENTIFYs of one concurrency bucket
        self.max_concurrency = 1
        self.resume_window = 60.0  # seconds a cut session can be resumed
        self.refusals: list[str] = []  # every REST refusal, as "METHOD path: status code"

    def may_see(self, application: Application, guild: Guild | None, channel: Channel | None) -> bool:
        """Whether events of this guild and channel concern the bot at all."""
        if guild is None:
            return channel is None or application.user in channel.recipients
        member = guild.members.get(application.id)
        if member is None:
            return False
        return channel is None or bool(channel_permissions(member, channel) & Permission.VIEW_CHANNEL)
