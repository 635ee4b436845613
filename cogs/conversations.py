"""Her live conversations, one for each place, and whoever wants to know what happens in them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from cogs.host import Place
from persona_core.conversation import Conversation
from persona_core.events import Event
from persona_core.persona import Persona
from persona_core.ports import Memories
from persona_core.types import Expression, Utterance

MOST_IN_WRITING = 200  # the one that was quiet longest is forgotten first

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Closed:
    """A conversation is over; nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a person, or anybody (None), has said in the last ``last_s`` seconds is to be dropped wherever it is held."""

    person_id: str | None
    last_s: float


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What was heard last was said to the program alone: it is shown to nobody, and stands nowhere."""

    utterance: Utterance


Told = Event | Closed | Forgotten | Unsaid
Listener = Callable[[str, Told], None]  # the place's key, what happened


class Conversations:
    """``persona`` raises a KithError while there is none yet."""

    def __init__(self, persona: Callable[[], Persona], memories: Callable[[Place], Memories]) -> None:
        """``memories``: what she remembers, as far as the conversation in a place is concerned."""
        self.commands: list[
            Callable[[str, Utterance], bool]
        ] = []  # see ``Conversation``; first the place's key
        self._persona = persona
        self._memories = memories
        self._open: dict[str, Conversation] = {}  # least recently used first
        self._calls: set[str] = set()
        self._listeners: list[Listener] = []
        self._forgetting: list[Callable[[str | None, float], None]] = []

    def listen(self, listener: Listener) -> None:
        """``listener`` is called on the event loop for every event; it must not wait."""
        self._listeners.append(listener)

    def when_forgotten(self, listener: Callable[[str | None, float], None]) -> None:
        """``listener`` is called with what ``forget`` is, once, whether a conversation goes on or not."""
        self._forgetting.append(listener)

    async def open(self, place: Place, *, call: bool = False) -> Conversation:
        """The conversation of a place, begun if need be; one with a ``call`` stays until ``close``."""
        key = place.key
        conversation = self._open.pop(key, None)
        if conversation is None:
            conversation = Conversation(
                key,
                self._persona(),
                None,
                lambda event: self._tell(key, event),
                self._memories(place),
                lambda utterance: any(is_command(key, utterance) for is_command in self.commands),
            )
            self._open[key] = conversation
            await conversation.__aenter__()
        else:
            self._open[key] = conversation
        if call:
            self._calls.add(key)
        await self._forget_oldest()
        return conversation

    def get(self, key: str) -> Conversation | None:
        return self._open.get(key)

    def face(self, shows: Callable[[str], bool] = lambda key: True) -> Expression:
        """Her face in the call where she is heard best, of those in places that ``shows`` (by their keys)."""
        faces = [self._open[key].face() for key in self._calls if key in self._open and shows(key)]
        return max(faces, key=lambda face: (face.loudness, face.emotion != ""), default=Expression())

    def forget(self, person_id: str | None, last_s: float) -> None:
        """See Conversation.forget; each conversation tells ``Forgotten``."""
        for listener in self._forgetting:
            listener(person_id, last_s)
        for key, conversation in self._open.items():
            conversation.forget(person_id, last_s)
            self._tell(key, Forgotten(person_id, last_s))

    def refresh_minds(self) -> None:
        """What is remembered has changed: nobody is told what is not there any more."""
        for conversation in self._open.values():
            conversation.refresh_mind()

    def unsay(self, key: str, utterance: Utterance) -> None:
        """It has just been told as heard, and turns out to be a command."""
        self._tell(key, Unsaid(utterance))

    async def close(self, key: str) -> None:
        """End a conversation and forget what was said in it."""
        conversation = self._open.pop(key, None)
        self._calls.discard(key)
        if conversation is not None:
            await conversation.__aexit__(None, None, None)
            self._tell(key, Closed())

    async def close_all(self) -> None:
        for key in list(self._open):
            await self.close(key)

    async def _forget_oldest(self) -> None:
        in_writing = [key for key in self._open if key not in self._calls]
        for key in in_writing[: max(0, len(in_writing) - MOST_IN_WRITING)]:
            await self.close(key)

    def _tell(self, key: str, event: Told) -> None:
        for listener in self._listeners:
            try:
                listener(key, event)
            except Exception as error:  # one listener's mistake must not end a conversation
                log.error("a listener failed: %s", type(error).__name__, exc_info=error)
