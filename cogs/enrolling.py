"""Somebody gives a sample of their voice while a call goes on: what they say there is listened to beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cogs.call import Call
from cogs.host import Host, Refusal
from persona_core.hearing.enrolment import Enrolment, Sample
from persona_core.ports import VoiceActivity, VoiceEncoder
from persona_core.types import Frame, Person

PATIENCE_S = 120.0  # for enough of it
LOOK_EVERY_S = 1.0  # whether it can still come to something
MOST_WAITING = 500  # frames, 10 s; while the processor has no time for more the newest are left out

TOO_LITTLE = (
    "I have heard too little of you in two minutes, so no print was made; `/voice enrol` begins anew."
)
LEFT = (
    "The call is over, or you have left it, so no print was made; `/voice enrol` begins anew in the next one."
)
UNHEARD = "You do not want me to hear you, so no print was made; `/consent hearing on` changes that."
WITHDRAWN = "You have taken back that I may recognise you by your voice, so no print was made."
FORGOTTEN = "What you said is forgotten, so no print was made; `/voice enrol` begins anew."
STOPPED = "I have stopped, and no print was made."


class Enrolling:
    """Of one person, in one call. Their frames go to the conversation as ever."""

    def __init__(
        self, host: Host, call: Call, person: Person, encoder: VoiceEncoder, vad: VoiceActivity
    ) -> None:
        self._host = host
        self._call = call
        self._person = person
        self._enrolment = Enrolment(encoder, vad)
        self._frames: asyncio.Queue[Frame] = asyncio.Queue(MOST_WAITING)
        self._why = ""  # it has been ended

    def end(self, why: str) -> None:
        """It comes to nothing; ``why`` is a sentence. What was heard is dropped with the object."""
        self._why = self._why or why

    async def listen(self, told: Callable[[float], Awaitable[None]]) -> Sample:
        """``told`` gets how many seconds of speech there are, whenever there are more. Raises KithError."""
        samples, person_id = self._call.samples, self._person.id
        samples[person_id] = self._take
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._collect(told)
        except TimeoutError as error:
            raise Refusal(TOO_LITTLE) from error
        finally:
            if samples.get(person_id) == self._take:
                del samples[person_id]

    def require_going_on(self) -> None:
        """Raises Refusal where it cannot come to anything any more."""
        if not self._why:
            self._why = self._lost
        if self._why:
            raise Refusal(self._why)

    @property
    def _lost(self) -> str:
        """Why she does not hear them any more; empty: she does."""
        place = self._call.place
        present = any(one.id == self._person.id for one in self._host.people_present(place))
        if self._host.calls.at(place.key) is not self._call or not present:
            return LEFT
        return ""

    def _take(self, frame: Frame) -> None:
        if not self._frames.full():
            self._frames.put_nowait(frame)

    async def _collect(self, told: Callable[[float], Awaitable[None]]) -> Sample:
        sample, before_s = self._enrolment.sample, 0.0
        while not sample.enough:
            self.require_going_on()
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    frame = await self._frames.get()
            except TimeoutError:
                continue
            await self._enrolment.hear(frame)
            if sample.heard_s > before_s and not sample.enough:
                before_s = sample.heard_s
                await told(before_s)
        return sample
