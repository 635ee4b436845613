"""What the model reads before it is asked to answer: so that it answers sooner, and to tell whether all is said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace

from persona_core.errors import KithError
from persona_core.persona import Persona
from persona_core.ports import EndOfText
from persona_core.thinking.prompt import build_prompt, read_as
from persona_core.types import Message, Mind, Recalled, Turn

Start = Callable[[Coroutine[None, None, None], str], asyncio.Task[None]]

NOTHING = Recalled()

log = logging.getLogger(__name__)


class Reader:
    """For one conversation. Where the model fails nothing is said: the answer will meet it too."""

    def __init__(self, persona: Persona, key: str, start: Start, mind: Callable[[], Mind]) -> None:
        """``key`` names the conversation; ``start`` runs a task of it; ``mind``: what she has in mind now."""
        self._persona = persona
        self._key = key
        self._start = start
        self._mind = mind
        self._read_last: tuple[Sequence[Turn], Mind] | None = None
        self._has_read: Mind | None = None
        self._reading: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None

    def read_ahead(self, turns: tuple[Turn, ...]) -> None:
        """The last of ``turns`` may still be growing; a newer reading takes over what the older one has done."""
        if self._persona.llm.keeps_prefix and (turns, self._mind()) != self._read_last:
            self.stop_reading()
            self._read_last = turns, self._mind()
            self._reading = self._start(self._read(turns, self._mind()), "read ahead")

    def stop_reading(self) -> None:
        """An answer is begun, or something else is to be read."""
        if self._reading is not None:
            self._reading.cancel()

    def has_read(self, mind: Mind) -> bool:
        """Whether an answer with this in mind need not wait until the model has read it."""
        return not self._persona.llm.keeps_prefix or mind == self._has_read

    def ask_whether_over(self, turns: Sequence[Turn], told: Callable[[float | None], None]) -> bool:
        """Whether the model is asked; ``told`` is then called in any case, with None where it cannot tell."""
        end_of_text = self._persona.end_of_text
        if end_of_text is None:
            return False
        probability: list[float] = []
        self._asking = self._start(self._ask(end_of_text, turns, probability), "end of text")
        # also where it is not to be known any more: the pause waits for it
        self._asking.add_done_callback(lambda _: told(probability[0] if probability else None))
        return True

    def stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    def forget(self) -> None:
        """Hold nothing of what has been read."""
        self.stop_reading()
        self._read_last = self._has_read = None

    async def _read(self, turns: Sequence[Turn], mind: Mind) -> None:
        """What came to her mind is read beside the line alone, which is there where that comes too late."""
        try:
            for one in dict.fromkeys((replace(mind, note=NOTHING), mind)):
                await self._persona.llm.read(self._prompt(turns, one), read_as(self._key, one))
            if turns and turns[-1].person is not None:  # what came to her mind stands before somebody's line
                self._has_read = mind
        except KithError as error:
            log.info("nothing could be read ahead: %s", type(error).__name__)

    async def _ask(self, end_of_text: EndOfText, turns: Sequence[Turn], probability: list[float]) -> None:
        try:
            mind = self._mind()
            told = await end_of_text.completed(self._prompt(turns, mind), read_as(self._key, mind))
            probability.append(told)
        except KithError as error:
            log.info("the end of a turn is told without its words: %s", type(error).__name__)

    def _prompt(self, turns: Sequence[Turn], mind: Mind) -> list[Message]:
        persona = self._persona
        return build_prompt(persona.character, turns, persona.llm, persona.sampling.max_tokens, mind)
