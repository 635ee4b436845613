"""The libopus that comes with a wheel."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest

from bot.voice.opus import RATE, Decoder, Encoder, OpusError, version
from bot.voice.packets import SILENCE


def tone(frames: int) -> np.ndarray:
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(frames * 960) / RATE)).astype(np.int16)


def test_libopus_is_found_without_importing_what_carries_it() -> None:
    code = "import sys; from bot.voice import opus; print(opus.version(), 'av' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("libopus") and run.stdout.endswith("False\n")
    assert version().startswith("libopus")


def test_a_tone_survives_encoding_and_decoding() -> None:
    encoder, decoder, sound = Encoder(), Decoder(), tone(25)
    heard = np.concatenate(
        [decoder.decode(encoder.encode(sound[n : n + 960])) for n in range(0, 24_000, 960)]
    )
    assert heard.dtype == np.int16 and len(heard) == 24_000
    spectrum = np.abs(np.fft.rfft(heard[4800:]))
    assert np.argmax(spectrum) * RATE / (24_000 - 4800) == pytest.approx(440, abs=3)


def test_the_silence_frame_is_silent() -> None:
    assert not Decoder().decode(SILENCE).any()


def test_a_lost_frame_is_concealed_with_and_without_repair() -> None:
    encoder, sound = Encoder(), tone(10)
    frames = [encoder.encode(sound[n : n + 960]) for n in range(0, 9600, 960)]
    for following in (None, frames[6]):
        decoder = Decoder()
        for frame in frames[:5]:
            decoder.decode(frame)
        assert np.abs(decoder.conceal(following)).max() > 1000


@pytest.mark.parametrize("garbage", [b"", b"\xff", b"\xff\xff\xff", bytes(1500)])
def test_garbage_neither_crashes_nor_breaks_the_decoder(garbage: bytes) -> None:
    decoder = Decoder()
    with suppress(OpusError):
        decoder.decode(garbage)
    assert len(decoder.decode(SILENCE)) == 960
