"""One answer of hers in the making: thought, made into sound, and said once it has leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from time import perf_counter

from persona_core.persona import Persona
from persona_core.ports import LanguageModel
from persona_core.speaking.mouth import Mouth, Spoken
from persona_core.thinking.attempt import Attempt
from persona_core.types import NOTHING_IN_MIND, Mind, Reply, Timings, Turn, Utterance


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an answer."""

    reply: Reply  # what was heard of it
    spoken: Spoken
    timings: Timings


class Answer:
    """Made for one state of the conversation. Whoever runs ``give`` may cancel it while it has no leave."""

    def __init__(
        self,
        turns: Sequence[Turn],
        answers: Sequence[Utterance],
        shown: Callable[[str], None],
        audible: Callable[[], None],
        mind: Mind = NOTHING_IN_MIND,
        closed: bool = False,
    ) -> None:
        """``shown`` is given the words once they may be said, ``audible`` is called before the first sound.

        ``mind`` is what she has in mind as it is begun; ``closed``: nobody hears it beside those who are there.
        """
        self.closed = closed
        self.begun_with = mind
        self.mind = mind  # what she has in mind with it
        self.turns = tuple(turns)
        self.answers = tuple(answers)
        self.leave = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.text = ""  # what has been shown
        self._forgotten: list[tuple[str | None, float]] = []  # see ``forget``
        self._waiting = ""  # to be shown, when there is leave
        self._wanted = False  # committed, and not held back
        self._committed_at: float | None = None
        self._attempt: Attempt | None = None
        self._shown = shown
        self._audible = audible

    @property
    def aloud(self) -> bool:
        """Whether anything of what it answers was said, not written."""
        return not self.answers or any(not utterance.message for utterance in self.answers)

    @property
    def private(self) -> bool:
        """See ``Turn``."""
        remembered = self.mind.about or any(turn.private for turn in self.turns)  # it may repeat either
        return self.closed and self.aloud and bool(remembered)

    @property
    def language(self) -> str:
        """To be spoken in; ISO 639-1, empty when unknown."""
        return self.turns[-1].language if self.turns else ""

    @property
    def emotion(self) -> str:
        """As soon as it is written, and may be shown; until then empty."""
        reply = self._attempt.reply if self._attempt is not None and self.leave.is_set() else None
        return reply.emotion if reply is not None else ""

    def forget(self, person_id: str | None, since_s: float) -> None:
        """What a person, or anybody (None), has said since then (on the conversation's clock) is forgotten."""
        self._forgotten.append((person_id, since_s))

    @property
    def forgotten(self) -> bool:
        """Whether it may repeat what has been forgotten since it was begun."""
        return any(self._may_repeat(person_id, since_s) for person_id, since_s in self._forgotten)

    def _may_repeat(self, person_id: str | None, since_s: float) -> bool:
        about = self.mind.about.union(*(turn.about for turn in self.turns if turn.at_s >= since_s))
        return bool(about) if person_id is None else person_id in about

    def commit(self, answers: Sequence[Utterance] = (), after: asyncio.Task[None] | None = None) -> None:
        """It may be said, once ``after`` is done. ``answers`` equals those it was made for, with final times."""
        self.answers = tuple(answers)
        self._committed_at = perf_counter()
        self._wanted = True
        if after is None:
            self._give_leave()
        else:
            after.add_done_callback(lambda _: self._give_leave())

    def hold(self) -> None:
        """It may not be said yet, after all."""
        self._wanted = False
        self.leave.clear()

    def _give_leave(self) -> None:
        if self._wanted:
            self.leave.set()
            self._show("")

    async def give(self, persona: Persona, llm: LanguageModel, mouth: Mouth | None, key: str) -> Outcome:
        """Think and say it; returns when that is over. Raises EngineError when the model fails."""
        attempt = self._attempt = Attempt(persona, llm, self.turns, key, self.mind)
        async with aclosing(attempt.words()) as words:  # given up, the model stops at once
            spoken = await self._say(words, mouth)
        reply = attempt.reply
        if spoken.stopped or reply is None:
            reply = Reply(spoken.heard)
        return Outcome(reply, spoken, self._timings(attempt, spoken))

    async def go_on(self, unheard: str, mouth: Mouth) -> Spoken:
        """Say what was left unsaid when she was stopped in error."""

        async def words() -> AsyncIterator[str]:
            yield unheard

        return await self._say(words(), mouth)

    async def _say(self, words: AsyncIterator[str], mouth: Mouth | None) -> Spoken:
        if mouth is not None and self.aloud:
            shown = self._showing(words)
            return await mouth.say(shown, self.leave, language=self.language, audible=self._audible)
        async for _ in self._showing(words):
            pass
        await self.leave.wait()
        return Spoken()

    async def _showing(self, words: AsyncIterator[str]) -> AsyncGenerator[str, None]:
        async for text in words:
            self._show(text)
            yield text

    def _show(self, text: str) -> None:
        """Nobody sees what she thinks before it may be said."""
        self._waiting += text
        if self.leave.is_set() and self._waiting:
            shown, self._waiting = self._waiting, ""
            self.text += shown
            self._shown(shown)

    def _timings(self, attempt: Attempt, spoken: Spoken) -> Timings:
        last = self.answers[-1] if self.answers else None
        if last is None:
            return Timings()
        return Timings(
            pause_ms=last.pause_ms,
            stt_ms=last.stt_ms,
            text_ms=last.text_ms,
            end_of_turn_ms=_since(last.stopped_at, self._committed_at),
            llm_first_token_ms=attempt.first_token_ms,
            llm_first_clause_ms=_since(attempt.asked_at, spoken.first_clause_at),
            llm_ms=attempt.total_ms,
            tts_first_audio_ms=spoken.first_audio_ms,
            voice_to_voice_ms=_since(last.stopped_at, spoken.first_audio_at),
        )


def _since(start: float | None, end: float | None) -> float | None:
    """Milliseconds between two times of time.perf_counter(), where both are known."""
    return None if start is None or end is None else (end - start) * 1000
