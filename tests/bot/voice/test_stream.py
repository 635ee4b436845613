"""One person's stream on the call's clock."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bot.voice.opus import Encoder
from bot.voice.packets import SILENCE
from bot.voice.stream import FRAME_S, SPURT_S, TAIL_S, Stream
from persona_core.types import Pcm


@pytest.fixture(scope="module")
def speech() -> list[bytes]:
    encoder, noise = Encoder(), np.random.default_rng(1)
    return [encoder.encode(noise.integers(-9000, 9000, 960).astype(np.int16)) for _ in range(60)]


class Listener:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.heard: list[tuple[Pcm, float]] = []
        self.ends: list[int] = []  # frames given before each that was the first one put in
        self.begins: list[int] = []  # the same of those that were sent again
        self._sending = False
        self.stream = Stream(self.hear, self.counts)
        self.now = 1000.0

    def hear(self, pcm: Pcm, at_s: float, sending: bool) -> None:
        if sending is not self._sending:
            (self.begins if sending else self.ends).append(len(self.heard))
        self._sending = sending
        self.heard.append((pcm, at_s))

    def hears(self, frames: list[bytes], sequence: int, timestamp: int) -> None:
        for n, frame in enumerate(frames):
            self.stream.push((sequence + n) & 0xFFFF, (timestamp + 960 * n) & 0xFFFFFFFF, frame, self.now)
            self.now += FRAME_S

    def passes(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.now += FRAME_S
            self.stream.tick(self.now)

    @property
    def borders(self) -> list[tuple[float, float]]:
        return [(at_s, at_s + len(pcm) / 48_000) for pcm, at_s in self.heard]

    def assert_seamless(self) -> None:
        for (_, end), (begin, _) in zip(self.borders, self.borders[1:], strict=False):
            assert begin == pytest.approx(end, abs=0.001) or begin > end


def test_sound_comes_out_as_it_comes_in(speech: list[bytes]) -> None:
    listener = Listener()
    listener.hears(speech, 0xFFF0, 0xFFFFFF00)  # both wrap
    assert len(listener.heard) == 60
    assert listener.stream.talking
    spans = listener.borders
    assert spans[-1][1] - spans[0][0] == pytest.approx(60 * FRAME_S)


def test_silence_frames_end_the_talk_at_once(speech: list[bytes]) -> None:
    listener = Listener()
    listener.hears([*speech[:20], SILENCE], 0, 0)
    assert not listener.stream.talking


def test_talk_without_an_end_ends_when_packets_stop(speech: list[bytes]) -> None:
    listener = Listener()
    listener.hears(speech[:20], 0, 0)
    listener.passes(SPURT_S / 2)
    assert listener.stream.talking
    listener.passes(SPURT_S)
    assert not listener.stream.talking


def test_the_first_silence_frame_says_at_once_that_talk_has_ended(speech: list[bytes]) -> None:
    listener = Listener()
    listener.hears([*speech[:20], SILENCE], 0, 0)
    assert listener.ends == [20]
    listener.hears([SILENCE] * 4, 21, 21 * 960)
    listener.passes(TAIL_S + 1)
    assert listener.ends == [20]


def test_packets_that_stop_say_once_that_talk_has_ended(speech: list[bytes]) -> None:
    listener = Listener()
    listener.hears(speech[:20], 0, 0)
    listener.passes(SPURT_S - FRAME_S)
    assert listener.ends == []
    listener.passes(TAIL_S + 1)
    assert listener.ends == [20]


def test_every_spurt_has_its_own_end(speech: list[bytes]) -> None:
    listener = Listener()
    listener.hears([*speech[:20], *[SILENCE] * 5], 0, 0)
    listener.hears([*speech[:10], *[SILENCE] * 5], 25, 25 * 960)
    assert listener.ends == [20, 35] and listener.begins == [0, 25]


def test_silence_without_any_talk_ends_nothing() -> None:
    listener = Listener()
    listener.hears([SILENCE] * 5, 0, 0)
    listener.passes(1.0)
    assert listener.ends == []


def test_the_pause_after_a_spurt_is_heard_as_silence(speech: list[bytes]) -> None:
    listener = Listener()
    listener.hears([*speech[:20], *[SILENCE] * 5], 0, 0)
    listener.passes(TAIL_S + 1)
    listener.assert_seamless()
    silence_s = sum(len(pcm) for pcm, _ in listener.heard[25:]) / 48_000
    assert silence_s == pytest.approx(TAIL_S, abs=0.1)
    assert not any(pcm.any() for pcm, _ in listener.heard[26:])
    assert listener.stream.idle


def test_silence_given_never_runs_ahead_of_the_clock(speech: list[bytes]) -> None:
    listener = Listener()
    listener.hears([*speech[:20], SILENCE], 0, 0)
    listener.passes(1.0)
    assert listener.borders[-1][1] <= listener.now


def test_talk_resumes_where_the_clock_is(speech: list[bytes]) -> None:
    listener = Listener()
    listener.hears([*speech[:20], *[SILENCE] * 5], 0, 0)
    listener.passes(2.0)
    listener.hears(speech[:10], 25, 25 * 960)  # a client whose timestamps stand still in pauses
    listener.assert_seamless()
    assert listener.borders[-1][1] == pytest.approx(listener.now - FRAME_S, abs=0.05)


@pytest.mark.parametrize("jump", [10**6, -(10**6), 10**9])
def test_a_jump_of_timestamps_does_not_move_the_clock(speech: list[bytes], jump: int) -> None:
    listener = Listener()
    listener.hears(speech[:10], 0, 0)
    listener.hears(speech[10:20], 10, 10 * 960 + jump)
    listener.assert_seamless()
    assert listener.borders[-1][1] == pytest.approx(listener.now, abs=0.05)


def test_a_lost_packet_is_concealed_and_keeps_its_time(speech: list[bytes]) -> None:
    listener = Listener()
    listener.hears(speech[:10], 0, 0)
    listener.now += FRAME_S
    listener.hears(speech[11:20], 11, 11 * 960)
    assert listener.counts["concealed"] == 1
    assert listener.borders[-1][1] - listener.borders[0][0] == pytest.approx(20 * FRAME_S)


def test_garbage_is_counted_and_what_follows_is_heard(speech: list[bytes]) -> None:
    listener = Listener()
    listener.hears([speech[0], b"\xff\xff\xff", speech[1]], 0, 0)
    assert listener.counts["bad_opus"] == 1
    assert len(listener.heard) == 2
