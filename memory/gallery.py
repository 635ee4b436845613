"""Whose face is it? Somebody's, perhaps somebody's, or nobody's who is known. Pure.

How alike two pictures of one face are differs from engine to engine, so each has bounds of its own, chosen on data
(``tests/benchmarks/faces.py``; docs/faces.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FaceEmbedding:
    """A face in one picture. It is compared, and kept nowhere."""

    vector: Vector  # of unit length
    encoder: str  # FaceEncoder.name


@dataclass(frozen=True, slots=True)
class Template:
    """The face of one person."""

    vector: Vector  # of unit length
    encoder: str  # FaceEncoder.name
    frames: int  # that it is the average of


@dataclass(frozen=True, slots=True)
class Bounds:
    """Likeness, as a cosine."""

    accept: float  # from here on it is them
    maybe: float  # from here on it may be them
    margin: float  # by which the likest has to be ahead of the next: of twins neither is


CALIBRATED = {"sface-2021dec": Bounds(accept=0.53, maybe=0.37, margin=0.10)}
# Of an engine that nobody has measured: high, so that she would rather not know somebody than take them for another
NOT_CALIBRATED = Bounds(accept=0.55, maybe=0.45, margin=0.15)


class Verdict(StrEnum):
    KNOWN = "known"
    MAYBE = "maybe"  # it looks like somebody, or like two people about equally
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Match:
    verdict: Verdict
    likest: tuple[str, ...]  # ids: the one who is known; those who it may be, the likest first; nobody
    likeness: float  # of the likest who is known at all, -1..1; -1 where nobody is


def bounds_of(encoder: str) -> Bounds:
    """``encoder``: FaceEncoder.name."""
    return CALIBRATED.get(encoder, NOT_CALIBRATED)


class Gallery:
    """Everybody who is known by their face, as one engine sees them."""

    def __init__(self, encoder: str, templates: Mapping[str, Template] | None = None) -> None:
        """``templates``: by the id of their person. Raises ValueError for one of another engine."""
        self.encoder = encoder
        self._templates: dict[str, Template] = {}
        self._people: tuple[str, ...] = ()
        self._vectors: Vector | None = None  # (people, size), made anew when somebody has come or gone
        for person, template in (templates or {}).items():
            self.enrol(person, template)

    def enrol(self, person: str, template: Template) -> None:
        """In place of an earlier template. Raises ValueError for one of another engine."""
        if template.encoder != self.encoder:
            raise ValueError(f"a template of {template.encoder} among those of {self.encoder}")
        unit_of(template.vector)
        self._templates[person] = template
        self._vectors = None

    def forget(self, person: str) -> None:
        """Nothing is known of this face any more."""
        self._templates.pop(person, None)
        self._people, self._vectors = (), None

    def template_of(self, person: str) -> Template | None:
        """None: there is none."""
        return self._templates.get(person)

    def match(self, vector: Vector, bounds: Bounds | None = None) -> Match:
        """``vector``: of this gallery's engine; ``bounds``: the engine's. Raises ValueError for what is no unit vector."""
        seen, bounds = unit_of(vector), bounds or bounds_of(self.encoder)
        if not self._templates:
            return Match(Verdict.UNKNOWN, (), -1.0)
        if self._vectors is None:
            self._people = tuple(self._templates)
            self._vectors = np.stack([one.vector for one in self._templates.values()])
        # not BLAS, whose threads wait for those of the models
        likeness = np.einsum("pd,d->p", self._vectors, seen)
        best = float(likeness.max())
        near = np.flatnonzero(likeness > best - bounds.margin)
        near = near[likeness[near] >= bounds.maybe]
        likest = tuple(self._people[at] for at in near[np.argsort(-likeness[near], kind="stable")])
        if best >= bounds.accept and len(likest) == 1:
            return Match(Verdict.KNOWN, likest, best)
        return Match(Verdict.MAYBE if likest else Verdict.UNKNOWN, likest, best)


def unit_of(vector: Vector) -> Vector:
    """``vector`` itself. Raises ValueError where it is not of unit length, or no vector at all."""
    given = np.asarray(vector, np.float32)
    if given.ndim != 1 or not abs(float(np.linalg.norm(given)) - 1) < 1e-3:  # NaN is not, either
        raise ValueError("that is not a vector of unit length")
    return given
