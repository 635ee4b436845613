"""Her posts of one call: the notice, the welcomes, when she answers; and the buttons under them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence

import discord

from cogs import notices, terms
from cogs.host import Host, Place
from cogs.plain import plain
from memory.posts import Post
from persona_core.errors import KithError
from persona_core.types import Person

MOST_NAMES = 20  # in one notice, which has to fit a message
WELCOMES_KEPT = 50  # older ones are taken back

log = logging.getLogger(__name__)


class NoticeBoard:
    def __init__(self, host: Host, view: Callable[[Place], discord.ui.View]) -> None:
        """``view`` makes the buttons under a notice in a place."""
        self._host = host
        self._view = view
        self._announced: tuple[Place, Post] | None = None
        self._welcomes: deque[Post] = deque()
        self._mode: Post | None = None

    async def announce(self, place: Place) -> None:
        """Say in writing that she listens. Raises KithError."""
        name, settings = self._host.persona.character.name, self._host.settings
        text = notices.posted(name, settings.hearing, leaves=terms.of_all(settings), chat=place.chat)
        self._announced = place, await self._host.announce(place, text, self._view(place))

    async def welcome(self, place: Place, newcomers: Sequence[Person]) -> None:
        """Say it to people who came later. Raises KithError."""
        names = ", ".join(plain(person.name) for person in newcomers[:MOST_NAMES])
        if len(newcomers) > MOST_NAMES:
            names += f" and {len(newcomers) - MOST_NAMES} more"
        name, settings = self._host.persona.character.name, self._host.settings
        leaves = terms.of_all(settings)
        text = notices.to_newcomers(names, name, settings.hearing, leaves=leaves, chat=place.chat)
        self._welcomes.append(await self._host.post(place, text, view=self._view(place)))
        if len(self._welcomes) > WELCOMES_KEPT:
            await self._delete(self._welcomes.popleft())

    async def show_mode(self, place: Place, text: str, view: discord.ui.View | None) -> None:
        """Tell everybody when she answers now, in place of what was told before. Never raises."""
        before, self._mode = self._mode, None
        if before is not None:
            await self._delete(before)
        try:
            self._mode = await self._host.post(place, text, view=view)
            if self._announced is not None:
                await self._host.draw_buttons(self._announced[1], self._view(place))
        except KithError as error:  # whoever changed it is told in any case
            log.info("not everybody is told when she answers: %s", type(error).__name__)

    async def clear(self) -> None:
        """She does not listen any more: the notice says so, the rest is gone."""
        announced, self._announced = self._announced, None
        others = [*self._welcomes, *filter(None, [self._mode])]
        self._welcomes.clear()
        self._mode = None
        if announced is not None:
            await self._host.retract(*announced, notices.over(self._host.persona.character.name))
        for post in others:
            await self._delete(post)

    async def _delete(self, post: Post) -> None:
        try:
            await self._host.delete_post(post)
        except KithError as error:
            log.info("a notice stays: %s", type(error).__name__)
