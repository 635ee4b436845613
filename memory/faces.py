"""Prints of faces. A print is the average of what an engine made of some pictures, and no picture; none is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from memory.ports import PersonStore
from memory.prints import Prints, Vector
from memory.vault import Vault


@dataclass(frozen=True, slots=True)
class KeptFace:
    """The face of one person."""

    vector: Vector
    encoder: str  # by which it was made; another one's cannot be compared with it
    frames: int  # that it is the average of
    enrolled_s: float  # Unix time
    seen_s: float  # when they were last recognised by it, or enrolled
    name: str = ""  # what they were called then


class Faces(Prints[KeptFace]):
    """See Prints."""

    def __init__(self, store: PersonStore, vault: Vault, may_recognise: Callable[[str], bool]) -> None:
        super().__init__(store, vault, may_recognise, "face", KeptFace)

    def keep(
        self, person: str, vector: Vector, encoder: str, frames: int, at_s: float, name: str = ""
    ) -> bool:
        """Keep a person's print, in place of an earlier one; False: they have not agreed, and nothing is kept.

        ``at_s``: Unix time. ``name``: what they are called where they are recognised.
        """
        return self._keep(person, KeptFace(np.asarray(vector, np.float32), encoder, frames, at_s, at_s, name))

    def _last_s(self, one: KeptFace) -> float:
        return one.seen_s

    def _recognised_at(self, one: KeptFace, at_s: float) -> KeptFace:
        return replace(one, seen_s=at_s)
