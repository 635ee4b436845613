"""Interactions: what a person did (a command, a button, a form), and everything the bot answered.

Discord's terms hold: an answer within 3 seconds or the token is dead (10062), one first answer only (40060),
follow-ups for 15 minutes, and whether an answer is ephemeral is settled when it is deferred.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import payloads
from .errors import Refused, invalid_form, unknown
from .permissions import channel_permissions
from .state import EPHEMERAL, LOADING, Application, Attachment, Channel, Guild, Message, User

if TYPE_CHECKING:
    from .service import Service

Json = dict[str, Any]
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
TO_ANSWER = 3.0  # seconds
TO_FOLLOW_UP = 900.0  # seconds


@dataclass(eq=False)
class Interaction:
    """One interaction as a test sees it. Wait with `wait()`, then look at `replies`, `choices` or `modal`."""

    id: int
    token: str
    kind: int  # 2 command, 3 component, 4 autocomplete, 5 modal
    application: Application
    user: User
    channel: Channel
    guild: Guild | None
    data: Json
    message: Message | None = None  # the one whose component was used
    started: float = field(default_factory=time.monotonic)
    answered_after: float | None = None  # seconds until the first answer
    answer_type: int | None = None
    replies: list[Message] = field(default_factory=list)  # what the person sees, in order; edits are applied
    choices: list[Json] | None = None  # answer to an autocomplete
    modal: Json | None = None  # the form that was opened
    original: Message | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def failed(self) -> bool:
        """Whether the person sees “The application did not respond”."""
        return self.answer_type is None and time.monotonic() - self.started > TO_ANSWER

    @property
    def shown(self) -> list[Message]:
        """The replies that are there to be read: not deleted, not “thinking”."""
        return [m for m in self.replies if not m.deleted and not m.loading]

    @property
    def text(self) -> str:
        """Contents of what is shown, one after the other, with the texts of embeds."""
        parts: list[str] = []
        for message in self.shown:
            parts += [message.content] if message.content else []
            for embed in message.embeds:
                parts += [str(embed[k]) for k in ("title", "description") if embed.get(k)]
                parts += [f"{f['name']}: {f['value']}" for f in embed.get("fields", [])]
        return "\n".join(parts)

    @property
    def finished(self) -> bool:
        """Answered, and not merely with “thinking”."""
        return self.answer_type is not None and not (self.original is not None and self.original.loading)

    def wait(self, seconds: float = 5.0, *, replies: int = 0) -> Interaction:
        """Block until there is a real answer (and that many replies); TimeoutError otherwise. Not on a bot's loop."""
        with self.changed:
            done = self.changed.wait_for(lambda: self.finished and len(self.shown) >= replies, seconds)
        if not done:
            raise TimeoutError(
                f"no answer to interaction {self.data.get('name') or self.data.get('custom_id')}"
            )
        return self


class Interactions:
    """Sends interactions to bots and takes their answers."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.all: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    def start(
        self,
        application: Application,
        kind: int,
        user: User,
        channel: Channel,
        data: Json,
        message: Message | None,
    ) -> Interaction:
        """INTERACTION_CREATE to the shard concerned. No intent is needed for it."""
        token = secrets.token_urlsafe(32)
        interaction = Interaction(
            self.service.world.new_id(), token, kind, application, user, channel, channel.guild, data, message
        )
        self.all[interaction.id] = self._by_token[token] = interaction
        guild = channel.guild
        for session in self.service.gateway.live(application):
            if session.covers(guild):
                session.dispatch("INTERACTION_CREATE", self._payload(interaction))
        return interaction

    def _payload(self, of: Interaction) -> Json:
        data: Json = {
            "id": str(of.id),
            "application_id": str(of.application.id),
            "type": of.kind,
            "data": of.data,
            "token": of.token,
            "version": 1,
            "channel_id": str(of.channel.id),
            "channel": payloads.channel(of.channel, of.application.user),
            "locale": "en-US",
            "entitlements": [],
            "attachment_size_limit": 10_485_760,
        }
        if of.message:
            data["message"] = payloads.message(of.message, of.application.user)
        if of.guild is None:
            data |= {"user": payloads.user(of.user), "context": 1, "app_permissions": "442368"}
            data["authorizing_integration_owners"] = {"0": "0"}
            return data
        member, bot = of.guild.members[of.user.id], of.guild.members[of.application.id]
        data |= {"guild_id": str(of.guild.id), "guild_locale": "en-US", "context": 0}
        data["guild"] = {"id": str(of.guild.id), "locale": "en-US", "features": []}
        data["member"] = payloads.member(member, in_channel=of.channel)
        data["app_permissions"] = str(channel_permissions(bot, of.channel))
        data["authorizing_integration_owners"] = {"0": str(of.guild.id)}
        return data

    # -- the first answer

    def answer(self, interaction_id: int, token: str, body: Json, files: list[Attachment]) -> Json:
        """`POST /interactions/{id}/{token}/callback`."""
        interaction = self._by_token.get(token)
        if interaction is None or interaction.id != interaction_id:
            raise unknown(10062, "interaction")
        if interaction.answer_type is not None:
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        after = time.monotonic() - interaction.started
        if after > TO_ANSWER:
            raise unknown(10062, "interaction")
        kind, data = body.get("type"), body.get("data") or {}
        if not isinstance(kind, int) or kind not in _allowed_answers(interaction):
            raise invalid_form("type", "BASE_TYPE_CHOICES", "This answer does not fit this interaction.")
        with interaction.changed:
            self._apply(interaction, kind, data, files)
            interaction.answer_type, interaction.answered_after = kind, after
            interaction.changed.notify_all()
        return _receipt(interaction)

    def _apply(self, of: Interaction, kind: int, data: Json, files: list[Attachment]) -> None:
        if kind == 4:
            of.original = self._new_reply(of, data, files)
        elif kind == 5:
            of.original = self._blank(of, int(data.get("flags", 0)) & EPHEMERAL | LOADING)
            self._show(of, of.original)
        elif kind in (6, 7):
            of.original = of.message
            if kind == 7 and of.message:
                self.service.messages.change(of.message, data, files)
        elif kind == 8:
            choices = data.get("choices", [])
            if len(choices) > 25 or any(not 1 <= len(str(c["name"])) <= 100 for c in choices):
                raise invalid_form("choices", "BASE_TYPE_BAD_LENGTH", "Must be 25 or fewer in length.")
            of.choices = choices
        else:
            if not data.get("custom_id") or not 1 <= len(data.get("title", "")) <= 45:
                raise invalid_form("title", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 45 in length.")
            of.modal = data

    def _blank(self, of: Interaction, flags: int) -> Message:
        message = Message(self.service.world.new_id(), of.channel, of.application.user, flags=flags)
        message.kind = 20 if of.kind == COMMAND else 0
        message.application_id = of.application.id
        message.only_for = of.user.id if flags & EPHEMERAL else None
        user = payloads.user(of.user)
        message.interaction = {
            "id": str(of.id),
            "type": of.kind,
            "user": user,
            "authorizing_integration_owners": {},
        }
        return message

    def _new_reply(self, of: Interaction, data: Json, files: list[Attachment]) -> Message:
        message = self._blank(of, int(data.get("flags", 0)))
        self.service.messages.read_body(message, data, files)
        self.service.messages.require_something(message)
        self._show(of, message)
        return message

    def _show(self, of: Interaction, message: Message) -> None:
        of.replies.append(message)
        if message.only_for is None:
            self.service.messages.publish(message)

    # -- afterwards, by token

    def by_token(self, application_id: int, token: str) -> Interaction:
        of = self._by_token.get(token)
        if of is None or of.application.id != application_id or of.answer_type is None:
            raise unknown(10015, "Webhook")
        if time.monotonic() - of.started > TO_FOLLOW_UP:
            raise Refused(401, 50027, "Invalid Webhook Token")
        return of

    def follow_up(self, of: Interaction, body: Json, files: list[Attachment]) -> Message:
        """The first follow-up after “thinking” takes its place, and its being ephemeral or not."""
        with of.changed:
            if of.original and of.original.loading:
                message = self._fill(of.original, body, files)
            else:
                message = self._new_reply(of, body, files)
            of.changed.notify_all()
        return message

    def message(self, of: Interaction, which: str) -> Message:
        """`@original` or an id, among this interaction's messages."""
        found = of.original if which == "@original" else None
        if which.isdigit():
            found = next((m for m in [*of.replies, of.message] if m and m.id == int(which)), None)
        if found is None or found.deleted:
            raise unknown(10008, "Message")
        return found

    def edit(self, of: Interaction, message: Message, body: Json, files: list[Attachment]) -> Message:
        with of.changed:
            if message.loading:
                self._fill(message, body, files)
            else:
                self.service.messages.change(message, body, files)
            of.changed.notify_all()
        return message

    def delete(self, of: Interaction, message: Message) -> None:
        with of.changed:
            message.flags &= ~LOADING
            self.service.messages.remove(message)
            of.changed.notify_all()

    def _fill(self, message: Message, body: Json, files: list[Attachment]) -> Message:
        """The answer in the place of “thinking”; a refused one leaves it thinking."""
        before = message.flags
        message.flags &= ~LOADING
        try:
            self.service.messages.change(message, body, files)
        except Refused:
            message.flags = before
            raise
        message.history.clear()
        return message


def _allowed_answers(of: Interaction) -> tuple[int, ...]:
    if of.kind == AUTOCOMPLETE:
        return (8,)
    if of.kind == COMPONENT:
        return (4, 5, 6, 7, 9)
    if of.kind == MODAL_SUBMIT:
        return (4, 5, 6, 7) if of.message else (4, 5)
    return (4, 5, 9)


def _receipt(of: Interaction) -> Json:
    """What the callback returns with `with_response=true`."""
    about: Json = {"id": str(of.id), "type": of.kind}
    answer: Json = {"interaction": about}
    if of.answer_type in (4, 5, 7) and of.original:
        about["response_message_id"] = str(of.original.id)
        about["response_message_loading"] = of.original.loading
        about["response_message_ephemeral"] = of.original.ephemeral
        message = payloads.message(of.original, of.application.user)
        answer["resource"] = {"type": of.answer_type, "message": message}
    return answer
