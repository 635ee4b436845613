"""Who reads an answer that is shown to one person alone, and which places may be named to them."""

from __future__ import annotations

from collections.abc import Iterable

from cogs.host import Host, User
from memory.audience import Listeners

ELSEWHERE = "a place that you cannot see now"


async def alone(host: Host, user: User, channel: object) -> Listeners:
    """``user``, who asked in ``channel`` for what nobody else will see. Call it on the event loop."""
    people, places = frozenset({host.person(user).id}), frozenset(host.memory.turns.text_places)
    await host.look_up_readers(people, places)
    channels = host.readable(people, places)
    return Listeners(people, host.place(channel).key, channels=channels)


def place_names(host: Host, reader: Listeners, keys: Iterable[str]) -> dict[str, str]:
    """What ``reader`` is told these places are called. Call it on the event loop."""
    wanted = frozenset(keys)
    seen = host.readable(reader.people, wanted) | {reader.place}
    places = {key: host.place_called(key) for key in wanted & seen}
    return {key: place.name if (place := places.get(key)) else ELSEWHERE for key in wanted}
