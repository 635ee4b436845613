"""What is done with what was said once nobody waits for it: indexing, and reflection after the lull.

Turns are on disk before this begins (``chronicle.py``); whatever fails here, or is cut short, is done later from them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import TypeVar

from cogs.host import Host
from memory.audience import Listeners, allowed, narrowest, reaches
from memory.entry import new_id
from memory.errors import EntryError, MemoryFault
from memory.memory import Memory
from memory.profile import Addition
from memory.roster_update import Words
from memory.salience import of_turn
from memory.types import HERS, Entry, StoredTurn
from persona_core.engines.threads import give_way
from persona_core.persona import Persona
from persona_core.thinking.derived import Reflected
from persona_core.thinking.reflection import Reflection

SETTLE_S = 3.0  # of silence, before what was said is indexed: the processor is busy with answering it
LULL_S = 45.0  # of silence, before it is thought about
EVERY_S = 15.0
EMBEDDED_AT_ONCE = 4  # turns; some 10 ms each
KNOWN_ENTRIES = 12  # that a reflection is shown, so as to correct them
DAY_S = 86_400.0
LOOKED_UP = 4  # turns by which they are found

T = TypeVar("T")
_Line = Addition | Words  # of her profile, or of the roster

log = logging.getLogger(__name__)


class Remembering:
    def __init__(self, host: Host) -> None:
        """Nothing is done before ``start``."""
        self._host = host
        self._memory: Memory = host.memory
        self._new: list[StoredTurn] = []
        self._met: set[tuple[str, str]] = set()  # session, person
        self._expired: date | None = None  # the day on which old things were last erased
        self._reflection: Reflection | None = None
        self._woken = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        # its thread gives way to whoever hears and answers
        self._thread = ThreadPoolExecutor(1, "remember", initializer=give_way)

    def start(self) -> None:
        """Catch up, then go on; the persona is awake."""
        if self._work is None:
            self._work = asyncio.create_task(self._go_on(), name="remember")

    def add(self, turn: StoredTurn) -> None:
        """Something was said, and written down."""
        self._new.append(turn)
        self._woken.set()

    async def close(self) -> None:
        """Stop, wherever it is."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        await asyncio.to_thread(self._thread.shutdown)

    async def up_to_date(self) -> None:
        """Index and think over all there is now, without waiting for a lull."""
        await self._use(self._host.persona)
        await self._aside(self._memory.take_up)
        await self._index()
        await self._reflect(0.0)

    async def _go_on(self) -> None:
        await self._guarded(self._use(self._host.persona))
        await self._guarded(self._aside(self._memory.catch_up))
        while True:
            self._woken.clear()
            await self._guarded(self._index())
            await self._guarded(self._reflect(LULL_S))
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._woken.wait()
            except TimeoutError:  # a good moment: with thousands of entries this takes a while
                await self._guarded(self._aside(self._memory.take_up))
                await self._guarded(self.expire())
                continue
            await asyncio.sleep(SETTLE_S)

    async def _use(self, persona: Persona) -> None:
        if self._reflection is None:
            self._reflection = Reflection(persona.reflection_llm, persona.character.name, new_id)
        await self._aside(self._memory.recall.use, persona.embedder)

    async def _guarded(self, work: Coroutine[object, object, object]) -> None:
        """What fails is tried again with the next round."""
        try:
            await work
        except MemoryFault as error:
            log.warning("remembering has to wait: %s", error)
        except Exception as error:  # the one catch-all of remembering
            log.error("remembering: unexpected %s", type(error).__name__, exc_info=error)

    async def _aside(self, work: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    async def expire(self) -> None:
        """Once a day: erase what is older than its owner wants anything to be kept."""
        days, today = self._host.settings.remembering_days, date.fromtimestamp(self._host.now())
        if self._expired != today:
            before_s = (
                self._host.now() - days * DAY_S if days else float("-inf")
            )  # voices have a time of their own
            counts = await self._aside(self._memory.expire, before_s)
            self._expired = today
            if counts:
                log.info("erased for their age: %s", counts)
                self._host.conversations.refresh_minds()

    # Index

    async def _index(self) -> None:
        new, self._new = self._new, []
        try:
            await self._aside(self._take_in, new)
        except MemoryFault:
            self._new = [*new, *self._new]
            raise
        while await self._aside(self._memory.recall.embed_waiting, EMBEDDED_AT_ONCE):
            pass

    def _take_in(self, turns: Sequence[StoredTurn]) -> None:
        with self._memory.lock:  # nobody is forgotten meanwhile
            for turn in self._memory.index(turns):
                if turn.speaker != HERS and (turn.session, turn.speaker) not in self._met:
                    self._met.add((turn.session, turn.speaker))
                    self._memory.roster.met(turn.speaker, turn.name, turn.at_s)

    # Reflect

    async def _reflect(self, lull_s: float) -> None:
        waiting = await self._aside(self._memory.turns.waiting)
        for turns in waiting.values():
            if self._host.now() - turns[-1].at_s >= lull_s:
                await self._think_over(turns)

    async def _think_over(self, turns: Sequence[StoredTurn]) -> None:
        """One conversation's new turns, from its beginning; what fails is left for the next time."""
        while turns and self._reflection is not None:
            known, lines = await self._aside(self._background, turns)
            reflected = await self._reflection.reflect(turns, known, lines, self._host.now())
            if reflected is None:
                return
            if not await self._aside(self._keep, turns, reflected):
                return
            turns = [turn for turn in turns if turn.id > reflected.through]

    def _background(self, turns: Sequence[StoredTurn]) -> tuple[list[Entry], list[str]]:
        """What she knows already: entries that these turns may add to or correct, and who the people are."""
        memory = self._memory
        scope = narrowest([turn.scope for turn in turns])
        may_be_told = allowed(Listeners(frozenset(scope.heard_by), scope.place))
        gone = memory.journal.superseded()
        known: dict[str, Entry] = {}
        by_id = {entry.id: entry for entry in memory.journal.entries() if entry.id not in gone}
        for turn in sorted(turns, key=lambda one: -of_turn(one).score)[:LOOKED_UP]:
            for hit in memory.recall.find(turn.text, may_be_told, self._host.now(), most=KNOWN_ENTRIES):
                if hit.document.kind == "entry" and hit.document.ref in by_id:
                    known[hit.document.ref] = by_id[hit.document.ref]
        people = sorted({turn.speaker for turn in turns} - {HERS})
        # no less: what is known of them in confidence may find its way into no note of this talk
        lines = [memory.roster.line(person, lambda known: reaches(known, scope)) for person in people]
        return list(known.values())[:KNOWN_ENTRIES], [line.text for line in lines if line]

    def _keep(self, turns: Sequence[StoredTurn], reflected: Reflected) -> bool:
        """Write it all down; what somebody has not agreed to is left out.

        False, and nothing is written, where somebody has been forgotten since ``turns`` were read: what is left of
        them is thought over anew.
        """
        memory = self._memory
        with memory.lock:
            if memory.turns.get(turn.id for turn in turns) != list(turns):
                return False
            for entry in reflected.entries:
                memory.keep_entry(entry)
            if (profile := reflected.profile) is not None:
                self._apply((), profile.add, partial(memory.profile.apply, profile))
            for update in reflected.roster:
                self._apply([update.person], update.lines, partial(memory.roster.apply, update))
            memory.turns.set_reflected(turn.id for turn in turns if turn.id <= reflected.through)
        return True

    def _apply(self, people: Sequence[str], lines: Sequence[_Line], change: Callable[[], int]) -> None:
        """Make a change about ``people`` that consists of ``lines``, unless one of them may not be kept."""
        about = {*people, *(person for line in lines for person in line.scope.about)}
        sources = {source for line in lines for source in line.sources}
        with self._memory.allowed(about, sources) as may:
            if not may:
                return
            try:
                change()
            except EntryError as error:  # it says what is there already
                log.info("a change was left out: %s", error)
