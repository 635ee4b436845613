"""Writing, editing and deleting messages, reactions, threads: what Discord checks, and the events that follow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import payloads
from .errors import Refused, invalid_form, missing_access, missing_permissions, unknown
from .intents import may_read
from .message_limits import checked_components, checked_embeds
from .permissions import Permission, channel_permissions
from .state import (
    DM,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    STAGE,
    TEXT,
    VOICE,
    Attachment,
    Channel,
    Message,
    User,
    timestamp,
)

if TYPE_CHECKING:
    from .service import Service

MAX_CONTENT = 2000  # characters
REPLY = 19
Json = dict[str, Any]


class Messages:
    """Every method takes the acting user and raises `Refused` where Discord would refuse that user."""

    def __init__(self, service: Service) -> None:
        self.service = service

    # -- may they?

    def require(self, who: User, channel: Channel, *needed: Permission) -> None:
        """50001 for a channel one cannot view, 50013 for anything else that is lacking."""
        if channel.guild is None:
            if who not in channel.recipients:
                raise missing_access()
            return
        member = channel.guild.members.get(who.id)
        have = channel_permissions(member, channel) if member else 0
        if not have & Permission.VIEW_CHANNEL:
            raise missing_access()
        if any(not have & permission for permission in needed):
            raise missing_permissions()

    def _require_sending(self, who: User, channel: Channel, message: Message) -> None:
        if channel.kind not in (TEXT, VOICE, STAGE, DM, PUBLIC_THREAD, PRIVATE_THREAD):
            raise Refused(400, 50008, "Cannot send messages in a non-text channel")
        if channel.kind == DM:
            others = [u for u in channel.recipients if u is not who]
            if who not in channel.recipients or not all(u.accepts_dms for u in others):
                raise Refused(403, 50007, "Cannot send messages to this user")
            return
        if channel.locked or (channel.archived and channel.locked):
            raise Refused(400, 50083, "Thread is archived")
        needed = [Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES]
        needed += [Permission.EMBED_LINKS] if message.embeds else []
        needed += [Permission.ATTACH_FILES] if message.attachments else []
        self.require(who, channel, *needed)
        if message.reference:
            try:
                self.require(who, channel, Permission.READ_MESSAGE_HISTORY)
            except Refused:
                raise Refused(
                    403, 160002, "Cannot reply without permission to read message history"
                ) from None

    # -- messages

    def read_body(self, message: Message, body: Json, files: list[Attachment]) -> None:
        """Fill a message from a request body, with Discord's limits (2000 characters, 10 embeds, 5 rows)."""
        if "content" in body:
            content = body["content"] or ""
            if not isinstance(content, str):
                raise invalid_form("content", "STRING_TYPE_CONVERT", "Could not interpret as string.")
            if len(content) > MAX_CONTENT:
                words = f"Must be {MAX_CONTENT} or fewer in length."
                raise invalid_form("content", "BASE_TYPE_MAX_LENGTH", words)
            message.content = content.strip()
        if "embeds" in body:
            message.embeds = checked_embeds(body["embeds"] or [])
        if "components" in body:
            message.components = checked_components(body["components"] or [])
        message.attachments += files
        message.mentions = self._mentions(message, body.get("allowed_mentions"))

    def require_something(self, message: Message) -> None:
        if not (message.content or message.embeds or message.attachments or message.components):
            raise Refused(400, 50006, "Cannot send an empty message")

    def send(self, who: User, channel: Channel, body: Json, files: list[Attachment] | None = None) -> Message:
        message = Message(self.service.world.new_id(), channel, who)
        if reference := body.get("message_reference"):
            message.reference = channel.messages.get(int(reference["message_id"]))
            message.kind = REPLY
            if message.reference is None and reference.get("fail_if_not_exists", True):
                raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        message.flags = int(body.get("flags", 0)) & ~(1 << 6)  # only answers to interactions are ephemeral
        self.read_body(message, body, files or [])
        self.require_something(message)
        self._require_sending(who, channel, message)
        self.publish(message)
        return message

    def publish(self, message: Message) -> None:
        """Put it into its channel and tell every bot that may see it."""
        message.channel.messages[message.id] = message
        message.channel.archived = False
        self._tell("MESSAGE_CREATE", message)

    def edit(self, who: User, message: Message, body: Json, files: list[Attachment] | None = None) -> Message:
        if message.author is not who:
            raise Refused(403, 50005, "Cannot edit a message authored by another user")
        self.require(who, message.channel)
        self.change(message, body, files or [])
        return message

    def change(self, message: Message, body: Json, files: list[Attachment]) -> None:
        """An edit, after whoever asks for it was found to be allowed to."""
        message.history.append(message.content)
        if body.get("attachments") is not None:
            kept = {str(a.get("id")) for a in body["attachments"]}
            message.attachments = [a for a in message.attachments if str(a.id) in kept]
        self.read_body(message, body, files)
        self.require_something(message)
        message.edited_at = timestamp()
        if message.only_for is None:
            self._tell("MESSAGE_UPDATE", message)

    def delete(self, who: User, message: Message) -> None:
        mine = message.author is who
        self.require(who, message.channel, *([] if mine else [Permission.MANAGE_MESSAGES]))
        if not mine and message.channel.guild is None:
            raise Refused(403, 50003, "Cannot execute action on a DM channel")
        self.remove(message)

    def remove(self, message: Message) -> None:
        message.deleted = True
        message.channel.messages.pop(message.id, None)
        if message.only_for is None:
            self._event("MESSAGE_DELETE", message.channel, {"id": str(message.id)})

    def delete_many(self, who: User, channel: Channel, ids: list[int]) -> None:
        if channel.guild is None:
            raise Refused(403, 50003, "Cannot execute action on a DM channel")
        self.require(who, channel, Permission.MANAGE_MESSAGES)
        if not 2 <= len(ids) <= 100:
            raise Refused(400, 50016, "Provided too few or too many messages to delete.")
        oldest = self.service.world.new_id() - (14 * 86_400_000 << 22)
        if any(i < oldest for i in ids):
            raise Refused(400, 50034, "A message provided was too old to bulk delete")
        gone = [message for i in ids if (message := channel.messages.pop(i, None))]
        for message in gone:
            message.deleted = True
        self._event("MESSAGE_DELETE_BULK", channel, {"ids": [str(m.id) for m in gone]})

    # -- reactions

    def react(self, who: User, message: Message, emoji: str) -> None:
        if not emoji or emoji.isascii():
            raise unknown(10014, "Emoji")
        self.require(who, message.channel, Permission.READ_MESSAGE_HISTORY)
        if emoji not in message.reactions:
            self.require(who, message.channel, Permission.ADD_REACTIONS)
            if len(message.reactions) >= 20:
                raise Refused(403, 30010, "Maximum number of reactions reached (20)")
        ids = message.reactions.setdefault(emoji, [])
        if who.id not in ids:
            ids.append(who.id)
            self._reaction_event("MESSAGE_REACTION_ADD", who, message, emoji)

    def unreact(self, who: User, message: Message, emoji: str, whose: User) -> None:
        if who is not whose:
            self.require(who, message.channel, Permission.MANAGE_MESSAGES)
        if whose.id not in message.reactions.get(emoji, []):
            raise unknown(10014, "Emoji")
        message.reactions[emoji].remove(whose.id)
        if not message.reactions[emoji]:
            del message.reactions[emoji]
        self._reaction_event("MESSAGE_REACTION_REMOVE", whose, message, emoji)

    # -- threads

    def start_thread(self, who: User, channel: Channel, body: Json, on: Message | None = None) -> Channel:
        """A public thread on a message has that message's id, as on Discord."""
        private = on is None and body.get("type") == PRIVATE_THREAD
        kind = PRIVATE_THREAD if private else PUBLIC_THREAD
        if channel.guild is None or channel.kind != TEXT:
            raise Refused(400, 50024, "Cannot execute action on this channel type")
        needed = Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS
        self.require(who, channel, needed)
        name = str(body.get("name", ""))
        if not 1 <= len(name) <= 100:
            raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
        if on is not None and on.id in channel.guild.channels:
            raise Refused(400, 160004, "A thread has already been created for this message")
        thread = Channel(on.id if on else self.service.world.new_id(), kind, name, channel.guild, channel)
        thread.owner_id = who.id
        channel.guild.channels[thread.id] = self.service.world.channels[thread.id] = thread
        data = payloads.channel(thread) | {"newly_created": True}
        self.service.gateway.dispatch("THREAD_CREATE", data, guild=channel.guild, channel=thread)
        return thread

    # -- events

    def _tell(self, event: str, message: Message) -> None:
        self.service.gateway.dispatch(
            event,
            lambda session: payloads.message_event(
                message,
                session.application.user,
                with_content=may_read(message, session.application.user, session.intents),
            ),
            guild=message.channel.guild,
            channel=message.channel,
        )

    def _event(self, event: str, channel: Channel, data: Json) -> None:
        data["channel_id"] = str(channel.id)
        if channel.guild:
            data["guild_id"] = str(channel.guild.id)
        self.service.gateway.dispatch(event, data, guild=channel.guild, channel=channel)

    def _reaction_event(self, event: str, who: User, message: Message, emoji: str) -> None:
        data: Json = {"user_id": str(who.id), "message_id": str(message.id), "type": 0, "burst": False}
        data["emoji"] = {"id": None, "name": emoji, "animated": False}
        data["message_author_id"] = str(message.author.id)
        if message.channel.guild and event.endswith("ADD"):
            data["member"] = payloads.member(message.channel.guild.members[who.id])
        self._event(event, message.channel, data)

    def _mentions(self, message: Message, allowed: Json | None) -> list[User]:
        users = self.service.world.users
        found = [users[i] for i in map(int, re.findall(r"<@!?(\d+)>", message.content)) if i in users]
        pings_author = allowed is None or allowed.get("replied_user", False)
        if message.kind == REPLY and message.reference and (pings_author or not message.author.bot):
            found.append(message.reference.author)
        if allowed is not None and "users" not in allowed.get("parse", []):
            named = {int(i) for i in allowed.get("users", [])}
            found = [
                u for u in found if u.id in named or (message.reference and u is message.reference.author)
            ]
        return list(dict.fromkeys(found))
