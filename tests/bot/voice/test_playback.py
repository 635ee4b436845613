"""Her voice into a call; the line is a list of what was sent."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest

from bot.voice import playback as subject
from bot.voice.opus import RATE, Decoder, OpusError
from bot.voice.packets import SILENCE
from bot.voice.playback import DiscordPlayback
from persona_core.types import Pcm


class Line:
    def __init__(self) -> None:
        self.may_speak = True
        self.sent: list[tuple[bytes, int, float]] = []  # frame, timestamp, when
        self.states: list[bool] = []
        self.news = asyncio.Event()

    def send(self, frame: bytes, timestamp: int) -> bool:
        self.sent.append((frame, timestamp, asyncio.get_running_loop().time()))
        self.news.set()
        return True

    async def speaking(self, speaking: bool) -> None:
        self.states.append(speaking)
        self.news.set()

    @property
    def sound(self) -> list[bytes]:
        return [frame for frame, _, _ in self.sent if frame != SILENCE]

    def heard(self) -> Pcm:
        decoder = Decoder()
        return np.concatenate([decoder.decode(frame) for frame in self.sound])


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
async def playback(line: Line) -> AsyncIterator[DiscordPlayback]:
    playback = DiscordPlayback(line, Counter())
    yield playback
    await playback.close()


def tone(seconds: float, rate: int = 24_000) -> Pcm:
    return (12_000 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


async def until(line: Line, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            line.news.clear()
            await line.news.wait()


async def silent(line: Line) -> None:
    """Until she has said that she speaks no more."""
    await until(line, lambda: line.states != [] and not line.states[-1])


async def frames_sent(line: Line, count: int) -> None:
    await until(line, lambda: len(line.sound) >= count)


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100, 48_000])
async def test_sound_of_any_rate_is_sent_whole(line: Line, playback: DiscordPlayback, rate: int) -> None:
    for part in np.array_split(tone(0.3, rate), 7):
        await playback.play(part, rate)
    await playback.drain()
    assert playback.heard_s == pytest.approx(0.3, abs=0.001)
    assert len(line.sound) == 15
    spectrum = np.abs(np.fft.rfft(line.heard()[4800:]))
    assert np.argmax(spectrum) * RATE / (len(spectrum) * 2 - 2) == pytest.approx(440, abs=5)


async def test_five_silent_frames_end_what_she_says(line: Line, playback: DiscordPlayback) -> None:
    await playback.play(tone(0.1), 24_000)
    await playback.drain()
    await silent(line)
    assert [frame == SILENCE for frame, _, _ in line.sent][-6:] == [False, True, True, True, True, True]
    assert line.states == [True, False]


async def test_timestamps_advance_by_twenty_milliseconds(line: Line, playback: DiscordPlayback) -> None:
    await playback.play(tone(0.2), 24_000)
    await playback.drain()
    await silent(line)
    steps = np.diff([timestamp for _, timestamp, _ in line.sent])
    assert set(steps.tolist()) <= {960, 1920, 2880}  # a late silent frame may leave a slot empty


async def test_frames_keep_an_absolute_schedule(line: Line, playback: DiscordPlayback) -> None:
    await playback.play(tone(1.0), 24_000)
    await playback.drain()
    behind = [when - n * 0.02 for n, (_, _, when) in enumerate(line.sent[:50])]
    drift_s = min(behind[-15:]) - min(behind[:15])  # single frames may be late, the schedule may not
    assert abs(drift_s) < 0.015


async def test_stop_falls_silent_within_two_frames(line: Line, playback: DiscordPlayback) -> None:
    await playback.play(tone(2.0), 24_000)
    await frames_sent(line, 10)
    before = len(line.sound)
    playback.stop()
    await playback.drain()
    await silent(line)
    assert before <= len(line.sound) <= before + 2
    assert playback.heard_s == pytest.approx(len(line.sound) * 0.02)


async def test_what_is_stopped_ends_in_a_fade(line: Line, playback: DiscordPlayback) -> None:
    await playback.play(tone(1.0), 24_000)
    await frames_sent(line, 10)
    playback.stop()
    await silent(line)
    last = np.abs(line.heard()[-960:].astype(np.int32))
    assert last[-100:].max() < last[:480].max() / 2


async def test_ducking_softens_and_resuming_restores(line: Line, playback: DiscordPlayback) -> None:
    await playback.play(tone(1.2), 24_000)
    for count, act in ((20, playback.duck), (40, playback.resume)):
        await frames_sent(line, count)
        act()
    await playback.drain()
    level = [np.abs(line.heard()[n * 960 : n * 960 + 960].astype(np.int32)).max() for n in range(60)]
    assert max(level[25:38]) < min(level[5:18]) / 2
    assert min(level[45:55]) > max(level[25:38]) * 2


async def test_after_a_stop_new_sound_plays_at_full_voice(line: Line, playback: DiscordPlayback) -> None:
    await playback.play(tone(0.4), 24_000)
    playback.duck()
    await asyncio.sleep(0.1)
    playback.stop()
    await silent(line)
    line.sent.clear()
    await playback.play(tone(0.2), 24_000)
    await playback.drain()
    assert np.abs(line.heard()).max() > 9000


async def test_sound_waits_until_the_call_can_carry_it(line: Line, playback: DiscordPlayback) -> None:
    line.may_speak = False
    await playback.play(tone(0.1), 24_000)
    await asyncio.sleep(0.2)
    assert not line.sent and playback.heard_s == 0
    line.may_speak = True
    await playback.drain()
    assert len(line.sound) == 5


async def test_a_call_that_stays_mute_loses_the_sound_and_says_so(
    line: Line, playback: DiscordPlayback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "PATIENCE_S", 0.1)
    line.may_speak = False
    await playback.play(tone(0.2, RATE), RATE)
    async with asyncio.timeout(2):
        await playback.drain()
    assert not line.sent and playback.heard_s == 0
    assert playback._counts["unsent"] == 10


async def test_a_gap_between_clauses_ends_and_begins_a_spurt(line: Line, playback: DiscordPlayback) -> None:
    await playback.play(tone(0.1), 24_000)
    await silent(line)
    await playback.play(tone(0.1), 24_000)
    await playback.drain()
    await silent(line)
    assert line.states == [True, False, True, False]
    assert playback.heard_s == pytest.approx(0.2, abs=0.001)


async def test_closing_in_the_middle_leaves_nothing_behind(line: Line, playback: DiscordPlayback) -> None:
    await playback.play(tone(1.0), 24_000)
    waiting = asyncio.create_task(playback.drain())
    await asyncio.sleep(0.05)
    await playback.close()
    await asyncio.wait_for(waiting, 1)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "voice playback"]


async def test_a_closed_playback_takes_sound_and_does_nothing(line: Line, playback: DiscordPlayback) -> None:
    await playback.close()
    await playback.play(tone(0.1), 24_000)
    await asyncio.wait_for(playback.drain(), 1)
    assert not line.sent


async def test_a_broken_encoder_leaves_nobody_waiting(line: Line, playback: DiscordPlayback) -> None:
    def broken(pcm: Pcm) -> bytes:
        raise OpusError("broken")

    playback._opus = broken  # type: ignore[method-assign]
    await playback.play(tone(0.1), 24_000)
    await asyncio.wait_for(playback.drain(), 1)
