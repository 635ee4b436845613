"""What is told at the desk, to those who sit there: what she writes they read as they would hear it."""

from __future__ import annotations

from collections.abc import Iterable

from cogs.chronicle import Chronicle
from cogs.host import Host, Place
from persona_core.types import Person, Recalled, Turn


class Alone(Chronicle):
    """With one person, who hears and reads all of it, whether she speaks or writes."""

    def __init__(self, host: Host, place: Place, person: Person) -> None:
        super().__init__(host, place)
        self._writer = person


class Seated(Chronicle):
    """With whoever is there, before a camera: all of them hear, and read, what she says."""

    def tellable(self, turns: Iterable[Turn], reader: str | None) -> tuple[Turn, ...]:
        return super().tellable(turns, None)

    async def know(self, aloud: bool) -> Recalled:
        return await super().know(True)

    async def recall(self, text: str, person: Person, aloud: bool) -> Recalled:
        return await super().recall(text, person, True)
