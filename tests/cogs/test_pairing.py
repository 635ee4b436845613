"""Whose words an utterance is before a camera."""

from __future__ import annotations

import pytest

from cogs.eye import Spoken
from persona_core.types import Person, SeenFace, Utterance
from tests.cogs.eyes import seen

ANN, BRUNO = Person("desk:ann", "Ann"), Person("desk:bruno", "Bruno")
GUEST = Person("guest:1-1", "guest 1")
KNOWN, UNKNOWN = seen(1, BRUNO), seen(2)


@pytest.mark.parametrize(
    ("heard", "face", "moved", "alone", "mixed", "whose"),
    [
        (ANN, None, None, True, False, ANN),  # out of view
        (ANN, seen(3, ANN), None, False, False, ANN),
        (ANN, KNOWN, False, True, False, ANN),  # her microphone, and somebody who listens
        (ANN, KNOWN, None, True, False, ANN),
        (ANN, KNOWN, True, False, False, BRUNO),  # he has spoken into her microphone
        (ANN, UNKNOWN, True, False, False, None),  # and somebody whom nobody knows
        (ANN, KNOWN, True, True, True, ANN),  # a voice that is known says more than a face
        (GUEST, KNOWN, True, False, True, BRUNO),
        (GUEST, KNOWN, None, True, True, BRUNO),  # there is nobody else
        (GUEST, KNOWN, None, False, True, None),
        (GUEST, KNOWN, False, True, True, None),
        (GUEST, UNKNOWN, True, True, True, None),
        (GUEST, None, None, True, True, None),
    ],
)
def test_whose_words_they_are(
    heard: Person, face: SeenFace | None, moved: bool | None, alone: bool, mixed: bool, whose: Person | None
) -> None:
    line = Utterance(heard, "Hello there.", 0.0, 1.0, stopped_at=1.0)
    assert Spoken(line, 0.0, face, moved, alone).speaker(mixed) == whose
