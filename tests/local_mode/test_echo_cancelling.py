"""Her own voice is taken out of what the microphone hears, and people's voices are left in it."""

from __future__ import annotations

import numpy as np
import pytest

from local_mode.echo import BLOCK, MOST_AHEAD_S, EchoCanceller
from persona_core.types import EAR_RATE, Pcm

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


def echo_of(hers: np.ndarray, delay_ms: float = 80, gain: float = 0.5) -> np.ndarray:
    """As it comes back through a small room."""
    response = (
        np.random.default_rng(3).standard_normal(RATE // 5) * np.exp(-np.arange(RATE // 5) / 1_500) * 0.01
    )
    response[0] = 1.0
    late = np.convolve(hers, response)[: len(hers)] * gain
    return np.concatenate([np.zeros(round(RATE * delay_ms / 1000)), late])[: len(hers)]


def likeness(left: np.ndarray, near: np.ndarray) -> float:
    """How much of ``left`` is ``near``: the error's level, in dB of it; both begin at the same time."""
    at_rate = near[: len(near) // 3 * 3].reshape(-1, 3).mean(axis=1)
    spans = range(BLOCK, BLOCK + 60)  # a block late, and what the filters add
    return min(db(left[span:] - at_rate[: len(left) - span]) for span in spans) - db(at_rate)


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


def test_an_echo_is_gone_half_a_second_after_her_very_first_word() -> None:
    hers = syllables(1)
    echo = echo_of(hers)
    left = through(hers, echo)
    assert db(left[EAR_RATE // 2 : 2 * EAR_RATE]) < db(echo[RATE // 2 : 2 * RATE]) - 15


def test_an_echo_louder_than_people_is_gone_too() -> None:
    hers = syllables(1)
    echo = echo_of(hers, gain=1.0)
    left = through(hers, echo)
    assert db(left[2 * EAR_RATE :]) < db(echo[2 * RATE :]) - 25


def test_an_echo_that_suddenly_comes_later_is_gone_again() -> None:
    hers = syllables(1, 8)
    early, late = echo_of(hers, 60), echo_of(hers, 150)
    echo = np.concatenate([early[: 3 * RATE], late[3 * RATE :]])
    left = through(hers, echo)
    assert db(left[5 * EAR_RATE :]) < db(echo[5 * RATE :]) - 25


def test_clocks_that_differ_leave_a_faint_echo_only() -> None:
    hers = syllables(1, 10)
    slow = np.interp(np.arange(len(hers)) * (1 + 100e-6), np.arange(len(hers)), hers)
    echo = echo_of(slow)
    left = through(hers, echo)
    assert db(left[2 * EAR_RATE :]) < db(echo[2 * RATE :]) - 4  # noise, most of it high; of speech 12


def test_who_speaks_over_her_from_her_very_first_word_is_understood() -> None:
    hers, near = syllables(1), syllables(2)
    heard = near + echo_of(hers)
    left = through(hers, heard)
    assert likeness(left[2 * EAR_RATE :], near[2 * RATE :]) < -8
    assert db(left[:EAR_RATE]) > db(near[:RATE]) - 9


def test_when_she_is_stopped_people_are_heard_as_they_are() -> None:
    hers, near = syllables(1), syllables(2)
    near[: 3 * RATE] = 0.0
    hers[2 * RATE :] *= 0.25  # ducked
    hers[3 * RATE :] = 0.0
    left = through(hers, near + echo_of(hers))
    assert likeness(left[4 * EAR_RATE :], near[4 * RATE :]) < -12


def test_with_headphones_people_are_not_lost_behind_an_echo_that_never_comes() -> None:
    near = syllables(2, 12)
    left = through(syllables(1, 12), near)
    assert db(left[9 * EAR_RATE :]) > db(near[9 * RATE :]) - 5


def test_people_are_heard_where_nothing_of_hers_ever_comes() -> None:
    near, canceller = syllables(2), EchoCanceller()
    left = np.concatenate(
        [canceller.cleaned(pcm(near[at : at + FRAME]), RATE) for at in range(0, len(near), FRAME)]
    )
    assert likeness(left.astype(np.float64), near) < -12


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_an_echo_is_gone_at_the_rate_of_any_card(rate: int) -> None:
    hers = syllables(1)
    echo = np.interp(np.arange(SECONDS * rate) * RATE / rate, np.arange(len(hers)), echo_of(hers))
    canceller, out, length = EchoCanceller(), [], rate // 50
    canceller.cleaned(np.zeros(length, np.int16), rate)
    for number in range(SECONDS * 50 - 2):
        if number % 2 == 0:  # the loudspeaker takes 40 ms at once, and is a block ahead
            canceller.played(pcm(hers[number * FRAME : (number + 2) * FRAME]), RATE)
        out.append(canceller.cleaned(pcm(echo[number * length : (number + 1) * length]), rate))
    left = np.concatenate(out).astype(np.float64)
    assert db(left[2 * EAR_RATE :]) < db(echo[2 * rate :]) - 15
