from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import numpy as np
import pytest
import pyworld
import soxr
from hibari import SAMPLE_RATE, Hibari

from persona_core.engines.faster_whisper import FasterWhisper
from persona_core.engines.hibari import HibariVoice
from persona_core.engines.timbre import Reshaped, reshape
from persona_core.types import EAR_RATE, Pcm, Samples, Voice
from tests.words import text_of, word_error_rate

TEXT = "She told me that the train would arrive at seven in the morning."


@pytest.fixture(scope="module")
def speech() -> Samples:
    return Hibari()(TEXT, seed=1)


def pitch_ratio(changed: Samples, sound: Samples) -> float:
    """Median over the voiced frames of both, which lie at the same share of their lengths."""
    one, _ = pyworld.harvest(sound.astype(np.float64), SAMPLE_RATE)
    other, _ = pyworld.harvest(changed.astype(np.float64), SAMPLE_RATE)
    one = one[np.linspace(0, len(one) - 1, len(other)).round().astype(int)]
    voiced = (one > 0) & (other > 0)
    return float(np.median(other[voiced] / one[voiced]))


def formant_ratio(changed: Samples, sound: Samples) -> float:
    """The stretch of frequency at which the mean envelope of ``sound`` fits that of ``changed`` best."""
    one, other = envelope(sound), envelope(changed)
    bins = np.arange(20, 300)  # 0.5 to 7 kHz
    ratios = np.arange(0.6, 1.6, 0.01)
    fit = [np.corrcoef(np.interp(bins / r, np.arange(len(one)), one), other[bins])[0, 1] for r in ratios]
    return float(ratios[np.argmax(fit)])


def envelope(sound: Samples) -> Samples:
    """Mean log power per frequency, without the harmonics of the voice."""
    wave = sound.astype(np.float64)
    f0, times = pyworld.harvest(wave, SAMPLE_RATE)
    voiced = pyworld.cheaptrick(wave, f0, times, SAMPLE_RATE)[f0 > 0]
    return np.log(voiced).mean(axis=0)


@pytest.mark.parametrize("semitones", [4, -4, 7])
def test_pitch_moves_by_so_many_semitones_and_nothing_else_does(speech: Samples, semitones: float) -> None:
    shifted = reshape(speech, SAMPLE_RATE, pitch=semitones)
    assert len(shifted) == len(speech)
    assert pitch_ratio(shifted, speech) == pytest.approx(2 ** (semitones / 12), rel=0.03)
    assert formant_ratio(shifted, speech) == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize("ratio", [1.2, 0.8])
def test_formants_move_and_the_pitch_stays(speech: Samples, ratio: float) -> None:
    shifted = reshape(speech, SAMPLE_RATE, formant=ratio)
    assert len(shifted) == len(speech)
    assert pitch_ratio(shifted, speech) == pytest.approx(1, rel=0.03)
    assert formant_ratio(shifted, speech) == pytest.approx(ratio, abs=0.04)


def test_speed_changes_the_length_and_not_the_pitch(speech: Samples) -> None:
    faster = reshape(speech, SAMPLE_RATE, speed=1.5)
    assert len(faster) == round(len(speech) / 1.5)
    assert pitch_ratio(faster, speech) == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize(
    "samples", [np.zeros(2400, np.float32), np.zeros(0, np.float32), np.ones(10, np.float32)]
)
def test_silence_and_scraps_of_sound_keep_their_length(samples: Samples) -> None:
    assert len(reshape(samples, SAMPLE_RATE, pitch=4)) == len(samples)


async def test_a_reshaped_voice_is_still_understood(weights: Callable[[str], Path]) -> None:
    voice = Reshaped(HibariVoice(Voice()), Voice(pitch=4, formant=1.15))
    sound = np.concatenate([pcm async for pcm in voice.speak(TEXT)]).astype(np.float32) / 32768
    stt = FasterWhisper(weights("whisper-base"), threads=2)
    heard = await text_of(stt, soxr.resample(sound, voice.rate, EAR_RATE), "en")
    assert word_error_rate(TEXT, heard) <= 0.1


async def test_stopping_the_reshaped_voice_stops_the_engine() -> None:
    class Endless:
        rate = 16_000
        stopped = False

        async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
            try:
                while True:
                    yield np.full(1600, 1000, np.int16)
            finally:
                self.stopped = True

    engine = Endless()
    speech = Reshaped(engine, Voice(pitch=2)).speak("go on")
    assert (await anext(speech)).size == 1600
    await speech.aclose()
    assert engine.stopped
