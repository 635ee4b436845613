"""How loud she is where she is heard, at the moment it is asked."""

from __future__ import annotations

import numpy as np
import pytest

from persona_core.errors import AudioError
from persona_core.speaking import loudness
from persona_core.speaking.loudness import Measured
from persona_core.types import Pcm

RATE = 1000
LOUD, SOFT = np.full(RATE, 16_384, np.int16), np.full(RATE, 3_277, np.int16)  # a second of each


class Room:
    """A playback in which a test says how much was heard; ``now`` is the clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard_s = self.now = 0.0
        self.broken = False
        monkeypatch.setattr(loudness, "monotonic", lambda: self.now)

    def hear(self, seconds: float) -> None:
        self.heard_s += seconds
        self.now += seconds

    async def play(self, pcm: Pcm, rate: int) -> None:
        pass

    async def drain(self) -> None:
        if self.broken:
            raise AudioError("The loudspeaker has gone.")

    def duck(self) -> None:
        pass

    def resume(self) -> None:
        pass

    def stop(self) -> None:
        pass


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    return Room(monkeypatch)


async def test_she_is_as_loud_as_what_is_being_heard(room: Room) -> None:
    voice = Measured(room)
    await voice.play(LOUD, RATE)
    await voice.play(SOFT, RATE)
    assert voice.loudness() == 0  # it is on its way
    room.hear(0.5)
    assert voice.loudness() == pytest.approx(0.5, abs=0.01)
    room.hear(1.0)
    assert voice.loudness() == pytest.approx(0.1, abs=0.01)
    room.hear(0.6)
    assert voice.loudness() == 0


async def test_between_two_words_of_the_playback_time_goes_on(room: Room) -> None:
    voice = Measured(room)
    await voice.play(LOUD, RATE)
    await voice.play(SOFT, RATE)
    room.hear(0.9)
    assert voice.loudness() > 0.4
    room.now += 0.15  # and nothing was said about it
    assert voice.loudness() == pytest.approx(0.1, abs=0.01)


async def test_a_playback_that_has_stopped_moving_is_silent(room: Room) -> None:
    voice = Measured(room)
    await voice.play(LOUD, RATE)
    room.hear(0.3)
    assert voice.loudness() > 0
    room.now += 0.3
    assert voice.loudness() == 0


async def test_stopped_she_is_silent_at_once_and_what_comes_next_is_in_time(room: Room) -> None:
    voice = Measured(room)
    await voice.play(LOUD, RATE)
    room.hear(0.3)
    assert voice.loudness() > 0
    voice.stop()
    assert voice.loudness() == 0
    await voice.play(SOFT, RATE)
    room.hear(0.1)
    assert voice.loudness() == pytest.approx(0.1, abs=0.01)


async def test_what_a_broken_device_has_lost_is_not_waited_for(room: Room) -> None:
    voice = Measured(room)
    await voice.play(LOUD, RATE)
    room.hear(0.2)
    room.broken = True
    with pytest.raises(AudioError):
        await voice.drain()
    await voice.play(SOFT, RATE)
    room.hear(0.1)
    assert voice.loudness() == pytest.approx(0.1, abs=0.01)


async def test_what_nobody_asks_about_is_not_gathered(room: Room) -> None:
    voice = Measured(room)
    for _ in range(100):
        await voice.play(LOUD, RATE)
        room.hear(1.0)
    assert len(voice._sounds) <= 2


async def test_sound_shorter_than_a_step_and_none_at_all_are_taken(room: Room) -> None:
    voice = Measured(room)
    await voice.play(LOUD[:0], RATE)
    await voice.play(LOUD[:7], RATE)
    room.hear(0.001)
    assert voice.loudness() > 0
