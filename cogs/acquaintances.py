"""Whom she knows by their face, as an eye asks for it (``persona_core.ports.Acquaintances``), and what of it is kept.

What is asked of memory blocks for a disk, so it is done in threads; memory holds its lock meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from cogs.chronicle import NotKept
from cogs.host import Host, Place
from memory.audience import Listeners
from memory.errors import MemoryFault
from memory.gallery import FaceEmbedding, Match
from memory.types import Encounter
from persona_core.types import Person

UNNAMED = "somebody I know"

T = TypeVar("T")


class Acquaintances:
    """Of one place; ``guest``: id of whoever is there and not known."""

    def __init__(self, host: Host, place: Place, guest: str) -> None:
        self._host, self._memory = host, host.memory
        self._place, self._guest = place, guest
        self._names: dict[str, str] = {}  # of those who were recognised, by their ids
        self.going_on: dict[str, str] = {}  # ids of encounters that are kept, by person

    async def whose(self, face: FaceEmbedding) -> Match:
        """See persona_core.ports.Acquaintances."""

        def look() -> tuple[Match, dict[str, str]]:
            match = self._memory.people.match(face)
            lacking = [one for one in match.likest if one not in self._names]
            return match, {one: self._memory.people.name_of(one) for one in lacking}

        match, names = await self._in_thread(look)
        self._names |= names
        return match

    async def encounter(self, face: FaceEmbedding, transcript: str, at_s: float) -> Encounter:
        """See persona_core.ports.Acquaintances. What it tells is for those who are there, whoever that is among them."""
        match = await self.whose(face)
        listeners = self.listeners(*match.likest[:1])
        meet = partial(self._memory.people.process_encounter, face, transcript, at_s)
        present = listeners.people - {self._guest}
        met = await self._in_thread(
            partial(meet, listeners=listeners, place=self._place.key, present=present)
        )
        if met.person:
            self._names[met.person] = met.name
            if met.id:
                self.going_on[met.person] = met.id
        return met

    async def note(self, person: str, speaker: Person, text: str, at_s: float) -> bool:
        """``speaker`` said this while ``person`` (their id) was met, at this Unix time; whether it is kept."""
        met = self.going_on.get(person)
        if met is None or person == speaker.id:
            return False
        note = self._memory.people.note
        return await self._in_thread(partial(note, met, speaker.id, speaker.name, text, at_s))

    def called(self, person_id: str) -> Person:
        """See persona_core.ports.Acquaintances."""
        return Person(person_id, self._names.get(person_id) or UNNAMED)

    def listeners(self, *others: str) -> Listeners:
        """Those who are there, and ``others`` (ids)."""
        present = (one.id for one in self._host.people_present(self._place))
        return Listeners(
            frozenset({*present, *others}), self._place.key, self._place.key not in self._host.captioned
        )

    def forget(self, person_id: str | None) -> None:
        """What somebody is called, or anybody (None), and that they are met."""
        for kept in (self._names, self.going_on):
            kept.clear() if person_id is None else kept.pop(person_id, None)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Raises NotKept."""
        try:
            return await asyncio.to_thread(work)
        except MemoryFault as error:
            raise NotKept(error) from error
