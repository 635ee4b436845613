"""A guild as a test sets it up: channels, people, roles, permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import payloads, rest_channels
from .members import SimulatedMember
from .permissions import EVERYONE
from .state import (
    CATEGORY,
    STAGE,
    TEXT,
    VOICE,
    Application,
    Channel,
    Guild,
    Member,
    Message,
    Overwrite,
    Role,
    User,
)

if TYPE_CHECKING:
    from .server import DiscordServer

#: What the bot's invitation asks for unless a test says otherwise.
INVITED_WITH = int(EVERYONE)


class SimulatedGuild:
    """One guild. Every method may be called from any thread."""

    def __init__(self, server: DiscordServer, guild: Guild) -> None:
        self.server = server
        self.guild = guild
        self.people: dict[str, SimulatedMember] = {}

    @property
    def id(self) -> int:
        return self.guild.id

    @property
    def bot(self) -> Member:
        """The first bot's membership."""
        return self.guild.members[self.server.bot.id]

    @property
    def bot_voice_channel(self) -> Channel | None:
        state = self.guild.voice_states.get(self.server.bot.id)
        return state.channel if state else None

    def add_bot(self, bot: Application, permissions: int = INVITED_WITH) -> Member:
        """Invite a bot; it gets GUILD_CREATE if it is online, and a role of its own with these permissions."""

        def go() -> Member:
            world = self.server.service.world
            role = world.add_role(self.guild, bot.user.name, permissions, managed=True)
            member = world.add_member(self.guild, bot.user)
            member.roles.add(role.id)
            data = payloads.guild_create(self.guild, bot.user)
            self.server.service.gateway.dispatch("GUILD_CREATE", data, guild=self.guild, only=bot)
            return member

        return self.server.call(go)

    def remove_bot(self, bot: Application | None = None) -> None:
        """Kick it from the guild."""
        member = self.guild.members[(bot or self.server.bot).id]

        def go() -> None:
            self.server.service.voice_states.leave(member)
            data = {"id": str(self.guild.id)}
            self.server.service.gateway.dispatch(
                "GUILD_DELETE", data, guild=self.guild, only=bot or self.server.bot
            )
            del self.guild.members[member.user.id]

        self.server.call(go)

    def _add_channel(self, kind: int, name: str, parent: Channel | None = None) -> Channel:
        def go() -> Channel:
            channel = self.server.service.world.add_channel(self.guild, kind, name, parent)
            event = payloads.channel(channel)
            self.server.service.gateway.dispatch("CHANNEL_CREATE", event, guild=self.guild, channel=channel)
            return channel

        return self.server.call(go)

    def add_text_channel(self, name: str, category: Channel | None = None) -> Channel:
        return self._add_channel(TEXT, name, category)

    def add_voice_channel(self, name: str, category: Channel | None = None, user_limit: int = 0) -> Channel:
        """Voice channels have a text chat of their own, so messages can be sent there as well."""
        channel = self._add_channel(VOICE, name, category)
        channel.user_limit = user_limit
        return channel

    def add_stage_channel(self, name: str) -> Channel:
        return self._add_channel(STAGE, name)

    def add_category(self, name: str) -> Channel:
        return self._add_channel(CATEGORY, name)

    def add_thread(
        self, channel: Channel, name: str, by: SimulatedMember, on: Message | None = None
    ) -> Channel:
        return self.server.call(
            self.server.service.messages.start_thread, by.user, channel, {"name": name}, on
        )

    def delete_channel(self, channel: Channel) -> None:
        self.server.call(rest_channels.delete, self.server.service, channel)

    def add_member(
        self,
        name: str,
        *,
        implementation: str = "davey",
        user: User | None = None,
        roles: tuple[Role, ...] = (),
    ) -> SimulatedMember:
        """A person. `implementation` of DAVE: "davey", "libdave" or "none". `user`: the same person as in another guild."""

        def go() -> Member:
            world = self.server.service.world
            member = world.add_member(self.guild, user or world.add_user(name))
            member.roles |= {r.id for r in roles}
            event = payloads.member(member) | {"guild_id": str(self.guild.id)}
            self.server.service.gateway.dispatch("GUILD_MEMBER_ADD", event, guild=self.guild)
            return member

        person = self.people[name] = SimulatedMember(self.server, self.server.call(go), implementation)
        return person

    def remove_member(self, person: SimulatedMember, *, ban: bool = False) -> None:
        """Leaves the guild, or is banned from it."""

        def go() -> None:
            self.server.service.voice_states.leave(person.member)
            del self.guild.members[person.id]
            data = {"guild_id": str(self.guild.id), "user": payloads.user(person.user)}
            self.server.service.gateway.dispatch("GUILD_MEMBER_REMOVE", data, guild=self.guild)
            if ban:
                self.guild.bans.add(person.id)

        self.server.call(go)
        self.people.pop(person.name, None)

    def add_role(self, name: str, permissions: int = 0) -> Role:
        return self.server.call(self.server.service.world.add_role, self.guild, name, permissions)

    def overwrite(
        self, channel: Channel, target: Role | Member | SimulatedMember, *, allow: int = 0, deny: int = 0
    ) -> None:
        """Set the channel's permissions for a role or one person."""
        kind = 0 if isinstance(target, Role) else 1
        number = target.id if isinstance(target, Role | SimulatedMember) else target.user.id

        def go() -> None:
            channel.overwrites[number] = Overwrite(number, kind, allow, deny)
            self._updated(channel)

        self.server.call(go)

    def set_permissions(self, role: Role, permissions: int) -> None:
        def go() -> None:
            role.permissions = permissions
            event = {"guild_id": str(self.guild.id), "role": payloads.role(role)}
            self.server.service.gateway.dispatch("GUILD_ROLE_UPDATE", event, guild=self.guild)

        self.server.call(go)

    @property
    def everyone(self) -> Role:
        return self.guild.roles[self.guild.id]

    @property
    def bot_role(self) -> Role:
        return next(self.guild.roles[r] for r in self.bot.roles if self.guild.roles[r].managed)

    def join_together(self, channel: Channel, people: list[SimulatedMember], *, deaf: bool = False) -> None:
        """All of them at the same moment: one change of the encrypted group."""

        def go() -> None:
            for person in people:
                person.join(channel, deaf=deaf)

        self.server.call(go)

    def move(self, who: SimulatedMember | Member, channel: Channel | None) -> None:
        """Drag somebody into another voice channel; None throws them out."""
        self.server.call(self.server.service.voice_states.move, _member(who), channel)

    def server_mute(self, who: SimulatedMember | Member, mute: bool = True) -> None:
        self.server.call(lambda: self.server.service.voice_states.set_server_flags(_member(who), mute=mute))

    def _updated(self, channel: Channel) -> None:
        data: dict[str, Any] = payloads.channel(channel)
        self.server.service.gateway.dispatch("CHANNEL_UPDATE", data, guild=self.guild, channel=channel)


def _member(who: SimulatedMember | Member) -> Member:
    return who.member if isinstance(who, SimulatedMember) else who
