"""Buttons that belong to one person, for a while: nobody else uses them, and when they have run out they say so."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from weakref import WeakSet

import aiohttp
import discord

from cogs.answers import KithCog, PoliteView, say
from cogs.host import Host

PATIENCE_S = 600.0  # without a click; Discord lets her change an answer for 15 minutes after one
_NOT_YOURS = "These buttons belong to whoever asked for them; you can ask me the same for yourself."
_GONE = "These buttons have run out, so that click did nothing; please ask me again."

log = logging.getLogger(__name__)


class Press(discord.ui.Button[Any]):
    """A button that calls ``act``."""

    def __init__(
        self,
        custom_id: str,
        label: str,
        act: Callable[[discord.Interaction], Awaitable[None]],
        *,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        row: int | None = None,
    ) -> None:
        super().__init__(custom_id=custom_id, label=label, style=style, row=row)
        self._act = act

    async def callback(self, interaction: discord.Interaction) -> None:
        await self._act(interaction)


class PrivateView(PoliteView):
    """Send it with a follow-up, never as a first answer: only then do two of a kind not take each other's clicks."""

    run_out = "I have put the buttons away, as nothing happened for ten minutes; please ask me again."

    def __init__(self, interaction: discord.Interaction, open_views: WeakSet[PrivateView]) -> None:
        """``interaction``: what its one person asked with; ``open_views``: of the cog that ends them."""
        super().__init__(timeout=PATIENCE_S)
        assert interaction.user is not None  # commands always have one
        self._asker = interaction.user.id
        self._latest = interaction  # by which its message can be changed
        open_views.add(self)

    async def interaction_check(self, interaction: discord.Interaction) -> bool:
        return interaction.user is not None and interaction.user.id == self._asker

    async def on_check_failure(self, interaction: discord.Interaction) -> None:
        await say(interaction, _NOT_YOURS)

    async def take(self, interaction: discord.Interaction) -> None:
        """Answer a click, or a form that was sent, at once; what comes of it is drawn afterwards."""
        await interaction.response.defer()
        self._latest = interaction

    async def draw(self, text: str, embed: discord.Embed | None, *, buttons: bool = True) -> None:
        """What the message shows from now on."""
        if not buttons:
            self.stop()
        await self._latest.edit_original_response(
            content=text or None, embed=embed, view=self if buttons else None
        )

    async def on_timeout(self) -> None:
        try:
            await self._latest.edit_original_response(content=self.run_out, view=None)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:  # then a click is told
            log.info("buttons stay: %s", type(error).__name__)


class PrivateCog(KithCog):
    """A cog that opens such views; they end with it."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.open_views: WeakSet[PrivateView] = WeakSet()

    def cog_unload(self) -> None:
        for view in list(self.open_views):
            view.stop()
        super().cog_unload()


class RunOut(PoliteView):
    """Answers for buttons whose view is there no more: time has run out, or she was started again since."""

    def __init__(self, custom_ids: Iterable[str]) -> None:
        """``custom_ids``: of all buttons that private views have."""
        super().__init__(*(Press(one, one, _explain) for one in custom_ids), timeout=None)


async def _explain(interaction: discord.Interaction) -> None:
    await say(interaction, _GONE)
