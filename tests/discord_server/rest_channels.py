"""Routes under /channels: messages, reactions, threads, typing, and reading or changing a channel."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from . import payloads
from .errors import missing_access, unknown
from .permissions import Permission
from .rest import Call
from .state import Channel, Message, Overwrite, User

HISTORY = Permission.READ_MESSAGE_HISTORY


def channel_of(call: Call) -> Channel:
    """The channel in the path: 10003 if there is none, 50001 if the caller cannot view it."""
    channel = call.service.world.channels.get(call.part("channel"))
    if channel is None:
        raise unknown(10003, "Channel")
    if not call.service.may_see(call.caller, channel.guild, channel):
        raise missing_access()
    return channel


def message_of(call: Call) -> Message:
    message = channel_of(call).messages.get(call.part("message"))
    if message is None:
        raise unknown(10008, "Message")
    return message


async def get_channel(call: Call) -> Any:
    return payloads.channel(channel_of(call), call.caller.user)


async def edit_channel(call: Call) -> Any:
    """Name and archiving of a thread, name and limit of a channel."""
    channel = channel_of(call)
    needed = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
    if not (channel.is_thread and channel.owner_id == call.caller.id):
        call.service.messages.require(call.caller.user, channel, needed)
    for name in ("name", "archived", "locked", "user_limit"):
        if name in call.body:
            setattr(channel, name, call.body[name])
    event = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
    call.service.gateway.dispatch(event, payloads.channel(channel), guild=channel.guild, channel=channel)
    return payloads.channel(channel)


async def delete_channel(call: Call) -> Any:
    channel = channel_of(call)
    if channel.guild is None:
        return payloads.channel(channel, call.caller.user)
    needed = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
    call.service.messages.require(call.caller.user, channel, needed)
    delete(call.service, channel)
    return payloads.channel(channel)


def delete(service: Any, channel: Channel) -> None:
    """Remove a channel or thread; whoever is in it leaves voice."""
    guild = channel.guild
    assert guild is not None
    data = {"id": str(channel.id), "guild_id": str(guild.id), "parent_id": None, "type": channel.kind}
    data |= {"name": channel.name, "position": 0}
    service.voice_states.everyone_out(channel)
    service.world.channels.pop(channel.id)
    event = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
    service.gateway.dispatch(event, data, guild=guild, channel=channel)
    guild.channels.pop(channel.id)


async def set_overwrite(call: Call) -> Any:
    channel = channel_of(call)
    call.service.messages.require(call.caller.user, channel, Permission.MANAGE_ROLES)
    target = call.part("target")
    allow, deny = int(call.body.get("allow", 0)), int(call.body.get("deny", 0))
    channel.overwrites[target] = Overwrite(target, int(call.body["type"]), allow, deny)
    data = payloads.channel(channel)
    call.service.gateway.dispatch("CHANNEL_UPDATE", data, guild=channel.guild, channel=channel)


async def list_messages(call: Call) -> Any:
    channel = channel_of(call)
    call.service.messages.require(call.caller.user, channel, HISTORY)
    query = call.request.query
    limit = min(int(query.get("limit", 50)), 100)
    ids = sorted(channel.messages, reverse=True)
    if "before" in query:
        ids = [i for i in ids if i < int(query["before"])]
    if "after" in query:
        ids = [i for i in ids if i > int(query["after"])][-limit:]
    return [payloads.message(channel.messages[i], call.caller.user) for i in ids[:limit]]


async def get_message(call: Call) -> Any:
    message = message_of(call)
    call.service.messages.require(call.caller.user, message.channel, HISTORY)
    return payloads.message(message, call.caller.user)


async def send_message(call: Call) -> Any:
    message = call.service.messages.send(call.caller.user, channel_of(call), call.body, call.files)
    return payloads.message(message, call.caller.user)


async def edit_message(call: Call) -> Any:
    message = call.service.messages.edit(call.caller.user, message_of(call), call.body, call.files)
    return payloads.message(message, call.caller.user)


async def delete_message(call: Call) -> Any:
    call.service.messages.delete(call.caller.user, message_of(call))


async def delete_messages(call: Call) -> Any:
    ids = [int(i) for i in call.body["messages"]]
    call.service.messages.delete_many(call.caller.user, channel_of(call), ids)


async def react(call: Call) -> Any:
    call.service.messages.react(call.caller.user, message_of(call), unquote(call.text("emoji")))


async def unreact(call: Call) -> Any:
    whose: User | None = call.caller.user
    if call.text("whose") != "@me":
        whose = call.service.world.users.get(call.part("whose"))
    if whose is None:
        raise unknown(10013, "User")
    call.service.messages.unreact(call.caller.user, message_of(call), unquote(call.text("emoji")), whose)


async def thread_on_message(call: Call) -> Any:
    message = message_of(call)
    return payloads.channel(
        call.service.messages.start_thread(call.caller.user, message.channel, call.body, message)
    )


async def thread(call: Call) -> Any:
    return payloads.channel(call.service.messages.start_thread(call.caller.user, channel_of(call), call.body))


async def join_thread(call: Call) -> Any:
    channel_of(call)


async def typing(call: Call) -> Any:
    channel_of(call)


async def voice_status(call: Call) -> Any:
    channel = channel_of(call)
    call.service.messages.require(call.caller.user, channel, Permission.SET_VOICE_CHANNEL_STATUS)
    channel.status = str(call.body.get("status") or "")


ROUTES = [
    ("GET", "/channels/{channel}", get_channel),
    ("PATCH", "/channels/{channel}", edit_channel),
    ("DELETE", "/channels/{channel}", delete_channel),
    ("PUT", "/channels/{channel}/permissions/{target}", set_overwrite),
    ("GET", "/channels/{channel}/messages", list_messages),
    ("POST", "/channels/{channel}/messages", send_message),
    ("POST", "/channels/{channel}/messages/bulk-delete", delete_messages),
    ("GET", "/channels/{channel}/messages/{message}", get_message),
    ("PATCH", "/channels/{channel}/messages/{message}", edit_message),
    ("DELETE", "/channels/{channel}/messages/{message}", delete_message),
    ("PUT", "/channels/{channel}/messages/{message}/reactions/{emoji}/@me", react),
    ("DELETE", "/channels/{channel}/messages/{message}/reactions/{emoji}/{whose}", unreact),
    ("POST", "/channels/{channel}/messages/{message}/threads", thread_on_message),
    ("POST", "/channels/{channel}/threads", thread),
    ("PUT", "/channels/{channel}/thread-members/@me", join_thread),
    ("POST", "/channels/{channel}/typing", typing),
    ("PUT", "/channels/{channel}/voice-status", voice_status),
]
