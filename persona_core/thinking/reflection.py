"""What she makes of a talk afterwards, off the hot path: notes, what she has learned of people, how it left her.

A model that fails costs nothing: the turns are there and wait for the next time; when it keeps failing, the notes are
made by their words alone.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing

from memory.audience import narrowest, reaches
from memory.salience import WORTH, may_change, of_stretch
from memory.types import HERS, Entry, StoredTurn
from persona_core.errors import EngineError
from persona_core.ports import LanguageModel
from persona_core.thinking.derived import Derivation, NewId, Reflected
from persona_core.thinking.prompt import MESSAGE_TOKENS
from persona_core.thinking.reflection_form import Answer, build_messages, read_answer, schema
from persona_core.types import Message, Sampling

CONVERSATION = "reflection"  # its own: the live ones keep what they have evaluated
MOST_TURNS, MOST_KNOWN, MOST_ROSTER = 24, 12, 6  # that are shown at once
ANSWER_TOKENS = 420
TEMPERATURE = 0.2
TRIES = 3  # for the same stretch, before it is noted without the model

log = logging.getLogger(__name__)


class Reflection:
    def __init__(self, llm: LanguageModel | None, her_name: str, new_id: NewId) -> None:
        """``llm`` None: notes are made by their words alone. ``new_id`` makes the ids of entries."""
        self._llm = llm
        self._her_name = her_name
        self._new_id = new_id
        self._failures: Counter[int] = Counter()  # of each stretch, by its first turn's id

    async def reflect(
        self, stretch: Sequence[StoredTurn], known: Sequence[Entry], roster_lines: Sequence[str], now_s: float
    ) -> Reflected | None:
        """What is to be kept of the beginning of ``stretch``, up to ``Reflected.through``: ask again for the rest.

        ``known``: entries about these people that hold, the likeliest to matter first. ``roster_lines``: who the
        people are, as far as all of them may hear it. None: not this time. Never raises for a model that fails.
        """
        turns = list(stretch[:MOST_TURNS])
        if not any(turn.speaker != HERS for turn in turns):
            return Reflected(turns[-1].id) if turns else None
        derivation = Derivation(turns, known, self._her_name, self._new_id, now_s)
        if of_stretch(turns).score < WORTH:
            return derivation.of_small_talk()
        if self._llm is None:
            return derivation.without_model()
        shown = _shown(known, turns)
        turns, messages = self._fitting(self._llm, turns, shown, roster_lines)
        derivation = Derivation(turns, known, self._her_name, self._new_id, now_s)
        answer = await self._ask(self._llm, messages, schema(turns, shown, self._her_name))
        first = turns[0].id
        if answer is None:
            self._failures[first] += 1
            if self._failures[first] < TRIES:
                return None
        del self._failures[first]
        return derivation.from_answer(answer, shown) if answer else derivation.without_model()

    def _fitting(
        self, llm: LanguageModel, turns: list[StoredTurn], known: Sequence[Entry], roster_lines: Sequence[str]
    ) -> tuple[list[StoredTurn], list[Message]]:
        """As many of ``turns`` as the model has room for, at least one."""
        room = llm.context_tokens - ANSWER_TOKENS
        while True:
            messages = build_messages(turns, known, roster_lines[:MOST_ROSTER], self._her_name)
            tokens = sum(llm.count_tokens(message.content) + MESSAGE_TOKENS for message in messages)
            if tokens <= room or len(turns) == 1:
                return turns, messages
            turns = turns[: max(1, len(turns) * 3 // 4)]

    async def _ask(self, llm: LanguageModel, messages: Sequence[Message], form: str) -> Answer | None:
        sampling = Sampling(max_tokens=ANSWER_TOKENS, temperature=TEMPERATURE, schema=form)
        text = ""
        try:
            async with aclosing(llm.stream(messages, sampling, CONVERSATION, background=True)) as pieces:
                async for piece in pieces:
                    text += piece
        except EngineError as error:
            log.info("the model could not reflect: %s", type(error).__name__)
            return None
        answer = read_answer(text)
        if answer is None or answer == Answer():
            log.info("what the model made of a talk could not be used")
            return None
        return answer


def _shown(known: Sequence[Entry], turns: Sequence[StoredTurn]) -> list[Entry]:
    """What may not hold any more since this talk, and whoever may hear of the talk may hear.

    Nothing told in confidence may find its way into a note of it. Where nothing has changed nothing is shown: small
    models take what they are shown for what was said.
    """
    if not any(may_change(turn.text) for turn in turns if turn.speaker != HERS):
        return []
    scope = narrowest([turn.scope for turn in turns])
    return [entry for entry in known if reaches(entry.scope, scope)][:MOST_KNOWN]
