"""Who is heard in a stream with several people in it, and what is known of them for as long as the call goes on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence

from memory.errors import MemoryFault
from memory.memory import Memory
from memory.prints import AGAIN_S
from persona_core.hearing.prints import Prints, VoicePrint
from persona_core.hearing.voices import Lost, Revised, Speaks, Voices, VoicesEvent
from persona_core.ports import Transport, VoiceActivity, VoiceEncoder
from persona_core.types import Frame, Person

ONE_GUEST = "Until then everybody in one stream is taken for one person."
GONE_S = 600.0  # somebody who is named is taken to have left when they were not heard for so long

log = logging.getLogger(__name__)


class Mixed:
    """A ``persona_core.ports.Transport`` whose frames each have the person whose voice it is. One listener.

    People who enrolled are named; others are guests of this call, of whom nothing is kept beyond it.
    """

    def __init__(
        self,
        stream: Transport,
        encoder: VoiceEncoder,
        vad: VoiceActivity,
        prints: Sequence[VoicePrint],
        anybody: Person,
        memory: Memory,
        speaks: Callable[[Person], None],
        changed: Callable[[], None],
        tell: Callable[[str], None],
    ) -> None:
        """``anybody``: who said too little to be told from others, or all of them where the encoder fails.

        ``speaks`` is called before what somebody says comes as frames, ``changed`` where ``people`` has, before that;
        ``tell`` with a sentence.
        """
        self._stream = stream
        self._voices = Voices(encoder, vad, Prints(prints, somebody=anybody), self._on_event)
        self._enrolled = {one.person.id for one in prints}
        self._anybody = anybody
        self._memory = memory
        self._speaks, self._changed = speaks, changed
        self._tell = tell
        self._there: dict[str, Person] = {}
        self._leaving: dict[str, asyncio.TimerHandle] = {}  # when they are taken to have left
        self._noted: dict[
            str, float
        ] = {}  # when it was written down last that somebody was recognised; Unix time
        self._noting: set[asyncio.Task[None]] = set()

    @property
    def people(self) -> list[Person]:
        """Who has been heard, but for those who have left."""
        return list(self._there.values())

    @property
    def talking(self) -> bool:
        return self._voices.talking

    @property
    def speaker(self) -> Person | None:
        """None: nobody is talking, or it is not known who."""
        return self._voices.speaker

    async def frames(self) -> AsyncGenerator[Frame, None]:
        async for frame in self._voices.split(self._stream.frames()):
            yield frame

    def drop(self, person_id: str) -> None:
        """Drop what waits of somebody's sound; they are still known by their voice."""
        self._voices.drop(person_id)

    def forget(self, person_id: str | None) -> None:
        """Nobody knows this person's voice any more, or any that was enrolled (None)."""
        for one in [person_id] if person_id is not None else list(self._enrolled):
            self._enrolled.discard(one)
            self._voices.forget(one)
            self._leave(one)

    async def close(self) -> None:
        for timer in self._leaving.values():
            timer.cancel()
        self._leaving.clear()
        self._there.clear()
        if self._noting:
            await asyncio.wait(self._noting)

    def _on_event(self, event: VoicesEvent) -> None:
        match event:
            case Speaks(person=person):
                if person.id != self._anybody.id:
                    self._come(person)
                self._speaks(person)
            case Revised(before=before, merged=True):
                self._leave(before.id)
            case Lost(error):
                self._tell(f"{error} {ONE_GUEST}")

    def _come(self, person: Person) -> None:
        if person.id in self._enrolled:
            self._stay(person.id)
            loop = asyncio.get_running_loop()
            self._leaving[person.id] = loop.call_later(GONE_S, self._leave, person.id)
            self._note(person.id)
        if person.id not in self._there:
            self._there[person.id] = person
            self._changed()

    def _stay(self, person_id: str) -> None:
        if (timer := self._leaving.pop(person_id, None)) is not None:
            timer.cancel()

    def _leave(self, person_id: str) -> None:
        self._stay(person_id)
        if self._there.pop(person_id, None) is not None:
            self._changed()

    def _note(self, person_id: str) -> None:
        """That they were recognised: their print is kept for another year."""
        now_s = time.time()
        if now_s - self._noted.get(person_id, 0.0) < AGAIN_S:
            return
        self._noted[person_id] = now_s
        task = asyncio.create_task(self._write_down(person_id), name="recognised")
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _write_down(self, person_id: str) -> None:
        try:
            await asyncio.to_thread(self._memory.recognised, person_id)
        except MemoryFault as error:
            log.warning("not written down that somebody was recognised: %s", type(error).__name__)
