"""One reply being written: prompt in, speakable words out, the finished ``Reply`` at the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import takewhile
from time import perf_counter

from persona_core.persona import Persona
from persona_core.ports import LanguageModel
from persona_core.stopwatch import Stopwatch
from persona_core.thinking.prompt import build_prompt, read_as
from persona_core.thinking.reply import ReplyReader
from persona_core.types import NOTHING_IN_MIND, Mind, Reply, Turn

ECHO_WORDS = 6  # of a line; what stands further on, such as a number, may be said again


class Attempt:
    """Use once: iterate ``words()`` to its end, then read the rest; closing ``words()`` gives up."""

    def __init__(
        self,
        persona: Persona,
        llm: LanguageModel,
        turns: Sequence[Turn],
        conversation: str,
        mind: Mind = NOTHING_IN_MIND,
    ) -> None:
        self._persona = persona
        self._llm = llm
        self._turns = turns
        self._conversation = conversation
        self._mind = mind
        self.asked_at: float | None = None  # time.perf_counter() when the prompt was handed over
        self.first_token_ms: float | None = None
        self.total_ms: float | None = None
        self.reply: Reply | None = None

    async def words(self) -> AsyncGenerator[str, None]:
        """Pieces of text that are certain to be spoken. Raises EngineError when the model fails."""
        watch = Stopwatch()
        character = self._persona.character
        sampling = replace(self._persona.sampling, said=_not_again(self._turns))
        others = {turn.person.name for turn in self._turns if turn.person}
        reader = ReplyReader(character.name, others)
        messages = build_prompt(character, self._turns, self._llm, sampling.max_tokens, self._mind)
        self.asked_at = perf_counter()
        name = read_as(self._conversation, self._mind)
        async with aclosing(self._llm.stream(messages, sampling, name)) as pieces:
            async for piece in pieces:
                if self.first_token_ms is None:
                    self.first_token_ms = watch.ms()
                if text := reader.feed(piece):
                    yield text
                if reader.done:
                    break
        self.total_ms = watch.ms()
        self.reply = reader.finish()
        if reader.rest:
            yield reader.rest


def _not_again(turns: Sequence[Turn]) -> tuple[str, ...]:
    """Her earlier answers, and how what she answers begins: small models like to say the same, or to echo."""
    hers = tuple(turn.text for turn in turns if turn.person is None)
    answered = takewhile(lambda turn: turn.person is not None, reversed(turns))
    return (*hers, *(" ".join(turn.text.split()[:ECHO_WORDS]) for turn in answered))
