"""What somebody missed: ``/catchup``. Nothing but what they may read; no model is asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import discord

from cogs.answers import ANYWHERE, KithCog, say
from cogs.catching_up import told
from cogs.host import Host, Place, Refusal
from cogs.journal_pages import happened
from cogs.pace import Pace
from cogs.reading import alone, place_names
from memory.audience import allowed
from memory.turns import Turns
from memory.types import Origin, Scope, StoredTurn

HOUR_S = 3_600.0
USUAL_HOURS = 24  # where nothing is kept that they said
MOST_HOURS = 24 * 7
LOOK_BACK_DAYS = (1, 7, 30, 365, 36_500)  # for the last thing they said
AT_ONCE = 500  # turns that are read in one go
MOST_READ = 20_000  # turns that are looked at


class CatchUp(KithCog):
    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._pace = Pace(most=6, within_s=60)  # for each person

    @discord.slash_command(description="What you missed, as far as it is for you to read.", contexts=ANYWHERE)
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]  # py-cord ships no types for it
        "hours",
        int,
        description="Of the last so many hours; since you last said something, if you do not say.",
        min_value=1,
        max_value=MOST_HOURS,
        required=False,
        default=None,
    )
    async def catchup(self, ctx: discord.ApplicationContext, hours: int | None) -> None:
        await ctx.defer(ephemeral=True)
        person, here = self.host.person(ctx.author).id, self.host.place(ctx.channel)
        if not self._pace.may(person, time.monotonic()):
            raise Refusal("You asked for that often just now; please try again in a minute.")
        reader = await alone(self.host, ctx.author, ctx.channel)
        last_s = await self._last_said(person, here) if hours is None else None
        hours = hours or USUAL_HOURS
        since_s = self.host.now() - hours * HOUR_S if last_s is None else last_s
        words = f"in the last {hours} hours" if hours > 1 else "in the last hour"
        if last_s is not None:
            words = f"since you last said something ({happened(last_s)})"
        found = await self._missed(person, here, since_s, allowed(reader))
        places = place_names(self.host, reader, {turn.scope.place for turn in found})
        await say(ctx.interaction, told(found, places, words))

    async def _last_said(self, person: str, here: Place) -> float | None:
        """Unix time of the last thing kept that ``person`` said where it counts; None: there is none."""
        for days in LOOK_BACK_DAYS:
            since_s = self.host.now() - days * 24 * HOUR_S
            turns = await asyncio.to_thread(self.host.memory.turns.of_person, person, since_s)
            times = [turn.at_s for turn in turns if turn.speaker == person and self._counts(turn, here)]
            if times:
                return max(times)
        return None

    async def _missed(
        self, person: str, here: Place, since_s: float, may: Callable[[Scope], bool]
    ) -> list[StoredTurn]:
        """What others, and she, said since; oldest first."""
        turns = self.host.memory.turns
        found: list[StoredTurn] = []
        end = await asyncio.to_thread(turns.last_id)
        lowest = max(0, end - MOST_READ)
        while end > lowest:
            page = await asyncio.to_thread(_before, turns, end)
            end -= AT_ONCE
            shared = [turn for turn in page if turn.scope.origin is not Origin.DIRECT]
            recent = [turn for turn in shared if turn.at_s > since_s]
            theirs = [turn for turn in recent if turn.speaker != person and may(turn.scope)]
            found += [turn for turn in theirs if self._counts(turn, here)]
            if shared and not recent:
                break
        return sorted(found, key=lambda turn: (turn.at_s, turn.id))

    def _counts(self, turn: StoredTurn, here: Place) -> bool:
        """Whether it was said in the server that is asked in; in a direct message: in any."""
        if turn.scope.origin is Origin.DIRECT:
            return False
        place = None if here.direct else self.host.place_called(turn.scope.place)
        return here.direct or (place is not None and place.realm == here.realm)


def _before(turns: Turns, end: int) -> list[StoredTurn]:
    """Those with the ids up to ``end``."""
    return turns.get(range(max(0, end - AT_ONCE) + 1, end + 1))
