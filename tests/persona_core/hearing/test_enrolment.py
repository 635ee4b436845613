"""A sample of one voice: enough of it, of one person, and not of somebody who is known already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from persona_core.engines.campplus import CampPlus
from persona_core.engines.silero_vad import SileroVad
from persona_core.hearing.enrolment import ENOUGH_S, PIECE_S, Enrolment, NotEnrolled, Sample
from persona_core.hearing.prints import VoicePrint
from persona_core.types import EAR_RATE, Person, Samples
from tests.persona_core.hearing.test_voices import Loud, Pitch, frames, print_of, silence, tone

ANN = Person("ann", "Ann")
PIECES = int(ENOUGH_S / PIECE_S)


def near(centre: Samples, seed: int, likeness: float = 0.8) -> Samples:
    away = np.random.default_rng(seed).standard_normal(len(centre)).astype(np.float32)
    away -= (away @ centre) * centre
    vector = likeness * centre + (1 - likeness**2) ** 0.5 * away / np.linalg.norm(away)
    return vector.astype(np.float32)


CENTRE, OTHER = np.eye(192, dtype=np.float32)[:2]


def sample(*pieces: Samples) -> Sample:
    made = Sample()
    for piece in pieces:
        made.add(piece)
    return made


def test_what_the_pieces_have_in_common_is_the_print() -> None:
    vector = sample(*(near(CENTRE, seed) for seed in range(PIECES))).vector()
    assert vector @ CENTRE > 0.9 and np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_too_little_is_asked_for_again() -> None:
    with pytest.raises(NotEnrolled, match="2 seconds of speech; I need 8"):
        sample(near(CENTRE, 0)).vector()


def test_a_cough_is_left_out_and_two_people_are_refused() -> None:
    pieces = [near(CENTRE, seed) for seed in range(PIECES)]
    assert sample(*pieces, OTHER).vector() @ OTHER < 0.2
    with pytest.raises(NotEnrolled, match="more than one voice"):
        sample(*pieces[:2], near(OTHER, 8), near(OTHER, 9)).vector()


def test_who_sounds_like_somebody_known_is_told_so() -> None:
    pieces = [near(CENTRE, seed) for seed in range(PIECES)]
    with pytest.raises(NotEnrolled, match="like that of Ann"):
        sample(*pieces).vector([VoicePrint(ANN, near(CENTRE, 9, 0.7))])
    sample(*pieces).vector([VoicePrint(ANN, OTHER)])


async def test_only_speech_counts() -> None:
    enrolment = Enrolment(Pitch(), Loud())
    enough = [await enrolment.hear(frame) for frame in frames(silence(9), tone("ann", 7), silence(9))]
    assert not any(enough) and enrolment.sample.heard_s == 6
    enough = [await enrolment.hear(frame) for frame in frames(tone("ann", 2))]
    assert enough[-1] and enrolment.sample.vector() @ print_of(ANN).vector > 0.99


async def test_half_a_sample_of_one_voice_and_half_of_another_is_refused(
    weights: Callable[[str], Path], shared_data: Path
) -> None:
    encoder, folder = CampPlus(weights("campplus-zh-en")), shared_data / "speech" / "librispeech"

    def clip(speaker: str, seconds: float) -> Samples:
        sounds = [
            soundfile.read(path, dtype="float32")[0] for path in sorted((folder / speaker).glob("*.flac"))
        ]
        return np.concatenate(sounds)[: int(seconds * EAR_RATE)]

    async def sampled(*sounds: Samples) -> Sample:
        enrolment = Enrolment(encoder, SileroVad())
        for frame in frames(*sounds):
            if await enrolment.hear(frame):
                break
        return enrolment.sample

    for speaker, other in (("1688", "2033"), ("2033", "2414"), ("2609", "1998")):
        (await sampled(clip(speaker, 16))).vector()
        with pytest.raises(NotEnrolled, match="more than one voice"):
            (await sampled(clip(speaker, 6), clip(other, 12))).vector()
