"""A message that is deleted in Discord is forgotten, as with “Forget this”: nobody expects a copy of it to stay."""

from __future__ import annotations

import asyncio

import discord

from cogs.answers import KithCog
from cogs.erasing import Piece, erase
from cogs.messages_kept import deleted
from memory.errors import EntryError
from memory.posts import Post

WRITTEN_S = 5.0  # so soon after a message what is kept of it is on disk


class TakenBack(KithCog):
    """Discord does not say who has deleted it, so it does not matter. What is deleted while she is away she never learns."""

    @discord.Cog.listener()
    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self.start(self._forget([Post(event.channel_id, event.message_id)]), "a deleted message")

    @discord.Cog.listener()
    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        posts = [Post(event.channel_id, number) for number in sorted(event.message_ids)]
        self.start(self._forget(posts), "deleted messages")

    async def _forget(self, posts: list[Post]) -> None:
        for post in posts:
            wish = await asyncio.to_thread(deleted, self.host, post)
            age_s = self.host.now() - discord.utils.snowflake_time(post.id).timestamp()
            if wish is None and age_s < WRITTEN_S:  # deleted in the same breath
                await asyncio.sleep(WRITTEN_S)
                wish = await asyncio.to_thread(deleted, self.host, post)
            if wish is not None:
                try:
                    await erase(self.host, Piece(wish.person, wish))
                except EntryError:  # somebody has had it forgotten meanwhile
                    continue
