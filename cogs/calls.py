"""Her calls: one in each server at a time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import discord

from cogs.call import Call
from cogs.host import Host, Place, Refusal
from cogs.pace import Pace
from memory.consent import Purpose
from persona_core.errors import KithError

MOST_JOINS, JOINS_WITHIN_S = 6, 60.0  # in one server; a notice is posted and spoken each time

log = logging.getLogger(__name__)


class Calls:
    def __init__(self, host: Host) -> None:
        self._host = host
        self._view: Callable[[Place], discord.ui.View] = lambda place: discord.ui.View()
        self._calls: dict[str, Call] = {}  # by realm
        self._joining: set[str] = set()  # realms
        self._ending: set[asyncio.Task[None]] = set()
        self._pace = Pace(MOST_JOINS, JOINS_WITHIN_S)
        self._closed = False
        host.consent.listen(self._on_decision)

    def offer(self, view: Callable[[Place], discord.ui.View]) -> None:
        """``view`` makes the buttons under her notices in a place."""
        self._view = view

    def in_realm(self, realm: str) -> Call | None:
        return self._calls.get(realm)

    def at(self, key: str) -> Call | None:
        """The call in the place with this key."""
        return next((call for call in self._calls.values() if call.place.key == key), None)

    async def join(self, place: Place) -> Call:
        """Enter a call, or go over to it from another in the same server. Raises KithError."""
        if place.realm in self._joining or self._closed:
            raise Refusal("I am on my way into a call already; one moment.")
        self._joining.add(place.realm)
        try:
            return await self._join(place)
        finally:
            self._joining.discard(place.realm)

    async def leave(self, realm: str) -> Place:
        """Leave the call in a server; where that was. Raises Refusal when there is none."""
        call = self._calls.pop(realm, None)
        if call is None:
            raise Refusal("I am in no call here.")
        await call.close()
        return call.place

    async def close(self) -> None:
        """Leave everywhere, for good."""
        self._closed = True
        calls = list(self._calls.values())
        self._calls.clear()
        await asyncio.gather(*(call.close() for call in calls), *self._ending)

    async def _join(self, place: Place) -> Call:
        _ = self._host.persona  # before she enters: while she is loaded, this refuses
        current = self._calls.get(place.realm)
        if current is not None and current.place.key == place.key:
            raise Refusal(f"I am in {place.name} already.")
        if current is not None and self._host.people_present(current.place):
            raise Refusal(f"I am with people in {current.place.name}; they can send me away with /leave.")
        if not self._pace.may(place.realm, time.monotonic()):
            raise Refusal("I have been asked in too often just now; please try again in a minute.")
        if current is not None:
            await self.leave(place.realm)
        call = Call(self._host, place, self._view, self._on_over)
        self._calls[place.realm] = call
        try:
            await call.begin()
        except BaseException:
            if self._calls.get(place.realm) is call:
                del self._calls[place.realm]
            await call.close()  # again, if it was sent away meanwhile: what had just been opened
            raise
        return call

    def _on_over(self, call: Call, reason: str) -> None:
        """The call has to end, without anybody having asked for it."""
        if self._calls.get(call.place.realm) is call:
            del self._calls[call.place.realm]
            task = asyncio.create_task(self._end(call, reason), name="call: end")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _end(self, call: Call, reason: str) -> None:
        await call.close()
        try:
            await self._host.post(call.place, reason)
        except KithError as error:  # banned, kicked, the channel is gone: the owner hears of it
            log.info("call: the reason could not be posted: %s", type(error).__name__)
        await self._host.tell_owner(f"{call.place.name}: {reason}")

    def _on_decision(self, person_id: str, purpose: Purpose, allowed: bool) -> None:
        if purpose is Purpose.HEARING:
            for call in self._calls.values():
                call.on_decision(person_id, allowed)
