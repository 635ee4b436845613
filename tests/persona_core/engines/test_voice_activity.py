from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import soxr
from hibari import Hibari

from persona_core.engines import silero_vad
from persona_core.engines.energy_vad import EnergyVad
from persona_core.engines.silero_vad import WINDOW, SileroVad
from persona_core.ports import VoiceActivity
from persona_core.types import EAR_RATE, Samples

SECONDS = np.arange(4 * EAR_RATE) / EAR_RATE
NOISE = np.random.default_rng(0).standard_normal(len(SECONDS))
QUIET = {
    "silence": np.zeros(len(SECONDS)),
    "white noise": 0.005 * NOISE,
    "hum": 0.01 * np.sin(2 * np.pi * 50 * SECONDS),
}


@pytest.fixture(scope="module")
def speech() -> Samples:
    """Half a second of silence, then a sentence."""
    said = soxr.resample(Hibari()("The quick brown fox jumps over the lazy dog.", seed=1), 24_000, EAR_RATE)
    return np.concatenate([np.zeros(EAR_RATE // 2), said]).astype(np.float32)


def probabilities(vad: VoiceActivity, sound: Samples) -> Samples:
    stream = vad.open()
    sound = sound.astype(np.float32)
    whole = len(sound) // WINDOW * WINDOW
    return np.array([stream.probability(window) for window in sound[:whole].reshape(-1, WINDOW)], np.float32)


@pytest.mark.parametrize("vad", [SileroVad(), EnergyVad()], ids=["silero", "energy"])
def test_speech_is_noticed_and_the_silence_before_it_is_not(vad: VoiceActivity, speech: Samples) -> None:
    heard = probabilities(vad, speech)
    assert heard[:12].max() < 0.3
    assert heard[20:].max() > 0.9
    assert (heard > 0.5).mean() > 0.3


@pytest.mark.parametrize("kind", QUIET)
def test_silero_hears_nobody_in(kind: str) -> None:
    assert probabilities(SileroVad(), QUIET[kind]).max() < 0.3


@pytest.mark.parametrize("kind", QUIET)
def test_energy_takes_steady_sound_for_background_after_a_second(kind: str) -> None:
    assert probabilities(EnergyVad(), QUIET[kind])[EAR_RATE // WINDOW :].max() < 0.3


def test_energy_still_finds_speech_over_steady_noise(speech: Samples) -> None:
    noisy = np.concatenate([np.zeros(EAR_RATE, np.float32), speech])
    heard = probabilities(EnergyVad(), noisy + 0.003 * np.resize(NOISE, len(noisy)))
    assert heard[-len(speech) // WINDOW :].max() > 0.9


@pytest.mark.parametrize("vad", [SileroVad(), EnergyVad()], ids=["silero", "energy"])
def test_one_person_does_not_change_what_is_heard_of_another(vad: VoiceActivity, speech: Samples) -> None:
    alone = probabilities(vad, speech)
    mine, other = vad.open(), vad.open()
    beside = []
    for window in speech[: len(alone) * WINDOW].reshape(-1, WINDOW):
        beside.append(mine.probability(window))
        other.probability(0.1 * NOISE[:WINDOW].astype(np.float32))
    assert beside == pytest.approx(alone, abs=1e-5)


def test_without_silero_vad_the_network_of_faster_whisper_serves(
    monkeypatch: pytest.MonkeyPatch, speech: Samples
) -> None:
    monkeypatch.setattr(silero_vad, "_WHERE", silero_vad._WHERE[1:])
    heard = probabilities(SileroVad(), speech)
    assert heard[:12].max() < 0.3 and (heard > 0.5).mean() > 0.3


def test_silero_is_found_without_importing_torch() -> None:
    code = "import sys, persona_core.engines.silero_vad as s; s.SileroVad(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_window_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="512"):
        SileroVad().open().probability(np.zeros(480, np.float32))
