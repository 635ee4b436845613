"""Answers in writing: to whoever mentions her, replies to her, or writes to her alone.

A voice channel and its chat share one conversation: what was said is known in the chat, and the other
way round.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

import discord

from cogs import terms
from cogs.answers import KithCog
from cogs.conversations import Told
from cogs.host import Host
from cogs.pace import Pace
from cogs.plain import plain
from cogs.posting import Posting
from memory.posts import Post
from persona_core.errors import KithError
from persona_core.events import Failed, Said

MOST_CHARACTERS = 2_000  # Discord's limit for a message

_MENTION = re.compile(r"<@!?(\d{1,20})>")
_EMOJI = re.compile(r"<a?(:\w{1,32}:)\d{1,20}>")


def readable(content: str, names: Mapping[int, str]) -> str:
    """A message as a person reads it; ``names`` are those of the people it mentions."""
    named = _MENTION.sub(lambda match: names.get(int(match[1]), "someone"), content)
    return " ".join(_EMOJI.sub(r"\1", named).split())


class Replies(KithCog):
    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._pace = Pace(most=8, within_s=60)  # messages of one person that are answered
        self._complaints = Pace(most=1, within_s=600)  # of one conversation, about what does not work
        self._posting = Posting(self)
        host.conversations.listen(self._on_event)

    @discord.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        if message.author.bot or not self.host.is_for_her(message):
            return
        if not self._pace.may(str(message.author.id), time.monotonic()):
            self.host.counts["messages over the limit"] += 1
            return
        self.start(self._read(message), "a message")

    async def _read(self, message: discord.Message) -> None:
        place = self.host.place(message.channel)
        post = Post(message.channel.id, message.id)
        if not await terms.tell_first(self.host, message):
            return
        try:
            conversation = await self.host.conversations.open(place)
        except KithError as error:  # she is still waking up
            await self.host.post(place, str(error), reply_to=post)
            return
        her_name = self.host.persona.character.name
        names = {user.id: user.display_name for user in message.mentions} | {self.host.her_id: her_name}
        text = readable(message.content, names)
        conversation.read(self.host.person(message.author), text or f"{her_name}?", message=str(post))
        await self.host.show_typing(place)

    def _on_event(self, key: str, event: Told) -> None:
        match event:
            case Said(reply, answers=answers, about=about) if written := [
                one for one in answers if one.message
            ]:
                people = {line.person.id for line in answers} | about  # it may repeat their words as well
                self.start(self._answer(key, reply.text, written[-1].message, people), "an answer")
            case Failed(message):
                self.host.counts["failures"] += 1
                if self._complaints.may(key, time.monotonic()):
                    self.start(self._complain(key, message), "a complaint")

    async def _answer(self, key: str, text: str, message: str, person_ids: set[str]) -> None:
        place = self.host.place_called(key)
        if place is None or not text:
            return
        sending = self.host.post(place, plain(text)[:MOST_CHARACTERS], reply_to=Post.parse(message))
        await self._posting.post(sending, person_ids, self.host.now())

    async def _complain(self, key: str, sentence: str) -> None:
        place = self.host.place_called(key)
        if place is not None:
            await self.host.post(place, sentence)
