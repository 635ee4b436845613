"""One live conversation: wiring only. What is heard goes to the floor; what the floor decides is done here.

The rules are elsewhere: when somebody speaks (``hearing/segmenter.py``), when they have finished
(``hearing/turn_end.py``), to whom they speak (``hearing/addressee.py``), what speech over her is
(``hearing/overlap.py``), whose turn it is (``hearing/floor.py``), what is sent to the model
(``thinking/prompt.py``), what it reads ahead (``thinking/reader.py``), what may be spoken
(``thinking/reply.py``), how it is spoken (``speaking/mouth.py``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from time import perf_counter
from types import TracebackType

from persona_core.answer import Answer
from persona_core.delivery import Cut, Delivery
from persona_core.errors import KithError
from persona_core.events import Event, Failed, Heard, Hearing, Speaking
from persona_core.hearing import ear, floor, takes
from persona_core.hearing.company import Company
from persona_core.hearing.ears import Ears
from persona_core.hearing.floor import Do
from persona_core.hearing.mode import Mode
from persona_core.hearing.over_her import OverHer
from persona_core.hearing.overlap import Overlap
from persona_core.hearing.takes import EarsEvent
from persona_core.persona import Persona
from persona_core.ports import Memories, Playback
from persona_core.records import Records
from persona_core.speaking.mouth import Mouth
from persona_core.speaking.presence import Presence
from persona_core.thinking.history import History
from persona_core.thinking.reader import Reader
from persona_core.thinking.recollection import Recollection
from persona_core.types import Expression, Frame, Person, Turn, Utterance

LINE_CHARACTERS = 4_000  # of a typed line are read; Discord's own limit
LULL_S = 1.5  # of silence after a question to the room, before she takes it

log = logging.getLogger(__name__)


class Conversation:
    """Use as ``async with Conversation(...)``. ``key`` names it: a voice channel, a DM, or the desk."""

    def __init__(
        self,
        key: str,
        persona: Persona,
        playback: Playback | None,
        emit: Callable[[Event], None],
        memories: Memories | None = None,
        is_command: Callable[[Utterance], bool] = lambda utterance: False,
    ) -> None:
        """``playback`` is where she speaks; None: she answers in writing only. ``memories`` None: nothing is kept.

        ``is_command``: whether an utterance is a command to the program, which is carried out elsewhere: it is neither
        kept nor answered.
        """
        self._key = key
        self._persona = persona
        self._emit = emit
        self._is_command = is_command
        self._records = Records(memories, self._start, self._fail)
        self._recollection = Recollection(memories, self._start, self._on_mind)
        self._history = History()
        self._company = Company(persona.character.name)
        self._delivery = Delivery(
            persona,
            key,
            self._history,
            self._records,
            self._recollection,
            self._company,
            emit,
            self._fail,
            lambda: self._now_s,
        )
        self.speak_through(playback)
        self._ears = Ears(persona.hearing, self._on_ears) if persona.hearing else None
        self._floor = floor.Floor()
        self._over_her = OverHer()
        self._presence = Presence(persona, self._start, self._on_murmur)
        self._reader = Reader(persona, key, self._start, lambda: self._recollection.mind)
        self._clock_s = 0.0  # how far everybody has been heard
        self._clock_at = perf_counter()  # when that was
        self._answer: Answer | None = None  # in hand
        self._saying: Turn | None = None  # what is being said, as far as that is known
        self._tasks: set[asyncio.Task[None]] = set()
        self._settled = asyncio.Event()
        self._settled.set()

    async def __aenter__(self) -> Conversation:
        if self._ears is not None:
            self._start(self._ears.work(), "recognise")
        self._recollection.meet(anew=False)
        self._read_ahead()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ears is not None:
            await self._ears.close()
        if (writing := self._records.pending) is not None:  # what was said is not lost
            await asyncio.wait([writing])
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # What may be asked of her

    def hear(self, frame: Frame) -> None:
        """Take one frame of somebody's sound; never waits."""
        if self._ears is None:
            return
        self._company.notice(frame.person)
        self._ears.hear(frame)
        if frame.at_s > self._clock_s:
            self._clock_s, self._clock_at = frame.at_s, perf_counter()
        asked = self._floor.asked
        if asked is not None and self._clock_s - asked.ended_s >= LULL_S:
            self._step(floor.Lull())

    def finish_hearing(self, person_id: str | None = None) -> None:
        """One person's sound has ended, or everybody's (None); what was being said is complete."""
        if self._ears is not None:
            self._ears.finish(person_id)

    def stop_hearing(self, person_id: str) -> None:
        """A person is not to be heard any more: what they said until now is thrown away, wherever it is.

        Her answers to it go too, as they may repeat it; one that she is giving is finished, and not kept.
        """
        self._delivery.withdraw(person_id)
        self._history.withdraw(person_id)
        self._company.withdraw(person_id)
        if self._ears is not None:
            self._ears.drop(person_id)
        self._step(floor.Withdrawn(person_id))

    def forget(self, person_id: str | None, last_s: float = float("inf")) -> None:
        """What a person, or anybody (None), has said in the last ``last_s`` seconds is forgotten, and what answers it.

        They are heard on as before. An answer that she is giving is finished, and neither kept nor told.
        """
        since_s = self._now_s - last_s
        self._history.withdraw(person_id, since_s)
        self._company.withdraw(person_id)
        self._over_her.forget()
        self._reader.forget()
        self._delivery.forget(person_id)
        if self._answer is not None:
            self._answer.forget(person_id, since_s)
        if self._ears is not None:  # what has been half said, too
            self._ears.drop(person_id)
        self._step(floor.Withdrawn(person_id))
        self._think_anew(may_hear_more=False)
        answer = self._answer
        if answer is not None and answer.forgotten and self._floor.phase is floor.Phase.THINKING:
            self._think(answer.answers, self._turns(answer.answers))
        self._read_ahead()

    def read(self, person: Person, text: str, message: str = "") -> None:
        """Take one typed line; ``message``: see ``Utterance``."""
        if len(text) > LINE_CHARACTERS:
            self._emit(
                Failed(f"That line is too long; only its first {LINE_CHARACTERS} characters were read.")
            )
        line = Utterance(person, text[:LINE_CHARACTERS], self._now_s, self._now_s, message=message)
        self._add(line)
        self._step(floor.Written(line))

    def speak_through(self, playback: Playback | None) -> None:
        """Where she speaks from the next reply on; None: in writing only."""
        tts = self._persona.tts
        self._delivery.mouth = Mouth(tts, playback) if playback and tts else None
        self._recollection.aloud = self._mouth is not None

    def equip(self, persona: Persona) -> None:
        """Go on with ears, or a voice, that were not there when it began; all else of her is the same."""
        self._persona = persona
        if self._ears is None and persona.hearing is not None:
            self._ears = Ears(persona.hearing, self._on_ears)
            self._start(self._ears.work(), "recognise")

    def set_people(self, people: Sequence[Person]) -> None:
        """Who is present, herself left out: with one person everything is for her."""
        before = self._company.people
        self._company.set_people(people, self._now_s)
        if before != self._company.people:
            self._think_anew(may_hear_more=bool(self._company.people - before))

    def refresh_mind(self) -> None:
        """What she remembers has changed, or who may hear it: nothing that she had in mind before is said."""
        self._think_anew(may_hear_more=True)

    def others_talk(self, talking: bool) -> None:
        """People whom she may not hear begin to talk, or all of them have stopped: she waits for them."""
        self._step(floor.Others(talking))

    def set_mode(self, mode: Mode) -> None:
        """When she answers what is said; told to be quiet, she falls silent at once."""
        self._company.mode = mode
        if mode is Mode.QUIET and self._mouth is not None:
            self._mouth.stop()

    def call_on(self, person_id: str) -> None:
        """What this person says next is for her."""
        self._company.call_on(person_id, perf_counter())

    def face(self) -> Expression:
        """What shows on her face now: see ``Measured.loudness``."""
        loudness = self._mouth.loudness() if self._mouth is not None else 0.0
        return Expression(loudness, self._answer.emotion if self._answer is not None else "")

    def measured(self, playback: Playback) -> Playback:
        """See ``Mouth.measured``."""
        return self._mouth.measured(playback) if self._mouth is not None else playback

    async def settled(self) -> None:
        """Wait until what was said is understood and, where nobody is speaking, answered."""
        while True:
            await self._settled.wait()
            if self._ears is None or not self._ears.busy:
                return
            await self._ears.understood()

    @property
    def _mouth(self) -> Mouth | None:
        return self._delivery.mouth

    @property
    def _now_s(self) -> float:
        """The time on the frames' clock, also where none come because everybody is silent."""
        return self._clock_s + perf_counter() - self._clock_at

    # What is heard

    def _on_ears(self, event: EarsEvent) -> None:
        match event:
            case ear.Stirred(person):
                self._step(floor.Stirred(person.id))
            case ear.Calmed(person):
                self._step(floor.Calmed(person.id))
            case takes.Began(take, person):
                if self._ears is not None and not self._floor.talking:
                    self._ears.listen_first_to(person.id)  # who was first has the floor
                    self._recollection.begin()
                self._over_her.began(take, self._now_s)
                self._step(floor.Began(take, person.id))
            case takes.Saying():
                self._follow(event)
            case takes.Guessed(take, utterance):
                self._recollection.settle(self._reader.has_read)
                if self._judge(take, utterance.text, utterance.language) is None:
                    self._step(floor.Likely(take, utterance, self._company.to_whom(utterance)))
            case takes.Likely(take, utterance):
                self._recollection.settle(self._reader.has_read)
                if self._judge(take, utterance.text, utterance.language, final=True) is None:
                    self._step(floor.Likely(take, utterance, self._company.to_whom(utterance)))
            case takes.Weighed():
                self._show_listening(event)
            case takes.WentOn(take):
                self._recollection.go_on()
                self._presence.pause_is_over()
                self._step(floor.WentOn(take))
            case takes.Ended(take, _, utterance):
                self._presence.pause_is_over()
                self._take_in(take, utterance)
            case takes.Trouble(error):
                self._fail(error)

    def _follow(self, event: takes.Saying) -> None:
        """Somebody is speaking: show it, judge it if it is over her, and have the model read along."""
        said = event.partial
        self._emit(Hearing(event.person, said.stable, said.tentative))
        if self._judge(event.take, said.text, event.language, voiced_s=event.voiced_s) is None:
            self._recollection.follow(event.person, said.stable)
            # words that will change are evaluated again, the rest of the processor's time is there anyway
            self._saying = Turn(
                event.person,
                said.text,
                self._spoken_language(event.language),
                heard_by=self._company.people,
                about=frozenset({event.person.id}),
            )
            self._read_ahead(self._saying)

    def _show_listening(self, event: takes.Weighed) -> None:
        if self._mouth is not None and self._floor.is_for_her_alone(event.take):
            language = self._spoken_language(event.language)
            self._presence.paused(self._mouth, language, event.voiced_s, event.patience_s)

    def _take_in(self, take: int, utterance: Utterance | None) -> None:
        """What somebody has said is complete."""
        text, language = (utterance.text, utterance.language) if utterance else ("", "")
        overlap = self._judge(take, text, language, final=True)
        self._over_her.ended(take)
        self._saying = None
        if utterance is not None and overlap is not Overlap.ECHO:
            self._emit(Heard(utterance))
        if utterance is None or overlap is not None or self._is_command(utterance):
            self._step(floor.Ended(take, None))
            return
        addressed = self._company.to_whom(utterance)
        self._company.said(utterance)
        self._add(utterance)
        self._step(floor.Ended(take, utterance, addressed))
        self._read_ahead()

    def _judge(
        self, take: int, text: str, language: str, *, voiced_s: float = 0.0, final: bool = False
    ) -> Overlap | None:
        """What speech over her is; None when it is to be taken for what it says."""
        said = self._answer.text if self._answer is not None else ""
        overlap = self._over_her.judge(take, text, language, voiced_s, said, final)
        if overlap is not None:
            self._step(floor.Judged(take, overlap))
        return None if overlap is Overlap.INTERRUPTION else overlap

    def _add(self, utterance: Utterance) -> None:
        turn = self._turn(utterance)
        self._history.add(turn)
        self._records.heard(utterance, turn.heard_by)

    def _turn(self, utterance: Utterance) -> Turn:
        return Turn(
            utterance.person,
            utterance.text,
            self._spoken_language(utterance.language),
            heard_by=self._company.present(utterance.started_s, utterance.ended_s),
            about=frozenset({utterance.person.id}),
            written=bool(utterance.message),
            at_s=utterance.ended_s,
        )

    def _spoken_language(self, language: str) -> str:
        """The language to answer in: one that she has a voice for."""
        return language if self._mouth is None or language in self._persona.languages else ""

    # What the floor decides

    def _step(self, event: floor.FloorEvent) -> None:
        result = floor.step(self._floor, event)
        self._floor = result.floor
        for decision in result.decisions:
            self._do(decision)
        if self._floor.settled:
            self._settled.set()
        else:
            self._settled.clear()

    def _do(self, decision: floor.Decision) -> None:
        match decision:
            case floor.Speculate(answers):
                self._think(answers, self._turns(answers))
            case floor.Commit(answers):
                self._commit(answers)
            case Do.HOLD if self._answer:
                self._answer.hold()
                self._presence.reply_is_not_due()
            case Do.DROP:
                self._drop()
            case Do.CONTINUE:
                self._go_on()
        if self._mouth is None:
            return
        match decision:
            case Do.DUCK:
                self._mouth.duck()
            case Do.RESUME:
                self._mouth.resume()
            case Do.STOP:
                self._mouth.stop()

    def _turns(self, answers: tuple[Utterance, ...]) -> tuple[Turn, ...]:
        """What has been said, and has probably been said, as far as it may be told where ``answers`` is answered."""
        likely = sorted((one.utterance for one in self._floor.likely), key=lambda said: said.ended_s)
        written = self._mouth is None or any(line.message for line in answers)
        reader = (answers[-1].person.id if answers else "") if written else None
        return self._records.tellable((*self._history, *map(self._turn, likely)), reader)

    def _think_anew(self, *, may_hear_more: bool) -> None:
        """Others hear her now: what she had in mind for those before, and is about to say, may not be for them.

        ``may_hear_more``: somebody who did not before.
        """
        self._recollection.meet(anew=True)
        answer, phase = self._answer, self._floor.phase
        if may_hear_more:
            self._delivery.cut = None
        if answer is None:
            return
        if phase is floor.Phase.LEAVE and answer.answers:
            if not self._is_made_for(answer, answer.answers, self._turns(answer.answers)):
                self._commit(answer.answers)
        elif may_hear_more and phase in (floor.Phase.LEAVE, floor.Phase.SPEAKING):
            self._start(self._break_off(answer), "break off")

    async def _break_off(self, answer: Answer) -> None:
        """Say no more of an answer, unless all that she had in mind with it is for those who are there now, too."""
        await self._recollection.met()
        if (
            self._answer is answer
            and self._mouth is not None
            and not answer.mind.is_within(self._recollection.mind)
        ):
            self._mouth.stop()

    def _think(self, answers: tuple[Utterance, ...], turns: tuple[Turn, ...]) -> Answer:
        """Begin a new answer instead of the one in hand."""
        self._drop()
        self._ask_whether_over(answers, turns)  # first: it lies on the way to the answer
        answer = self._new_answer(turns, answers)
        answer.task = self._start(self._give(answer), "answer")
        return answer

    def _ask_whether_over(self, answers: tuple[Utterance, ...], turns: tuple[Turn, ...]) -> None:
        """Of what has probably been said: whether the model thinks so, too."""
        ears = self._ears
        last = next((one for one in self._floor.likely if answers and one.utterance is answers[-1]), None)
        if last is None or ears is None:
            return
        if self._reader.ask_whether_over(turns, partial(ears.completed, last.take, last.utterance)):
            ears.read(last.take, last.utterance)

    def _new_answer(self, turns: tuple[Turn, ...], answers: tuple[Utterance, ...]) -> Answer:
        self._reader.stop_reading()
        self._answer = Answer(
            turns,
            answers,
            lambda text: self._emit(Speaking(text)),
            self._on_audible,
            self._recollection.mind,
            self._records.closed,
        )
        return self._answer

    def _commit(self, answers: tuple[Utterance, ...]) -> None:
        answer, turns = self._answer, self._turns(answers)
        if answer is None or not self._is_made_for(answer, answers, turns):
            answer = self._think(answers, turns)
        answer.commit(answers, after=self._records.pending)
        if self._mouth is not None and answer.aloud:
            self._presence.reply_is_due(self._mouth, answer.language)

    def _is_made_for(self, answer: Answer, answers: tuple[Utterance, ...], turns: tuple[Turn, ...]) -> bool:
        """Whether it answers just this, and is made of what she would make it of now."""
        now = (turns, answers, self._recollection.mind)
        return (answer.turns, answer.answers, answer.begun_with) == now

    def _drop(self) -> None:
        self._presence.reply_is_not_due()
        self._reader.stop_asking()
        answer, self._answer = self._answer, None
        if answer is not None and answer.task is not None:
            answer.task.cancel()

    def _go_on(self) -> None:
        if self._delivery.cut is None:  # she was stopped before a word of it was heard
            self._step(floor.Answered())
            return
        answer = self._new_answer(self._turns(()), ())
        answer.task = self._start(self._finish_cut(answer, self._delivery.cut), "answer")
        answer.commit()

    def _on_audible(self) -> None:
        self._presence.reply_is_not_due()
        self._over_her.she_speaks()
        self._step(floor.Audible())

    def _on_murmur(self, words: str) -> None:
        self._over_her.she_murmurs(words, self._now_s)

    # Answers

    async def _give(self, answer: Answer) -> None:
        await self._delivery.give(answer)
        self._finish(answer)
        await self._forget_with(answer)

    async def _finish_cut(self, answer: Answer, cut: Cut) -> None:
        await self._delivery.finish(answer, cut)
        self._finish(answer)
        await self._forget_with(answer)

    async def _forget_with(self, answer: Answer) -> None:
        """What was forgotten while it was written has been read again since."""
        if answer.forgotten:
            try:
                await self._persona.forget()
            except KithError as error:  # her model is being closed
                log.info("engines had nothing to forget: %s", type(error).__name__)

    def _on_mind(self) -> None:
        self._read_ahead(self._saying)

    def _finish(self, answer: Answer) -> None:
        if self._answer is answer:
            self._answer = None
            self._presence.reply_is_not_due()
            self._over_her.she_is_silent(answer.text, self._now_s)
            self._step(floor.Answered())
            self._read_ahead()

    def _read_ahead(self, saying: Turn | None = None) -> None:
        """Have the model read what has been said, and what is being said as far as that is certain.

        Not while several talk at once: nobody knows whose words will be the last, and she waits for all of them.
        """
        if self._answer is None and len(self._floor.talking) <= 1:
            lines = (*self._history, saying) if saying else self._history
            self._reader.read_ahead(self._records.tellable(lines, None if self._mouth else ""))

    def _start(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"{name} {self._key}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, KithError):
            cause = type(error.__cause__).__name__ if error.__cause__ else "itself"
            self._emit(Failed(str(error)))  # first: it ends the line that a terminal is showing
            log.warning("%s, because of %s", type(error).__name__, cause)
        else:
            log.error("unexpected %s", type(error).__name__, exc_info=error)
            self._emit(Failed("Something went wrong that should not have; the log has the cause."))
