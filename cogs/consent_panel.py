"""What a person allows, as they see it: each purpose in plain words with a button of its own, redrawn after each click."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import discord

from cogs import terms
from cogs.answers import PoliteView, say
from cogs.deciding import NOT_YET, both, sentence, settle, settle_first
from cogs.host import Host
from cogs.withdrawing import Withdrawals
from memory.consent import Decision, Purpose, agreed

CHOICES, MORE = (
    "kith:choices",
    "kith:offer:more",
)  # custom ids outlive a restart, so that old buttons still work


@dataclass(frozen=True, slots=True)
class Topic:
    """One purpose, in plain words."""

    title: str
    what: str  # that she would do
    on: str  # what it means that she may
    off: str  # and that she may not
    allow: str  # what the button says that allows it
    refuse: str


TOPICS = {
    Purpose.HEARING: Topic(
        "Hearing you in a call",
        "What you say is turned into text, on my owner's computer, so that I can answer.",
        "I hear you where I have given notice. When I leave the call, all of it is gone that I may not remember.",
        "Nothing you say is decoded; the others can still talk with me, and you can write to me.",
        "Hear me",
        "Don't hear me",
    ),
    Purpose.REMEMBERING: Topic(
        "Remembering you",
        "What you tell me is kept, and brought up again where all who are there may hear it.",
        "I keep what you tell me. If you change your mind, I erase all that I keep of you.",
        "I keep nothing of what you tell me.",
        "Remember me",
        "Stop remembering, erase all",
    ),
    Purpose.VOICE: Topic(
        "Knowing you by your voice",
        "I tell by a print of your voice that it is you, where several people share one microphone, and count you as "
        "being there. It is made of what you say for it, as numbers from which no sound can be made, and stays on my "
        "owner's computer, with your name, until you say no or `/forget me`, or I have not recognised you for a year.",
        "`/voice enrol` makes the print, while we are in a call; before that there is none.",
        "No print of your voice is made or kept.",
        "Know my voice",
        "Don't know my voice",
    ),
    Purpose.FACE: Topic(
        "Knowing you by your face",
        "I tell by a print of your face that it is you, before a camera of my owner's, and count you as being there. It is made "
        "of some pictures of it, as numbers from which no picture can be made, and stays on my owner's computer, with your "
        "name, until you say no or `/forget me`, or I have not recognised you for a year. No picture is kept.",
        "`/face enrol` makes the print, before that camera; before that there is none.",
        "No print of your face is made or kept.",
        "Know my face",
        "Don't know my face",
    ),
    Purpose.TRAINING: Topic(
        "Learning from you",
        f"My model would be trained on what I remember of you. {NOT_YET}. Text that came from Discord is not used for "
        "it unless my owner states that Discord has given permission.",
        "You allow it; nothing is learned from you so far.",
        "Nothing is learned from you.",
        "Learn from me",
        "Don't learn from me",
    ),
}


def allowed(host: Host, person_id: str, purpose: Purpose) -> bool:
    """Whether she may, as things stand."""
    decision = host.consent.decision(person_id, purpose)
    if decision is None and purpose is Purpose.HEARING:
        return host.settings.hearing == "notice"
    return agreed(decision)


def state(host: Host, person_id: str, purpose: Purpose) -> str:
    """How things stand, what that means, and since when."""
    topic, decision = TOPICS[purpose], host.consent.decision(person_id, purpose)
    now = allowed(host, person_id, purpose)
    means = topic.on if now else topic.off
    lines = [topic.what, f"**{_stands(decision, now)}** {means}"]
    if purpose is Purpose.REMEMBERING and now and (days := host.settings.remembering_days):
        lines.append(f"What is {days} days old is erased, unless you have pinned it.")
    return "\n".join(lines)


def _stands(decision: Decision | None, now: bool) -> str:
    if decision is None:
        return "Yes, unless you say no; you have said neither." if now else "No, until you say yes."
    return f"{'Yes' if now else 'No'}, since {datetime.fromtimestamp(decision.at_s):%d %B %Y}."


def panel(host: Host, person_id: str) -> discord.Embed:
    """All that a person allows."""
    leaves = terms.of_all(host.settings) or terms.NOTHING_LEAVES
    embed = discord.Embed(
        title="What you allow me",
        description=f"Each is yours alone to decide, whenever you like. What leaves my owner's computer? {leaves}",
    )
    for purpose, topic in TOPICS.items():
        mark = "✅" if allowed(host, person_id, purpose) else "▫️"
        embed.add_field(name=f"{mark} {topic.title}", value=state(host, person_id, purpose), inline=False)
    embed.set_footer(text="/privacy tells what is kept of you; /forget me erases all of it.")
    return embed


class ChoiceButton(discord.ui.Button[Any]):
    """Does what it says, also where the panel it stands under is older than the last decision."""

    def __init__(
        self, host: Host, purpose: Purpose, allow: bool, withdrawals: Withdrawals | None = None
    ) -> None:
        """``withdrawals``: of the one that answers for all the others, which are only drawn."""
        topic, style = TOPICS[purpose], discord.ButtonStyle.success
        if not allow:
            erases = purpose is Purpose.REMEMBERING
            style = discord.ButtonStyle.danger if erases else discord.ButtonStyle.secondary
        super().__init__(
            label=topic.allow if allow else topic.refuse,
            style=style,
            custom_id=f"kith:choice:{purpose.value}:{'on' if allow else 'off'}",
        )
        self._host, self._purpose, self._allow = host, purpose, allow
        self._withdrawals = withdrawals

    async def callback(self, interaction: discord.Interaction) -> None:
        assert interaction.user is not None and self._withdrawals is not None  # the one that answers
        person_id, draw = self._host.person(interaction.user).id, partial(self._draw, interaction)
        if self._purpose is Purpose.REMEMBERING and not self._allow:
            await settle_first(
                self._withdrawals.withdraw(interaction, "panel", draw), interaction.response.defer()
            )
            return
        await settle_first(
            settle(self._host, person_id, {self._purpose: self._allow}, "panel"),
            interaction.response.defer(),
        )
        remembered = allowed(self._host, person_id, Purpose.REMEMBERING)
        await draw(sentence(self._host, self._purpose, self._allow, remembered))

    async def _draw(self, interaction: discord.Interaction, said: str) -> None:
        """The panel as things stand now, if it is there still."""
        assert interaction.user is not None  # likewise
        person_id = self._host.person(interaction.user).id
        with suppress(discord.NotFound):
            await interaction.edit_original_response(
                content=said or None,
                embed=panel(self._host, person_id),
                view=ChoicesView(self._host, shown=buttons(self._host, person_id)),
            )


def buttons(host: Host, person_id: str) -> list[ChoiceButton]:
    """One for each purpose, which changes it."""
    return [ChoiceButton(host, purpose, not allowed(host, person_id, purpose)) for purpose in TOPICS]


class ChoicesView(PoliteView):
    def __init__(
        self,
        host: Host,
        withdrawals: Withdrawals | None = None,
        *,
        shown: Iterable[ChoiceButton] | None = None,
    ) -> None:
        """``shown``: those of one person, which are only drawn; None: all there are, to answer for all the others."""
        choices = ((purpose, allow) for purpose in TOPICS for allow in (True, False))
        every = (ChoiceButton(host, *choice, withdrawals) for choice in choices)
        super().__init__(*(every if shown is None else shown), timeout=None, store=shown is None)


async def open_panel(host: Host, interaction: discord.Interaction) -> None:
    """Show somebody their own choices."""
    assert interaction.user is not None  # commands and buttons always have one
    if not interaction.response.is_done():
        await interaction.response.defer(ephemeral=True, invisible=False)
    person_id = host.person(interaction.user).id
    view = ChoicesView(host, shown=buttons(host, person_id))
    await say(interaction, "", view, embed=panel(host, person_id))


class ChoicesButton(discord.ui.Button[Any]):
    """Opens the panel of whoever presses it."""

    def __init__(self, host: Host, *, label: str = "My choices", custom_id: str = CHOICES) -> None:
        super().__init__(label=label, style=discord.ButtonStyle.secondary, custom_id=custom_id)
        self._host = host

    async def callback(self, interaction: discord.Interaction) -> None:
        await open_panel(self._host, interaction)


class OfferView(PoliteView):
    """Both consents in one click, for whoever called her; the rest behind a button."""

    def __init__(self, host: Host, withdrawals: Withdrawals | None = None) -> None:
        """``withdrawals``: of the one that answers for all the others, which are only drawn."""
        super().__init__(timeout=None, store=withdrawals is not None)
        self._host, self._withdrawals = host, withdrawals
        self.add_item(ChoicesButton(host, label="More choices", custom_id=MORE))

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
        """Whoever agreed to be remembered since it was drawn is asked first whether all is to be forgotten."""
        assert interaction.user is not None and self._withdrawals is not None  # the one that answers
        person_id = self._host.person(interaction.user).id
        first = agreed(self._host.consent.decision(person_id, Purpose.REMEMBERING)) and not remembering
        decisions = {Purpose.HEARING: hearing} | ({} if first else {Purpose.REMEMBERING: remembering})
        await settle_first(
            settle(self._host, person_id, decisions, "join"),
            interaction.response.defer(),
        )
        text = (
            sentence(self._host, Purpose.HEARING, hearing)
            if first
            else both(self._host, hearing, remembering)
        )
        await interaction.edit_original_response(content=text, view=None)
        if first:
            tell = partial(_tell, interaction)
            await self._withdrawals.withdraw(interaction, "join", tell)


async def _tell(interaction: discord.Interaction, said: str) -> None:
    if said:
        await say(interaction, said)
