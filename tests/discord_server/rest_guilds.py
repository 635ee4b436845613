"""Routes under /users, /guilds, /gateway and /applications (who am I, what is there, nicknames, moving people)."""

from __future__ import annotations

from typing import Any

from . import commands, payloads
from .errors import invalid_form, missing_access, missing_permissions, unknown
from .permissions import Permission, guild_permissions
from .rest import Call
from .state import Guild, Member


def guild_of(call: Call) -> Guild:
    guild = call.service.world.guilds.get(call.part("guild"))
    if guild is None:
        raise unknown(10004, "Guild")
    if call.caller.id not in guild.members:
        raise missing_access()
    return guild


def member_of(call: Call) -> Member:
    member = guild_of(call).members.get(call.part("user"))
    if member is None:
        raise unknown(10007, "Member")
    return member


def require(call: Call, guild: Guild, permission: Permission) -> None:
    if not guild_permissions(guild.members[call.caller.id]) & permission:
        raise missing_permissions()


async def me(call: Call) -> Any:
    return payloads.user(call.caller.user)


async def get_user(call: Call) -> Any:
    user = call.service.world.users.get(call.part("user"))
    if user is None:
        raise unknown(10013, "User")
    return payloads.user(user)


async def my_guilds(call: Call) -> Any:
    guilds = call.service.world.guilds.values()
    return [payloads.guild_summary(g, call.caller.user) for g in guilds if call.caller.id in g.members]


async def open_dm(call: Call) -> Any:
    other = call.service.world.users.get(int(call.body["recipient_id"]))
    if other is None:
        raise unknown(10013, "User")
    return payloads.channel(call.service.world.dm(call.caller.user, other), call.caller.user)


async def leave_guild(call: Call) -> Any:
    guild = guild_of(call)
    call.service.voice_states.leave(guild.members[call.caller.id])
    call.service.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild=guild, only=call.caller)
    guild.members.pop(call.caller.id)


async def application(call: Call) -> Any:
    return payloads.application(call.caller)


async def gateway(call: Call) -> Any:
    return {"url": call.service.gateway_url}


async def gateway_bot(call: Call) -> Any:
    call.caller  # noqa: B018  401 for an unknown token
    limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000}
    limit["max_concurrency"] = call.service.max_concurrency
    return {"url": call.service.gateway_url, "shards": call.service.shards, "session_start_limit": limit}


async def get_guild(call: Call) -> Any:
    return payloads.guild(guild_of(call))


async def guild_channels(call: Call) -> Any:
    return [payloads.channel(c) for c in guild_of(call).channels.values() if not c.is_thread]


async def guild_roles(call: Call) -> Any:
    return [payloads.role(r) for r in guild_of(call).roles.values()]


async def get_member(call: Call) -> Any:
    return payloads.member(member_of(call))


async def voice_state(call: Call) -> Any:
    guild = guild_of(call)
    number = call.caller.id if call.text("user") == "@me" else call.part("user")
    state = guild.voice_states.get(number)
    if state is None:
        raise unknown(10065, "Voice State")
    return payloads.voice_state(state)


async def edit_me(call: Call) -> Any:
    guild = guild_of(call)
    member = guild.members[call.caller.id]
    if "nick" in call.body:
        require(call, guild, Permission.CHANGE_NICKNAME)
        set_nick(call.service, member, call.body["nick"])
    return payloads.member(member)


async def edit_member(call: Call) -> Any:
    """Nickname, voice channel (moving or throwing out), server mute and deafen."""
    guild, member = guild_of(call), member_of(call)
    body, voice = call.body, call.service.voice_states
    if "nick" in body:
        require(call, guild, Permission.MANAGE_NICKNAMES)
        if member.user.id == guild.owner_id:
            raise missing_permissions()
        set_nick(call.service, member, body["nick"])
    if "channel_id" in body:
        require(call, guild, Permission.MOVE_MEMBERS)
        wanted = body["channel_id"]
        voice.move(member, guild.channels[int(wanted)] if wanted is not None else None)
    for name, permission in (("mute", Permission.MUTE_MEMBERS), ("deaf", Permission.DEAFEN_MEMBERS)):
        if name in body:
            require(call, guild, permission)
            voice.set_server_flags(member, **{name: bool(body[name])})
    return payloads.member(member)


def set_nick(service: Any, member: Member, nick: str | None) -> None:
    if nick and len(nick) > 32:
        raise invalid_form("nick", "BASE_TYPE_MAX_LENGTH", "Must be 32 or fewer in length.")
    member.nick = nick or None
    event = payloads.member(member) | {"guild_id": str(member.guild.id)}
    service.gateway.dispatch("GUILD_MEMBER_UPDATE", event, guild=member.guild)
    if member.user.bot:  # a bot hears of its own changes without the members intent
        own = service.world.applications[member.user.id]
        for session in service.gateway.live(own):
            if session.covers(member.guild) and not session.intents & 2:
                session.dispatch("GUILD_MEMBER_UPDATE", event)


# -- application commands


def _guild_id(call: Call) -> int | None:
    return guild_of(call).id if "guild" in call.request.match_info else None


def _own_application(call: Call) -> None:
    if call.part("application") != call.caller.id:
        raise missing_access()


async def list_commands(call: Call) -> Any:
    _own_application(call)
    return commands.registered(call.caller, _guild_id(call))


async def replace_commands(call: Call) -> Any:
    _own_application(call)
    return commands.replace(call.service.world, call.caller, _guild_id(call), call.body)


async def upsert_command(call: Call) -> Any:
    _own_application(call)
    return commands.upsert(call.service.world, call.caller, _guild_id(call), call.body)


async def edit_command(call: Call) -> Any:
    _own_application(call)
    command = call.caller.commands.get(call.part("command"))
    if command is None:
        raise unknown(10063, "application command")
    return commands.upsert(call.service.world, call.caller, _guild_id(call), command | call.body)


async def delete_command(call: Call) -> Any:
    _own_application(call)
    if call.caller.commands.pop(call.part("command"), None) is None:
        raise unknown(10063, "application command")


async def nothing(_: Call) -> Any:
    return []


ROUTES = [
    ("GET", "/users/@me", me),
    ("GET", "/users/@me/guilds", my_guilds),
    ("DELETE", "/users/@me/guilds/{guild}", leave_guild),
    ("POST", "/users/@me/channels", open_dm),
    ("GET", "/users/{user}", get_user),
    ("GET", "/oauth2/applications/@me", application),
    ("GET", "/applications/@me", application),
    ("GET", "/gateway", gateway),
    ("GET", "/gateway/bot", gateway_bot),
    ("GET", "/guilds/{guild}", get_guild),
    ("GET", "/guilds/{guild}/channels", guild_channels),
    ("GET", "/guilds/{guild}/roles", guild_roles),
    ("GET", "/guilds/{guild}/members/{user}", get_member),
    ("PATCH", "/guilds/{guild}/members/@me", edit_me),
    ("PATCH", "/guilds/{guild}/members/{user}", edit_member),
    ("GET", "/guilds/{guild}/voice-states/{user}", voice_state),
    ("GET", "/soundboard-default-sounds", nothing),
] + [
    (method, f"/applications/{{application}}{place}/commands{rest}", handler)
    for place in ("", "/guilds/{guild}")
    for method, rest, handler in (
        ("GET", "", list_commands),
        ("PUT", "", replace_commands),
        ("POST", "", upsert_command),
        ("PATCH", "/{command}", edit_command),
        ("DELETE", "/{command}", delete_command),
    )
]
