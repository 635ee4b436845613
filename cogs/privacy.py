"""What each person allows, and what is kept of them: ``/consent`` and ``/privacy``."""

from __future__ import annotations

import asyncio
from typing import Any

import discord

from cogs.answers import ANYWHERE, KithCog, PoliteView, say
from cogs.consent_panel import ChoicesButton, ChoicesView, open_panel
from cogs.deciding import decide
from cogs.host import Host
from cogs.privacy_page import sections
from memory.consent import Purpose
from memory.forget import Wish

EXPORT, FORGET = "kith:privacy:export", "kith:privacy:forget"


class PrivacyView(PoliteView):
    """What one can do about what is kept of oneself."""

    def __init__(self, host: Host, *, store: bool) -> None:
        """``store``: the one that answers for all the others, which are only drawn."""
        super().__init__(timeout=None, store=store)
        self._host = host
        self.add_item(ChoicesButton(host))

    @discord.ui.button(label="Export", style=discord.ButtonStyle.primary, custom_id=EXPORT)
    async def export(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await say(
            interaction, "Use `/journal export`: you get all that I keep of you, as notes in a zip file."
        )

    @discord.ui.button(label="Forget me", style=discord.ButtonStyle.danger, custom_id=FORGET)
    async def forget_me(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await say(interaction, "Use `/forget me`: it shows what would go, and asks you once more.")


class Privacy(KithCog):
    consent = discord.SlashCommandGroup("consent", "What you allow me, and what not.", contexts=ANYWHERE)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        for view in (ChoicesView(host), PrivacyView(host, store=True)):
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
        await decide(self.host, ctx.interaction, Purpose.REMEMBERING, answer == "on", "command")

    @consent.command(description="May I recognise you by your voice? I do not do this yet.")
    @discord.option("answer", str, description="on or off", choices=["on", "off"])  # type: ignore[untyped-decorator, no-untyped-call]
    async def voice(self, ctx: discord.ApplicationContext, answer: str) -> None:
        await decide(self.host, ctx.interaction, Purpose.VOICE, answer == "on", "command")

    @consent.command(description="May I recognise you by your face? I do not do this yet.")
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
        receipt = await asyncio.to_thread(host.memory.forgetting.look, Wish(person_id))
        embed = discord.Embed(title="You and what I keep")
        remembers = host.memory.may_remember(person_id)
        for heading, text in sections(host.settings, receipt.counts, remembers).items():
            embed.add_field(name=heading, value=text, inline=False)
        await say(ctx.interaction, "", PrivacyView(host, store=False), embed=embed)
