"""What exists on the server: people, guilds, roles, channels, messages, voice states. Data only; no sockets.

Everything here is changed on the server's loop only. Other threads may read.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .permissions import EVERYONE

DISCORD_EPOCH_MS = 1_420_070_400_000

TEXT, DM, VOICE, CATEGORY, STAGE = 0, 1, 2, 4, 13
PUBLIC_THREAD, PRIVATE_THREAD = 11, 12
EPHEMERAL, LOADING = 1 << 6, 1 << 7  # message flags


def timestamp() -> str:
    """Now, as Discord writes times."""
    return datetime.now(UTC).isoformat()


@dataclass(eq=False)
class User:
    id: int
    name: str
    bot: bool = False
    accepts_dms: bool = True


@dataclass(eq=False)
class Application:
    """A bot: its account, its token, what it has registered."""

    user: User
    token: str
    privileged_intents: int = 0  # those switched on in the developer portal
    commands: dict[int, dict[str, Any]] = field(default_factory=dict)  # command id → as registered

    @property
    def id(self) -> int:
        return self.user.id


@dataclass(eq=False)
class Role:
    id: int
    name: str
    permissions: int
    position: int = 0
    managed: bool = False


@dataclass(eq=False)
class Overwrite:
    id: int
    kind: int  # 0 role, 1 member
    allow: int = 0
    deny: int = 0


@dataclass(eq=False)
class Message:
    id: int
    channel: Channel
    author: User
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    reference: Message | None = None
    mentions: list[User] = field(default_factory=list)
    reactions: dict[str, list[int]] = field(default_factory=dict)  # emoji → user ids
    sent_at: str = field(default_factory=timestamp)
    edited_at: str | None = None
    history: list[str] = field(default_factory=list)  # earlier contents, oldest first
    deleted: bool = False
    kind: int = 0  # 19 is a reply, 20 answers a slash command
    application_id: int | None = None
    only_for: int | None = None  # user id, for ephemeral messages
    interaction: dict[str, Any] | None = None

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Shown as “… is thinking”."""
        return bool(self.flags & LOADING)


@dataclass(eq=False)
class Attachment:
    id: int
    filename: str
    data: bytes
    url: str


@dataclass(eq=False)
class Channel:
    id: int
    kind: int
    name: str
    guild: Guild | None = None
    parent: Channel | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    recipients: list[User] = field(default_factory=list)  # of a DM
    user_limit: int = 0
    owner_id: int | None = None  # of a thread
    archived: bool = False
    locked: bool = False
    status: str = ""  # a voice channel's status line

    @property
    def is_thread(self) -> bool:
        return self.kind in (PUBLIC_THREAD, PRIVATE_THREAD)

    @property
    def is_voice(self) -> bool:
        return self.kind in (VOICE, STAGE)

    @property
    def posts(self) -> list[Message]:
        """The messages that everyone in the channel sees, oldest first."""
        return list(self.messages.values())


@dataclass(eq=False)
class Member:
    user: User
    guild: Guild
    nick: str | None = None
    roles: set[int] = field(default_factory=set)
    joined_at: str = field(default_factory=timestamp)

    @property
    def shown_name(self) -> str:
        return self.nick or self.user.name


@dataclass(eq=False)
class VoiceState:
    member: Member
    channel: Channel | None
    session_id: str
    self_mute: bool = False
    self_deaf: bool = False
    mute: bool = False
    deaf: bool = False
    suppress: bool = False  # may not speak here


@dataclass(eq=False)
class Guild:
    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)  # threads too
    members: dict[int, Member] = field(default_factory=dict)
    bans: set[int] = field(default_factory=set)
    voice_states: dict[int, VoiceState] = field(default_factory=dict)

    def shard_of(self, count: int) -> int:
        return (self.id >> 22) % count


class World:
    """All of it, and where new ids come from."""

    def __init__(self) -> None:
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.applications: dict[int, Application] = {}
        self.attachments: dict[int, Attachment] = {}
        self._count = 0
        # Guilds get consecutive milliseconds from a multiple of 1…16, so the n-th is on shard n % shards.
        self._guild_ms = (int(time.time() * 1000) - DISCORD_EPOCH_MS) // 720_720 * 720_720

    def new_id(self) -> int:
        """A snowflake of this moment, never given twice."""
        self._count += 1
        return (int(time.time() * 1000) - DISCORD_EPOCH_MS) << 22 | (self._count & 0x3FFFFF)

    def add_user(self, name: str, *, bot: bool = False) -> User:
        user = User(self.new_id(), name, bot)
        self.users[user.id] = user
        return user

    def add_application(self, name: str) -> Application:
        application = Application(self.add_user(name, bot=True), token=f"test.{secrets.token_urlsafe(24)}")
        self.applications[application.id] = application
        return application

    def add_guild(self, name: str, owner: User) -> Guild:
        guild = Guild((self._guild_ms + len(self.guilds)) << 22, name, owner.id)
        guild.roles[guild.id] = Role(guild.id, "@everyone", EVERYONE)
        self.guilds[guild.id] = guild
        self.add_member(guild, owner)
        return guild

    def add_member(self, guild: Guild, user: User) -> Member:
        member = guild.members[user.id] = Member(user, guild)
        return member

    def add_role(self, guild: Guild, name: str, permissions: int, *, managed: bool = False) -> Role:
        role = Role(self.new_id(), name, int(permissions), position=len(guild.roles), managed=managed)
        guild.roles[role.id] = role
        return role

    def add_channel(self, guild: Guild, kind: int, name: str, parent: Channel | None = None) -> Channel:
        channel = Channel(self.new_id(), kind, name, guild, parent)
        guild.channels[channel.id] = self.channels[channel.id] = channel
        return channel

    def dm(self, one: User, other: User) -> Channel:
        """The DM channel of two people, made on first use."""
        for channel in self.channels.values():
            if channel.kind == DM and {one, other} == set(channel.recipients):
                return channel
        channel = Channel(self.new_id(), DM, "", recipients=[one, other])
        self.channels[channel.id] = channel
        return channel

    def application_by_token(self, token: str) -> Application | None:
        return next((a for a in self.applications.values() if a.token == token), None)
