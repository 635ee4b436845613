"""What she remembers, as far as one conversation is concerned (``persona_core.ports.Memories``).

Here it is decided what of a conversation is kept (only of people who agreed to be remembered, with who was there) and
what of what is kept may be told in it (only what everybody who would hear or read it may hear).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from time import perf_counter

from cogs import seen_last
from cogs.host import Host, Place
from cogs.telling import commitments_of, lines_of
from memory.audience import Listeners, allowed, may_hear
from memory.errors import MemoryFault
from memory.memory import Memory
from memory.phrases import MOST_CHARACTERS, day_name
from memory.plain_text import one_line
from memory.ranking import worth
from memory.roster import Acquaintance, condensed
from memory.types import HERS, Hit, Origin, Scope, StoredTurn, Told
from persona_core.errors import KithError
from persona_core.types import Person, Recalled, Turn, Utterance

SESSION_GAP_S = 1800.0  # of silence, after which what is said belongs to another conversation
WRITTEN_NOTE_TOKENS = 120  # of what comes to her mind when she writes; aloud: ``Persona.note_tokens``
CHARACTERS_A_TOKEN = 3  # at least, of plain words
KNOWS_TOKENS = 220  # of what she knows about those who are there, and herself
PROFILE_CHARACTERS = 300
MOST_HITS = 10  # that are looked at
MOST_COMMITMENTS = 4
MOST_MET = 8  # encounters that are looked at

log = logging.getLogger(__name__)


class NotKept(KithError):
    """Something that should be kept could not be, or not be found."""

    def __init__(self, cause: MemoryFault) -> None:
        log.warning("memory: %s", cause)  # it names files, which are nobody's business in a channel
        super().__init__(
            "My memory does not work just now, so I may not keep what you say; the log has the cause."
        )


class Chronicle:
    def __init__(self, host: Host, place: Place) -> None:
        self._host = host
        self._memory: Memory = host.memory
        self._place = place
        self._session = ""
        self._last_s = float("-inf")
        self._writer = Person("", "")  # who wrote last

    @property
    def today(self) -> date:
        return datetime.fromtimestamp(self._host.now()).date()

    # What is kept

    async def heard(self, utterance: Utterance, present: frozenset[str]) -> None:
        person = utterance.person
        written = bool(utterance.message)
        if written:
            self._writer = person
        heard_by = self._remembered(present if not written else ()) | {person.id}
        scope = Scope(self._origin(written), self._place.key, (person.id,), tuple(sorted(heard_by)))
        said = (person.id, person.name, utterance.text)
        await self._write(
            StoredTurn(0, self._host.now(), *said, self._ongoing(), scope, message=utterance.message)
        )

    async def said(self, reply: Turn) -> None:
        heard_by = self._remembered({self._writer.id} if reply.written else reply.heard_by)
        people = tuple(sorted(reply.about))
        origin = self._origin(reply.written)
        scope = Scope(origin, self._place.key, people, tuple(sorted(heard_by)), reply.private)
        name = self._host.persona.character.name
        turn = StoredTurn(0, self._host.now(), HERS, name, reply.text, self._ongoing(), scope, cut=reply.cut)
        await self._write(turn)

    async def _write(self, turn: StoredTurn) -> None:
        people, may = turn.scope.about, self._memory.may_remember
        if not (people and all(map(may, people))):  # this is common, and costs no thread
            return
        try:
            stored = await asyncio.to_thread(self._memory.turns.add, turn, may)
        except MemoryFault as error:
            raise NotKept(error) from error
        if stored is not None:
            self._host.remembering.add(stored)

    def _remembered(self, people: Sequence[str] | frozenset[str] | set[str]) -> set[str]:
        """Those of them who agreed; of the others not even the id is kept."""
        return {person for person in people if self._memory.may_remember(person)}

    def _origin(self, written: bool) -> Origin:
        if self._place.direct:
            return Origin.DIRECT
        return Origin.TEXT if written else Origin.VOICE

    def _ongoing(self) -> str:
        """The session that what is said now belongs to."""
        now = self._host.now()
        if not self._session or now - self._last_s > SESSION_GAP_S:
            self._session = f"{self._place.key}@{int(now)}"
        self._last_s = now
        return self._session

    # What is told

    async def know(self, aloud: bool) -> Recalled:
        spoken = aloud and not self._place.direct
        people = self._host.people_present(self._place) if spoken else [self._writer]
        names = {person.id: person.name for person in people}
        listeners = await self._listeners(aloud)
        try:
            lines = await asyncio.to_thread(self._what_matters, listeners, names)
        except MemoryFault as error:
            raise NotKept(error) from error
        day = Told(f"Today is {day_name(self.today)} {self.today.year}.", frozenset())
        seen = self._host.in_view.lines(listeners, self._place.hosts, perf_counter(), self._host.now())
        return self._fitting([day, *lines], KNOWS_TOKENS, "\n", seen)

    @property
    def closed(self) -> bool:
        return self._place.key not in self._host.captioned

    def tellable(self, turns: Iterable[Turn], reader: str | None) -> tuple[Turn, ...]:
        if self._place.direct:
            return tuple(turns)
        listeners = self._near(reader)
        return tuple(turn for turn in turns if may_hear(self._scope(turn), listeners))

    def _scope(self, turn: Turn) -> Scope:
        """Of a line of this conversation, kept or not."""
        about, heard_by = tuple(sorted(turn.about)), tuple(sorted(turn.heard_by))
        return Scope(self._origin(turn.written), self._place.key, about, heard_by, turn.private)

    async def recall(self, text: str, person: Person, aloud: bool) -> Recalled:
        if not aloud:
            self._writer = person
        listeners = await self._listeners(aloud)
        may = allowed(listeners)
        find = partial(self._memory.recall.find, text, may, self._host.now(), most=MOST_HITS)
        try:
            hits: list[Hit] = await asyncio.to_thread(find)
            asks = seen_last.asks_who(text)
            met = await asyncio.to_thread(self._met_last, person, listeners) if asks else []
        except MemoryFault as error:
            raise NotKept(error) from error
        # what this conversation holds is in the prompt already
        others = [hit for hit in hits if worth(hit) and hit.document.session != self._session]
        persona = self._host.persona
        tokens = persona.note_tokens if aloud else WRITTEN_NOTE_TOKENS
        most = min(MOST_CHARACTERS, tokens * CHARACTERS_A_TOKEN)  # else not even the best would have room
        lines = lines_of(others, self._host.now(), persona.character.name, most)
        return self._fitting([*met, *lines], tokens, " ")

    def _met_last(self, person: Person, listeners: Listeners) -> list[Told]:
        """Of whom she met last, for ``person``, who asks."""
        people, now_s = self._memory.people, self._host.now()
        but = {person.id, *self._place.hosts}
        for met in people.encounters(listeners, most=MOST_MET):
            if met.person not in but and now_s - met.at_s < seen_last.SEEN_LAST_S:
                known = people.summary(met.person, listeners, now_s)
                return seen_last.lines_of(met, known, person.id)
        return []

    async def _listeners(self, aloud: bool) -> Listeners:
        """Who would hear or read what she says now, and what else they can read."""
        near = self._near(None if aloud and not self._place.direct else self._writer.id)
        if not near.closed:
            return near
        places = frozenset(self._memory.turns.text_places)
        if not aloud:  # nobody waits for Discord while somebody speaks
            await self._host.look_up_readers(near.people, places)
        return replace(near, channels=self._host.readable(near.people, places))

    def _near(self, reader: str | None) -> Listeners:
        """Who would hear it (None), or read what she writes to ``reader``."""
        place = self._place
        if reader is None:
            people = frozenset(person.id for person in self._host.people_present(place))
            return Listeners(people, place.key, self.closed)
        return Listeners(frozenset({reader} if reader else ()), place.key, closed=place.direct)

    def _what_matters(self, listeners: Listeners, names: Mapping[str, str]) -> list[Told]:
        """About those who are there: what was promised or awaited, who they are; then about herself.

        ``names``: what they are called here, by their ids. What they are called elsewhere is not for all to know.
        """
        memory, may = self._memory, allowed(listeners)
        entries, now_s = memory.journal.entries(), self._host.now()

        def known_here(person: str) -> Acquaintance:
            known = memory.roster.acquaintance(person)
            return replace(
                known, meetings=replace(known.meetings, name=names.get(person, known.meetings.name))
            )

        def name_of(person: str) -> str:
            hers = self._host.persona.character.name
            return hers if person == HERS else known_here(person).meetings.name or "somebody"

        promised = commitments_of(entries, listeners.people, may, now_s, name_of)
        known = [
            line
            for person in sorted(listeners.people)
            if (line := condensed(known_here(person), may)) is not None
        ]
        hers = memory.profile.snapshot(may, PROFILE_CHARACTERS)
        return [*promised[:MOST_COMMITMENTS], *known, *hers]

    def _fitting(
        self, lines: Sequence[Told], tokens: int, between: str, last: Sequence[Told] = ()
    ) -> Recalled:
        """As many of the lines as there is room for beside those that are to stand ``last``; whole ones."""
        ending, left = self._taken(last, tokens)
        taken = [*self._taken(lines, left)[0], *ending]
        return Recalled(
            between.join(one_line(line.text) for line in taken),
            frozenset(person for line in taken for person in line.about),
            tuple(line.hit for line in taken if line.hit is not None),
        )

    def _taken(self, lines: Sequence[Told], tokens: int) -> tuple[list[Told], int]:
        """Those that have room in so many tokens, and how many of these are left."""
        taken: list[Told] = []
        for line in lines:
            needed = self._host.persona.llm.count_tokens(one_line(line.text)) + 1
            if needed > tokens:
                break
            tokens -= needed
            taken.append(line)
        return taken, tokens
