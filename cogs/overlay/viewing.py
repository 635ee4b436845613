"""What of her conversations the page's owner may see: what they hear or can read themselves, and nothing else."""

from __future__ import annotations

from cogs.conversations import Told
from cogs.host import Host, Place
from memory.audience import Listeners
from persona_core.events import Failed, Heard, Hearing, Said, Speaking


class Viewing:
    """For one person. Everything here is asked on the event loop, when something happens."""

    def __init__(self, host: Host, viewer: str) -> None:
        """``viewer``: their id; empty: nobody."""
        self._host = host
        self._viewer = viewer
        self._own: set[str] = set()  # keys of direct messages with them

    def present(self, place: Place) -> bool:
        """Whether they are in the call there, or sit there."""
        return bool(self._viewer) and any(one.id == self._viewer for one in self._host.people_present(place))

    def may_see(self, place: Place, event: Told) -> bool:
        """What is spoken is for those who are there; what is written, for those who can read it."""
        match event:
            case Hearing() | Heard():
                return self.present(place)
            case Said(answers=answers) if any(line.message for line in answers):
                return self._reads(place, {line.person.id for line in answers})
            case Said():
                return self.present(place)
            case Speaking() | Failed():
                return self.present(place) or self._reads(place, set())
        return False

    def listeners(self, key: str) -> Listeners:
        """They alone, before their page: what is recalled in a place is shown as `/journal why` would tell it them."""
        people = frozenset({self._viewer})
        channels = self._host.readable(people, frozenset(self._host.memory.turns.text_places))
        return Listeners(people, key, channels=channels)

    def _reads(self, place: Place, writers: set[str]) -> bool:
        if not self._viewer:
            return False
        if place.direct:
            if writers == {self._viewer}:
                self._own.add(place.key)
            return place.key in self._own
        return place.key in self._host.readable(frozenset({self._viewer}), frozenset({place.key}))
