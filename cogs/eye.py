"""What is asked here of an eye, and whose words an utterance is then. Pure, but for the eye."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Protocol

from memory.gallery import FaceEmbedding, Template
from persona_core.types import Person, SeenFace, Utterance


class Eye(Protocol):
    """``persona_core.seeing.eye.Eye``. Times are time.perf_counter()."""

    def speaking(self, started: float, stopped: float) -> SeenFace | None:
        """Whose face most likely said what was said in that time; None: nobody's, or it cannot be told."""
        ...

    def embedding_of(self, track: int) -> FaceEmbedding | None:
        """The latest good one of a face that is in view."""
        ...

    @property
    def in_view(self) -> tuple[SeenFace, ...]: ...

    def sit(self, track: int) -> Coroutine[None, None, Template]:
        """Gather what it takes to know a face by, of somebody who agrees to it. Raises NotEnrolled."""
        ...

    def forget(self, person_id: str | None) -> None:
        """Whoever this is, or anybody (None), is nobody whom she knows any more."""
        ...


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance before a camera."""

    utterance: Utterance
    face: SeenFace | None  # that said it, as far as can be seen
    at_s: float  # Unix time at which it was over

    def speaker(self, guests: bool) -> Person | None:
        """Whose words they are; None: it is not known. ``guests``: whoever is heard is told by their voice alone.

        A voice that is known says more than a face that moves its mouth. Where it is somebody's own microphone the face
        tells who else has spoken into it.
        """
        heard = self.utterance.person
        if guests and not is_guest(heard):
            return heard
        if self.face is None:
            return None if is_guest(heard) else heard
        return self.face.person  # None: somebody who is not known has said it


def is_guest(person: Person) -> bool:
    """Whether a voice is nobody's who is known (``local_mode/mixed.py``)."""
    return person.id.startswith(GUESTS)


GUESTS = ("desk:guest", "guest:")


def span(utterance: Utterance) -> tuple[float, float] | None:
    """From when to when it was spoken, as time.perf_counter(); None: it was typed."""
    stopped = utterance.stopped_at
    return None if stopped is None else (stopped - (utterance.ended_s - utterance.started_s), stopped)


def began_at(utterance: Utterance) -> float:
    """When it began, as time.perf_counter(); of what is typed: now."""
    spoken = span(utterance)
    return time.perf_counter() if spoken is None else spoken[0]
