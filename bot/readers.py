"""Who can read which channel, as far as that is known for sure.

Without the members intent nobody tells her that somebody has left a server or lost a role. So what Discord said of a
member counts for a while; then it is asked for anew, and until the answer is there they count as able to read nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Set

import aiohttp
import discord

from bot.line import PREFIX, user_id

FRESH_S = 300.0  # so long what was said of a member counts
MOST = 10_000  # members; the one that was looked up longest ago is dropped first

log = logging.getLogger(__name__)


class Readers:
    """Everything is called on the event loop."""

    def __init__(self, client: discord.Bot | discord.AutoShardedBot) -> None:
        self._client = client
        self._known: dict[
            tuple[int, int], tuple[discord.Member | None, float]
        ] = {}  # by server and user; since when
        self._asking: dict[tuple[int, int], asyncio.Task[None]] = {}

    def note(self, member: object) -> None:
        """Discord has just told of a member, with a message, a command or a call of theirs."""
        if isinstance(member, discord.Member):
            self._put((member.guild.id, member.id), member)

    def readable(self, person_ids: Set[str], place_keys: Iterable[str]) -> frozenset[str]:
        """Those of these channels that every one of these people can read; whoever is not known is asked for."""
        return frozenset(key for key in set(place_keys) if self._all_read(person_ids, key))

    async def look_up(self, person_ids: Set[str], place_keys: Iterable[str]) -> None:
        """Ask Discord for whom ``readable`` needs and does not know. Never raises."""
        guilds = {channel.guild for key in set(place_keys) if (channel := self._channel(key)) is not None}
        asking = [
            self._ask(guild, user_id(one)) for one in person_ids if one.startswith(PREFIX) for guild in guilds
        ]
        await asyncio.gather(*(task for task in asking if task is not None), return_exceptions=True)

    def close(self) -> None:
        for task in self._asking.values():
            task.cancel()

    def _all_read(self, person_ids: Set[str], place_key: str) -> bool:
        channel = self._channel(place_key)
        if channel is None or not all(one.startswith(PREFIX) for one in person_ids):
            return False
        members = [self._member(channel.guild, user_id(one)) for one in person_ids]
        return all(member and _reads(channel.permissions_for(member)) for member in members)

    def _channel(self, key: str) -> discord.abc.GuildChannel | None:
        """A private thread shows its members to nobody else, so that no thread counts."""
        if not key.removeprefix(PREFIX).isdecimal():  # of the desk, or brought in from elsewhere
            return None
        channel = self._client.get_channel(user_id(key))
        return channel if isinstance(channel, discord.abc.GuildChannel) else None

    def _member(self, guild: discord.Guild, user: int) -> discord.Member | None:
        member, since = self._known.get((guild.id, user), (None, float("-inf")))
        if time.monotonic() - since <= FRESH_S:
            return member
        self._ask(guild, user)
        return None

    def _ask(self, guild: discord.Guild, user: int) -> asyncio.Task[None] | None:
        """None: it is known."""
        key = guild.id, user
        if time.monotonic() - self._known.get(key, (None, float("-inf")))[1] <= FRESH_S:
            return None
        if key not in self._asking:
            task = asyncio.create_task(self._fetch(guild, user), name="look up a member")
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return self._asking[key]

    async def _fetch(self, guild: discord.Guild, user: int) -> None:
        try:
            self._put((guild.id, user), await guild.fetch_member(user))
        except discord.NotFound:
            self._put((guild.id, user), None)  # no member any more
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.info("a member could not be looked up: %s", type(error).__name__)

    def _put(self, key: tuple[int, int], member: discord.Member | None) -> None:
        self._known.pop(key, None)
        self._known[key] = member, time.monotonic()
        if len(self._known) > MOST:
            del self._known[next(iter(self._known))]


def _reads(permissions: discord.Permissions) -> bool:
    """Whether somebody sees what was written before they came."""
    return permissions.view_channel and permissions.read_message_history
