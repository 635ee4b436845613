"""What came to her mind for her last reply in each place, and why, as long as it is kept and for the page's owner."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from cogs.conversations import Told
from cogs.host import Host
from cogs.journal_pages import happened, shortened
from cogs.overlay.ports import Json
from cogs.overlay.viewing import Viewing
from cogs.whys import LEAST, Recollected, Why, Whys, recollected
from memory.audience import allowed
from memory.errors import MemoryFault
from memory.types import Origin

TEXT_CHARACTERS = 300
SOURCE_CHARACTERS = 120

_ORIGINS = {
    Origin.DIRECT: "told to her alone",
    Origin.VOICE: "said in a call",
    Origin.TEXT: "written",
    Origin.OPEN: "meant for everybody",
}

log = logging.getLogger(__name__)


class Recalling:
    """Its words are read anew each time, so that what was erased, changed or kept private since is not shown."""

    def __init__(self, host: Host, viewing: Viewing, send: Callable[[Json], None]) -> None:
        self.shown: Json = {}  # by the place's key
        self._host = host
        self._viewing = viewing
        self._send = send
        self._whys = Whys()
        self._seen: set[str] = set()  # keys of places whose last reply was shown
        self._turn = asyncio.Lock()

    def on_event(self, key: str, event: Told, shown: bool) -> None:
        """``shown``: whether the page's owner saw it."""
        self._whys.on_event(key, event)
        if shown:
            self._seen.add(key)

    def forget(self, person_id: str | None) -> None:
        self._whys.drop(person_id)
        self.shown = {}
        self._send({"do": "recalled", "recalled": {}})

    def refresh_soon(self, start: Callable[[Coroutine[object, object, None], str], None]) -> None:
        start(self.refresh(), "page: recalled")

    async def refresh(self) -> None:
        """Tell the pages where something has changed. Never raises MemoryFault."""
        async with self._turn:
            try:
                found = {key: one for key in list(self._seen) if (one := await self._of(key)) is not None}
            except MemoryFault as error:
                log.info("page: recalled: %s", type(error).__name__)
                found = {}
            if found != self.shown:
                self.shown = found
                self._send({"do": "recalled", "recalled": found})

    async def _of(self, key: str) -> Json | None:
        why, place = self._whys.in_place(key), self._host.place_called(key)
        if why is None or place is None:
            return None
        may = allowed(self._viewing.listeners(key))
        found = await asyncio.to_thread(recollected, self._host.memory, why, may)
        if self._whys.in_place(key) is not why:  # forgotten meanwhile
            return None
        return {"memories": [_shown(one) for one in found], "known": _known(why), "all": len(why.causes)}


def _known(why: Why) -> int:
    """Of how many people she knew something."""
    return len([person for person in why.known if person])


def _shown(one: Recollected) -> Json:
    document = one.document
    reasons = [
        {"name": reason.name, "points": round(reason.points, 2)}
        for reason in one.cause.reasons
        if abs(reason.points) >= LEAST
    ]
    return {
        "text": shortened(document.text, TEXT_CHARACTERS),
        "who": document.speaker,
        "when": happened(document.at_s),
        "from": _ORIGINS[document.scope.origin],
        "score": round(one.cause.score, 2),
        "reasons": reasons,
        "sources": [f"{turn.name}: {shortened(turn.text, SOURCE_CHARACTERS)}" for turn in one.sources],
    }
