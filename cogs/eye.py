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

    busy: bool  # somebody speaks, or she answers: it looks less often

    def speaking(self, started: float, stopped: float) -> SeenFace | None:
        """Whose face most likely said what was said in that time; None: nobody's, or it cannot be told."""
        ...

    def moved_lips(self, track: int, started: float, stopped: float) -> bool | None:
        """Whether that face moved its mouth in that time as somebody does who speaks; None: it cannot be told."""
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
    at_s: float  # Unix time at which it was over
    face: SeenFace | None = None  # that most likely said it
    moved: bool | None = None  # whether that moved its lips meanwhile; None: it cannot be told
    alone: bool = True  # no other face was in view

    def speaker(self, mixed: bool) -> Person | None:
        """Whose words they are; None: somebody's who is not known. ``mixed``: see Place.

        The likeliest face is a guess, as whoever speaks may be out of view. So a voice that is known, and whoever has the
        microphone to themselves, are believed before a face whose lips were not seen to move.
        """
        heard, face = self.utterance.person, self.face
        if face is None or (face.person is not None and face.person.id == heard.id):
            return None if is_guest(heard) else heard
        if is_guest(heard):
            sure = self.moved or (self.moved is None and self.alone)
            return face.person if sure else None
        return heard if mixed or not self.moved else face.person


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
