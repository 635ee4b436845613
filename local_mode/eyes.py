"""What she sees at the desk: cameras, the eye behind them, and whose faces they are, as long as somebody sits there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType

from cogs.host import Refusal
from cogs.watching import Watching
from local_mode.call import GUEST
from local_mode.camera import Cameras
from local_mode.console import person_called, shown_name
from local_mode.desk import Desk
from local_mode.files import Spoken
from local_mode.film import Film
from memory.consent import Purpose
from memory.errors import MemoryFault
from persona_core.ports import FaceEncoder
from persona_core.seeing.eye import Eye
from persona_core.types import Person

UNKNOWN = (
    "She does not know your face yet, and takes you for a guest before the camera; /face enrol changes that."
)
YOURS = "That is your own name: `/face enrol` is for your own face; to the name of somebody else called so, please add one."

log = logging.getLogger(__name__)


class Eyes:
    """Use as ``async with Eyes(...)``, while ``desk`` is open; ``tell`` is given a sentence where a camera shows nothing."""

    def __init__(self, desk: Desk, you: Person, encoder: FaceEncoder, tell: Callable[[str], None]) -> None:
        """Raises SettingsError."""
        self._desk, self._you, self._tell = desk, you, tell
        place = desk.place(None)
        known = desk.encounters.acquaintances(place, GUEST)
        self.eye = Eye(encoder, known, desk.encounters.on_eye)
        self.cameras = Cameras(desk.settings, self.eye.see, self._lost, desk.counts)
        self.watcher = Watching(desk, you.id, place.key, self.cameras, self.eye, self._person_on_page)
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Eyes:
        desk = self._desk
        async with AsyncExitStack() as closing:
            closing.callback(desk.encounters.close_eye)
            await closing.enter_async_context(self.eye)
            desk.encounters.open_eye(self.eye, self.person_for, desk.on_view)
            await closing.enter_async_context(self.cameras)
            self._closing = closing.pop_all()
        try:
            if await asyncio.to_thread(desk.memory.faces.of, self._you.id) is None:
                self._tell(UNKNOWN)
        except MemoryFault as error:  # what she knows faces by is away; it is asked again with each face
            log.warning("not known whether a face is: %s", type(error).__name__)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()

    def shown(self, recordings: Sequence[Spoken]) -> Callable[[float], None]:
        """To be told the moment at which these begin: cameras show the pictures of those that have any."""

        def play(started: float) -> None:
            for recording in recordings:
                if isinstance(recording, Film):
                    self.cameras.play(recording.person.name, recording.path, started)

        return play

    def person_for(self, name: str) -> Person:
        """Who is to be known by this name: somebody who has decided nothing yet. Never whoever sits here: anybody can say
        that they are called like them.
        """
        number = 1
        while self._is_taken(person := person_called(name if number == 1 else f"{name} {number}")):
            number += 1
        return Person(person.id, shown_name(name))

    def _person_on_page(self, name: str) -> Person:
        """Likewise. Raises Refusal for the name of whoever sits here."""
        if person_called(name).id == self._you.id:
            raise Refusal(YOURS)
        return self.person_for(name)

    def _is_taken(self, person: Person) -> bool:
        taken = any(self._desk.consent.decision(person.id, purpose) for purpose in Purpose)
        return taken or person.id in (self._you.id, GUEST.id)

    def _lost(self, camera: str, message: str) -> None:
        self.eye.lost(camera, message)
        self._tell(message)
