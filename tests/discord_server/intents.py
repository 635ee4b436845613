"""Which intent a gateway event needs, and what a bot may read of a message."""

from __future__ import annotations

from .state import Message, User

GUILDS, GUILD_MEMBERS, GUILD_VOICE_STATES = 1 << 0, 1 << 1, 1 << 7
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES, GUILD_MESSAGE_REACTIONS, GUILD_MESSAGE_TYPING = 1 << 9, 1 << 10, 1 << 11
DIRECT_MESSAGES, DIRECT_MESSAGE_REACTIONS, DIRECT_MESSAGE_TYPING = 1 << 12, 1 << 13, 1 << 14
MESSAGE_CONTENT = 1 << 15

PRIVILEGED_INTENTS = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT
KNOWN_INTENTS = (1 << 17) - 1 | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25

_IN_GUILD = {
    "GUILD_MEMBER_": GUILD_MEMBERS,
    "VOICE_STATE_": GUILD_VOICE_STATES,
    "MESSAGE_REACTION_": GUILD_MESSAGE_REACTIONS,
    "MESSAGE_": GUILD_MESSAGES,
    "TYPING_": GUILD_MESSAGE_TYPING,
    "CHANNEL_": GUILDS,
    "THREAD_": GUILDS,
    "GUILD_": GUILDS,
}
_IN_DM = {
    "MESSAGE_REACTION_": DIRECT_MESSAGE_REACTIONS,
    "MESSAGE_": DIRECT_MESSAGES,
    "TYPING_": DIRECT_MESSAGE_TYPING,
}


def wanted(event: str, intents: int, *, in_guild: bool) -> bool:
    """Whether a session with these intents gets this event; some (interactions) need none."""
    for prefix, intent in (_IN_GUILD if in_guild else _IN_DM).items():
        if event.startswith(prefix):
            return bool(intents & intent)
    return True


def may_read(message: Message, reader: User, intents: int) -> bool:
    """Without the message-content intent a bot reads only DMs, its own messages, and those that mention it."""
    if intents & MESSAGE_CONTENT or message.channel.guild is None:
        return True
    return message.author is reader or reader in message.mentions
