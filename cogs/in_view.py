"""Who is before the camera, who was a moment ago, and what of that she has in mind. In RAM alone; no clock of its own.

Whoever turns away or steps out of the picture for a moment is still there and hears her: so they count as being there for
a while. A face that is nobody's who is known is a guest, as whoever listens in is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from memory.audience import Listeners, may_hear
from memory.plain_text import plain_name
from memory.types import Origin, Scope, Told
from persona_core.events import Blind, EyeEvent, Gone, Sight
from persona_core.types import Person, SeenFace

STAYS_S = 30.0  # out of view, and still taken to be there
TELLING_S = 1.5  # it may take to tell whose a face is, or whether it still is theirs
LATELY_S = 600.0  # that she has in mind whom she saw
MOST_LATELY = 3  # of those


@dataclass(slots=True)
class _Seen:
    """Somebody who is known, or was, in this sitting."""

    person: Person
    last_s: float
    beside: set[str] = field(default_factory=set)  # ids of who was there with them


class InView:
    """Times are those of one clock, in seconds; the host's ``time.perf_counter()``."""

    def __init__(self) -> None:
        self._faces: dict[int, tuple[str, SeenFace]] = {}  # with their cameras, by track
        self._since: dict[int, float] = {}  # since when each track is nobody's who is known
        self._people: dict[str, _Seen] = {}
        self._unknown_s = float("-inf")  # when somebody unknown was last seen

    def take(self, event: EyeEvent, now_s: float) -> None:
        """Something was seen."""
        match event:
            case Sight(camera, faces=faces):
                there = {one.track for one in faces}
                self._drop(
                    track for track, (of, _) in self._faces.items() if of == camera and track not in there
                )
                for one in faces:
                    self._faces[one.track] = camera, one
                    if one.person is None:
                        self._since.setdefault(one.track, now_s)
                    else:
                        self._since.pop(one.track, None)
                self.look(now_s)
            case Gone(track=track):
                self._drop([track])
            case Blind(camera):
                self._drop(track for track, (of, _) in self._faces.items() if of == camera)

    def look(self, now_s: float) -> None:
        """Time has gone on."""
        for track, (_, face) in self._faces.items():
            if face.person is not None:
                seen = self._people.setdefault(face.person.id, _Seen(face.person, now_s))
                seen.person, seen.last_s = face.person, now_s
            elif now_s - self._since[track] >= TELLING_S:
                self._unknown_s = now_s
        for person in [one for one, seen in self._people.items() if now_s - seen.last_s > LATELY_S]:
            del self._people[person]

    def people(self, now_s: float) -> list[Person]:
        """Those who are known and there."""
        return [seen.person for seen in self._people.values() if now_s - seen.last_s <= STAYS_S]

    def stranger(self, now_s: float) -> bool:
        """Whether somebody is there who is not known."""
        return now_s - self._unknown_s <= STAYS_S

    def lately(self, now_s: float) -> list[tuple[Person, float]]:
        """Those who were there and are not any more, and how many seconds ago; the last first."""
        gone = [seen for seen in self._people.values() if now_s - seen.last_s > STAYS_S]
        gone.sort(key=lambda seen: -seen.last_s)
        return [(seen.person, now_s - seen.last_s) for seen in gone[:MOST_LATELY]]

    def saw(self, people: Iterable[str], now_s: float) -> None:
        """These are there now (ids): they know of whoever is in view that they are."""
        people = set(people)
        for seen in self._people.values():
            if now_s - seen.last_s <= STAYS_S:
                seen.beside |= people

    def faces(self) -> list[SeenFace]:
        """All that are in view now."""
        return [face for _, face in self._faces.values()]

    def tracks_of(self, person_id: str) -> list[int]:
        return [
            track
            for track, (_, face) in self._faces.items()
            if face.person is not None and face.person.id == person_id
        ]

    def forget(self, person_id: str | None) -> None:
        """That somebody was seen, or anybody (None)."""
        if person_id is None:
            self._people.clear()
            self._faces.clear()
            return
        self._people.pop(person_id, None)
        self._drop(self.tracks_of(person_id))

    def close(self) -> None:
        """Nothing is looked at any more."""
        self.forget(None)
        self._since.clear()
        self._unknown_s = float("-inf")

    def lines(self, listeners: Listeners, but: Iterable[str], now_s: float, at_s: float) -> list[Told]:
        """As she has it in mind, as far as those who would hear it may: who is there, and whom she saw.

        One line for each, which stays as it is while nothing changes. ``but``: ids of whom that says nothing new.
        ``at_s``: the Unix time of ``now_s``.
        """
        known = set(but)
        told = []
        for one in self.people(now_s):
            told.append((one, f"In view: {plain_name(one.name)}."))
        for one, ago_s in self.lately(now_s):
            until = f"{datetime.fromtimestamp(at_s - ago_s):%H:%M}"
            told.append((one, f"She saw {plain_name(one.name)} until {until}."))
        return [
            Told(text, frozenset({one.id}))
            for one, text in told
            if one.id not in known and may_hear(self._scope(one, listeners.place), listeners)
        ]

    def _scope(self, person: Person, place: str) -> Scope:
        """That somebody is, or was, there: they may be told, and who was there with them."""
        beside = self._people[person.id].beside
        return Scope(Origin.VOICE, place, (person.id,), tuple(sorted({*beside, person.id})))

    def _drop(self, tracks: Iterable[int]) -> None:
        for track in list(tracks):
            self._faces.pop(track, None)
            self._since.pop(track, None)
