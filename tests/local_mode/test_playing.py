"""Her voice at a desk: what of it was heard, and how it is softened and stopped."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from local_mode.files import Everywhere, WavPlayback
from local_mode.speaker import BLOCK_S, SpeakerPlayback
from persona_core.errors import AudioError
from persona_core.types import Pcm
from tests.until import until

RATE = 1000
BLOCK = round(RATE * BLOCK_S)
TONE = np.full(RATE, 8000, np.int16)


class PortAudioError(Exception):
    pass


class Device:
    """An output stream that plays a block whenever the test lets it."""

    latency = 0.0

    def __init__(self, rate: int = RATE, **_: object) -> None:
        self.played: list[Pcm] = []
        self.room = threading.Semaphore(0)
        self.waiting = threading.Event()
        self.broken = False
        self.aborted = 0

    def start(self) -> None:
        pass

    def write(self, pcm: Pcm) -> None:
        self.waiting.set()
        self.room.acquire()
        self.waiting.clear()
        if self.broken:
            raise PortAudioError("unplugged")
        self.played.append(pcm)

    def abort(self) -> None:
        self.aborted += 1

    def close(self) -> None:
        pass


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    device = Device()
    sounddevice = SimpleNamespace(
        PortAudioError=PortAudioError,
        query_devices=lambda kind: {},
        OutputStream=lambda *_, **__: device,
    )
    monkeypatch.setitem(sys.modules, "sounddevice", sounddevice)
    return device


@pytest.fixture
async def speaker(device: Device) -> AsyncIterator[SpeakerPlayback]:
    speaker = SpeakerPlayback()
    yield speaker
    device.room.release(1000)
    speaker.close()


async def at_the_device(device: Device) -> None:
    """Until a block waits for its place."""
    assert await asyncio.to_thread(device.waiting.wait, 10)


async def blocks_played(device: Device, speaker: SpeakerPlayback, count: int) -> None:
    device.room.release(count)
    await until(lambda: speaker.heard_s > (count - 0.5) * BLOCK_S)


async def test_all_that_was_played_has_been_heard(device: Device, speaker: SpeakerPlayback) -> None:
    await speaker.play(TONE, RATE)
    device.room.release(100)
    await speaker.drain()
    assert speaker.heard_s == pytest.approx(1.0)
    assert (np.concatenate(device.played) == TONE).all()


async def test_what_the_device_still_holds_has_not_been_heard(
    device: Device, speaker: SpeakerPlayback
) -> None:
    device.latency = 1000.0
    await speaker.play(TONE, RATE)
    device.room.release(100)
    await until(lambda: len(device.played) == RATE // BLOCK)
    assert speaker.heard_s == 0


async def test_stopped_the_speaker_plays_no_further_block(device: Device, speaker: SpeakerPlayback) -> None:
    await speaker.play(TONE, RATE)
    await blocks_played(device, speaker, 3)
    await at_the_device(device)
    speaker.stop()
    device.room.release(100)
    await until(lambda: device.aborted == 1)
    assert 3 <= len(device.played) <= 4
    assert speaker.heard_s == pytest.approx(3 * BLOCK_S)


async def test_after_a_stop_new_sound_is_played(device: Device, speaker: SpeakerPlayback) -> None:
    await speaker.play(TONE, RATE)
    await blocks_played(device, speaker, 1)
    speaker.stop()
    device.room.release(100)
    await speaker.play(TONE[:BLOCK] // 2, RATE)
    await speaker.drain()
    assert (device.played[-1] == 4000).all() and device.aborted == 1


async def test_ducking_softens_from_the_next_block_on(device: Device, speaker: SpeakerPlayback) -> None:
    await speaker.play(TONE, RATE)
    await blocks_played(device, speaker, 3)
    await at_the_device(device)
    speaker.duck()
    device.room.release(100)
    await speaker.drain()
    assert device.played[3].min() == 8000  # already at the device
    assert (device.played[5] == 2000).all()


async def test_a_loudspeaker_that_is_unplugged_is_one_plain_sentence(
    device: Device, speaker: SpeakerPlayback
) -> None:
    device.broken = True
    device.room.release(100)
    await speaker.play(TONE, RATE)
    with pytest.raises(AudioError, match="stopped working"):
        await speaker.drain()


async def test_what_is_written_to_a_file_was_heard(tmp_path: Path) -> None:
    playback = WavPlayback(tmp_path / "out.wav")
    await playback.play(TONE, RATE)
    playback.stop()
    await playback.drain()
    playback.close()
    assert playback.heard_s == 1.0


async def test_in_several_places_the_slowest_counts(
    tmp_path: Path, device: Device, speaker: SpeakerPlayback
) -> None:
    wav = WavPlayback(tmp_path / "out.wav")
    everywhere = Everywhere([wav, speaker])
    await everywhere.play(TONE, RATE)
    assert wav.heard_s == 1.0 and everywhere.heard_s == 0
    device.room.release(100)
    await everywhere.drain()
    assert everywhere.heard_s == pytest.approx(1.0)
    wav.close()


async def test_played_nowhere_it_counts_as_heard() -> None:
    nowhere = Everywhere([])
    await nowhere.play(TONE, RATE)
    nowhere.duck()
    nowhere.stop()
    await nowhere.drain()
    assert nowhere.heard_s == 1.0
