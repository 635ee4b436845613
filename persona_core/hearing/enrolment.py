"""Somebody who wants to be recognised by their voice says something: ten seconds of speech become a print.

``Enrolment`` is given the frames of one person, ``Sample`` (pure) what the encoder made of each piece of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from statistics import median

import numpy as np

from persona_core.errors import KithError
from persona_core.hearing.prints import VoicePrint
from persona_core.hearing.segmenter import WINDOW_S
from persona_core.hearing.stretches import STAY
from persona_core.hearing.windows import Windows
from persona_core.ports import VoiceActivity, VoiceEncoder
from persona_core.types import Frame, Samples

ENOUGH_S = 8.0  # of speech
PIECE_S = 2.0
ONE_VOICE = 0.40  # likeness of two pieces; of two people's it is hardly ever that high
MOST_STRAY = 0.25  # of the pieces may be something else, such as a cough or a door
ALIKE = 0.5  # of two people who cannot be told apart


class NotEnrolled(KithError):
    """No print can be made of this; the message says why and what to do."""


class Sample:
    """Pieces of one person's speech, as vectors of unit length."""

    def __init__(self) -> None:
        self._pieces: list[Samples] = []

    @property
    def heard_s(self) -> float:
        return len(self._pieces) * PIECE_S

    @property
    def enough(self) -> bool:
        return self.heard_s >= ENOUGH_S

    def add(self, piece: Samples) -> None:
        self._pieces.append(piece)

    def vector(self, others: Iterable[VoicePrint] = ()) -> Samples:
        """What all of it has in common, of unit length. Raises NotEnrolled.

        ``others``: people who are recognised already, from whom this voice has to be told.
        """
        if not self.enough:
            raise NotEnrolled(
                f"That was {self.heard_s:.0f} seconds of speech; I need {ENOUGH_S:.0f}. Please say a little more."
            )
        kept = [number for number in range(len(self._pieces)) if self._likeness(number) >= ONE_VOICE]
        stray = len(self._pieces) - len(kept)
        pairs = (self._pieces[one] @ self._pieces[other] for one, other in combinations(kept, 2))
        if stray > MOST_STRAY * len(self._pieces) or min(pairs) < ONE_VOICE:
            raise NotEnrolled(
                "I heard more than one voice, or much beside it. Please try again where it is quiet, by yourself."
            )
        vector = _unit(np.sum([self._pieces[number] for number in kept], axis=0))
        for other in others:
            if float(other.vector @ vector) >= ALIKE:
                raise NotEnrolled(
                    f"Your voice is too much like that of {other.person.name}: I would take one of you for the other."
                )
        return vector

    def _likeness(self, number: int) -> float:
        """Of a piece and the others, as the median."""
        return median(
            float(self._pieces[number] @ one) for at, one in enumerate(self._pieces) if at != number
        )


class Enrolment:
    """Collects a sample from frames. Keeps no sound but that of the piece it is at."""

    def __init__(self, encoder: VoiceEncoder, vad: VoiceActivity) -> None:
        self.sample = Sample()
        self._encoder, self._voice = encoder, vad.open()
        self._windows = Windows()
        self._speech: list[Samples] = []

    async def hear(self, frame: Frame) -> bool:
        """Take one frame; whether that is enough. Raises EngineError."""
        for window in self._windows.take(frame):
            if self._voice.probability(window) >= STAY:
                self._speech.append(window)
        if len(self._speech) * WINDOW_S >= PIECE_S:
            speech, self._speech = np.concatenate(self._speech), []
            self.sample.add(await self._encoder.embed(speech))
        return self.sample.enough


def _unit(vector: Samples) -> Samples:
    unit: Samples = (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)
    return unit
