"""What each person allows: ``/consent hearing|remembering on|off`` and the buttons that say the same."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

import discord

from cogs.answers import ANYWHERE, KithCog, PoliteView, say
from cogs.host import Host
from memory.consent import Purpose

HEARING_ON, HEARING_OFF = "kith:hearing:on", "kith:hearing:off"

SENTENCES = {
    (Purpose.HEARING, True): "Thank you, I may hear you. What you say stays in memory for the call only.",
    (Purpose.HEARING, False): "I do not hear you from now on, in any channel; nothing you say is decoded.",
    (Purpose.REMEMBERING, True): "Thank you, I may remember what you tell me.",
    (Purpose.REMEMBERING, False): "I remember nothing about you, and keep nothing from now on.",
}
_SENT = "To think it over afterwards I send it to Anthropic, as my owner has chosen."


def sentence(host: Host, purpose: Purpose, allowed: bool) -> str:
    """What she answers to a decision."""
    sent = (purpose, allowed) == (Purpose.REMEMBERING, True) and host.settings.reflection == "anthropic"
    return f"{SENTENCES[purpose, allowed]} {_SENT}" if sent else SENTENCES[purpose, allowed]


async def settle(host: Host, person_id: str, decisions: Mapping[Purpose, bool], how: str) -> None:
    """Write decisions down and act on them. Raises StoreError."""
    for purpose, allowed in decisions.items():
        await host.consent.decide(person_id, purpose, allowed, how)
        if purpose is Purpose.REMEMBERING and not allowed:
            await asyncio.to_thread(host.memory.forget_person, person_id)
            host.conversations.refresh_minds()


async def settle_first(
    settling: Coroutine[object, object, None], deferring: Coroutine[object, object, None]
) -> None:
    """Both at once. What is settled begins now: answers of Discord overtake each other, clicks must not."""
    task = asyncio.create_task(settling, name="settle consent")
    try:
        await deferring
    finally:
        await task


async def decide(
    host: Host, interaction: discord.Interaction, purpose: Purpose, allowed: bool, how: str
) -> None:
    """One decision, by the person behind the interaction."""
    assert interaction.user is not None  # commands and buttons always have one
    await settle_first(
        settle(host, host.person(interaction.user).id, {purpose: allowed}, how),
        interaction.response.defer(ephemeral=True, invisible=False),
    )
    await say(interaction, sentence(host, purpose, allowed))


class OfferView(PoliteView):
    """Both consents in one click, for whoever called her."""

    def __init__(self, host: Host, *, store: bool) -> None:
        """``store``: the one that answers for all the others, which are only drawn."""
        super().__init__(timeout=None, store=store)
        self._host = host

    @discord.ui.button(
        label="Hear and remember me", custom_id="kith:offer:both", style=discord.ButtonStyle.success
    )
    async def both(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await self._settle(interaction, hearing=True, remembering=True)

    @discord.ui.button(
        label="Only hear me", custom_id="kith:offer:hearing", style=discord.ButtonStyle.primary
    )
    async def only_hear(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await self._settle(interaction, hearing=True, remembering=False)

    @discord.ui.button(label="Neither", custom_id="kith:offer:neither", style=discord.ButtonStyle.secondary)
    async def neither(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await self._settle(interaction, hearing=False, remembering=False)

    async def _settle(self, interaction: discord.Interaction, *, hearing: bool, remembering: bool) -> None:
        assert interaction.user is not None  # buttons always have one
        decisions = {Purpose.HEARING: hearing, Purpose.REMEMBERING: remembering}
        await settle_first(
            settle(self._host, self._host.person(interaction.user).id, decisions, "join"),
            interaction.response.defer(),
        )
        text = " ".join(sentence(self._host, purpose, allowed) for purpose, allowed in decisions.items())
        await interaction.edit_original_response(content=text, view=None)


class Privacy(KithCog):
    def __init__(self, host: Host) -> None:
        super().__init__(host)
        host.watch_buttons(OfferView(host, store=True))

    consent = discord.SlashCommandGroup("consent", "What you allow me, and what not.", contexts=ANYWHERE)

    @consent.command(description="May I hear you in voice channels, for the length of a call?")
    @discord.option("answer", str, description="on or off", choices=["on", "off"])  # type: ignore[untyped-decorator, no-untyped-call]
    async def hearing(self, ctx: discord.ApplicationContext, answer: str) -> None:
        await decide(self.host, ctx.interaction, Purpose.HEARING, answer == "on", "command")

    @consent.command(description="May I remember what you tell me, beyond the call?")
    @discord.option("answer", str, description="on or off", choices=["on", "off"])  # type: ignore[untyped-decorator, no-untyped-call]
    async def remembering(self, ctx: discord.ApplicationContext, answer: str) -> None:
        await decide(self.host, ctx.interaction, Purpose.REMEMBERING, answer == "on", "command")
