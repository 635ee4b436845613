"""Everybody's ears: from frames to what each person says, is saying, and has probably finished saying.

Each utterance is a *take*, numbered, so that what is still being worked out about one is not taken for the
next one of the same person.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

from persona_core.errors import KithError
from persona_core.hearing import ear as sound
from persona_core.hearing.ear import Calmed, Ear, EarEvent, Segment, Stirred
from persona_core.hearing.evidence import has_words
from persona_core.hearing.microphone import UNKNOWN, Microphone
from persona_core.hearing.partials import Partial
from persona_core.hearing.recogniser import Recogniser
from persona_core.hearing.segmenter import Segmenter
from persona_core.hearing.takes import (
    Began,
    EarsEvent,
    Ended,
    Guessed,
    Likely,
    Saying,
    Trouble,
    Weighed,
    WentOn,
)
from persona_core.hearing.turn_end import TurnEvidence, patience_s, sound_matters
from persona_core.persona import Hearing
from persona_core.ports import EndOfTurn
from persona_core.stopwatch import Stopwatch
from persona_core.types import EAR_RATE, Frame, Person, Speech, Utterance

FIRST_PARTIAL_S = 0.45  # of speech, before a first text is worked out
PARTIAL_EVERY_S = 0.5  # of further speech
LANGUAGE_S = 1.5  # of speech, before its language is settled; from less it is guessed wrong too often
WORDLESS_PATIENCE_S = 0.3  # of silence after a sound without words
SURE_LOGPROB = -0.7  # of a partial text's words: such are believed even where the final attempt gets lost
GUESS_S = 0.2  # of speech that a partial text may lack; of such, 6 in 10 are the final text to the letter
TELLING_S = 0.4  # of silence, after which a microphone that can close has done so
REGRET_S = 1.0  # whoever begins again so soon had not finished
CROWD = (
    3  # people talking at once, among whom she does not speak: nobody's thinking is cut off by ending a turn
)
TURN_END_S = 8  # of the latest sound are what an end of turn is told by

# The rule of turn_end.py was fitted at 0.1 s of silence, and Smart Turn makes much of silence; this is added to the
# little of it that there is when a pause is noticed.
UNHEARD = np.zeros(int(0.096 * EAR_RATE), np.float32)

Result = TypeVar("Result")

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Take:
    """An utterance in progress."""

    number: int
    person: Person
    partial: Partial = field(default_factory=Partial)
    partial_to_s: float = 0.0  # how far had been heard when it was begun
    partial_language: str = ""
    partial_sure: bool = False  # that it was words
    lost: bool = False  # the recogniser went round in circles over a partial text
    pause: Segment | None = None  # up to the present pause
    language: str = ""  # detected for sure in a partial text; the final one need not ask again
    partial_at_s: float = FIRST_PARTIAL_S - PARTIAL_EVERY_S  # voiced seconds when the last one was asked for
    partial_task: asyncio.Task[None] | None = None
    text_task: asyncio.Task[Utterance | None] | None = None  # for the present pause
    likely: Utterance | None = None  # what was said up to it
    evidence: TurnEvidence | None = None  # that it is the end
    read: bool = False  # the language model is being asked whether it is
    completed: float | None = None  # what it thinks
    asks_sound: bool = False  # EndOfTurn is being asked the same
    asked_sound: bool = False  # and has been


@dataclass(eq=False, slots=True)
class _Person:
    ear: Ear
    usual: str = ""  # the language last heard from them for sure
    take: _Take | None = None
    microphone: Microphone = UNKNOWN
    ended_s: float = float("-inf")  # when their last take was taken for over
    ended_closed: bool = False  # with the microphone closed


class Ears:
    """Run ``work`` as a task. ``tell`` is called for every event, on the event loop."""

    def __init__(self, hearing: Hearing, tell: Callable[[EarsEvent], None]) -> None:
        self._hearing = hearing
        self._tell = tell
        self._people: dict[str, _Person] = {}
        self._recogniser = Recogniser(hearing.stt)
        self._numbers = count(1)
        self._open: dict[int, _Take] = {}  # by number, until they have ended
        self._tasks: dict[asyncio.Task[Any], str] = {}  # → person id

    async def work(self) -> None:
        await self._recogniser.work()

    @property
    def busy(self) -> bool:
        """Something of what was heard is still being worked out."""
        return bool(self._tasks)

    async def understood(self) -> None:
        """Wait until everything heard so far has been worked out."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _crowded(self) -> bool:
        return sum(one.take is not None for one in self._people.values()) >= CROWD

    def listen_first_to(self, person_id: str) -> None:
        """Whose partial texts come before those of others; empty for nobody's."""
        self._recogniser.first = person_id

    def hear(self, frame: Frame) -> None:
        one = self._people.get(frame.person.id)
        if one is None:
            one = self._people[frame.person.id] = _Person(self._new_ear(frame.person))
        was_open = not one.ear.talk_ended
        for event in one.ear.hear(frame):
            self._on(one, event)
        if was_open and one.take and one.ear.talk_ended:
            self._wait_for_end(one, one.take)
        self._ask_for_partial(one)

    def read(self, number: int, utterance: Utterance) -> None:
        """The language model is being asked whether ``utterance`` is all of a take: ``completed`` will follow.

        The pause is no end before, which costs nothing: no answer can be ready before that is known.
        """
        for _, take in self._pausing(number, utterance):
            take.read = True

    def completed(self, number: int, utterance: Utterance, probability: float | None) -> None:
        """What the language model thinks of it; None: it cannot tell."""
        for one, take in self._pausing(number, utterance):
            take.read, take.completed = False, probability
            self._wait_for_end(one, take)

    def _pausing(self, number: int, utterance: Utterance) -> Iterator[tuple[_Person, _Take]]:
        """The take of this number, if ``utterance`` is what was said until its present pause."""
        for one in self._people.values():
            if one.take is not None and one.take.number == number and one.take.likely == utterance:
                yield one, one.take

    def finish(self, person_id: str | None = None) -> None:
        """One person's stream has ended, or everybody's; of another one it is still known how they speak."""
        for key in [person_id] if person_id else list(self._people):
            if one := self._people.get(key):
                for event in one.ear.finish():
                    self._on(one, event)
                one.ear, one.ended_s = self._new_ear(one.ear.person), float("-inf")

    def _new_ear(self, person: Person) -> Ear:
        return Ear(person, self._hearing.vad.open(), Segmenter(self._hearing.segmenter))

    def drop(self, person_id: str | None) -> None:
        """What one person was saying, or everybody (None), is thrown away."""
        for key in list(self._people) if person_id is None else [person_id]:
            self._people.pop(key, None)
        for task, of in list(self._tasks.items()):
            if person_id in (None, of):
                task.cancel()
        for take in [take for take in self._open.values() if person_id in (None, take.person.id)]:
            self._end(take, None)

    def _on(self, one: _Person, event: EarEvent) -> None:
        person, take = one.ear.person, one.take
        match event:
            case Stirred() | Calmed():
                self._tell(event)
            case sound.Began():
                self._learn_beginning(one)
                one.take = _Take(next(self._numbers), person)
                self._open[one.take.number] = one.take
                self._tell(Began(one.take.number, person))
            case sound.Paused(segment) if take:
                take.pause = segment
                take.text_task = self._start(self._text(one, take, segment), person, "final text")
                self._guess(take)
                self._start(self._weigh(one, take, segment, take.text_task), person, "end of turn")
            case sound.WentOn(_, silent_s, closed) if take:
                if silent_s >= TELLING_S:
                    one.microphone = one.microphone.went_on(closed)
                self._withdraw(take)
                self._tell(WentOn(take.number, person))
            case sound.Stopped(_, None) if take:
                one.take = None
                self._withdraw(take)
                self._end(take, None)
            case sound.Stopped(_, segment) if take and segment:
                one.take = None
                self._learn_end(one, segment)
                text = take.text_task or self._start(self._text(one, take, segment), person, "final text")
                self._start(self._deliver(take, text, segment), person, "utterance")

    def _learn_end(self, one: _Person, segment: Segment) -> None:
        if segment.noticed_s - segment.ended_s >= TELLING_S:
            one.microphone = one.microphone.ended(segment.talk_ended)
            one.ended_s, one.ended_closed = segment.noticed_s, segment.talk_ended

    def _learn_beginning(self, one: _Person) -> None:
        """Whoever goes on right after what was taken for the end had only paused."""
        if one.ear.heard_s - one.ended_s < REGRET_S:
            one.microphone = one.microphone.went_on_after_all(one.ended_closed)
        one.ended_s = float("-inf")

    def _start(self, work: Coroutine[None, None, Result], person: Person, name: str) -> asyncio.Task[Result]:
        task = asyncio.create_task(work, name=name)
        self._tasks[task] = person.id
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, KithError):
            self._tell(Trouble(error))  # ours; a KithError is told by whoever waits for the text

    def _withdraw(self, take: _Take) -> None:
        """The pause is over: its text is no longer wanted, if it is not there yet."""
        if take.text_task is not None:
            take.text_task.cancel()
            take.text_task = None
        take.likely = take.evidence = take.completed = take.pause = None
        take.read = take.asks_sound = take.asked_sound = False

    def _end(self, take: _Take, utterance: Utterance | None) -> None:
        if self._open.pop(take.number, None):
            self._tell(Ended(take.number, take.person, utterance))

    # Partial texts

    def _ask_for_partial(self, one: _Person) -> None:
        take, ear = one.take, one.ear
        if take is None or ear.silent_s or (take.partial_task and not take.partial_task.done()):
            return
        if ear.voiced_s - take.partial_at_s >= PARTIAL_EVERY_S:
            take.partial_at_s = ear.voiced_s
            take.partial_task = self._start(self._follow(one, take), ear.person, "partial text")

    async def _follow(self, one: _Person, take: _Take) -> None:
        segments: list[Segment] = []  # what is taken when the recogniser is free

        def latest() -> Speech:
            segments.append(one.ear.so_far())
            return replace(self._speech(one, take, segments[0]), draft=True)

        try:
            transcript = await self._recogniser.partial(one.ear.person.id, latest)
        except KithError:  # the final text will meet it too, and say so
            return
        take.lost = take.lost or transcript.lost
        too_late = one.take is not take or (take.text_task is not None and take.text_task.done())
        if too_late or not has_words(transcript, segments[0].sound):
            return
        take.partial = take.partial.followed_by(transcript.text)
        take.partial_to_s = segments[0].noticed_s
        take.partial_sure = transcript.logprob > SURE_LOGPROB
        if transcript.language_probability and segments[0].sound.voiced_s >= LANGUAGE_S:
            take.language = one.usual = transcript.language
        take.partial_language = language = transcript.language or one.usual
        if one.ear.pausing:
            self._guess(take)
            return
        self._tell(Saying(take.number, take.person, take.partial, language, one.ear.voiced_s))

    def _guess(self, take: _Take) -> None:
        """In most pauses the latest partial text holds all the words, if it was worked out a moment ago."""
        pause, text = take.pause, take.partial.text
        if pause is None or not text or pause.ended_s - take.partial_to_s > GUESS_S:
            return
        take.likely = Utterance(pause.person, text, pause.started_s, pause.ended_s, take.partial_language)
        self._tell(Guessed(take.number, take.likely))

    def _speech(self, one: _Person, take: _Take, segment: Segment) -> Speech:
        language = self._hearing.language or take.language
        return Speech(segment.samples, language, one.usual, take.partial.stable, lost=take.lost)

    # What was said, when it may be over

    async def _text(self, one: _Person, take: _Take, segment: Segment) -> Utterance | None:
        """The words of ``segment``; None when there are none. Raises EngineError."""
        watch, noticed_at = Stopwatch(), perf_counter()
        stopped_at = noticed_at - (segment.noticed_s - segment.ended_s)
        transcript = await self._recogniser.final(segment.person.id, self._speech(one, take, segment))
        text, language = transcript.text, transcript.language
        if not has_words(transcript, segment.sound):
            guess = take.likely if take.pause is segment and take.partial_sure else None
            if guess is None:
                return None
            text, language = guess.text, guess.language
        elif transcript.language_probability:
            one.usual = transcript.language
        take.partial = take.partial.followed_by(text)
        return Utterance(
            person=segment.person,
            text=text,
            started_s=segment.started_s,
            ended_s=segment.ended_s,
            language=language,
            stopped_at=stopped_at,
            pause_ms=(noticed_at - stopped_at) * 1000,
            stt_ms=watch.ms(),
            text_ms=(perf_counter() - stopped_at) * 1000,
        )

    async def _weigh(
        self, one: _Person, take: _Take, segment: Segment, text: asyncio.Task[Utterance | None]
    ) -> None:
        """How long the pause has to be to be the end, once its text is there."""
        await asyncio.wait([text])
        if one.take is not take or take.text_task is not text or text.cancelled() or text.exception():
            return
        utterance = text.result()
        if utterance is None:
            one.ear.be_patient(WORDLESS_PATIENCE_S)
            return
        if utterance != take.likely:
            take.completed, take.read = None, False
        take.likely = utterance
        self._tell(Likely(take.number, utterance))
        take.evidence = TurnEvidence(utterance.text, utterance.language, None, segment.sound.span_s)
        self._wait_for_end(one, take)

    def _wait_for_end(self, one: _Person, take: _Take) -> None:
        """The present pause is the end when it has lasted as long as the evidence asks for, so far as there is any.

        What it sounds like is asked last, and only where that may still make a difference: on two cores it would make
        the text and the beginning of an answer wait.
        """
        if take.evidence is None or take.likely is None:
            return
        if take.read or take.asks_sound:
            one.ear.be_patient(self._hearing.longest_s)
            return
        evidence = replace(
            take.evidence,
            completed=take.completed,
            talk_ended=one.ear.talk_ended,
            microphone=one.microphone,
        )
        quickest_s = self._hearing.quickest_s
        longest_s = quickest_s if self._crowded else self._hearing.longest_s
        engine = None if take.asked_sound else self._hearing.end_of_turn
        if engine and take.pause and sound_matters(evidence, quickest_s, longest_s):
            take.asks_sound = True
            self._start(self._ask_sound(one, take, take.pause, engine), one.ear.person, "end of turn")
            one.ear.be_patient(longest_s)
            return
        silence_s = patience_s(evidence, quickest_s, longest_s)
        one.ear.be_patient(silence_s)
        self._tell(Weighed(take.number, take.likely.language, one.ear.voiced_s, silence_s))

    async def _ask_sound(self, one: _Person, take: _Take, pause: Segment, engine: EndOfTurn) -> None:
        samples, finished = np.concatenate([pause.samples, UNHEARD])[-TURN_END_S * EAR_RATE :], None
        try:
            finished = await engine.probability(samples)
        except KithError as error:
            log.warning("the end of a turn is told without its sound: %s", type(error).__name__)
        if take.pause is pause and one.take is take and take.evidence is not None:
            take.asks_sound, take.asked_sound = False, True
            take.evidence = replace(take.evidence, finished=finished)
            self._wait_for_end(one, take)

    async def _deliver(self, take: _Take, text: asyncio.Task[Utterance | None], segment: Segment) -> None:
        stopped_at = perf_counter() - (segment.noticed_s - segment.ended_s)
        await asyncio.wait([text])
        utterance = None
        if not text.cancelled():
            if error := text.exception():
                if isinstance(error, KithError):
                    self._tell(Trouble(error))
            elif utterance := text.result():  # heard faster than real time, the silence still counts whole
                stopped_at = min(stopped_at, utterance.stopped_at or stopped_at)
                utterance = replace(utterance, stopped_at=stopped_at)
        self._end(take, utterance)
