"""What is told at the desk, to those who sit there: what she writes they read as they would hear it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cogs.chronicle import Chronicle
from cogs.host import Host, Place
from memory.types import Scope
from persona_core.types import Person, Recalled, Turn, Utterance


class Alone(Chronicle):
    """With one person, who hears and reads all of it, whether she speaks or writes."""

    def __init__(self, host: Host, place: Place, person: Person) -> None:
        super().__init__(host, place)
        self._writer = person


class Seated(Chronicle):
    """With whoever is there, before a camera: what she writes is for those who were there, as what she says is."""

    async def heard(self, utterance: Utterance, present: frozenset[str]) -> None:
        """What somebody types nobody else has heard."""
        typed = utterance.stopped_at is None
        await super().heard(utterance, frozenset({utterance.person.id}) if typed else present)

    async def said(self, reply: Turn) -> None:
        await super().said(_as_said(reply))

    def tellable(self, turns: Iterable[Turn], reader: str | None) -> tuple[Turn, ...]:
        return super().tellable(turns, None)

    def _scope(self, turn: Turn) -> Scope:
        return super()._scope(_as_said(turn))

    async def know(self, aloud: bool) -> Recalled:
        return await super().know(True)

    async def recall(self, text: str, person: Person, aloud: bool) -> Recalled:
        return await super().recall(text, person, True)


def _as_said(turn: Turn) -> Turn:
    """What she has written may repeat what she remembers, and is for those alone who were there."""
    return replace(turn, written=False, private=turn.private or (turn.written and turn.person is None))
