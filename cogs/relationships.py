"""How she sees people: ``/relationship me`` for each of them, ``/relationship roster`` for whoever runs her."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from weakref import WeakSet

import discord

from cogs.answers import ANYWHERE, say
from cogs.host import Host, Refusal
from cogs.private_view import Press, PrivateCog, PrivateView, RunOut
from cogs.regard_page import PEOPLE_ON_PAGE, pages, roster_page
from cogs.regard_panel import BUTTONS, PREFIX, LineSelect, RegardPanel, run_out
from memory.regard import Known, everybody

EARLIER, LATER = "kith:roster:earlier", "kith:roster:later"
NOT_FOR_ALL = "Only whoever runs me may see whom I know; `/relationship me` tells how I see you."
NOBODY = "I know nobody yet."
INTRODUCTION = "Only you see this; what is not for you to hear is left out."


class RosterPages(PrivateView):
    """Read anew for each page."""

    run_out = (
        "I have put this away, as nothing happened for ten minutes; `/relationship roster` opens it again."
    )

    def __init__(
        self, host: Host, interaction: discord.Interaction, open_views: WeakSet[PrivateView]
    ) -> None:
        super().__init__(interaction, open_views)
        assert interaction.user is not None  # commands always have one
        self._host, self._reader = host, host.person(interaction.user).id
        self._turn = asyncio.Lock()
        self._number = 0
        self._earlier = Press(EARLIER, "Met later", partial(self._go, -1))
        self._later = Press(LATER, "Met earlier", partial(self._go, 1))

    async def open(self) -> None:
        people = await self._people()
        if not people:
            self.stop()
            await say(self._latest, NOBODY)
            return
        await say(self._latest, INTRODUCTION, self, embed=self._page(people))

    async def _go(self, step: int, interaction: discord.Interaction) -> None:
        await self.take(interaction)
        async with self._turn:
            if self.is_finished():
                return
            self._number += step
            people = await self._people()
            if people:
                await self.draw(INTRODUCTION, self._page(people))
            else:  # forgotten meanwhile
                await self.draw(NOBODY, None, buttons=False)

    async def _people(self) -> list[Known]:
        return await asyncio.to_thread(everybody, self._host.memory, self._reader)

    def _page(self, people: Sequence[Known]) -> discord.Embed:
        last = pages(len(people), PEOPLE_ON_PAGE) - 1
        self._number = min(max(self._number, 0), last)
        self._earlier.disabled, self._later.disabled = self._number == 0, self._number == last
        self.clear_items()
        if last:
            self.add_item(self._earlier)
            self.add_item(self._later)
        return roster_page(people, self._number)


class Relationships(PrivateCog):
    relationship = discord.SlashCommandGroup("relationship", "How I see people.", contexts=ANYWHERE)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        buttons = [f"{PREFIX}{name}" for name in BUTTONS]
        gone = RunOut([*buttons, EARLIER, LATER])
        gone.add_item(LineSelect(run_out))
        host.watch_buttons(gone)

    @relationship.command(description="How I see you and what that rests on; put right what is wrong.")
    async def me(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        await RegardPanel(self.host, ctx.interaction, self.open_views).open()

    @relationship.command(description="For whoever runs me: the people I know.")
    async def roster(self, ctx: discord.ApplicationContext) -> None:
        if not self.host.is_owner(ctx.author):
            raise Refusal(NOT_FOR_ALL)
        await ctx.defer(ephemeral=True)
        await RosterPages(self.host, ctx.interaction, self.open_views).open()
