"""She meets somebody whom she does not know: asks aloud whether she may know them, and keeps what was agreed to, no more.

Only a yes that the face itself is seen to say counts. A no, silence, or leaving: nothing stays, and that face is not asked
again while it is in view. To be known by one's face, and to be remembered, are two questions.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, Generic, TypeVar

from cogs import knowing, terms
from cogs.call import Call
from cogs.conversations import Told
from cogs.eye import Eye, began_at, span
from cogs.host import Host, Place, Refusal
from cogs.meeting_lines import LINES, Lines
from cogs.meeting_words import answer_to, name_in, stops
from cogs.spoken_lines import language_for
from memory.consent import Purpose, agreed
from memory.errors import MemoryFault
from persona_core.errors import KithError
from persona_core.events import Heard, Hearing, Said, Speaking
from persona_core.hearing.echo import echoed_words
from persona_core.hearing.listening_words import words_of
from persona_core.types import Person, Utterance

ANSWER_S = 15.0  # so long after her question an answer may begin
HEARD_S = 8.0  # so long it may take to be said and understood
IDLE_S = 6.0  # of silence, after which she is in no talk
QUIET_S, POLL_S = 3.0, 0.25  # she waits so long for a pause
ECHO_LETTERS = 6  # of her question, and it is no answer
HOW = "spoken"

SILENT = "I can ask nobody here, as I hear and say nothing; the page has a button for it."
ASKED_ALREADY = "I am asking somebody just now; please wait a moment."
NOT_AGREED = "They have not said yes, so nothing was kept."

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting(Generic[T]):
    """A question that has been asked, or is being asked."""

    track: int
    question: str
    read: Callable[[str], T | None]
    answer: asyncio.Future[T | None]
    from_at: float = float("inf")  # time.perf_counter() from which on an answer may begin: she asks now
    until_at: float = float("inf")
    patient: bool = False  # what ``read`` makes nothing of is no end of it


class Meeting:
    """In one place. ``person_for`` a name: somebody of whom nothing is known yet."""

    def __init__(self, host: Host, place: Place, eye: Eye, person_for: Callable[[str], Person]) -> None:
        self._host, self._place, self._eye = host, place, eye
        self._person_for = person_for
        self._asked: set[int] = set()  # tracks
        self._waiting: _Waiting[object] | None = None
        self._busy = False
        self._language = ""  # that was heard last
        self._talked_at = float("-inf")  # when something was last said in the conversation

    # What happens

    def on_event(self, event: Told) -> None:
        if isinstance(event, Heard | Hearing | Speaking | Said):
            self._talked_at = perf_counter()
        if isinstance(event, Heard) and event.utterance.language:
            self._language = event.utterance.language

    @property
    def waits(self) -> bool:
        """A question of hers is not answered yet."""
        return self._waiting is not None

    def talked_within(self, seconds: float) -> bool:
        return perf_counter() - self._talked_at < seconds

    def leave_alone(self, track: int) -> None:
        """Whoever this is does not want to be known."""
        self._asked.add(track)

    def gone(self, track: int) -> None:
        self._asked.discard(track)
        waiting = self._waiting
        if waiting is not None and waiting.track == track and not waiting.answer.done():
            waiting.answer.set_result(None)

    def take(self, utterance: Utterance) -> bool:
        """Whether it answers her question, and is for the program alone. Does not wait."""
        waiting, times = self._waiting, span(utterance)
        if waiting is None or times is None or waiting.answer.done():
            return False
        began = began_at(utterance)
        if not waiting.from_at <= began <= waiting.until_at:
            return False
        words = words_of(utterance.text)
        if echoed_words(words, waiting.question, ECHO_LETTERS) >= len(words):
            return True  # her own question, from a loudspeaker
        face = self._eye.speaking(*times)
        theirs = face is not None and face.track == waiting.track
        if not (theirs and self._eye.moved_lips(waiting.track, *times)):
            return False  # somebody else may have said it
        answer = waiting.read(utterance.text)
        if answer is None and waiting.patient:
            return False
        waiting.answer.set_result(answer)
        return answer is not None

    # Asking

    async def offer(self, track: int) -> None:
        """To a stranger, once, as soon as nobody talks. Never raises KithError."""
        if track in self._asked:
            return
        self._asked.add(track)
        while self._is_there(track):
            call = self._host.calls.at(self._place.key)
            if call is not None and not self._busy and self._idle(call):
                try:
                    await self.ask(track)
                except (KithError, MemoryFault) as error:
                    log.info("somebody is not met: %s", type(error).__name__)
                return
            await asyncio.sleep(POLL_S)

    async def ask(self, track: int, name: str = "") -> Person:
        """Ask whoever has this face; who they are then. Raises KithError where they are not to be known, StoreError."""
        call = self._host.calls.at(self._place.key)
        if call is None:
            raise Refusal(SILENT)
        if self._busy:
            raise Refusal(ASKED_ALREADY)
        self._asked.add(track)
        self._busy = True
        try:
            return await self._ask_all(call, track, name)
        finally:
            self._busy = False
            self._waiting = None

    async def _ask_all(self, call: Call, track: int, name: str) -> Person:
        language = language_for(self._language, self._host.persona.languages)
        lines, hers = LINES[language], self._host.persona.character.name
        say = partial(self._say, call, language=language)
        question = lines.face_of.format(name=name) if name else lines.face
        answer = await self._answer(call, track, question, language, lambda text: answer_to(text, hers))
        if answer is None or not answer.yes:
            if answer is not None:
                await say(lines.kept_nothing)
            raise Refusal(NOT_AGREED)
        name = name or answer.name
        if not name:
            named = await self._answer(call, track, lines.name, language, lambda text: name_in(text, hers))
            name = named or ""
        if not name:
            await say(lines.kept_nothing)
            raise Refusal(NOT_AGREED)
        person = await self._known(call, track, self._person_for(name), lines, language)
        await self._ask_to_remember(call, track, person, lines, language)
        return person

    async def _known(self, call: Call, track: int, person: Person, lines: Lines, language: str) -> Person:
        looking = asyncio.create_task(knowing.sit(self._host, self._eye, track, person.id), name="sit")
        stop = self._until_stopped(track, lines.look)
        try:
            await self._say(call, lines.look, language=language)
            both: set[asyncio.Future[Any]] = {looking, stop}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if stop.done() and stop.result():
                raise Refusal(NOT_AGREED)
            await knowing.know(self._host, person, await looking, HOW)
        except (KithError, MemoryFault):
            taken_back = stop.done() and stop.result()
            await self._say(call, lines.kept_nothing if taken_back else lines.failed, language=language)
            raise
        finally:
            looking.cancel()
            self._waiting = None
        return person

    def _until_stopped(self, track: int, said: str) -> asyncio.Future[object]:
        """True once whoever agreed takes it back."""
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        hers = self._host.persona.character.name
        read = lambda text: stops(text, hers) or None  # noqa: E731
        self._waiting = _Waiting(track, said, read, future, from_at=perf_counter(), patient=True)
        return future

    async def _ask_to_remember(
        self, call: Call, track: int, person: Person, lines: Lines, language: str
    ) -> None:
        """Beside it; where words leave this machine then, that is said first."""
        if agreed(self._host.consent.decision(person.id, Purpose.REMEMBERING)):
            return
        hers, leaves = self._host.persona.character.name, terms.of_remembering(self._host.settings)
        if leaves:
            lines, language = LINES["en"], "en"
        question = " ".join(filter(None, [leaves, lines.remembering.format(name=person.name)]))
        answer = await self._answer(call, track, question, language, lambda text: answer_to(text, hers))
        if answer is None:
            return
        await self._host.consent.decide(person.id, Purpose.REMEMBERING, answer.yes, HOW)
        await terms.tell(self._host, [person.id])
        await self._say(call, lines.remembered if answer.yes else lines.not_remembered, language=language)

    async def _answer(
        self, call: Call, track: int, question: str, language: str, read: Callable[[str], T | None]
    ) -> T | None:
        """None: there was none, or something else."""
        future: asyncio.Future[T | None] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(track, question, read, future)
        self._waiting = waiting  # type: ignore[assignment]  # of whatever is asked for
        await self._pause(call)
        waiting.from_at = perf_counter()  # what was said before answers something else
        await call.say(question, language)
        waiting.until_at = perf_counter() + ANSWER_S
        try:
            async with asyncio.timeout(ANSWER_S + HEARD_S):
                return await future
        except TimeoutError:
            return None

    async def _say(self, call: Call, text: str, *, language: str) -> None:
        """In a pause, if there is one soon. Raises KithError."""
        await self._pause(call)
        await call.say(text, language)

    async def _pause(self, call: Call) -> None:
        for _ in range(round(QUIET_S / POLL_S)):
            if call.line is None or call.line.quiet:
                break
            await asyncio.sleep(POLL_S)

    def _idle(self, call: Call) -> bool:
        return not self.talked_within(IDLE_S) and call.line is not None and call.line.quiet

    def _is_there(self, track: int) -> bool:
        return any(face.track == track and face.person is None for face in self._eye.in_view)
