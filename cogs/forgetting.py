"""Forgetting, as whoever asks for it means it: what is kept, what is being said just now, and what stands in Discord."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from math import ceil

from cogs import receipts
from cogs.host import Host
from memory.consent import agreed
from memory.errors import MemoryFault
from memory.forget import POSTS, WITHDRAWN, WITHDRAWN_EVERYWHERE, Receipt, Wish
from memory.known import known
from memory.posts import WRITTEN_WITHIN_S, Post
from memory.tombstones import EVERYBODY
from persona_core.errors import KithError

ON_ITS_WAY_S = 0.3  # until what was said last is on disk, or stands in Discord, where it is looked for

log = logging.getLogger(__name__)


async def look(host: Host, wish: Wish) -> Receipt:
    """What would go of what is kept, and of what stands in Discord. Raises EntryError and StoreError."""
    return await asyncio.to_thread(_look, host, wish)


async def forget(host: Host, wish: Wish) -> Receipt:
    """Erase, and let whatever goes on drop what it holds. Raises EntryError and StoreError.

    Whoever is forgotten altogether is not remembered any more from now on, until they agree anew. What stands in
    Discord is marked; ``delete_posts`` deletes it.
    """
    if wish.whole and wish.person != EVERYBODY:
        for purpose in WITHDRAWN_EVERYWHERE if wish.everywhere else WITHDRAWN:
            if agreed(host.consent.decision(wish.person, purpose)):
                await host.consent.decide(wish.person, purpose, False, "forgotten")
    if wish.everywhere:  # before as well: an answer in hand is not written down meanwhile
        _drop_live(host, wish)
        await asyncio.sleep(ON_ITS_WAY_S)
    receipt = await asyncio.to_thread(_erase, host, wish)
    await drop(host, wish)
    return receipt


async def look_as_told(host: Host, wish: Wish) -> Receipt:
    """``look``, for the one whom it is about; see ``receipts.told``."""
    counts = await asyncio.to_thread(known, host.memory, wish)
    return receipts.told(await look(host, wish), counts)


async def forget_as_told(host: Host, wish: Wish) -> Receipt:
    """``forget``, likewise."""
    counts = await asyncio.to_thread(known, host.memory, wish)
    return receipts.told(await forget(host, wish), counts)


async def drop(host: Host, wish: Wish) -> None:
    """Let whatever goes on drop what it holds of what is, or would be, forgotten; nothing that is kept is touched."""
    if wish.everywhere:
        _drop_live(host, wish)
    else:
        host.conversations.refresh_minds()
    try:
        await host.persona.forget()
    except KithError as error:  # she is still waking up, or her model is being closed
        log.info("engines had nothing to forget: %s", type(error).__name__)


async def delete_posts(host: Host, person: str = EVERYBODY) -> int:
    """Delete what stands in Discord and is to go; how many of this person's posts could not be.

    The next start tries those again. Raises StoreError.
    """
    left = 0
    for post in await asyncio.to_thread(host.posts.doomed):
        people = await asyncio.to_thread(host.posts.people, post)
        try:
            await host.delete_post(post)
            await asyncio.to_thread(host.posts.drop, post)
        except (KithError, MemoryFault) as error:
            left += person in (EVERYBODY, *people)
            log.info("a post stays for now: %s", type(error).__name__)
    return left


async def finish_deleting(host: Host) -> None:
    """Delete what could not be deleted before she was last closed. Never raises."""
    try:
        if left := await delete_posts(host):
            log.warning("%s posts could not be deleted", left)
    except MemoryFault as error:
        log.warning("posts that are to go stay for now: %s", type(error).__name__)


def _drop_live(host: Host, wish: Wish) -> None:
    person = None if wish.person == EVERYBODY else wish.person
    host.conversations.forget(person, float("inf") if wish.since_s is None else host.now() - wish.since_s)


def _look(host: Host, wish: Wish) -> Receipt:
    return _with_posts(host.memory.forgetting.look(wish), _posts_since(host, wish))


def _erase(host: Host, wish: Wish) -> Receipt:
    if wish.since_s is not None and (nothing := _look(host, wish)).empty:
        return nothing  # nor is it written down that somebody of whom nothing is kept has asked
    posts = _posts_since(host, wish)
    host.posts.doom(posts)
    return _with_posts(host.memory.forget(wish), posts)


def _posts_since(host: Host, wish: Wish) -> list[Post]:
    """Her posts of what is to go because of its time: they stand there also where nothing else was kept."""
    if wish.since_s is None or not wish.everywhere:
        return []
    steps = ceil((host.now() - wish.since_s) / WRITTEN_WITHIN_S)
    return host.posts.about(wish.person, (wish.since_s + step * WRITTEN_WITHIN_S for step in range(steps)))


def _with_posts(receipt: Receipt, posts: list[Post]) -> Receipt:
    """Those of what was kept are among ``posts``, where these are known."""
    counts = receipt.counts
    return replace(receipt, counts=counts | {POSTS: max(counts.get(POSTS, 0), len(posts))})
