"""A call at the desk: the microphone is opened by /join, or at the start, and shut by /leave."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cogs.host import Refusal
from local_mode.sound import Sound
from local_mode.transport import DeskLine
from persona_core.types import Person

if TYPE_CHECKING:  # it is built on this file
    from local_mode.desk import Desk

COMMANDS = {"join", "leave", "mode", "talk"}  # that are here as well, where there is sound
GUEST = Person("desk:guest", "Guest")  # whoever else is in the call that a cable leads to
NO_SOUND = "I have no microphone to listen with; sound files I hear with --wav NAME=FILE."


class DeskCall:
    """What can be heard and said aloud where somebody sits; ``sound`` None: nothing."""

    def __init__(self, desk: Desk, sound: Sound | None, people: Sequence[Person]) -> None:
        self._desk = desk
        self._sound = sound
        self._line: DeskLine | None = None  # the last that was opened
        cabled = sound is not None and sound.cabled
        self.people = [*people, GUEST] if cabled else list(people)
        self._speaker = GUEST if cabled else self.people[0]  # whose voice comes in

    @property
    def possible(self) -> bool:
        return self._sound is not None

    async def open(self, may_hear: Callable[[str], bool], tell: Callable[[str], None]) -> DeskLine:
        """Raises KithError."""
        tts = self._desk.persona.tts
        if self._sound is None or tts is None:
            raise Refusal(NO_SOUND)
        self._line = await self._sound.line(self._speaker, may_hear, tell, tts.rate, self._desk.clock)
        return self._line

    @property
    def notice(self) -> str:
        """That she listens, and how."""
        microphone, speaker = self._line.names if self._line is not None else ("", "")
        push = " Press Enter before you speak, and after it." if self._sound and self._sound.push else ""
        name = self._desk.persona.character.name
        return f"{name} listens through {microphone} and speaks through {speaker}; /leave ends it.{push}"

    def push(self) -> str:
        """Push-to-talk: begin to hear what is said, or end it; a line that says which. Empty: she hears all the time."""
        call = self._desk.calls.at(self._desk.place(None).key)
        if call is None or self._line is None or self._sound is None or not self._sound.push:
            return ""
        if not self._line.push():
            return "Thank you."
        with contextlib.suppress(Refusal):  # she is to be quiet, or it was pressed very often
            call.call_on(self._speaker.id)
        return "I am listening; press again when you have finished."
