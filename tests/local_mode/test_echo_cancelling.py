"""Her own voice is taken out of what the microphone hears, and people's voices are left in it."""

from __future__ import annotations

import numpy as np
import pytest

from persona_core.types import EAR_RATE, Pcm

pytest.importorskip("livekit.rtc", reason="needs livekit: pip install livekit")

from local_mode.echo import MOST_AHEAD_S, EchoCanceller

RATE = 48_000
FRAME = RATE // 50
SECONDS = 6


def syllables(seed: int, seconds: float = SECONDS) -> np.ndarray:
    """Noise as loud and as broken up as speech."""
    random = np.random.default_rng(seed)
    length = round(seconds * RATE)
    noise = np.convolve(random.standard_normal(length), np.ones(4) / 4, "same")
    loud = np.repeat(random.uniform(0, 1, round(seconds * 5) + 1), RATE // 5)[:length]
    return noise * loud * 12_000


def through(hers: np.ndarray, heard: np.ndarray) -> np.ndarray:
    canceller, out = EchoCanceller(), []
    canceller.cleaned(np.zeros(FRAME, np.int16), RATE)
    for start in range(0, len(heard), FRAME):
        canceller.played(pcm(hers[start : start + FRAME]), RATE)
        out.append(canceller.cleaned(pcm(heard[start : start + FRAME]), RATE))
    return np.concatenate(out).astype(np.float64)


def pcm(samples: np.ndarray) -> Pcm:
    return samples.astype(np.int16)


def db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples)) + 1e-9))


@pytest.mark.parametrize("delay_ms", [40, 120])
def test_an_echo_of_hers_is_gone(delay_ms: int) -> None:
    hers = syllables(1)
    echo = np.roll(hers, RATE * delay_ms // 1000) * 0.5
    left = through(hers, echo)
    assert db(left[2 * EAR_RATE :]) < db(echo[2 * RATE :]) - 25


def test_what_people_say_while_she_is_silent_is_left_as_it_is() -> None:
    near = syllables(2)
    left = through(np.zeros_like(near), near)
    assert db(left[EAR_RATE:]) == pytest.approx(db(near[RATE:]), abs=1.5)


def test_what_people_say_over_her_is_left_nearly_whole() -> None:
    hers, near = syllables(1), syllables(2)
    near[: 3 * RATE] = 0.0
    left = through(hers, near + np.roll(hers, RATE // 12) * 0.5)
    assert db(left[4 * EAR_RATE :]) == pytest.approx(db(near[4 * RATE :]), abs=1.5)


def test_what_is_played_and_never_heard_takes_no_memory() -> None:
    canceller = EchoCanceller()
    canceller.cleaned(np.zeros(FRAME, np.int16), RATE)
    for _ in range(1_000):
        canceller.played(np.zeros(FRAME, np.int16), RATE)
    assert canceller._ahead <= MOST_AHEAD_S * EAR_RATE


def test_her_voice_may_have_another_rate() -> None:
    canceller = EchoCanceller()
    canceller.cleaned(np.zeros(FRAME, np.int16), RATE)
    for _ in range(50):
        canceller.played(np.zeros(480, np.int16), 24_000)
        assert np.abs(canceller.cleaned(np.zeros(FRAME, np.int16), RATE)).max(initial=0) < 10


def test_a_card_with_an_odd_rate_is_heard_all_the_same() -> None:
    canceller = EchoCanceller()
    heard = sum(len(canceller.cleaned(np.zeros(882, np.int16), 44_100)) for _ in range(100))
    assert heard / EAR_RATE == pytest.approx(2.0, abs=0.05)
