"""What is said before a camera, with whoever's face said it: it is added to the encounters that go on.

An utterance is taken as it is told, and kept a moment later, in its turn: by then it is known whether it was said to the
program alone. Where turns are kept, they stay as they were heard: a face is not asked whose they are.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from cogs.acquaintances import Acquaintances
from cogs.eye import Eye, Spoken, span
from cogs.in_view import InView
from memory.gallery import FaceEmbedding
from persona_core.errors import KithError
from persona_core.types import Person, Utterance

MOST_WAITING = 32  # utterances; beyond that the oldest is left out
DROPPED = "encounters: utterances left out"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    spoken: Spoken
    speaker: Person
    embedding: FaceEmbedding | None  # of the speaker's face, where it was that


class Pairing:
    def __init__(
        self,
        eye: Eye,
        acquaintances: Acquaintances,
        in_view: InView,
        mixed: bool,
        now: Callable[[], float],
        counts: Counter[str],
    ) -> None:
        """``mixed``: see Place. ``now``: Unix time."""
        self._eye, self._acquaintances, self._in_view = eye, acquaintances, in_view
        self._mixed, self._now, self._counts = mixed, now, counts
        self._waiting: deque[_Waiting] = deque()

    def take(self, utterance: Utterance) -> bool:
        """Somebody has said something; whether ``keep`` has anything to do. Never waits."""
        if (spoken := self._spoken(utterance)) is None:
            return False
        face, speaker = spoken.face, spoken.speaker(self._mixed)
        if speaker is None:
            return False
        theirs = face is not None and face.person is not None and face.person.id == speaker.id
        embedding = self._eye.embedding_of(face.track) if face is not None and theirs else None
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._counts[DROPPED] += 1
        self._waiting.append(_Waiting(spoken, speaker, embedding))
        return True

    def unsay(self, utterance: Utterance) -> None:
        """It was said to the program alone."""
        self._waiting = deque(one for one in self._waiting if one.spoken.utterance is not utterance)

    def forget(self, person_id: str | None) -> None:
        """What somebody, or anybody (None), has just said is kept nowhere."""
        self._waiting = deque(
            one
            for one in self._waiting
            if person_id is not None and person_id not in (one.speaker.id, one.spoken.utterance.person.id)
        )

    async def keep(self) -> None:
        """All that waits, in the order in which it was said."""
        while self._waiting:
            one = self._waiting.popleft()
            try:
                await self._keep(one)
            except KithError as error:
                log.warning("what was said is in no encounter: %s", type(error).__name__)

    def _spoken(self, utterance: Utterance) -> Spoken | None:
        """None: it was typed."""
        times = span(utterance)
        if times is None:
            return None
        at_s = self._now() - (perf_counter() - times[1])
        face = self._eye.speaking(*times)
        if face is None:
            return Spoken(utterance, at_s)
        moved = self._eye.moved_lips(face.track, *times)
        return Spoken(utterance, at_s, face, moved, len(self._eye.in_view) == 1)

    async def _keep(self, one: _Waiting) -> None:
        text, at_s, known = one.spoken.utterance.text, one.spoken.at_s, self._acquaintances
        if one.embedding is not None:
            await known.encounter(one.embedding, text, at_s)
        for person in self._in_view.people(perf_counter()):
            await known.note(person.id, one.speaker, text, at_s)
