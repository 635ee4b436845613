"""What becomes of an answer: it is given, and what was heard of it is kept, written down and told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

from persona_core.answer import Answer, Outcome
from persona_core.errors import KithError
from persona_core.events import Event, Said
from persona_core.hearing.company import Company
from persona_core.persona import Persona
from persona_core.records import Records
from persona_core.speaking.mouth import Mouth, Spoken
from persona_core.thinking.history import History
from persona_core.thinking.recollection import Recollection
from persona_core.types import Mind, Reply, Timings, Turn, Utterance


@dataclass(frozen=True, slots=True)
class Cut:
    """A reply that was stopped, and what is left of it."""

    turn: Turn  # of the history
    unheard: str
    answers: tuple[Utterance, ...]


class Delivery:
    """For one conversation. Nothing is raised: ``fail`` is told."""

    def __init__(
        self,
        persona: Persona,
        key: str,
        history: History,
        records: Records,
        recollection: Recollection,
        company: Company,
        emit: Callable[[Event], None],
        fail: Callable[[BaseException], None],
        now_s: Callable[[], float],
    ) -> None:
        """``key`` names the conversation; ``now_s`` is the time on the frames' clock, in seconds."""
        self.mouth: Mouth | None = None  # None: in writing only
        self.cut: Cut | None = None
        self._persona = persona
        self._key = key
        self._history = history
        self._records = records
        self._recollection = recollection
        self._company = company
        self._emit = emit
        self._fail = fail
        self._now_s = now_s
        self._refused_at: dict[str, float] = {}  # person id → time.perf_counter() of their last refusal

    def withdraw(self, person_id: str) -> None:
        """An answer to what this person has said until now is not kept."""
        self._refused_at[person_id] = perf_counter()

    def forget(self, person_id: str | None) -> None:
        """What is left of a reply that may repeat this person's words, or anybody's (None), is not said any more."""
        if self.cut is not None and (person_id is None or person_id in self.cut.turn.about):
            self.cut = None

    async def give(self, answer: Answer) -> None:
        """One answer from its first thought to its last sound."""
        mouth = self.mouth
        try:
            asked = answer.answers[-1] if answer.answers else None
            aloud = answer.aloud and mouth is not None
            if asked is not None and (not aloud or asked.stopped_at is None):  # nobody heard it being said
                answer.mind = await self._recollection.for_writing(asked.text, asked.person, aloud=aloud)
                if aloud:  # where others come to hear it before it is said, it is made anew
                    answer.begun_with = answer.mind
            try:
                outcome = await answer.give(self._persona, self._persona.llm, mouth, self._key)
            except KithError as error:  # she has something to say even without a model
                await answer.leave.wait()
                self._fail(error)
                outcome = await answer.give(self._persona, self._persona.last_resort, mouth, self._key)
            self._keep(answer, outcome)
        except Exception as error:  # noqa: BLE001  # the one catch-all of answering
            await answer.leave.wait()
            self._fail(error)

    async def finish(self, answer: Answer, cut: Cut) -> None:
        """Say the rest of a reply that was stopped."""
        assert self.mouth is not None  # she was speaking
        try:
            spoken = await answer.go_on(cut.unheard, self.mouth)
            if answer.forgotten:
                self._tell_nothing(spoken)
                return
            rest = self._reply(spoken.heard, answer, spoken)
            whole = replace(
                rest,
                text=f"{cut.turn.text} {rest.text}".strip(),
                heard_by=rest.heard_by & cut.turn.heard_by,
                about=rest.about | cut.turn.about,
                private=rest.private or cut.turn.private,
            )
            self._history.replace(cut.turn, whole)
            self._records.said(rest)
            self._tell(Reply(rest.text), spoken, Timings(), cut.answers, whole, answer.mind)
        except Exception as error:  # noqa: BLE001  # as above
            self._fail(error)

    def _keep(self, answer: Answer, outcome: Outcome) -> None:
        """What was heard of an answer becomes a part of the conversation."""
        reply, spoken = outcome.reply, outcome.spoken
        if spoken.error is not None:
            self._fail(spoken.error)
        self.cut = None
        if answer.forgotten:
            self._tell_nothing(spoken)
            return
        turn = self._reply(reply.text, answer, spoken)
        if reply.text and not any(map(self._is_withdrawn, answer.answers)):
            self._history.add_reply(turn, answer.turns[-1] if answer.turns else None)
            self._records.said(turn)
            self._company.she_said(reply.text, self._now_s())
            self.cut = Cut(turn, spoken.unheard, answer.answers) if spoken.stopped else None
        self._tell(reply, spoken, outcome.timings, answer.answers, turn, answer.mind)

    def _reply(self, text: str, answer: Answer, spoken: Spoken) -> Turn:
        """What was heard of an answer; it may repeat whatever she was told, or had in mind."""
        now_s, aloud = self._now_s(), answer.aloud and self.mouth is not None
        return Turn(
            None,
            text,
            cut=spoken.stopped,
            heard_by=self._company.present(now_s - spoken.audio_s, now_s),
            about=answer.mind.about.union(*(turn.about for turn in answer.turns)),
            written=not aloud,
            at_s=now_s,
            private=answer.private and aloud,
        )

    def _tell(
        self,
        reply: Reply,
        spoken: Spoken,
        timings: Timings,
        answers: tuple[Utterance, ...],
        turn: Turn,
        mind: Mind,
    ) -> None:
        self._emit(
            Said(reply, spoken.audio_s, timings, answers, spoken.stopped, turn.about, turn.private, mind)
        )

    def _tell_nothing(self, spoken: Spoken) -> None:
        """She has said something that is forgotten by now: nobody writes it anywhere."""
        self._emit(Said(Reply(""), spoken.audio_s, Timings(), (), spoken.stopped))

    def _is_withdrawn(self, utterance: Utterance) -> bool:
        """Whether who said it has refused to be heard since; what is typed is not heard."""
        refused_at, stopped_at = self._refused_at.get(utterance.person.id), utterance.stopped_at
        return refused_at is not None and stopped_at is not None and stopped_at <= refused_at
