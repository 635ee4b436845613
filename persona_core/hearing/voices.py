"""Several people in one stream, such as a call that comes through one cable: whose is which stretch of speech?

Between the transport and the conversation: ``async for frame in voices.split(transport.frames())`` gives the frames
that it takes, each with its person. What is said is held back until it is known whose it is, half a second as a rule
and 1.6 s of speech at most, and then handed on at once, so that nothing comes late but the first words. While a stretch
goes on the voice is compared again: somebody may have begun to speak without a pause, or the first guess was wrong.

Two who speak at the same time are one sound here: it goes to whose voice is the louder one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import numpy as np

from persona_core.errors import EngineError
from persona_core.hearing.handing import Handing
from persona_core.hearing.prints import Match, Prints
from persona_core.hearing.segmenter import WINDOW, WINDOW_S
from persona_core.hearing.stretches import GAP_WINDOWS, START_WINDOWS, Border, Stretches
from persona_core.hearing.whose import ASK_AT_S, BOUNDS, Bounds, whose
from persona_core.hearing.windows import Windows
from persona_core.ports import VoiceActivity, VoiceEncoder
from persona_core.types import EAR_RATE, Frame, Person, Samples

JOIN_S = 0.5  # what is too short to be told by itself is taken together with what follows so soon
TELLING_S = 0.8  # of speech, below which nobody new is told by it
LEAST_S = 0.3  # of speech, below which nobody at all is
BEFORE_S = 0.6  # after so short a silence it is likely to be the same person again
CHECK_EVERY_S = 1.0  # of speech, while a stretch goes on
FRESH_S = 0.3  # of speech that nobody has looked at, for a last look when a stretch is over
CHECK_S = 1.5  # of the latest sound are compared then
DUE_WINDOWS = 8  # later the answer is looked at: 256 ms, so that sound need not wait for it
CHANGED = 0.2  # likeness, below which somebody new has begun to speak without a pause
MOST_S = 2.0  # of a stretch's beginning are compared
LEAD_WINDOWS = 2  # of sound before speech was noticed
MAX_GAP_WINDOWS = 40  # of a longer hole in the frames no more is heard, as silence

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Speaks:
    """It is known who is speaking."""

    person: Person
    since_s: float  # on the frames' clock
    known_s: float  # how far had been heard when it was known
    new: bool  # they have not been heard before in this call


@dataclass(frozen=True, slots=True)
class Revised:
    """It was somebody else: what was given to ``before`` since then is ``person``'s."""

    before: Person
    person: Person
    since_s: float
    until_s: float
    merged: bool  # both are one voice: nobody is ``before`` any more


@dataclass(frozen=True, slots=True)
class Unknown:
    """Somebody is talking, and it is not known who; or now it is."""

    talking: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """The encoder has failed, told once; whom it cannot tell is "somebody"."""

    error: EngineError


VoicesEvent = Speaks | Revised | Unknown | Lost


def _ignore(event: VoicesEvent) -> None:
    pass


@dataclass(slots=True)
class _Check:
    """Whose voice it is, asked once more."""

    voice: asyncio.Task[Samples]
    seconds: float  # of speech that nobody has looked at before
    until_s: float  # on the frames' clock
    due: int = DUE_WINDOWS  # windows until it is looked at


@dataclass(slots=True)
class _Stretch:
    """What is being said."""

    since_s: float
    silent_s: float  # how long it was silent before
    before: Person | None  # who spoke until just now
    windows: list[Samples]
    asked: int = 0  # how often the encoder has been asked whose it is
    person: Person | None = None  # None: not known yet
    sure_s: float = 0.0  # until when it is certain that it was them
    check: _Check | None = None
    checked_s: float = 0.0  # of speech, when the last check began


class Voices:
    """One stream. What is known of guests is gone with this object."""

    def __init__(
        self,
        encoder: VoiceEncoder,
        vad: VoiceActivity,
        prints: Prints,
        tell: Callable[[VoicesEvent], None] = _ignore,
        bounds: Bounds = BOUNDS,
    ) -> None:
        """``tell`` is called on the event loop and must not wait."""
        self._encoder, self._voice, self._prints = encoder, vad.open(), prints
        self._tell, self._bounds = tell, bounds
        self._stretches = Stretches()
        self._handing = Handing()
        self._stretch: _Stretch | None = None
        self._past: _Stretch | None = None  # the last one, while it is being checked
        self._known: set[str] = set()  # ids of those who have been heard
        self._last: list[Samples] = []  # windows before speech
        self._waiting = 0  # windows since a stretch too short to tell by has ended
        self._now_s = 0.0  # how far has been heard
        self._expected_s: float | None = None
        self._windows = Windows()
        self._failed = False  # the encoder, once

    async def split(self, frames: AsyncIterator[Frame]) -> AsyncGenerator[Frame, None]:
        """The same sound, each frame with its person; people who have just spoken get silence while others speak."""
        try:
            async for frame in frames:
                for given in await self.hear(frame):
                    yield given
            for given in await self.finish():
                yield given
        finally:
            for stretch in (self._stretch, self._past):
                if stretch is not None and stretch.check is not None:
                    stretch.check.voice.cancel()

    async def hear(self, frame: Frame) -> list[Frame]:
        """Take the next frame; what may be handed on."""
        given: list[Frame] = []
        if self._expected_s is None:
            self._now_s = frame.at_s
        elif (gap := int((frame.at_s - self._expected_s) / WINDOW_S)) > 1:
            for _ in range(min(gap, MAX_GAP_WINDOWS)):
                given += await self._window(np.zeros(WINDOW, np.float32), 0.0)
        self._expected_s = frame.at_s + len(frame.pcm) / frame.rate
        windows = self._windows.take(frame)
        self._now_s = self._expected_s - self._windows.rest_s - len(windows) * WINDOW_S
        for window in windows:
            given += await self._window(window, self._voice.probability(window))
        return given + self._handing.take(frame)

    async def finish(self) -> list[Frame]:
        """The stream has ended: what is held goes to whoever it most likely is."""
        given: list[Frame] = []
        if self._stretch is not None:
            given = await self._close(self._stretch)
        elif self._handing.holding:
            given = self._handing.release()
        return given + await self._look_back()

    @property
    def talking(self) -> bool:
        """Somebody is, be it known who or not."""
        return self._stretch is not None

    @property
    def speaker(self) -> Person | None:
        """Who is talking; None: nobody, or it is not known yet."""
        return self._stretch.person if self._stretch is not None else None

    def drop(self, person_id: str) -> None:
        """Nothing more for this person of what is being said."""
        self._handing.drop(person_id)

    def forget(self, person_id: str) -> None:
        """Nothing is known of a voice any more; what is held and might be theirs is theirs no longer."""
        self._prints.forget(person_id)
        self._handing.drop(person_id)
        self._known.discard(person_id)
        if self._stretch is not None and self._stretch.before and self._stretch.before.id == person_id:
            self._stretch.before = None

    async def _window(self, window: Samples, probability: float) -> list[Frame]:
        self._now_s += WINDOW_S
        stretch = self._stretch
        border = self._stretches.step(probability)
        if stretch is None or self._waiting:
            self._last = [*self._last[1 - LEAD_WINDOWS - START_WINDOWS :], window]
        elif self._stretches.speaking or border is Border.END:
            stretch.windows.append(window)
        match border:
            case Border.STIR if stretch is None:
                self._handing.hold()
            case Border.CALM if stretch is None:
                return self._handing.release()
            case Border.BEGIN:
                self._begin(stretch)
            case Border.END if stretch is not None:
                return await self._end(stretch)
        stretch = self._stretch
        if stretch is None:
            return await self._wait_for_past()
        if not self._stretches.speaking:
            self._waiting += 1
            over = self._waiting * WINDOW_S >= JOIN_S
            return await self._close(stretch) if over else []
        if stretch.person is None:
            return await self._look_back() + await self._ask(stretch)
        return await self._check(stretch)

    def _begin(self, waiting: _Stretch | None) -> None:
        self._waiting = 0
        if waiting is not None:  # whoever goes on has said what was too short to tell as well
            waiting.windows, waiting.asked, self._last = self._last, 0, []
            return
        silent_s = self._stretches.silence_before_s
        before = self._handing.owner if silent_s <= BEFORE_S else None
        since_s = self._now_s - START_WINDOWS * WINDOW_S
        self._stretch = _Stretch(since_s, silent_s, before, list(self._last))
        self._last = []
        self._tell(Unknown(True))

    async def _end(self, stretch: _Stretch) -> list[Frame]:
        spoken_s = self._stretches.voiced_s
        given: list[Frame] = []
        if stretch.person is None and spoken_s < TELLING_S:
            if spoken_s >= LEAST_S:
                given = await self._ask(stretch, over=True)
            del stretch.windows[-GAP_WINDOWS:]
            if stretch.person is None:  # perhaps what follows tells
                return given
        return given + await self._close(stretch)

    async def _close(self, stretch: _Stretch) -> list[Frame]:
        """It is over: name somebody in any case, and look once more."""
        given: list[Frame] = []
        if stretch.person is None:
            given = await self._ask(stretch, last=True)
        if stretch.check is not None:
            given += await self._look(stretch)
        fresh_s = self._stretches.voiced_s - stretch.checked_s
        if fresh_s >= FRESH_S:
            self._begin_check(stretch, self._sound(stretch)[-int(MOST_S * EAR_RATE) :], fresh_s)
            self._past = stretch
        self._stretch, self._waiting = None, 0
        return given

    async def _wait_for_past(self) -> list[Frame]:
        if self._past is None or self._past.check is None:
            return []
        self._past.check.due -= 1
        return await self._look_back() if self._past.check.due <= 0 else []

    async def _look_back(self) -> list[Frame]:
        past, self._past = self._past, None
        return await self._look(past) if past is not None else []

    # Whose it is

    async def _ask(self, stretch: _Stretch, *, over: bool = False, last: bool = False) -> list[Frame]:
        spoken_s = self._stretches.voiced_s
        due = stretch.asked < len(ASK_AT_S) and spoken_s >= ASK_AT_S[stretch.asked]
        if not (due or over or last):
            return []
        while stretch.asked < len(ASK_AT_S) and spoken_s >= ASK_AT_S[stretch.asked]:
            stretch.asked += 1
        last = last or stretch.asked == len(ASK_AT_S)
        if spoken_s < LEAST_S:
            return self._know(stretch, stretch.before or self._prints.somebody, spoken_s)
        voice = await self._vector(self._encoder.embed(self._sound(stretch)[: int(MOST_S * EAR_RATE)]))
        if voice is None:
            return self._know(stretch, self._prints.somebody, spoken_s) if last else []
        matches = self._prints.matches(voice)
        verdict = whose(matches, spoken_s, stretch.before, over=over or last, last=last, bounds=self._bounds)
        if isinstance(verdict, Person):
            self._prints.learn(verdict, voice, spoken_s)
            return self._know(stretch, verdict, spoken_s)
        if verdict == "not sure":
            return []
        told = spoken_s >= TELLING_S
        person = self._prints.new_guest(voice, spoken_s) if told else self._prints.somebody
        return self._know(stretch, person, spoken_s)

    def _know(self, stretch: _Stretch, person: Person, spoken_s: float) -> list[Frame]:
        stretch.person, stretch.checked_s = person, spoken_s
        stretch.sure_s = stretch.since_s
        self._tell(Speaks(person, stretch.since_s, self._now_s, self._is_new(person)))
        self._tell(Unknown(False))
        return self._handing.give_to(person, stretch.since_s, stretch.silent_s)

    async def _vector(self, asked: Awaitable[Samples]) -> Samples | None:
        """None: the encoder has failed, and it goes on without it."""
        try:
            return await asked
        except EngineError as error:
            if not self._failed:
                log.warning("voices cannot be told apart: %s", type(error.__cause__ or error).__name__)
                self._tell(Lost(error))
            self._failed = True
            return None

    def _is_new(self, person: Person) -> bool:
        new = person.id not in self._known
        self._known.add(person.id)
        return new

    def _sound(self, stretch: _Stretch) -> Samples:
        """A stretch, without the silence after it."""
        silent = 0 if self._waiting else self._stretches.silent_windows
        spoken = stretch.windows[: len(stretch.windows) - silent]
        return np.concatenate(spoken)

    # Whether it still is

    async def _check(self, stretch: _Stretch) -> list[Frame]:
        if stretch.check is not None:
            stretch.check.due -= 1
            return await self._look(stretch) if stretch.check.due <= 0 else []
        fresh_s = self._stretches.voiced_s - stretch.checked_s
        if fresh_s >= CHECK_EVERY_S and not self._stretches.silent_windows:
            latest = np.concatenate(stretch.windows[-round(CHECK_S / WINDOW_S) :])
            self._begin_check(stretch, latest, fresh_s)
        return []

    def _begin_check(self, stretch: _Stretch, sound: Samples, fresh_s: float) -> None:
        stretch.checked_s = self._stretches.voiced_s
        task = asyncio.create_task(self._encoder.embed(sound), name="whose voice")
        stretch.check = _Check(task, fresh_s, self._now_s)

    async def _look(self, stretch: _Stretch) -> list[Frame]:
        check, stretch.check = stretch.check, None
        if check is None:
            return []
        voice, person = await self._vector(check.voice), stretch.person
        if voice is None or person is None:
            return []
        asked_s = check.until_s
        matches = self._prints.matches(voice)
        best = matches[0] if matches else None
        theirs = next((one.likeness for one in matches if one.person.id == person.id), -1.0)
        other = next((one for one in matches if one.person.id != person.id), None)
        if other is not None and self._is_rather(other, theirs):
            return self._revise(stretch, person, other.person, asked_s, merge=theirs >= self._bounds.went_on)
        if best is None or best.likeness < CHANGED:
            guest = self._prints.new_guest(voice, check.seconds)
            return self._revise(stretch, person, guest, asked_s, merge=False)
        if theirs >= self._bounds.went_on:
            stretch.sure_s = asked_s
            self._prints.learn(person, voice, check.seconds)
            if (same := self._prints.same_as(person)) is not None:
                return self._revise(stretch, person, same, asked_s, merge=True)
        return []

    def _is_rather(self, other: Match, theirs: float) -> bool:
        """Whether it is somebody else's voice after all."""
        least = self._bounds.enrolled if other.enrolled else self._bounds.same
        return other.likeness >= least and other.likeness - theirs >= self._bounds.ahead

    def _revise(
        self, stretch: _Stretch, before: Person, person: Person, until_s: float, *, merge: bool
    ) -> list[Frame]:
        merged = merge and not self._prints.is_enrolled(before)
        if merged:
            self._prints.merge(before, person)
        self._tell(Revised(before, person, stretch.sure_s, until_s, merged))
        stretch.person, stretch.sure_s = person, until_s
        if self._stretch is not None and self._stretch.before == before:
            self._stretch.before = person
        if self._handing.owner is None or self._handing.owner.id != before.id:
            return []  # somebody else speaks by now
        if stretch is self._stretch:
            self._tell(Speaks(person, until_s, self._now_s, self._is_new(person)))
        return self._handing.turn_to(person, self._now_s)
