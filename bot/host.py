"""Discord as the cogs know it (``cogs.host.Host``)."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from functools import partial

import aiohttp
import discord

from bot.line import PREFIX, DiscordLine, Events, user_id
from bot.nickname import MARK, marked, unmarked
from bot.readers import Readers
from bot.voice.client import PersonaVoiceClient
from cogs.calls import Calls
from cogs.chronicle import Chronicle
from cogs.conversations import Conversations
from cogs.host import CallEvents, Line, Place, Refusal, User
from cogs.in_view import InView
from cogs.remembering import Remembering
from memory.memory import open_memory
from memory.posts import Post
from persona_core.persona import Persona
from persona_core.settings import Settings, key_place
from persona_core.types import Person

JOIN_S = 20.0
FOR_A_CALL = {  # what she cannot do without, as Discord names it in its settings
    "view_channel": "View Channel",
    "connect": "Connect",
    "speak": "Speak",
    "send_messages": "Send Messages",
}
MOST_UNLISTED = 1_000  # places that are known because somebody wrote there
NO_PINGS = discord.AllowedMentions(everyone=False, users=False, roles=False, replied_user=True)

log = logging.getLogger(__name__)


class DiscordHost:
    def __init__(self, client: discord.Bot | discord.AutoShardedBot, settings: Settings) -> None:
        """Raises StoreError when DATA_DIR cannot be used, and VaultError."""
        self.settings = settings
        self.counts: Counter[str] = Counter()
        self.engines: list[str] = []
        self._client = client
        self._persona: Persona | None = None
        self.memory = open_memory(
            settings.data_dir,
            key_place(settings),
            encrypted=settings.journal_encryption == "on",
            store=settings.store.get_secret_value(),
        )
        self.consent = self.memory.consent
        self.posts = self.memory.posts
        self.modes = self.memory.modes
        self.now: Callable[[], float] = time.time
        self.captioned: set[str] = set()
        self._unlisted: dict[
            str, Place
        ] = {}  # direct messages, which Discord does not list; the latest is last
        self.in_view = InView()
        self.remembering = Remembering(self)
        self.conversations = Conversations(lambda: self.persona, lambda place: Chronicle(self, place))
        self.calls = Calls(self)
        self.readers = Readers(client)

    @property
    def persona(self) -> Persona:
        if self._persona is None:
            raise Refusal("I am still waking up; please try again in a minute.")
        return self._persona

    @persona.setter
    def persona(self, persona: Persona) -> None:
        self._persona = persona

    @property
    def her_id(self) -> int:
        return self._client.user.id if self._client.user else 0

    async def leave(self) -> None:
        """Leave every call and end every conversation."""
        self.readers.close()
        await self.calls.close()
        await self.conversations.close_all()

    async def close(self) -> None:
        """Nothing is kept any more; when nobody uses it. May be called more than once."""
        await self.remembering.close()
        self.memory.close()

    # Who and where

    def watch_buttons(self, view: discord.ui.View) -> None:
        self._client.add_view(view)

    def is_for_her(self, message: discord.Message) -> bool:
        if message.guild is None:
            return True
        answered = message.reference.resolved if message.reference else None
        replied = isinstance(answered, discord.Message) and answered.author.id == self.her_id
        return replied or any(user.id == self.her_id for user in message.mentions)

    def person(self, user: User) -> Person:
        return Person(f"{PREFIX}{user.id}", user.display_name)

    def place(self, channel: object) -> Place:
        guild = getattr(channel, "guild", None)
        number = getattr(channel, "id", 0)
        name = getattr(channel, "mention", "our direct messages") if guild else "our direct messages"
        realm, direct = (
            str(guild.id) if guild else f"alone in {number}",
            isinstance(channel, discord.DMChannel),
        )
        place = Place(f"{PREFIX}{number}", name, realm, direct)
        if guild is None:
            self._unlisted.pop(place.key, None)
            self._unlisted[place.key] = place
            if len(self._unlisted) > MOST_UNLISTED:
                del self._unlisted[next(iter(self._unlisted))]
        return place

    def place_called(self, key: str) -> Place | None:
        channel = self._client.get_channel(user_id(key))
        return self._unlisted.get(key) if channel is None else self.place(channel)

    def call_place(self, asker: User, channel: object | None) -> Place:
        if channel is None:
            voice = getattr(asker, "voice", None)
            channel = voice.channel if voice else None
        if channel is None:
            raise Refusal("Join a voice channel first, or name one: /join channel.")
        if isinstance(channel, discord.StageChannel):
            raise _on_a_stage(channel)
        if not isinstance(channel, discord.VoiceChannel):
            raise Refusal("I can only join voice channels.")
        if not (isinstance(asker, discord.Member) and channel.permissions_for(asker).connect):
            raise Refusal(f"You cannot enter {channel.mention} yourself, so ask somebody who can.")
        if channel.permissions_for(channel.guild.me).view_channel and _is_full(channel):
            raise Refusal(f"{channel.mention} is full.")
        return self.place(channel)

    def voice_place(self, asker: User, channel: object) -> Place:
        if not isinstance(channel, discord.VoiceChannel):
            if call := self.calls.in_realm(self.place(channel).realm):
                return call.place
            voice = getattr(asker, "voice", None)
            channel = voice.channel if voice else None
        if not isinstance(channel, discord.VoiceChannel):
            raise Refusal("Join a voice channel first, or ask in its own chat.")
        return self.place(channel)

    def manages(self, asker: User, place: Place) -> bool:
        channel = self._client.get_channel(user_id(place.key))
        if not (isinstance(channel, discord.VoiceChannel) and isinstance(asker, discord.Member)):
            return False
        return channel.permissions_for(asker).manage_channels

    def is_owner(self, user: User) -> bool:
        return user.id == self.settings.owner_id

    def moderates(self, user: User, channel: object) -> bool:
        return isinstance(user, discord.Member) and user.guild_permissions.manage_messages

    def lacking(self, place: Place) -> Sequence[str]:
        channel = self._client.get_channel(user_id(place.key))
        if isinstance(channel, discord.StageChannel):
            raise _on_a_stage(channel)
        if not isinstance(channel, discord.VoiceChannel):
            return [FOR_A_CALL["view_channel"]]
        mine = channel.permissions_for(channel.guild.me)
        return [name for permission, name in FOR_A_CALL.items() if not getattr(mine, permission)]

    def people_present(self, place: Place) -> Sequence[Person]:
        channel = self._client.get_channel(user_id(place.key))
        if not isinstance(channel, discord.VoiceChannel):
            return []
        members = [(user, channel.guild.get_member(user)) for user in channel.voice_states]
        return [self._person(user, member) for user, member in members if not self._is_bot(user, member)]

    def readable(self, person_ids: Set[str], place_keys: Set[str]) -> frozenset[str]:
        return self.readers.readable(person_ids, place_keys)

    async def look_up_readers(self, person_ids: Set[str], place_keys: Set[str]) -> None:
        await self.readers.look_up(person_ids, place_keys)

    def _is_bot(self, user: int, member: discord.Member | None) -> bool:
        return user == self.her_id or (member is not None and member.bot)

    def _person(self, user: int, member: discord.Member | None) -> Person:
        return Person(f"{PREFIX}{user}", member.display_name if member else "Someone")

    # Calls

    async def open_transport(self, place: Place, may_hear: Callable[[str], bool], events: CallEvents) -> Line:
        channel = self._client.get_channel(user_id(place.key))
        if not isinstance(channel, discord.VoiceChannel):
            raise Refusal("That voice channel is not there any more.")
        guild = channel.guild
        make = partial(
            PersonaVoiceClient,
            may_hear=lambda user: may_hear(f"{PREFIX}{user}"),
            person_of=lambda user: self._person(user, guild.get_member(user)),
            events=Events(events, self.place),
            deaf=True,
        )
        try:
            voice = await channel.connect(timeout=JOIN_S, reconnect=True, cls=make)
        except TimeoutError as error:
            raise Refusal(f"Discord did not let me into {place.name} in time; please try again.") from error
        except discord.ClientException as error:
            raise Refusal("I am still leaving my last call; please try again in a moment.") from error
        return DiscordLine(voice)

    async def announce(self, place: Place, text: str, view: discord.ui.View) -> Post:
        post = await self.post(place, text, view=view)
        await self._name(place, listening=True)
        return post

    async def retract(self, place: Place, announcement: Post, text: str) -> None:
        try:
            with refused("change my notice"):
                await self._message(announcement).edit(content=text, view=None)
        except Refusal as error:
            log.info("a notice stays: %r", type(error.__cause__).__name__)
        if self.calls.in_realm(place.realm) is None:  # or she has been asked in again, or moved
            await self._name(place, listening=False)

    async def _name(self, place: Place, *, listening: bool) -> None:
        """The mark beside her name: where she may, as the notice is there in any case."""
        channel = self._client.get_channel(user_id(place.key))
        if isinstance(channel, discord.VoiceChannel):
            await self.show_name(channel.guild, listening=listening)

    async def show_name(self, guild: discord.Guild, *, listening: bool) -> None:
        """Mark her name in a server, or take the mark away. Never raises."""
        me = guild.me
        if me is None or (not listening and MARK not in (me.nick or "")):
            return
        wanted = marked(me.nick, me.name) if listening else unmarked(me.nick, me.name)
        try:
            if wanted != me.nick:
                await me.edit(nick=wanted)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.info("the mark beside her name: %s", type(error).__name__)

    # Messages

    async def post(
        self, place: Place, text: str, *, view: discord.ui.View | None = None, reply_to: Post | None = None
    ) -> Post:
        number = user_id(place.key)
        to = self._client.get_partial_messageable(number)
        with refused(f"write in {place.name}"):
            message = await to.send(
                text,
                view=view,  # type: ignore[arg-type]  # py-cord's default is None as well
                reference=self._reference(number, reply_to),  # type: ignore[arg-type]  # here too
                allowed_mentions=NO_PINGS,
            )
        return Post(number, message.id)

    def _reference(self, number: int, to: Post | None) -> discord.MessageReference | None:
        """Replying needs to see the history; without that she simply writes."""
        if to is None or to.channel != number or not self._may(number, "read_message_history"):
            return None
        return discord.MessageReference(message_id=to.id, channel_id=number, fail_if_not_exists=False)

    def _may(self, number: int, *permissions: str) -> bool:
        """In a server's channel; in a direct one there are no permissions."""
        channel = self._client.get_channel(number)
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return True
        mine = channel.permissions_for(channel.guild.me)
        return all(getattr(mine, permission) for permission in permissions)

    async def draw_buttons(self, post: Post, view: discord.ui.View) -> None:
        with refused("change my notice"):
            await self._message(post).edit(view=view)

    async def delete_post(self, post: Post) -> None:
        with refused("delete my message"):
            try:
                await self._message(post).delete()  # type: ignore[misc]  # it is Message's own method
            except discord.NotFound:
                return

    async def show_typing(self, place: Place) -> None:
        try:
            await self._client.get_partial_messageable(user_id(place.key)).trigger_typing()
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.info("typing: %s", type(error).__name__)

    async def react(self, post: Post, emoji: str) -> None:
        if not self._may(post.channel, "add_reactions", "read_message_history"):
            raise Refusal("I lack the permission to react here.")
        with refused("react"):
            await self._message(post).add_reaction(emoji)  # type: ignore[misc]  # likewise

    async def write_to(self, person_id: str, text: str) -> Post:
        with refused("write to that person"):
            user = await self._client.get_or_fetch_user(user_id(person_id))
            if user is None:
                raise Refusal("I do not know that person any more.")
            message = await user.send(text, allowed_mentions=NO_PINGS)
        return Post(message.channel.id, message.id)

    async def tell_owner(self, text: str) -> None:
        log.warning("a call ended against her will")
        if self.settings.owner_id is None:
            return
        try:
            await self.write_to(f"{PREFIX}{self.settings.owner_id}", text)
        except Refusal as error:
            log.info("the owner could not be told: %r", type(error.__cause__).__name__)

    def _message(self, post: Post) -> discord.PartialMessage:
        return self._client.get_partial_messageable(post.channel).get_partial_message(post.id)


@contextmanager
def refused(what: str) -> Iterator[None]:
    """What Discord refuses becomes one sentence; its cause is kept for the log."""
    try:
        yield
    except discord.Forbidden as error:
        raise Refusal(f"Discord does not let me {what}; I lack a permission there.") from error
    except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Refusal(f"Discord did not let me {what} just now.") from error


def _on_a_stage(channel: discord.StageChannel) -> Refusal:
    """She could be heard there only once somebody had invited her to speak, so nobody would be told."""
    return Refusal(
        f"{channel.mention} is a stage, where only invited speakers are heard; ask me into a voice channel."
    )


def _is_full(channel: discord.VoiceChannel) -> bool:
    may_move = channel.permissions_for(channel.guild.me).move_members
    return 0 < channel.user_limit <= len(channel.voice_states) and not may_move
