"""What she sees, as the pages of her owner are told it: who is in view, who is met, and whom she met before.

Sights and cards are in RAM alone; those of somebody go as soon as they, or what they show, are forgotten.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Protocol

from cogs.host import Host, Place
from cogs.overlay.encountered import Card, Number, card, seen, sources
from cogs.overlay.open_page import Bucket
from cogs.overlay.ports import Json, Watcher
from cogs.overlay.viewing import Viewing
from memory.audience import allowed
from memory.errors import MemoryFault
from memory.types import Encounter
from persona_core.errors import KithError
from persona_core.events import Blind, EyeEvent, Gone, Met, Sight, Stranger

MOST_CARDS = 50
MOST_STRANGERS = 20  # in view, to be offered
PAGE_CAMERA = "page"  # what the page's own camera is called
LOOKS_A_S, LOOKS_AT_ONCE = 6.0, 6.0  # pictures of a camera, for all pages together
STALE_S = 2.0  # after that nobody is where they were seen

log = logging.getLogger(__name__)


class Lens(Protocol):
    """A page whose camera is on, or was."""

    def shut(self) -> None:
        """Another page has taken it over."""
        ...


class Eyes:
    """``home``: key of the place before the cameras; ``number`` gives people those that pages know them by."""

    def __init__(
        self,
        host: Host,
        viewing: Viewing,
        watcher: Watcher | None,
        home: str,
        number: Number,
        send: Callable[[Json], None],
    ) -> None:
        self.watcher = watcher
        self._host = host
        self._viewing = viewing
        self._home = home
        self._number = number
        self._send = send
        self._sights: dict[str, Sight] = {}  # by camera
        self._blind: dict[str, str] = {}  # sentences, by camera
        self._strangers: dict[int, str] = {}  # cameras, by track
        self._names: dict[str, str] = {}  # of people, by their ids
        self._cards: list[Card] = []  # the newest first
        self._last = 0  # number of a card
        self._forgot = 0  # times
        self._told_cameras: list[Json] = []
        self._told_cards: list[Json] = []
        self._looks: dict[str, Bucket] = {}  # by camera
        self._lens: Lens | None = None
        self._turn = asyncio.Lock()

    # What happens

    def on_event(self, event: EyeEvent) -> None:
        match event:
            case Sight(camera):
                self._sights[camera] = event
                self._blind.pop(camera, None)
                for face in event.faces:
                    people = (face.person, *face.maybe)
                    self._names |= {person.id: person.name for person in people if person}
            case Met(track=track, encounter=encounter):
                self._withdraw(track)
                self._meet(self._home, "", encounter)
            case Stranger(camera, track):
                if track not in self._strangers and len(self._strangers) < MOST_STRANGERS:
                    self._strangers[track] = camera
                    self._send({"do": "stranger", "track": track})
            case Gone(track=track):
                self._withdraw(track)
            case Blind(camera, message):
                self._sights.pop(camera, None)
                self._blind[camera] = message
        self._tell_cameras()

    def on_card(self, place: Place, where: str, encounter: Encounter) -> None:
        """Somebody is met without being seen, such as who joins a call; ``where``: what the place is called."""
        if self._viewing.present(place):
            self._meet(place.key, where, encounter)

    def _meet(self, key: str, where: str, encounter: Encounter) -> None:
        if encounter.person and encounter.name:
            self._names[encounter.person] = encounter.name
        before = next((one for one in self._cards if encounter.id and one.encounter.id == encounter.id), None)
        if before is None:
            self._last += 1
        number = before.number if before else self._last
        met = Card(number, key, where, encounter, time.monotonic())
        others = [one for one in self._cards if one is not before]
        self._cards = [met, *others][:MOST_CARDS]
        self._send({"do": "met", "card": self._shown(met)})
        self._tell_cards()

    def _withdraw(self, track: int) -> None:
        """Nobody is asked any more whether she may know them."""
        if self._strangers.pop(track, None) is not None:
            self._send({"do": "gone", "track": track})

    # What a page is shown

    def snapshot(self) -> Json:
        return {
            "sees": self.watcher is not None,
            "cameras": self._cameras(),
            "encounters": self._all_shown(),
            "strangers": list(self._strangers),
        }

    async def look(self, camera: str) -> tuple[Json, bytes | None]:
        """Who is in view of a camera (of the first one where there is no such), and its picture. Raises KithError."""
        self._tell_cameras()
        there = [one["name"] for one in self._cameras() if not one["why"]]
        camera = camera if camera in there else next(iter(there), "")
        bucket = self._looks.setdefault(camera, Bucket(LOOKS_A_S, LOOKS_AT_ONCE)) if camera else None
        picture = None
        if bucket is not None and bucket.takes(time.monotonic()) and self.watcher is not None:
            picture = await self.watcher.picture(camera)
        sight = self._sights.get(camera)
        fresh = sight is not None and time.perf_counter() - sight.at < STALE_S
        faces = seen(sight, self._number) if sight is not None and fresh else []
        return {"do": "seen", "camera": camera, "faces": faces, "picture": picture is not None}, picture

    async def whys(self, number: int) -> list[list[str]]:
        """What each statement of a card rests on, as it is kept now. Raises StoreError."""
        shown = next((one for one in self._cards if one.number == number), None)
        if shown is None:
            return []
        may = allowed(self._viewing.listeners(shown.key))
        memory, statements = self._host.memory, shown.encounter.statements
        forgot = self._forgot
        found = await asyncio.to_thread(lambda: [sources(memory, one, may) for one in statements])
        return found if forgot == self._forgot else []

    def refresh_soon(self, start: Callable[[Coroutine[object, object, None], str], None]) -> None:
        start(self.refresh(), "page: encounters")

    async def refresh(self) -> None:
        """Tell the pages where what is kept has changed. Never raises KithError."""
        self._tell_cameras()
        if self.watcher is None:
            return
        async with self._turn:
            forgot = self._forgot
            try:
                found = await self.watcher.encounters()
            except (KithError, MemoryFault) as error:
                log.info("page: encounters: %s", type(error).__name__)
                return
            if forgot == self._forgot:  # else it may hold what is gone
                self._take(list(found)[:MOST_CARDS])

    def _take(self, found: list[Encounter]) -> None:
        """What is kept, and what nothing is kept of, while the page lasts."""
        before = {one.encounter.id: one for one in self._cards}
        cards = [one for one in self._cards if not one.encounter.id]
        for encounter in found:
            shown = before.get(encounter.id)
            if shown is None:
                self._last += 1
                shown = Card(self._last, self._home, "", encounter, time.monotonic())
            statements = encounter.statements or shown.encounter.statements
            cards.append(replace(shown, encounter=replace(encounter, statements=statements)))
        self._names |= {one.person: one.name for one in found if one.person and one.name}
        self._cards = sorted(cards, key=lambda one: one.encounter.at_s, reverse=True)[:MOST_CARDS]
        self._tell_cards()

    def _tell_cards(self) -> None:
        if (now := self._all_shown()) != self._told_cards:
            self._told_cards = now
            self._send({"do": "encounters", "encounters": now})

    def _all_shown(self) -> list[Json]:
        return [self._shown(one) for one in self._cards]

    def _shown(self, one: Card) -> Json:
        return card(one, self._names, self._number)

    # Cameras

    def _tell_cameras(self) -> None:
        if (now := self._cameras()) != self._told_cameras:
            self._told_cameras = now
            self._send({"do": "cameras", "cameras": now})

    def _cameras(self) -> list[Json]:
        """Those that show something, and why others do not; the page's own only while it is on."""
        names = dict.fromkeys([*(self.watcher.cameras if self.watcher else ()), *self._blind])
        off = PAGE_CAMERA if self._lens is None else ""
        return [{"name": name, "why": self._blind.get(name, "")} for name in names if name != off]

    def take_camera(self, lens: Lens) -> None:
        """Of several pages the last one that takes it has it."""
        before, self._lens = self._lens, lens
        self._blind.pop(PAGE_CAMERA, None)
        if before is not None and before is not lens:
            before.shut()
        self._tell_cameras()

    def give_camera(self, lens: Lens) -> None:
        if self._lens is lens:
            self._lens = None
            self._sights.pop(PAGE_CAMERA, None)
            if self.watcher is not None:
                self.watcher.stop(PAGE_CAMERA)
            self._tell_cameras()

    def has_camera(self, lens: Lens) -> bool:
        return self._lens is lens

    # What goes

    def forget(self, person_id: str | None, last_s: float) -> None:
        """What was shown lately of a person, or of anybody (None), goes at once; what is still kept is read anew later."""
        self._forgot += 1
        since = time.monotonic() - last_s
        self._sights.clear()
        if person_id is None:
            self._names.clear()
        else:
            self._names.pop(person_id, None)
        self._cards = [
            one
            for one in self._cards
            if (person_id is not None and person_id not in one.about)
            or (not one.encounter.id and one.at < since)
        ]
        self._tell_cards()
