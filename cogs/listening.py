"""Coming into a voice channel and leaving it: ``/join``, ``/leave``, and the buttons under her notice."""

from __future__ import annotations

from typing import Any

import discord

from cogs import notices, terms
from cogs.answers import IN_SERVERS, KithCog, PoliteView, say
from cogs.consent_panel import ChoicesButton, OfferView
from cogs.deciding import decide
from cogs.host import Host, Place, Refusal
from cogs.modes import mode_of
from cogs.posting import Posting
from cogs.turn_taking import TalkButton
from memory.consent import Purpose
from memory.posts import Post
from persona_core.hearing.mode import Mode

# custom ids outlive a restart, so that old buttons still work
HEARING_ON, HEARING_OFF, STOP = "kith:hearing:on", "kith:hearing:off", "kith:stop"


class NoticeView(PoliteView):
    """What one can do about being listened to, in one tap."""

    def __init__(self, host: Host, *, store: bool, talk: bool = False) -> None:
        """``store``: the one that answers for all the others, which are only drawn; ``talk``: with TalkButton."""
        super().__init__(timeout=None, store=store)
        self._host = host
        self.add_item(ChoicesButton(host))
        if talk:
            self.add_item(TalkButton(host))

    @discord.ui.button(label="Don't hear me", style=discord.ButtonStyle.primary, custom_id=HEARING_OFF)
    async def refuse(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await decide(self._host, interaction, Purpose.HEARING, False, "button")

    @discord.ui.button(label="Hear me", style=discord.ButtonStyle.secondary, custom_id=HEARING_ON)
    async def agree(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await decide(self._host, interaction, Purpose.HEARING, True, "button")

    @discord.ui.button(label="Stop listening", style=discord.ButtonStyle.danger, custom_id=STOP)
    async def stop_listening(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, invisible=False)
        place = await send_away(self._host, interaction)
        await say(interaction, f"I have stopped listening and left {place.name}.")


async def send_away(host: Host, interaction: discord.Interaction) -> Place:
    """Leave the call in the server where somebody asks for it. Raises Refusal.

    That takes somebody who is in it, or nobody may be; moderators can disconnect her as they can anybody.
    """
    assert interaction.user is not None  # commands and buttons always have one
    realm = host.place(interaction.channel).realm
    call = host.calls.in_realm(realm)
    present = {person.id for person in host.people_present(call.place)} if call else set()
    if present and host.person(interaction.user).id not in present:
        raise Refusal("Only somebody who is in the call can send me away.")
    return await host.calls.leave(realm)


class Listening(KithCog):
    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._posting = Posting(self)
        host.watch_buttons(NoticeView(host, store=True))
        host.calls.offer(self._buttons)

    @discord.slash_command(
        description="Ask me into a voice channel, to listen and talk.",
        contexts=IN_SERVERS,
        default_member_permissions=discord.Permissions(connect=True),
    )
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]  # py-cord ships no types for it
        "channel",
        discord.VoiceChannel,
        description="Which one; the one you are in, if you do not say.",
        required=False,
        default=None,
    )
    async def join(self, ctx: discord.ApplicationContext, channel: discord.VoiceChannel | None) -> None:
        await ctx.defer(ephemeral=True)
        place = self.host.call_place(ctx.author, channel)
        await self.host.calls.join(place)
        await self._welcome(ctx, place)

    def _buttons(self, place: Place) -> NoticeView:
        talk = mode_of(self.host.modes, place.key) is Mode.PUSH_TO_TALK
        return NoticeView(self.host, store=False, talk=talk)

    async def _welcome(self, ctx: discord.ApplicationContext, place: Place) -> None:
        """The first time, whoever called her can settle their own consent in the same breath."""
        asked_before = self.host.consent.decision(self.host.person(ctx.author).id, Purpose.REMEMBERING)
        if asked_before is not None:
            await say(ctx.interaction, f"I am in {place.name}.")
            return
        text = (
            f"I am in {place.name}. May I hear you, and may I remember what you tell me? "
            f"You can change your mind at any time with `/consent`. {terms.of_all(self.host.settings)}"
        )
        await say(ctx.interaction, text.rstrip(), OfferView(self.host))

    @discord.slash_command(description="Send me out of the voice channel.", contexts=IN_SERVERS)
    async def leave(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        place = await send_away(self.host, ctx.interaction)
        await say(ctx.interaction, f"I have left {place.name}.")

    @discord.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        if not message.author.bot and self.host.is_for_her(message):
            self.start(self._explain_once(message), "why somebody is not heard")

    async def _explain_once(self, message: discord.Message) -> None:
        """Whoever is in the call and writes to her in its chat learns why she does not hear them, once in each call."""
        place, person = self.host.place(message.channel), self.host.person(message.author)
        call = self.host.calls.at(place.key)
        if call is None or not call.has_to_explain(person.id):
            return
        call.explained.add(person.id)
        sending = self.host.post(place, notices.unheard(), reply_to=Post(message.channel.id, message.id))
        await self._posting.post(sending, [person.id], self.host.now())
