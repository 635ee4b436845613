"""Discord's permission bits and how a member's permissions in a channel come about.

The order (base roles, then the @everyone, role and member overwrites) is the one Discord documents; an owner and an
administrator have everything, and who cannot view a channel can do nothing in it.
"""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .state import Channel, Member


class Permission(IntFlag):
    """The bits this server looks at; others may be set and are passed on."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    STREAM = 1 << 9
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    DEAFEN_MEMBERS = 1 << 23
    MOVE_MEMBERS = 1 << 24
    USE_VAD = 1 << 25
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    SET_VOICE_CHANNEL_STATUS = 1 << 48


ALL = (1 << 53) - 1

#: What @everyone may do in a guild that nobody has configured.
EVERYONE = (
    Permission.CREATE_INSTANT_INVITE
    | Permission.ADD_REACTIONS
    | Permission.STREAM
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.MENTION_EVERYONE
    | Permission.CONNECT
    | Permission.SPEAK
    | Permission.USE_VAD
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)

_VOICE_WITHOUT_CONNECT = (
    Permission.SPEAK
    | Permission.STREAM
    | Permission.USE_VAD
    | Permission.MUTE_MEMBERS
    | Permission.DEAFEN_MEMBERS
    | Permission.MOVE_MEMBERS
)


def guild_permissions(member: Member) -> int:
    """What the member's roles give, before any channel overwrite."""
    if member.user.id == member.guild.owner_id:
        return ALL
    bits = member.guild.roles[member.guild.id].permissions
    for role_id in member.roles:
        bits |= member.guild.roles[role_id].permissions
    return ALL if bits & Permission.ADMINISTRATOR else bits


def channel_permissions(member: Member, channel: Channel) -> int:
    """What the member may do in this channel; threads follow their parent."""
    bits = guild_permissions(member)
    if bits == ALL:
        return ALL
    place = channel.parent if channel.is_thread and channel.parent else channel
    overwrites = place.overwrites
    if everyone := overwrites.get(member.guild.id):
        bits = bits & ~everyone.deny | everyone.allow
    of_roles = [overwrites[role] for role in member.roles if role in overwrites]
    for overwrite in of_roles:
        bits &= ~overwrite.deny
    for overwrite in of_roles:
        bits |= overwrite.allow
    if own := overwrites.get(member.user.id):
        bits = bits & ~own.deny | own.allow
    if not bits & Permission.VIEW_CHANNEL:
        return 0
    if place.is_voice and not bits & Permission.CONNECT:
        bits &= ~_VOICE_WITHOUT_CONNECT
    return bits
