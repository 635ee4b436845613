"""One live conversation: wiring only. What is heard goes to the floor, what the floor commits is answered.

The rules are elsewhere: when somebody speaks (``hearing/segmenter.py``), whose turn it is
(``hearing/floor.py``), what is sent to the model (``thinking/prompt.py``), what may be spoken
(``thinking/reply.py``), how it is spoken (``speaking/mouth.py``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from time import perf_counter
from types import TracebackType

from persona_core.errors import KithError
from persona_core.events import Event, Failed, Heard, Said, Speaking
from persona_core.hearing import floor
from persona_core.hearing.ear import EarEvent, SpeechStarted, SpeechStopped
from persona_core.hearing.ears import Ears
from persona_core.persona import Persona
from persona_core.ports import LanguageModel, Playback
from persona_core.speaking.mouth import Mouth, Spoken
from persona_core.thinking.attempt import Attempt
from persona_core.thinking.prompt import BLOCK, build_prompt
from persona_core.types import Frame, Person, Sampling, Segment, Timings, Turn, Utterance

HISTORY_TURNS = 400  # kept for the prompt, which takes what fits
FORGOTTEN_TURNS = 25 * BLOCK  # leave together; whole blocks, as the prompt counts them from the first
LINE_CHARACTERS = 4_000  # of a typed line are read; Discord's own limit
SEGMENTS_WAITING = 64  # a recogniser further behind than this will not catch up

log = logging.getLogger(__name__)


class Conversation:
    """Use as ``async with Conversation(...)``. ``key`` names it: a voice channel, a DM, or the desk."""

    def __init__(
        self, key: str, persona: Persona, playback: Playback | None, emit: Callable[[Event], None]
    ) -> None:
        """``playback`` is where she speaks; None: she answers in writing only."""
        self._key = key
        self._persona = persona
        self._mouth: Mouth | None = None
        self.speak_through(playback)
        self._emit = emit
        self._ears = Ears(persona.hearing) if persona.hearing else None
        self._floor = floor.Floor()
        self._turns: list[Turn] = []
        self._refused_at: dict[str, float] = {}  # person id → time.perf_counter() of their last refusal
        self._segments: asyncio.Queue[tuple[Segment, float]] = asyncio.Queue(SEGMENTS_WAITING)
        self._commits: asyncio.Queue[tuple[Utterance, ...]] = asyncio.Queue(
            1
        )  # the floor commits one at a time
        self._settled = asyncio.Event()
        self._settled.set()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Conversation:
        self._tasks = [
            asyncio.create_task(self._read_ahead(), name=f"read ahead {self._key}"),
            asyncio.create_task(self._recognise_all(), name=f"recognise {self._key}"),
            asyncio.create_task(self._answer_all(), name=f"answer {self._key}"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hear(self, frame: Frame) -> None:
        """Take one frame of somebody's sound; never waits."""
        if self._ears is not None:
            self._take(self._ears.hear(frame))

    def finish_hearing(self, person_id: str | None = None) -> None:
        """One person's sound has ended, or everybody's (None); what was being said is complete."""
        if self._ears is not None:
            self._take(self._ears.finish() if person_id is None else self._ears.finish_one(person_id))

    def stop_hearing(self, person_id: str) -> None:
        """A person is not to be heard any more: what they said until now is thrown away, wherever it is.

        Her answers to it go too, as they may repeat it; one that she is giving is finished, and not kept.
        """
        self._refused_at[person_id] = perf_counter()
        self._turns = _without(self._turns, person_id)
        if self._ears is not None:
            self._take(self._ears.drop(person_id))

    def read(self, person: Person, text: str, message: str = "") -> None:
        """Take one typed line; ``message``: see ``Utterance``."""
        if len(text) > LINE_CHARACTERS:
            self._emit(
                Failed(f"That line is too long; only its first {LINE_CHARACTERS} characters were read.")
            )
        line = Utterance(person, text[:LINE_CHARACTERS], 0.0, 0.0, message=message)
        self._step(floor.Written(line))

    def speak_through(self, playback: Playback | None) -> None:
        """Where she speaks from the next reply on; None: in writing only."""
        tts = self._persona.tts
        self._mouth = Mouth(tts, playback) if playback and tts else None

    async def settled(self) -> None:
        """Wait until what was said is understood and, where nobody is speaking, answered."""
        await self._settled.wait()

    def _take(self, events: list[EarEvent]) -> None:
        for event in events:
            match event:
                case SpeechStarted(person):
                    self._step(floor.Began(person.id))
                case SpeechStopped(person, segment):
                    queued = segment is not None and self._queue(segment)
                    self._step(floor.Stopped(person.id, words_follow=queued))

    def _queue(self, segment: Segment) -> bool:
        try:
            self._segments.put_nowait((segment, perf_counter()))
        except asyncio.QueueFull:
            self._emit(Failed("The recogniser cannot keep up; a part of what was said is lost."))
            return False
        return True

    def _step(self, event: floor.FloorEvent) -> None:
        result = floor.step(self._floor, event)
        self._floor = result.floor
        if result.commit:
            self._commits.put_nowait(result.commit)
        if self._floor.settled:
            self._settled.set()
        else:
            self._settled.clear()

    async def _recognise_all(self) -> None:
        while True:
            segment, closed_at = await self._segments.get()
            utterance = None
            if not self._is_refused(segment.person, closed_at):
                utterance = await self._recognise(segment, closed_at)
            if self._is_refused(segment.person, closed_at):  # while it was being recognised
                utterance = None
            if utterance is not None:
                self._emit(Heard(utterance))
            self._step(floor.Understood(utterance))

    async def _recognise(self, segment: Segment, closed_at: float) -> Utterance | None:
        assert self._ears is not None  # segments come from ears
        try:
            utterance = await self._ears.recognise(segment, closed_at)
        except Exception as error:  # noqa: BLE001  # the one catch-all of hearing: she must go on
            self._fail(error)
            return None
        return utterance if utterance.text else None

    def _is_refused(self, person: Person, at: float) -> bool:
        """Whether a person has refused to be heard since ``at``, by time.perf_counter()."""
        return at <= self._refused_at.get(person.id, float("-inf"))

    def _is_withdrawn(self, line: Utterance) -> bool:
        """Whether it was spoken by somebody who has refused since; what is typed is not heard."""
        return line.stopped_at is not None and self._is_refused(line.person, line.stopped_at)

    async def _read_ahead(self) -> None:
        """Have the model read who she is before anybody speaks, so that the first answer comes soon."""
        persona = self._persona
        if not persona.llm.keeps_prefix:
            return
        messages = build_prompt(persona.character, (), persona.llm, persona.sampling.max_tokens)
        try:
            async for _ in persona.llm.stream(messages, Sampling(max_tokens=1), self._key):
                pass
        except KithError as error:  # the first answer will meet it too, and say so
            log.info("nothing could be read ahead: %s", type(error).__name__)

    async def _answer_all(self) -> None:
        while True:
            said = tuple(line for line in await self._commits.get() if not self._is_withdrawn(line))
            if not said:
                self._step(floor.Answered())
                continue
            if len(self._turns) > HISTORY_TURNS:
                del self._turns[:FORGOTTEN_TURNS]
            self._turns += [Turn(line.person, line.text) for line in said]
            try:
                await self._answer(said)
            except Exception as error:  # noqa: BLE001  # the one catch-all of answering
                self._fail(error)
            self._step(floor.Answered())

    async def _answer(self, said: tuple[Utterance, ...]) -> None:
        aloud = not all(utterance.message for utterance in said)
        try:
            attempt, spoken = await self._attempt(self._persona.llm, aloud)
        except KithError as error:  # she has something to say even without a model
            self._fail(error)
            attempt, spoken = await self._attempt(self._persona.last_resort, aloud)
        if spoken.error is not None:
            self._fail(spoken.error)
        reply = attempt.reply
        assert reply is not None  # its words have ended
        if not any(map(self._is_withdrawn, said)):
            self._turns.append(Turn(None, reply.text))
        self._emit(Said(reply, spoken.audio_s, _timings(said[-1], attempt, spoken), said))

    async def _attempt(self, llm: LanguageModel, aloud: bool) -> tuple[Attempt, Spoken]:
        attempt = Attempt(self._persona, llm, tuple(self._turns), self._key)
        async with aclosing(self._shown(attempt)) as words:  # given up, the model stops at once
            if self._mouth is not None and aloud:
                return attempt, await self._mouth.say(words)
            async for _ in words:
                pass
        return attempt, Spoken()

    async def _shown(self, attempt: Attempt) -> AsyncGenerator[str, None]:
        async with aclosing(attempt.words()) as words:
            async for text in words:
                self._emit(Speaking(text))
                yield text

    def _fail(self, error: Exception) -> None:
        if isinstance(error, KithError):
            cause = type(error.__cause__).__name__ if error.__cause__ else "itself"
            self._emit(Failed(str(error)))  # first: it ends the line that a terminal is showing
            log.warning("%s, because of %s", type(error).__name__, cause)
        else:
            log.error("unexpected %s", type(error).__name__, exc_info=error)
            self._emit(Failed("Something went wrong that should not have; the log has the cause."))


def _without(turns: list[Turn], person_id: str) -> list[Turn]:
    """``turns`` without a person's lines and without her answers to them."""
    kept: list[Turn] = []
    theirs = False  # among the lines since her last answer
    for turn in turns:
        if turn.person is None:
            if not theirs:
                kept.append(turn)
            theirs = False
        elif turn.person.id == person_id:
            theirs = True
        else:
            kept.append(turn)
    return kept


def _timings(last: Utterance, attempt: Attempt, spoken: Spoken) -> Timings:
    voice_to_voice_ms = None
    if last.stopped_at is not None and spoken.first_audio_at is not None:
        voice_to_voice_ms = (spoken.first_audio_at - last.stopped_at) * 1000
    return Timings(
        stt_ms=last.stt_ms,
        llm_first_token_ms=attempt.first_token_ms,
        llm_ms=attempt.total_ms,
        tts_first_audio_ms=spoken.first_audio_ms,
        voice_to_voice_ms=voice_to_voice_ms,
    )
