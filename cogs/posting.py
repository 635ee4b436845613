"""Her posts that hold somebody's words: known as soon as they stand there, and gone again where that was forgotten meanwhile.

Discord may hold a post up for seconds. Who is forgotten in that time finds it nowhere, as it does not stand there yet.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine
from dataclasses import dataclass
from functools import partial

from cogs.answers import KithCog
from memory.errors import MemoryFault
from memory.posts import Post
from persona_core.errors import KithError

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _UnderWay:
    people: Collection[str]
    said_s: float  # Unix time
    forgotten: bool = False


class Posting:
    """Of one cog; everything on the event loop."""

    def __init__(self, cog: KithCog) -> None:
        self._cog = cog
        self._host = cog.host
        self._under_way: set[_UnderWay] = set()
        self._host.conversations.when_forgotten(self._on_forgotten)

    async def post(
        self, sending: Coroutine[object, object, Post], people: Collection[str], said_s: float
    ) -> Post:
        """Send it, and write down that it holds words of ``people``, or an answer to them.

        ``said_s``: when they said it, or she answered (Unix time). Whoever waits for it may be cancelled: what has been
        sent is known all the same. Raises KithError and StoreError.
        """
        under_way = _UnderWay(people, said_s)
        self._under_way.add(under_way)
        task = asyncio.create_task(self._send(sending, under_way), name="post")
        self._cog.watch(task)
        task.add_done_callback(partial(self._sent, under_way))
        return await asyncio.shield(task)

    def forget(self, person: str | None, since_s: float = 0.0) -> None:
        """What holds words that a person, or anybody (None), has said since then is not to stay."""
        for one in self._under_way:
            one.forgotten |= (person is None or person in one.people) and one.said_s >= since_s

    def _on_forgotten(self, person: str | None, last_s: float) -> None:
        self.forget(person, self._host.now() - last_s)

    async def _send(self, sending: Coroutine[object, object, Post], under_way: _UnderWay) -> Post:
        posts = self._host.posts
        post = await sending
        await asyncio.to_thread(posts.keep, post, under_way.people, self._host.now())
        if under_way.forgotten:  # kept first: where it cannot be deleted now, the next start tries again
            await asyncio.to_thread(posts.doom, [post])
            await self._host.delete_post(post)
            await asyncio.to_thread(posts.drop, post)
        return post

    def _sent(self, under_way: _UnderWay, task: asyncio.Task[Post]) -> None:
        self._under_way.discard(under_way)
        if not task.cancelled() and (error := task.exception()) is not None:
            known = isinstance(error, KithError | MemoryFault)
            log.log(logging.INFO if known else logging.ERROR, "not posted: %s", type(error).__name__)
