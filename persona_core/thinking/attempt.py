"""One reply being written: prompt in, speakable words out, the finished ``Reply`` at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from persona_core.persona import Persona
from persona_core.ports import LanguageModel
from persona_core.stopwatch import Stopwatch
from persona_core.thinking.prompt import build_prompt
from persona_core.thinking.reply import ReplyReader
from persona_core.types import Reply, Turn


class Attempt:
    """Use once: iterate ``words()`` to its end, or close it to give up; then ask for ``reply()``."""

    def __init__(self, persona: Persona, llm: LanguageModel, turns: Sequence[Turn], conversation: str) -> None:
        self._persona = persona
        self._llm = llm
        self._turns = turns
        self._conversation = conversation
        self._reader = ReplyReader(persona.character.name)
        self.first_token_ms: float | None = None
        self.total_ms: float | None = None

    async def words(self) -> AsyncIterator[str]:
        """Pieces of text that are certain to be spoken. Raises EngineError when the model fails."""
        watch = Stopwatch()
        sampling = self._persona.sampling
        messages = build_prompt(self._persona.character, self._turns, self._llm, sampling.max_tokens)
        async with aclosing(self._llm.stream(messages, sampling, self._conversation)) as pieces:
            async for piece in pieces:
                if self.first_token_ms is None:
                    self.first_token_ms = watch.ms()
                if text := self._reader.feed(piece):
                    yield text
        self.total_ms = watch.ms()
        if rest := self._reader.rest():
            yield rest

    def reply(self) -> Reply:
        """The whole reply, as far as it was written."""
        return self._reader.finish()
