"""Taking back that one may be remembered: where something is kept, what goes is shown first, and it is asked once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from weakref import WeakSet

import discord

from cogs import forgetting, receipts
from cogs.answers import say
from cogs.deciding import sentence, settle
from cogs.host import Host
from cogs.private_view import PrivateView
from cogs.question import Question
from memory.consent import Purpose, agreed
from memory.forget import Wish

ASKED = "I would remember nothing about you from now on, and forget all that I keep of you:"
STAYS = "What stands in Discord stays; `/forget me` has that deleted, too. It cannot be undone."

Then = Callable[[str], Awaitable[None]]  # what she says of it


class Withdrawals:
    """``open_views``: of the cog that ends them."""

    def __init__(self, host: Host, open_views: WeakSet[PrivateView]) -> None:
        self._host = host
        self._open_views = open_views

    async def withdraw(self, interaction: discord.Interaction, how: str, then: Then) -> None:
        """By the person behind the interaction, which is answered already. ``then``: when it is done, if it is.

        Raises StoreError.
        """
        assert interaction.user is not None  # commands and buttons always have one
        person = self._host.person(interaction.user).id
        would_go = await self._would_go(person)
        if not would_go:
            await then(await self._settle(person, how))
            return

        async def forget() -> str:
            said = await self._settle(person, how)
            await then("")
            return said

        text = f"{ASKED}\n{would_go}\n{STAYS}"
        await say(interaction, text, Question(interaction, self._open_views, forget))

    async def _would_go(self, person: str) -> str:
        """In lines; empty: nothing that they know of."""
        if not agreed(self._host.consent.decision(person, Purpose.REMEMBERING)):
            return ""  # then nothing is kept, and whoever says no once more is not asked back
        receipt = await forgetting.look_as_told(self._host, Wish(person, everywhere=False))
        return receipts.listed_for_its_person(receipt)

    async def _settle(self, person: str, how: str) -> str:
        await settle(self._host, person, {Purpose.REMEMBERING: False}, how)
        return sentence(self._host, Purpose.REMEMBERING, False)
