"""An eye that sees what it is told to, and who is before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from memory.gallery import FaceEmbedding, Template
from persona_core.seeing.templates import NotEnrolled
from persona_core.types import Face, Person, SeenFace

ENCODER = "small"
FACE = Face(10, 10, 40, 40, ((20, 25), (40, 25), (30, 35), (22, 45), (38, 45)), 0.9)


def vector(number: int) -> np.ndarray:
    """Of unit length, and unlike that of every other number."""
    found = np.zeros(16, np.float32)
    found[number] = 1.0
    return found


def seen(track: int, person: Person | None = None) -> SeenFace:
    return SeenFace(track, FACE, person)


class FakeEye:
    """``looks``: whose face each track has, by the number of its vector; ``speaks``: whose lips move."""

    def __init__(self) -> None:
        self.faces: dict[int, SeenFace] = {}
        self.looks: dict[int, int] = {}
        self.speaks: int | None = None
        self.moves: bool | None = True
        self.forgotten: list[str | None] = []
        self.sits = True
        self.busy = False

    def come(self, track: int, look: int, person: Person | None = None) -> SeenFace:
        self.faces[track], self.looks[track] = seen(track, person), look
        return self.faces[track]

    def go(self, track: int) -> None:
        self.faces.pop(track)

    def speaking(self, started: float, stopped: float) -> SeenFace | None:
        return self.faces.get(self.speaks) if self.speaks is not None else None

    def moved_lips(self, track: int, started: float, stopped: float) -> bool | None:
        return self.moves

    def embedding_of(self, track: int) -> FaceEmbedding | None:
        return FaceEmbedding(vector(self.looks[track]), ENCODER) if track in self.faces else None

    @property
    def in_view(self) -> tuple[SeenFace, ...]:
        return tuple(self.faces.values())

    async def sit(self, track: int) -> Template:
        if not self.sits or track not in self.faces:
            raise NotEnrolled("I have too few good pictures.")
        return Template(vector(self.looks[track]), ENCODER, 5)

    def forget(self, person_id: str | None) -> None:
        self.forgotten.append(person_id)
        for track, face in self.faces.items():
            if face.person is not None and person_id in (None, face.person.id):
                self.faces[track] = replace(face, person=None)
