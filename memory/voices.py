"""Prints of voices. A print is made of what somebody said for it, and cannot be turned back into sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from memory.ports import PersonStore
from memory.prints import Prints, Vector
from memory.vault import Vault


@dataclass(frozen=True, slots=True)
class KeptVoice:
    """The voice of one person."""

    vector: Vector
    encoder: str  # by which it was made; another one's cannot be compared with it
    enrolled_s: float  # Unix time
    heard_s: float  # when they were last recognised by it, or enrolled
    name: str = ""  # what they were called then


class Voices(Prints[KeptVoice]):
    """See Prints."""

    def __init__(self, store: PersonStore, vault: Vault, may_recognise: Callable[[str], bool]) -> None:
        super().__init__(store, vault, may_recognise, "voice", KeptVoice)

    def keep(self, person: str, vector: Vector, encoder: str, at_s: float, name: str = "") -> bool:
        """Keep a person's print, in place of an earlier one; False: they have not agreed, and nothing is kept.

        ``at_s``: Unix time. ``name``: what they are called where they are recognised.
        """
        return self._keep(person, KeptVoice(np.asarray(vector, np.float32), encoder, at_s, at_s, name))

    def _last_s(self, one: KeptVoice) -> float:
        return one.heard_s

    def _recognised_at(self, one: KeptVoice, at_s: float) -> KeptVoice:
        return replace(one, heard_s=at_s)
