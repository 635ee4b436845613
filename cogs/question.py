"""Something that cannot be undone: she says what would go, and does it when the one who asked says yes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakSet

import discord

from cogs.answers import sentence
from cogs.private_view import Press, PrivateView
from memory.errors import EntryError, KeyGone

YES, NO = "kith:question:yes", "kith:question:no"
KEPT = "I have kept it all."


class Question(PrivateView):
    """It is answered once, however often it is clicked."""

    run_out = f"{KEPT} Nobody answered for ten minutes; please ask me again."

    def __init__(
        self,
        interaction: discord.Interaction,
        open_views: WeakSet[PrivateView],
        do: Callable[[], Awaitable[str]],
    ) -> None:
        """``do``: what is asked about; returns what she says of it afterwards."""
        super().__init__(interaction, open_views)
        self._do = do
        self._once = asyncio.Lock()
        self.add_item(Press(YES, "Yes, forget it", self._yes, style=discord.ButtonStyle.danger))
        self.add_item(Press(NO, "No, keep it", self._no))

    async def _yes(self, interaction: discord.Interaction) -> None:
        await self._settle(interaction, self._do)

    async def _no(self, interaction: discord.Interaction) -> None:
        await self._settle(interaction, _kept)

    async def _settle(self, interaction: discord.Interaction, do: Callable[[], Awaitable[str]]) -> None:
        await self.take(interaction)
        async with self._once:
            if self.is_finished():
                return
            try:
                text = await do()
            except (EntryError, KeyGone) as error:  # it is gone already
                text = sentence(error)
            await self.draw(text, None, buttons=False)


async def _kept() -> str:
    return KEPT
