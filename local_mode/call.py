"""A call at the desk: the microphone is opened by /join, or at the start, and shut by /leave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from cogs.host import CallEvents, Refusal
from local_mode.mixed import ONE_GUEST, Mixed
from local_mode.sound import Sound
from local_mode.transport import DeskLine
from memory.consent import Purpose
from persona_core.errors import EngineError
from persona_core.hearing.prints import VoicePrint
from persona_core.ports import Transport
from persona_core.types import EAR_RATE, Person

if TYPE_CHECKING:  # it is built on this file
    from local_mode.desk import Desk

COMMANDS = {"join", "leave", "mode", "talk"}  # that are here as well, where there is sound
GUEST = Person("desk:guest", "Guest")  # whoever else is there, as far as they are not known by their voices
NO_SOUND = "I have no microphone to listen with; sound files I hear with --wav NAME=FILE."
NO_ENCODER = "I cannot tell voices apart here."


class DeskCall:
    """What can be heard and said aloud where somebody sits; ``sound`` None: nothing."""

    def __init__(self, desk: Desk, sound: Sound | None, people: Sequence[Person]) -> None:
        self._desk = desk
        self._sound = sound
        self._line: DeskLine | None = None  # the last that was opened
        self._mixed: Mixed | None = None  # whom that hears, where it hears several
        self.mixed = sound is not None and sound.voices
        cabled = sound is not None and sound.cabled
        self._seated = [*people, GUEST] if cabled or self.mixed else list(people)
        self._speaker = GUEST if cabled or self.mixed else people[0]  # whose voice comes in
        self._owners = [] if cabled else [people[0].id]  # of the microphone
        self._shutting: set[asyncio.Task[None]] = set()
        if self.mixed:
            desk.consent.listen(self._on_decision)
            desk.conversations.when_forgotten(self._on_forgotten)

    @property
    def possible(self) -> bool:
        return self._sound is not None

    @property
    def people(self) -> list[Person]:
        """Who is there; whoever listens in and has not been heard yet is among them as a guest."""
        heard = self._mixed.people if self._mixed is not None else []
        return list({one.id: one for one in (*self._seated, *heard)}.values())

    async def open(
        self, may_hear: Callable[[str], bool], events: CallEvents, tell: Callable[[str], None]
    ) -> DeskLine:
        """Raises KithError."""
        tts = self._desk.persona.tts
        if self._sound is None or tts is None:
            raise Refusal(NO_SOUND)
        self._mixed = None
        prints = await self._prints(tell) if self.mixed else None
        mix = partial(self._mix, prints, events, tell) if prints is not None else None

        def may_hear_it(person_id: str) -> bool:
            return may_hear(person_id) and (person_id != GUEST.id or all(map(may_hear, self._owners)))

        clock = self._desk.clock
        self._line = await self._sound.line(self._speaker, may_hear_it, tell, tts.rate, clock, mix)
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
        if self._desk.calls.at(self._desk.place(None).key) is None or self._line is None:
            return ""
        if self._sound is None or not self._sound.push:
            return ""
        if not self._line.push():
            return "Thank you."
        self._call_on(self._speaker)
        return "I am listening; press again when you have finished."

    def _call_on(self, person: Person) -> None:
        """What they say is for her, where somebody has pressed a key for it."""
        call = self._desk.calls.at(self._desk.place(None).key)
        if call is not None and self._sound is not None and self._sound.push:
            with contextlib.suppress(Refusal):  # she is to be quiet, or it was pressed very often
                call.call_on(person.id)

    # Several people in what is heard

    async def _prints(self, tell: Callable[[str], None]) -> list[VoicePrint] | None:
        """Of everybody who may be recognised; None: voices cannot be told apart, which is told."""
        encoder = self._desk.persona.voices
        try:
            if encoder is None or self._desk.persona.hearing is None:
                raise EngineError(NO_ENCODER)
            await encoder.embed(np.zeros(EAR_RATE, np.float32))  # it may have to be loaded
        except EngineError as error:
            tell(f"{error} {ONE_GUEST}")
            return None
        kept = await asyncio.to_thread(self._desk.memory.voices.all, encoder.name)
        return [
            VoicePrint(Person(person, one.name or "somebody I know"), one.vector)
            for person, one in kept.items()
        ]

    def _mix(
        self,
        prints: Sequence[VoicePrint],
        events: CallEvents,
        tell: Callable[[str], None],
        stream: Transport,
    ) -> Mixed:
        persona, memory = self._desk.persona, self._desk.memory
        assert persona.voices is not None and persona.hearing is not None  # else there are no prints
        vad = persona.hearing.vad
        self._mixed = Mixed(
            stream, persona.voices, vad, prints, GUEST, memory, self._call_on, events.on_people, tell
        )
        return self._mixed

    def _on_decision(self, person_id: str, purpose: Purpose, allowed: bool) -> None:
        erases = purpose in (Purpose.VOICE, Purpose.REMEMBERING) and not allowed
        if erases and self._mixed is not None:
            self._mixed.forget(person_id)
        if purpose is Purpose.HEARING and person_id in self._owners and self._line is not None:
            shutting = asyncio.create_task(self._line.deafen(not allowed), name="desk: microphone")
            self._shutting.add(shutting)
            shutting.add_done_callback(self._shutting.discard)

    def _on_forgotten(self, person_id: str | None, last_s: float) -> None:
        """Of one person, the decision tells it."""
        if person_id is None and last_s == float("inf") and self._mixed is not None:
            self._mixed.forget(None)
