"""The one recogniser that everybody's ears share, and in which order they get it.

Final texts come before partial ones, whoever waits longest first; finals that wait together are worked out together,
and none waits for a partial text that has been begun, or for one that nobody wants any more. A partial text is asked
for again and again, so only the latest wish of each person counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from persona_core.errors import EngineError
from persona_core.ports import SpeechToText
from persona_core.types import Speech, Transcript

MOST_TOGETHER = 4  # in one batch: each has to wait for all of them
MOST_WAITING = 64  # a recogniser further behind than this will not catch up


@dataclass(eq=False, slots=True)
class _Wish:
    person_id: str
    speech: Callable[[], Speech]  # asked when its turn comes: a partial text is of the latest sound
    answer: asyncio.Future[Transcript] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Recogniser:
    """Run ``work`` as a task; everything else is called from the same event loop."""

    def __init__(self, stt: SpeechToText) -> None:
        self.first = ""  # id of the person whose partial texts come before others'
        self._stt = stt
        self._finals: list[_Wish] = []
        self._partials: dict[str, _Wish] = {}
        self._final_wanted, self._partial_wanted = asyncio.Event(), asyncio.Event()
        self._no_final_wanted = asyncio.Event()  # nor one being worked out
        self._no_final_wanted.set()

    async def final(self, person_id: str, speech: Speech) -> Transcript:
        """Cancel this to withdraw it. Raises EngineError."""
        if len(self._finals) >= MOST_WAITING:
            raise EngineError("The recogniser cannot keep up; a part of what was said is lost.")
        wish = _Wish(person_id, lambda: speech)
        self._finals.append(wish)
        if waiting := self._partials.pop(person_id, None):
            waiting.answer.cancel()
        self._final_wanted.set()
        self._no_final_wanted.clear()
        return await wish.answer

    async def partial(self, person_id: str, speech: Callable[[], Speech]) -> Transcript:
        """Cancelled when a final text of the same person is asked for before its turn has come."""
        if waiting := self._partials.pop(person_id, None):
            waiting.answer.cancel()
        wish = self._partials[person_id] = _Wish(person_id, speech)
        self._partial_wanted.set()
        return await wish.answer

    async def work(self) -> None:
        """In two lanes: a final text does not wait for a partial one that is being worked out."""
        async with asyncio.TaskGroup() as lanes:
            lanes.create_task(self._work_out_finals(), name="final texts")
            lanes.create_task(self._work_out_partials(), name="partial texts")

    async def _work_out_finals(self) -> None:
        while True:
            self._finals = [wish for wish in self._finals if not wish.answer.done()]
            if self._finals:
                taken, self._finals = self._finals[:MOST_TOGETHER], self._finals[MOST_TOGETHER:]
                await self._fulfil(taken)
                taken.clear()  # nobody's sound lies here until somebody else speaks
                continue
            self._final_wanted.clear()
            self._no_final_wanted.set()
            await self._final_wanted.wait()

    async def _work_out_partials(self) -> None:
        while True:
            await self._partial_wanted.wait()
            await self._no_final_wanted.wait()
            self._partials = {key: wish for key, wish in self._partials.items() if not wish.answer.done()}
            chosen = self.first if self.first in self._partials else next(iter(self._partials), None)
            if chosen is None:
                self._partial_wanted.clear()
            else:
                await self._fulfil([self._partials.pop(chosen)])

    async def _transcribe(self, wishes: list[_Wish]) -> list[Transcript]:
        return await self._stt.transcribe([wish.speech() for wish in wishes])

    async def _fulfil(self, wishes: list[_Wish]) -> None:
        work = asyncio.create_task(self._transcribe(wishes), name="transcribe")
        withdrawn = asyncio.gather(*(wish.answer for wish in wishes), return_exceptions=True)
        both: list[asyncio.Future[Any]] = [work, withdrawn]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            work.cancel()
            raise
        if not work.done():  # nobody wants it any more, and the engine comes to its end by itself
            work.add_done_callback(lambda done: done.cancelled() or done.exception())
            return
        try:
            transcripts = work.result()
        except Exception as error:  # noqa: BLE001  # whoever waits must hear of it, whatever it is
            for wish in wishes:
                if not wish.answer.done():
                    wish.answer.set_exception(error)
            return
        for wish, transcript in zip(wishes, transcripts, strict=True):
            if not wish.answer.done():
                wish.answer.set_result(transcript)
