"""State as the JSON that Discord sends. Ids are strings, permissions too."""

from __future__ import annotations

from typing import Any

from .permissions import channel_permissions, guild_permissions
from .state import Application, Attachment, Channel, Guild, Member, Message, Role, User, VoiceState

Json = dict[str, Any]


def user(of: User) -> Json:
    return {
        "id": str(of.id),
        "username": of.name if of.bot else of.name.lower(),
        "global_name": None if of.bot else of.name,
        "discriminator": "0",
        "avatar": None,
        "bot": of.bot,
        "public_flags": 0,
        "flags": 0,
    }


def application(of: Application) -> Json:
    return {
        "id": str(of.id),
        "name": of.user.name,
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "summary": "",
        "verify_key": "0" * 64,
        "flags": 0,
        "owner": {"id": "1", "username": "owner", "discriminator": "0", "avatar": None},
        "team": None,
        "bot": user(of.user),
    }


def role(of: Role) -> Json:
    return {
        "id": str(of.id),
        "name": of.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": of.position,
        "permissions": str(of.permissions),
        "managed": of.managed,
        "mentionable": False,
        "flags": 0,
    }


def member(of: Member, *, in_channel: Channel | None = None, with_user: bool = True) -> Json:
    data: Json = {
        "nick": of.nick,
        "avatar": None,
        "roles": [str(r) for r in sorted(of.roles)],
        "joined_at": of.joined_at,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": None,
    }
    if with_user:
        data["user"] = user(of.user)
    if in_channel is not None:
        data["permissions"] = str(channel_permissions(of, in_channel))
    return data


def channel(of: Channel, viewer: User | None = None) -> Json:
    data: Json = {"id": str(of.id), "type": of.kind, "flags": 0, "last_message_id": None}
    if of.messages:
        data["last_message_id"] = str(max(of.messages))
    if of.guild is None:
        data["recipients"] = [user(u) for u in of.recipients if u is not viewer]
        return data
    data |= {"name": of.name, "guild_id": str(of.guild.id), "nsfw": False, "rate_limit_per_user": 0}
    data["parent_id"] = str(of.parent.id) if of.parent else None
    if of.is_thread:
        data |= _thread_fields(of)
        return data
    data["position"] = list(of.guild.channels).index(of.id)
    data["permission_overwrites"] = [
        {"id": str(o.id), "type": o.kind, "allow": str(int(o.allow)), "deny": str(int(o.deny))}
        for o in of.overwrites.values()
    ]
    if of.is_voice:
        data |= {"bitrate": 64000, "user_limit": of.user_limit, "rtc_region": None, "status": of.status}
    else:
        data["topic"] = None
    return data


def _thread_fields(of: Channel) -> Json:
    return {
        "owner_id": str(of.owner_id),
        "message_count": len(of.messages),
        "member_count": 1,
        "thread_metadata": {
            "archived": of.archived,
            "auto_archive_duration": 1440,
            "archive_timestamp": "2026-01-01T00:00:00+00:00",
            "locked": of.locked,
        },
    }


def attachment(of: Attachment) -> Json:
    links = {"url": of.url, "proxy_url": of.url}
    return {"id": str(of.id), "filename": of.filename, "size": len(of.data), "content_type": None} | links


def message(
    of: Message, viewer: User | None = None, *, with_content: bool = True, nested: bool = False
) -> Json:
    """A message as `viewer` (for reactions' `me`) gets it; without content for a bot that may not read it."""
    data: Json = {
        "id": str(of.id),
        "channel_id": str(of.channel.id),
        "author": user(of.author),
        "content": of.content if with_content else "",
        "embeds": of.embeds if with_content else [],
        "components": of.components if with_content else [],
        "attachments": [attachment(a) for a in of.attachments] if with_content else [],
        "timestamp": of.sent_at,
        "edited_timestamp": of.edited_at,
        "tts": False,
        "mention_everyone": False,
        "mentions": [user(u) for u in of.mentions],
        "mention_roles": [],
        "pinned": False,
        "type": of.kind,
        "flags": of.flags,
        "reactions": [
            {
                "count": len(ids),
                "count_details": {"burst": 0, "normal": len(ids)},
                "me": viewer is not None and viewer.id in ids,
                "me_burst": False,
                "burst_colors": [],
                "emoji": {"id": None, "name": emoji},
            }
            for emoji, ids in of.reactions.items()
        ],
    }
    if of.application_id is not None:
        data["application_id"] = data["webhook_id"] = str(of.application_id)
    if of.interaction is not None:
        data["interaction_metadata"] = of.interaction
    guild = of.channel.guild
    if of.reference is not None:
        data["message_reference"] = {
            "message_id": str(of.reference.id),
            "channel_id": str(of.reference.channel.id),
        }
        if guild:
            data["message_reference"]["guild_id"] = str(guild.id)
        if not nested:
            gone = of.reference.deleted
            shown = message(of.reference, viewer, with_content=with_content, nested=True)
            data["referenced_message"] = None if gone else shown
    return data


def message_event(of: Message, viewer: User, *, with_content: bool) -> Json:
    """MESSAGE_CREATE and MESSAGE_UPDATE: the message plus where it is and who its author is there."""
    data = message(of, viewer, with_content=with_content)
    if guild := of.channel.guild:
        data["guild_id"] = str(guild.id)
        if author := guild.members.get(of.author.id):
            data["member"] = member(author, with_user=False)
    return data


def voice_state(of: VoiceState) -> Json:
    return {
        "guild_id": str(of.member.guild.id),
        "channel_id": str(of.channel.id) if of.channel else None,
        "user_id": str(of.member.user.id),
        "member": member(of.member),
        "session_id": of.session_id,
        "deaf": of.deaf,
        "mute": of.mute,
        "self_deaf": of.self_deaf,
        "self_mute": of.self_mute,
        "self_video": False,
        "suppress": of.suppress,
        "request_to_speak_timestamp": None,
    }


def guild(of: Guild) -> Json:
    """What `GET /guilds/{id}` gives."""
    return {
        "id": str(of.id),
        "name": of.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "owner_id": str(of.owner_id),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "roles": [role(r) for r in of.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "vanity_url_code": None,
        "description": None,
        "banner": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "nsfw_level": 0,
        "premium_progress_bar_enabled": False,
        "max_members": 500_000,
    }


def guild_create(of: Guild, viewer: User) -> Json:
    """GUILD_CREATE for a bot without the presence intent: of the members only itself and those in voice."""
    shown = {viewer.id, *of.voice_states}
    return guild(of) | {
        "joined_at": of.members[viewer.id].joined_at,
        "large": False,
        "unavailable": False,
        "member_count": len(of.members),
        "members": [member(m) for i, m in of.members.items() if i in shown],
        "channels": [channel(c) for c in of.channels.values() if not c.is_thread],
        "threads": [channel(c) for c in of.channels.values() if c.is_thread and not c.archived],
        "voice_states": [voice_state(v) for v in of.voice_states.values()],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def guild_summary(of: Guild, viewer: User) -> Json:
    """One entry of `GET /users/@me/guilds`."""
    permissions = guild_permissions(of.members[viewer.id])
    return {
        "id": str(of.id),
        "name": of.name,
        "icon": None,
        "owner": of.owner_id == viewer.id,
        "features": [],
    } | {"permissions": str(permissions)}
