"""What each person allows, and what is kept of them: ``/consent`` and ``/privacy``."""

from __future__ import annotations

from typing import Any

import discord

from cogs import forgetting
from cogs.answers import ANYWHERE, PoliteView, say
from cogs.consent_panel import ChoicesButton, ChoicesView, OfferView, open_panel
from cogs.deciding import decide
from cogs.host import Host
from cogs.privacy_page import EXPORT, FORGET, sections
from cogs.private_view import PrivateCog
from cogs.withdrawing import Withdrawals
from memory.consent import Purpose
from memory.forget import Wish


def buttons_of_page(host: Host) -> PoliteView:
    """What one can do about what is kept of oneself. Only drawn: ``/journal``, ``/forget`` and the panel answer."""
    export: discord.ui.Button[Any] = discord.ui.Button(
        label="Export", style=discord.ButtonStyle.primary, custom_id=EXPORT
    )
    forget: discord.ui.Button[Any] = discord.ui.Button(
        label="Forget me", style=discord.ButtonStyle.danger, custom_id=FORGET
    )
    return PoliteView(export, forget, ChoicesButton(host), timeout=None, store=False)


class Privacy(PrivateCog):
    consent = discord.SlashCommandGroup("consent", "What you allow me, and what not.", contexts=ANYWHERE)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._withdrawals = Withdrawals(host, self.open_views)
        for view in (
            ChoicesView(host, self._withdrawals),
            OfferView(host, self._withdrawals),
            PoliteView(ChoicesButton(host), timeout=None),
        ):
            host.watch_buttons(view)

    @consent.command(description="All that you allow me, and buttons to change it.")
    async def show(self, ctx: discord.ApplicationContext) -> None:
        await open_panel(self.host, ctx.interaction)

    @consent.command(description="May I hear you in voice channels, for the length of a call?")
    @discord.option("answer", str, description="on or off", choices=["on", "off"])  # type: ignore[untyped-decorator, no-untyped-call]
    async def hearing(self, ctx: discord.ApplicationContext, answer: str) -> None:
        await decide(self.host, ctx.interaction, Purpose.HEARING, answer == "on", "command")

    @consent.command(description="May I remember what you tell me, beyond the call?")
    @discord.option("answer", str, description="on or off", choices=["on", "off"])  # type: ignore[untyped-decorator, no-untyped-call]
    async def remembering(self, ctx: discord.ApplicationContext, answer: str) -> None:
        if answer == "on":
            await decide(self.host, ctx.interaction, Purpose.REMEMBERING, True, "command")
            return
        await ctx.defer(ephemeral=True)

        async def tell(said: str) -> None:
            if said:
                await say(ctx.interaction, said)

        await self._withdrawals.withdraw(ctx.interaction, "command", tell)

    @consent.command(
        description="May I recognise you by your voice, where several people share one microphone?"
    )
    @discord.option("answer", str, description="on or off", choices=["on", "off"])  # type: ignore[untyped-decorator, no-untyped-call]
    async def voice(self, ctx: discord.ApplicationContext, answer: str) -> None:
        await decide(self.host, ctx.interaction, Purpose.VOICE, answer == "on", "command")

    @consent.command(description="May I recognise you by your face, before my owner's camera?")
    @discord.option("answer", str, description="on or off", choices=["on", "off"])  # type: ignore[untyped-decorator, no-untyped-call]
    async def face(self, ctx: discord.ApplicationContext, answer: str) -> None:
        await decide(self.host, ctx.interaction, Purpose.FACE, answer == "on", "command")

    @consent.command(description="May my model learn from what I remember of you? I do not do this yet.")
    @discord.option("answer", str, description="on or off", choices=["on", "off"])  # type: ignore[untyped-decorator, no-untyped-call]
    async def training(self, ctx: discord.ApplicationContext, answer: str) -> None:
        await decide(self.host, ctx.interaction, Purpose.TRAINING, answer == "on", "command")

    @discord.slash_command(
        description="What I keep of you, where, how long, and who can see it.", contexts=ANYWHERE
    )
    async def privacy(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        host, person_id = self.host, self.host.person(ctx.author).id
        receipt = await forgetting.look_as_told(host, Wish(person_id))
        embed = discord.Embed(title="You and what I keep")
        remembers = host.memory.may_remember(person_id)
        for heading, text in sections(host.settings, receipt.counts, remembers).items():
            embed.add_field(name=heading, value=text, inline=False)
        await say(ctx.interaction, "", buttons_of_page(host), embed=embed)
