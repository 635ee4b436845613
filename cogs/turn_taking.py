"""When she answers: ``/mode`` for everybody in a voice channel, ``/talk`` and its button for oneself."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import discord

from cogs.answers import IN_SERVERS, KithCog, PoliteView, say
from cogs.host import Host, Place, Refusal
from cogs.modes import described, mode_of
from cogs.pace import Pace
from persona_core.hearing.mode import Mode

TALK = "kith:talk"  # a custom id outlives a restart, so that old buttons still work


async def call_on(host: Host, interaction: discord.Interaction) -> None:
    """What the person behind the interaction says next is for her. Raises Refusal."""
    assert interaction.user is not None  # commands and buttons always have one
    call = host.calls.in_realm(host.place(interaction.channel).realm)
    if call is None:
        raise Refusal("I am in no call here; ask me in with /join first.")
    call.call_on(host.person(interaction.user).id)  # before the answer: they may be speaking already
    await say(interaction, "Go on, what you say next is for me.")


class TalkButton(discord.ui.Button[Any]):
    def __init__(self, host: Host) -> None:
        super().__init__(label="Talk to me", style=discord.ButtonStyle.success, custom_id=TALK)
        self._host = host

    async def callback(self, interaction: discord.Interaction) -> None:
        await call_on(self._host, interaction)


class TalkView(PoliteView):
    def __init__(self, host: Host, *, store: bool) -> None:
        """``store``: the one that answers for all the others, which are only drawn."""
        super().__init__(TalkButton(host), timeout=None, store=store)


class TurnTaking(KithCog):
    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._pace = Pace(most=4, within_s=60)  # changes of each place, which are posted there
        self._in_turn = asyncio.Lock()  # what is kept, what she does and what is posted agree
        host.watch_buttons(TalkView(host, store=True))

    @discord.slash_command(description="When I answer what is said in a voice channel.", contexts=IN_SERVERS)
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]  # py-cord ships no types for it
        "to",
        str,
        description="Which it shall be; which it is, if you do not say.",
        choices=[mode.value for mode in Mode],
        required=False,
        default=None,
    )
    async def mode(self, ctx: discord.ApplicationContext, to: str | None) -> None:
        await ctx.defer(ephemeral=True)
        place = self.host.voice_place(ctx.author, ctx.channel)
        if to is None:
            now = described(mode_of(self.host.modes, place.key))
            await say(ctx.interaction, f"In {place.name} I am set to {now}")
            return
        self._require_a_say(ctx, place)
        async with self._in_turn:
            await self._change(place, Mode(to))
        await say(ctx.interaction, f"In {place.name} I am set to {described(Mode(to))}")

    @discord.slash_command(description="What you say next in the call is for me.", contexts=IN_SERVERS)
    async def talk(self, ctx: discord.ApplicationContext) -> None:
        await call_on(self.host, ctx.interaction)

    def _require_a_say(self, ctx: discord.ApplicationContext, place: Place) -> None:
        """It takes somebody in the call; where nobody is, somebody who manages the channel."""
        call = self.host.calls.at(place.key)
        present = {person.id for person in self.host.people_present(place)} if call else set()
        if present and self.host.person(ctx.author).id not in present:
            raise Refusal("Only somebody who is in the call can change when I answer there.")
        if not present and not self.host.manages(ctx.author, place):
            raise Refusal(
                f"While I am not with people in {place.name}, only who manages that channel can change when I "
                "answer there; you can once I am, with /join."
            )

    async def _change(self, place: Place, mode: Mode) -> None:
        """Raises StoreError when it will not last, and Refusal."""
        if mode is mode_of(self.host.modes, place.key):
            return
        if not self._pace.may(place.key, time.monotonic()):
            raise Refusal("That was changed too often just now; please try again in a minute.")
        try:
            await asyncio.to_thread(self.host.modes.keep, place.key, mode.value)
        finally:
            if call := self.host.calls.at(place.key):
                call.set_mode(mode)
        if call is not None:
            view = TalkView(self.host, store=False) if mode is Mode.PUSH_TO_TALK else None
            await call.board.show_mode(place, f"From now on: {described(mode)}", view)
