"""Signs of life beside her replies: that she is about to answer, and that she listens.

Neither is a reply: it is not kept, told or timed. The words are chosen in ``speaking/fillers.py``; said by
her mouth, they take turns with her replies, so that the two are never heard at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from time import perf_counter

from persona_core.persona import Persona
from persona_core.speaking.fillers import Sounds, fillers, listening_sounds
from persona_core.speaking.mouth import Mouth

LATE_S = 0.5  # a reply that may be heard, and is not for so long, is late
TALKED_S = 6.0  # of speech, before somebody is shown that she listens
WAITED_S = 1.0  # only in a pause that is waited out for longer than this; after others she may answer

Start = Callable[[Coroutine[None, None, None], str], asyncio.Task[None]]


class Presence:
    def __init__(self, persona: Persona, start: Start, told: Callable[[str], None]) -> None:
        """``start`` runs a named task; ``told`` is given the words of each sound right before it is heard."""
        self._filler = _Aside(fillers(), start, told) if persona.fillers else None
        self._listening = _Aside(listening_sounds(), start, told) if persona.listening_sounds else None

    def reply_is_due(self, mouth: Mouth, language: str) -> None:
        """A reply has leave: say a filler should it be late."""
        if self._filler is not None:
            self._filler.say(mouth, language, LATE_S)

    def reply_is_not_due(self) -> None:
        """The reply can be heard now, or is not to be said: no filler, and what is heard of one ends."""
        if self._filler is not None:
            self._filler.call_off()

    def paused(self, mouth: Mouth, language: str, talked_s: float, patience_s: float) -> None:
        """Somebody who has talked to her for ``talked_s`` pauses, and is given ``patience_s`` to go on."""
        if self._listening is not None and talked_s > TALKED_S and patience_s > WAITED_S:
            self._listening.say(mouth, language, 0.0)

    def pause_is_over(self) -> None:
        """They talk again, or have finished: what has not been heard by now comes too late."""
        if self._listening is not None and not self._listening.heard:
            self._listening.call_off()


class _Aside:
    """One kind of small sound, at most one of it at a time."""

    def __init__(self, sounds: Sounds, start: Start, told: Callable[[str], None]) -> None:
        self.heard = False  # the one that was asked for last, or its beginning
        self._sounds = sounds
        self._start = start
        self._told = told
        self._task: asyncio.Task[None] | None = None

    def say(self, mouth: Mouth, language: str, after_s: float) -> None:
        self.call_off()
        self.heard = False
        self._task = self._start(self._say(mouth, language, after_s), "aside")

    def call_off(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _say(self, mouth: Mouth, language: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        words = self._sounds.choose(language, perf_counter())
        if words is not None:
            await mouth.say(_pieces(words), language=language, audible=lambda: self._hear(words))

    def _hear(self, words: str) -> None:
        self.heard = True
        self._told(words)


async def _pieces(words: str) -> AsyncIterator[str]:
    yield words
